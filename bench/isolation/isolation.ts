import { setTimeout as sleep } from 'node:timers/promises';
import { makePlace } from '../../chaos/place.ts';
import { machine, writeResults } from '../shared/results.ts';
import { median } from '../shared/statistics.ts';
import { table } from '../shared/table.ts';
import { type Hall, type Member, openHall } from './hall.ts';
import { readOptions } from './options.ts';
import { Away, name, runWindow, type Window } from './windows.ts';

export { ISOLATION_OPTIONS } from './options.ts';

/** Discord, Telegram, Slack. */
const BOTS = [70, 70, 60] as const;
/** Median over all kinds of the others' p99 with one bot in trouble, times that without: more misses the goal. */
const GOAL = 1.2;
const KINDS = 40;
const WARM_UP_MS = 90_000;
/** How long those who were in trouble may take to be well again once all is over, ms. */
const BACK_WITHIN_MS = 60_000;

interface Kind {
  readonly name: string;
  readonly healthy: Window;
  readonly faulty: Window;
  readonly ratio: number;
  /** What the owner of the bot in trouble reads at the end of it. */
  readonly shown: string;
}

/** One bot among 200 in trouble, one kind after another: what the other 199 notice of it. */
export async function isolation(args: readonly string[], say: (line: string) => void): Promise<boolean> {
  const options = readOptions(args);
  const { cores, node } = machine();
  const place = await makePlace(options.store);
  let hall: Hall | undefined;
  try {
    hall = await openHall(place.env, BOTS, ({ name }) => name.includes(options.only));
    const victims = hall.members.filter(({ trouble }) => trouble);
    say(
      `${hall.members.length} bots, ${victims.length} kinds of trouble, ${options.rate} messages a second, ${options.store}; ${cores} cores, Node ${node}`,
    );
    for (const member of hall.members) hall.ask(member);
    const silent = await hall.answered(WARM_UP_MS);
    if (silent.length > 0) throw new Error(`${silent.length} bots never answered`);
    const away = new Away();
    await runWindow(hall, away, options);
    const kinds: Kind[] = [];
    for (const victim of victims) {
      kinds.push(await meet(hall, away, options, victim));
      if (kinds.length % 10 === 0) say(`${kinds.length} kinds`);
    }
    const giveUp = Date.now() + BACK_WITHIN_MS;
    for (await away.look(hall); away.size > 0 && Date.now() < giveUp; await away.look(hall)) await sleep(1_000);
    const ratio = median(kinds.map((kind) => kind.ratio));
    const problems = kinds.flatMap((kind) =>
      [...kind.healthy.problems, ...kind.faulty.problems].map((problem) => `${kind.name}: ${problem}`),
    );
    if (!(ratio <= GOAL)) problems.push(`the median ratio is above ${GOAL}`);
    if (options.only === '' && kinds.length < KINDS) problems.push(`only ${kinds.length} kinds`);
    const least = options.seconds * options.rate * 0.8;
    for (const { name, faulty } of kinds) {
      if (faulty.answers < least) problems.push(`${name}: only ${faulty.answers} answers of the others`);
    }
    for (const line of ['', ...report(kinds), '']) say(line);
    say(`median of p99 with trouble / p99 without: x${ratio.toFixed(2)} (goal: at most x${GOAL})`);
    say(`not well again within ${BACK_WITHIN_MS / 1_000} s after all: ${away.names.join(', ') || 'none'}`);
    const figures = { options, bots: BOTS, goal: GOAL, ratio, kinds, problems, away: away.names };
    say(`written to ${await writeResults('isolation', figures)}`);
    for (const problem of problems) say(`FAILED: ${problem}`);
    return problems.length === 0;
  } finally {
    await hall?.close();
    await place.drop();
  }
}

async function meet(
  hall: Hall,
  away: Away,
  options: { readonly seconds: number; readonly rate: number },
  victim: Member,
): Promise<Kind> {
  await away.look(hall);
  const healthy = await runWindow(hall, away, options);
  const end = hall.trouble(victim);
  const faulty = await runWindow(hall, away, options, victim);
  const { state, code } = await hall.health(victim);
  await end();
  away.add(victim);
  const shown = code === undefined ? state : `${state}: ${code}`;
  return { name: name(victim), healthy, faulty, ratio: faulty.p99 / healthy.p99, shown };
}

function report(kinds: readonly Kind[]): string[] {
  const ms = (value: number) => value.toFixed(0);
  return table(
    ['in trouble', 'its status', 'p50 ms', 'with', 'p99 ms', 'with', 'ratio', 'answers', 'problems'],
    kinds.map(({ name, shown, healthy, faulty, ratio }) => [
      name,
      shown,
      ms(healthy.p50),
      ms(faulty.p50),
      ms(healthy.p99),
      ms(faulty.p99),
      ratio.toFixed(2),
      `${healthy.answers + faulty.answers}`,
      `${healthy.problems.length + faulty.problems.length}`,
    ]),
  );
}
