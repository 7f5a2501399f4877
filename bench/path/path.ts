import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { startTelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { machine, RESULTS, writeResults } from '../shared/results.ts';
import { syncCost } from '../shared/sync-cost.ts';
import { startBare } from './bare.ts';
import { Load } from './load.ts';
import { type PathOptions, readOptions } from './options.ts';
import { makePlace } from './place.ts';
import { startProduct } from './product.ts';
import { report, summaryOf } from './report.ts';
import { type Round, runRound } from './round.ts';
import type { Bots, Subject } from './subject.ts';

export { PATH_OPTIONS } from './options.ts';

/** Until the compiler has seen what is hot, seconds. */
const WARM_UP_S = 8;
/** Each chat is written in this seldom at most, so that the sender's own pace, one a second, never holds an answer back, s. */
const CHAT_EVERY_S = 5;
/** The last settle of a round may still be on its way to the disk, ms. */
const STORED_WITHIN_MS = 5_000;

interface Contender {
  readonly name: 'replr' | 'bare';
  readonly subject: Subject;
  readonly load: Load;
  readonly rounds: Round[];
}

/** CPU and latency of one answered message, the whole server beside a bare loop against the same simulator. */
export async function path(args: readonly string[], say: (line: string) => void): Promise<boolean> {
  const options = readOptions(args);
  // Whole milliseconds are too coarse here.
  const now = () => performance.timeOrigin + performance.now();
  const simulator = await startTelegramSimulator({ now, ledgerLimit: 10_000_000, messagesPerChat: 100 });
  const place = await makePlace(options.store);
  const contenders: Contender[] = [];
  try {
    const disk = syncCost(place.folder);
    const env = options.profile
      ? { ...place.env, NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${join(RESULTS, 'profile')}` }
      : place.env;
    const enter = async (
      name: Contender['name'],
      start: (bots: Bots) => Subject | Promise<Subject>,
    ): Promise<Contender> => {
      const { bots, chats } = peopled(simulator, name, options);
      const subject = await start(bots);
      const contender = { name, subject, load: new Load(simulator, chats, options.rate), rounds: [] };
      contenders.push(contender);
      return contender;
    };
    const product = await enter('replr', (bots) => startProduct(simulator.url, bots, place.folder, env));
    const bare = await enter('bare', (bots) => startBare(simulator.url, bots));
    const { cores, node } = machine();
    say(
      `${options.rate} messages/s over ${options.bots} bots, ${options.rounds} x ${options.seconds} s; ${place.durability}`,
    );
    say(`${cores} cores, Node ${node}`);
    for (const { subject, load } of [product, bare]) await runRound(subject, load, WARM_UP_S, now);
    for (let round = 0; round < options.rounds; round++) {
      // In turn, and in turn who comes first.
      for (const { subject, load, rounds } of round % 2 === 0 ? [product, bare] : [bare, product]) {
        rounds.push(await runRound(subject, load, options.seconds, now));
      }
    }
    const problems = [...(await shortfalls(product)), ...(await shortfalls(bare)), ...misuse(simulator)];
    const summary = summaryOf({ product: product.rounds, bare: bare.rounds });
    const lines = report({ product: product.rounds, bare: bare.rounds }, summary, disk);
    for (const line of ['', ...lines, '']) say(line);
    const figures = { options, durability: place.durability, summary, disk, problems };
    say(
      `written to ${await writeResults('path', { ...figures, rounds: { product: product.rounds, bare: bare.rounds } })}`,
    );
    for (const problem of problems) say(`FAILED: ${problem}`);
    return problems.length === 0;
  } catch (error) {
    for (const { name, subject } of contenders) {
      const obituary = subject.obituary();
      if (obituary) throw new Error(`${name} ${obituary}`, { cause: error });
    }
    throw error;
  } finally {
    for (const stopped of await Promise.allSettled(contenders.map(({ subject }) => subject.stop()))) {
      if (stopped.status === 'rejected') say(`FAILED: ${stopped.reason}`);
    }
    await simulator.close();
    await place.remove();
  }
}

/** Bots with enough chats each, and the chats in the order in which people write in them: one of each bot, then the next. */
function peopled(simulator: TelegramSimulator, name: string, { bots: count, rate }: PathOptions) {
  const bots = Array.from({ length: count }, (_, index) => simulator.createBot({ username: `${name}_${index}_bot` }));
  const perBot = Math.max(10, Math.ceil((rate * CHAT_EVERY_S) / count));
  const chats = Array.from({ length: perBot }, (_, person) =>
    bots.map((bot) => simulator.privateChat(bot, { name: `Ada ${person}` })),
  );
  return { bots, chats: chats.flat() };
}

/** What was asked and not done: each question wants one answer, and the store both of them. */
async function shortfalls({ name, subject, load, rounds }: Contender): Promise<string[]> {
  const problems = rounds.flatMap(({ messages, answered, repeated }, index) =>
    answered === messages && repeated === 0
      ? []
      : [`${name}, round ${index + 1}: ${messages} messages, ${answered} answered, ${repeated} more than once`],
  );
  const wanted = 2 * load.total;
  let stored = await subject.stored();
  for (let waited = 0; stored !== undefined && stored < wanted && waited < STORED_WITHIN_MS; waited += 100) {
    await sleep(100);
    stored = await subject.stored();
  }
  if (stored !== undefined && stored !== wanted) problems.push(`${name}: ${stored} of ${wanted} messages are stored`);
  return problems;
}

/** A load that the platform held back, or calls that it refused, measure something else. */
function misuse({ ledger: { counts } }: TelegramSimulator): string[] {
  const names = [
    'rate_limited',
    'conflicts',
    'unauthorized',
    'ambiguous',
    'malformed_bodies',
    'unsupported_methods',
  ] as const;
  return names.flatMap((name) => (counts[name] > 0 ? [`the simulator counted ${counts[name]} ${name}`] : []));
}
