import { setTimeout as sleep } from 'node:timers/promises';
import { makePlace } from '../../chaos/place.ts';
import { machine, writeResults } from '../shared/results.ts';
import { median, percentile } from '../shared/statistics.ts';
import { table } from '../shared/table.ts';
import { type Hall, type Member, openHall } from './hall.ts';
import { readOptions } from './options.ts';
import { Away, name, runWindow, type Window } from './windows.ts';

export { ISOLATION_OPTIONS } from './options.ts';

/** Discord, Telegram, Slack. */
const BOTS = [70, 70, 60] as const;
/** Median over all kinds of the others' p99 with one bot in trouble, times that in the window before: more misses the goal. */
const GOAL = 1.2;
const KINDS = 40;
const WARM_UP_MS = 90_000;
/** How long those who were in trouble may take to be well again once all is over, ms. */
const BACK_WITHIN_MS = 60_000;

interface Kind {
  readonly name: string;
  readonly faulty: Window;
  /** What the owner of the bot in trouble reads at the end of it. */
  readonly shown: string;
}

interface Figures {
  readonly name: string;
  readonly shown: string;
  readonly p50: Compared;
  readonly p99: Compared;
  readonly ratio: number;
  readonly answers: number;
  readonly problems: readonly string[];
}

/** Ms: with a bot in trouble, and in the window before. */
interface Compared {
  readonly without: number;
  readonly with: number;
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
    const healthy = [await runWindow(hall, away, options)];
    const kinds: Kind[] = [];
    for (const victim of victims) {
      kinds.push(await meet(hall, away, options, victim));
      await away.look(hall);
      healthy.push(await runWindow(hall, away, options));
      if (kinds.length % 10 === 0) say(`${kinds.length} kinds`);
    }
    const giveUp = Date.now() + BACK_WITHIN_MS;
    for (await away.look(hall); away.size > 0 && Date.now() < giveUp; await away.look(hall)) await sleep(1_000);
    const figures = kinds.map((kind, index) => figuresOf(kind, healthy[index]));
    const ratio = median(figures.map((each) => each.ratio));
    // The same of windows in which nobody was in trouble: what the machine does by itself.
    const noise = median(healthy.slice(1).map((window, at) => ratioOf(window, healthy[at])));
    const problems = figures.flatMap((each) => each.problems.map((problem) => `${each.name}: ${problem}`));
    for (const problem of healthy.flatMap((window) => window.problems)) problems.push(`between two kinds: ${problem}`);
    if (!(ratio <= GOAL)) problems.push(`the median ratio is above ${GOAL}`);
    if (options.only === '' && kinds.length < KINDS) problems.push(`only ${kinds.length} kinds`);
    const least = options.seconds * options.rate * 0.8;
    for (const { name, answers } of figures) {
      if (answers < least) problems.push(`${name}: only ${answers} answers of the others`);
    }
    for (const line of ['', ...report(figures), '']) say(line);
    say(
      `median of p99 with trouble / p99 without: x${ratio.toFixed(2)} (goal: at most x${GOAL}; windows without any: x${noise.toFixed(2)})`,
    );
    say(`not well again within ${BACK_WITHIN_MS / 1_000} s after all: ${away.names.join(', ') || 'none'}`);
    const written = { options, bots: BOTS, goal: GOAL, ratio, noise, kinds: figures, problems, away: away.names };
    say(`written to ${await writeResults('isolation', written)}`);
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
  const end = hall.trouble(victim);
  const faulty = await runWindow(hall, away, options, victim);
  const { state, code } = await hall.health(victim);
  await end();
  away.add(victim);
  const shown = code === undefined ? state : `${state}: ${code}`;
  return { name: name(victim), faulty, shown };
}

/** One window against one: where a machine has bad moments, two together would look worse than either. */
const ratioOf = ({ latencies }: Window, before?: Window): number =>
  percentile(latencies, 99) / percentile(before?.latencies ?? [], 99);

function figuresOf({ name, shown, faulty }: Kind, before?: Window): Figures {
  const compared = (percent: number): Compared => ({
    without: percentile(before?.latencies ?? [], percent),
    with: percentile(faulty.latencies, percent),
  });
  return {
    ...{ name, shown },
    p50: compared(50),
    p99: compared(99),
    ratio: ratioOf(faulty, before),
    answers: faulty.latencies.length,
    problems: faulty.problems,
  };
}

function report(figures: readonly Figures[]): string[] {
  return table(
    ['in trouble', 'its status', 'p50 ms', 'with', 'p99 ms', 'with', 'ratio', 'answers', 'problems'],
    figures.map(({ name, shown, p50, p99, ratio, answers, problems }) => [
      ...[name, shown, `${p50.without}`, `${p50.with}`, `${p99.without}`, `${p99.with}`],
      ...[ratio.toFixed(2), `${answers}`, `${problems.length}`],
    ]),
  );
}
