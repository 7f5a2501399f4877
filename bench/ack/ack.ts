import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import { startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import { startTelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { makePlace } from '../path/place.ts';
import { cpuMs } from '../shared/process-usage.ts';
import { machine, writeResults } from '../shared/results.ts';
import { syncCost } from '../shared/sync-cost.ts';
import { table } from '../shared/table.ts';
import { readOptions } from './options.ts';
import { type Product, startProduct } from './product.ts';
import { type Round, runRound } from './round.ts';
import { slackTransport } from './slack.ts';
import { telegramTransport } from './telegram.ts';
import { numberIn, type Transport } from './transport.ts';

export { ACK_OPTIONS } from './options.ts';

/** Bots of each transport. */
const BOTS = 10;
/** Until the compiler has seen what is hot, seconds; the first event of a Slack app also ends its polling. */
const WARM_UP_S = 5;
/** Slack gives up after three seconds; a tenth of that leaves room for the way there and back, ms. */
const GOAL_P99_MS = 300;
/** The model is asked right after the commit, ms. */
const ASKED_WITHIN_MS = 5_000;

/** `cpuShare`: of one core, what the server used. `load`: of the whole machine, as the kernel averages it over a minute. */
type Measured = Round & { readonly asked: number; readonly cpuShare: number; readonly load: number };

/** How long platforms wait for their acknowledgement while every turn waits for a model that says nothing. */
export async function ack(args: readonly string[], say: (line: string) => void): Promise<boolean> {
  const options = readOptions(args);
  // Whole milliseconds are too coarse here. Near enough to the wall clock for Slack's signatures.
  const now = () => performance.timeOrigin + performance.now();
  const [slack, telegram, model, place] = await Promise.all([
    startSlackSimulator({ now, ledgerLimit: 10_000_000 }),
    startTelegramSimulator({ now, ledgerLimit: 10_000_000 }),
    startModelSimulator(),
    makePlace(options.store),
  ]);
  // Longer than a call is waited for, which is a minute.
  model.fault({ kind: 'hang', times: null });
  let product: Product | undefined;
  try {
    const disk = syncCost(place.folder);
    product = await startProduct(place.folder, {
      SLACK_API_URL: slack.url,
      TELEGRAM_API_URL: telegram.url,
      REPLR_MODEL: 'openai/sim-small',
      OPENAI_BASE_URL: model.url,
      OPENAI_API_KEY: 'sk-simulated',
      ...place.env,
    });
    const { cores, node } = machine();
    say(
      `${options.rate} messages/s to ${BOTS} bots for ${options.seconds} s; the model is silent; ${place.durability}`,
    );
    say(`${cores} cores, Node ${node}`);
    const transports = [
      slackTransport(slack, 'events', BOTS),
      slackTransport(slack, 'socket', BOTS),
      telegramTransport(telegram, BOTS),
    ];
    const rounds: Measured[] = [];
    const problems: string[] = [];
    for (const [index, transport] of transports.entries()) {
      await product.connect(transport);
      // Numbers of different transports never meet.
      const first = index * 10_000_000;
      const warm = await runRound(transport, first, options.rate, WARM_UP_S);
      const before = { cpu: cpuMs(product.pid), at: now() };
      const round = await runRound(transport, first + warm.messages, options.rate, options.seconds);
      const cpuShare = (cpuMs(product.pid) - before.cpu) / (now() - before.at);
      const asked = await asking(model, first + warm.messages, round.messages);
      rounds.push({ ...round, asked, cpuShare, load: loadavg()[0] ?? Number.NaN });
      problems.push(...(await shortfalls(product, transport, [warm, round])));
      if (asked !== round.messages)
        problems.push(`${round.title}: ${asked} of ${round.messages} turns asked the model`);
      if (!(round.p99 <= GOAL_P99_MS)) problems.push(`${round.title}: p99 is above ${GOAL_P99_MS} ms`);
    }
    problems.push(...model.invalid.map((reason) => `the model was asked wrongly: ${reason}`));
    for (const line of ['', ...report(rounds, disk), '']) say(line);
    const figures = { options, bots: BOTS, durability: place.durability, goalP99: GOAL_P99_MS, rounds, disk, problems };
    say(`written to ${await writeResults('ack', figures)}`);
    for (const problem of problems) say(`FAILED: ${problem}`);
    return problems.length === 0;
  } finally {
    await product?.stop();
    await Promise.all([slack.close(), telegram.close(), model.close()]);
    await place.remove();
  }
}

/** Of these messages, how many the model was told: it has answered none. */
function askedAbout({ prompts }: ModelSimulator, first: number, count: number): number {
  const numbers = new Set(prompts.map(({ text }) => numberIn(text) ?? Number.NaN));
  return [...numbers].filter((number) => number >= first && number < first + count).length;
}

/** Waits until the model was told all of them, or for too long; returns how many it was told. */
async function asking(model: ModelSimulator, first: number, count: number): Promise<number> {
  await Promise.race([
    model.waitFor(() => askedAbout(model, first, count) === count),
    sleep(ASKED_WITHIN_MS, undefined, { ref: false }),
  ]);
  return askedAbout(model, first, count);
}

/** Figures of less than all of it are worth nothing: each message is acknowledged at once, and stored once. */
async function shortfalls(product: Product, transport: Transport, rounds: readonly Round[]): Promise<string[]> {
  const problems = rounds.flatMap(({ title, messages, acknowledged, repeated }) =>
    acknowledged === messages && repeated === 0
      ? []
      : [`${title}: ${messages} messages, ${acknowledged} acknowledged at once, ${repeated} sent more than once`],
  );
  const wanted = rounds.reduce((sum, { messages }) => sum + messages, 0);
  const stored = await product.stored(transport);
  if (stored !== wanted) problems.push(`${transport.title}: ${stored} of ${wanted} messages are stored`);
  const ways = await product.receivesBy(transport);
  if (ways.join() !== transport.name) problems.push(`${transport.title}: received by ${ways.join(' and ')}`);
  return problems;
}

const ms = (value: number): string => value.toFixed(2);

function report(rounds: readonly Measured[], disk: ReturnType<typeof syncCost>): string[] {
  return [
    ...table(
      ['until acknowledged', 'messages', 'acknowledged', 'model asked', 'p50 ms', 'p99 ms', 'max ms', 'CPU', 'load'],
      rounds.map(({ title, messages, acknowledged, asked, p50, p99, max, cpuShare, load }) => [
        title,
        `${messages}`,
        `${acknowledged}`,
        `${asked}`,
        ms(p50),
        ms(p99),
        ms(max),
        `${Math.round(100 * cpuShare)}%`,
        load.toFixed(1),
      ]),
    ),
    '',
    `fdatasync 4 KB  append p50 ${ms(disk.append.p50)} p99 ${ms(disk.append.p99)} ms, ` +
      `in place p50 ${ms(disk.rewrite.p50)} p99 ${ms(disk.rewrite.p99)} ms`,
  ];
}
