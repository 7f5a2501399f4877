import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { RESULTS } from '../shared/results.ts';
import { type Memory, settledMemory } from './memory.ts';
import type { IdleOptions } from './options.ts';
import { startRemote } from './remote.ts';
import { type SubjectName, startSubject } from './subjects.ts';
import type { World } from './world.ts';

/** So many bots, chosen at random, are spoken to at the end. */
export const SPOKEN_TO = 20;
const PATIENCE_MS = 60_000;
const LOOK_MS = 200;

export interface Round {
  readonly from: Memory;
  readonly to: Memory;
  /** KB per further bot. */
  readonly slope: Memory;
  /** Bots that heard what was said to them at the end. */
  readonly heard: number;
  /** Why its figures are worth nothing. */
  readonly problems: readonly string[];
}

/** One subject in a fresh process, against a platform in a fresh process. */
export async function runRound(
  name: SubjectName,
  number: number,
  options: Pick<IdleOptions, 'from' | 'to'>,
  snapshots = false,
): Promise<Round> {
  const world = startRemote<World>('./world.ts');
  try {
    const subject = await startSubject(name, await world.ask('url'), options.to);
    const problems: string[] = [];
    try {
      const grow = async (by: number, to: number): Promise<Memory> => {
        await subject.open(await world.ask('people', by));
        const ready = await until(() => world.ask('ready'), to);
        if (ready !== to) problems.push(`${ready} of ${to} bots were ready`);
        const memory = await settledMemory(subject.remote);
        if (snapshots) await subject.remote.ask('snapshot', await snapshotFile(`${name}-${to}`));
        return memory;
      };
      const from = await grow(options.from, options.from);
      const to = await grow(options.to - options.from, options.to);
      const ready = await world.ask('ready');
      if (ready !== options.to) problems.push(`${ready} of ${options.to} bots were ready at the end`);
      const spokenTo = Math.min(SPOKEN_TO, options.to);
      await world.ask('speak', spokenTo);
      const heard = await until(() => subject.heard(), spokenTo);
      if (heard !== spokenTo) problems.push(`${heard} of ${spokenTo} bots heard what was said to them`);
      const { identifies, missed_heartbeats, protocol_errors } = await world.ask('counts');
      if (identifies !== options.to) problems.push(`${identifies} identifies of ${options.to} bots`);
      if (missed_heartbeats > 0) problems.push(`${missed_heartbeats} heartbeats were missed`);
      if (protocol_errors > 0) problems.push(`${protocol_errors} frames were against the protocol`);
      const per = (kb: keyof Memory) => (to[kb] - from[kb]) / (options.to - options.from);
      const slope = { rss: per('rss'), heap: per('heap'), external: per('external') };
      // What was free but not given back at the first measurement has been filled since: the slope says too little.
      if (slope.rss < slope.heap) problems.push('resident memory grew by less than the heap: run it again');
      return { from, to, slope, heard, problems: problems.map((it) => `${name}, round ${number}: ${it}`) };
    } finally {
      await subject.stop();
    }
  } finally {
    await world.end();
  }
}

/** Looks until it is so many, or for too long; what it was last. */
async function until(look: () => Promise<number>, wanted: number): Promise<number> {
  let last = await look();
  for (const began = performance.now(); last < wanted && performance.now() - began < PATIENCE_MS; last = await look()) {
    await sleep(LOOK_MS);
  }
  return last;
}

async function snapshotFile(name: string): Promise<string> {
  const folder = join(RESULTS, 'profile');
  await mkdir(folder, { recursive: true });
  return join(folder, `idle-${name}.heapsnapshot`);
}
