import { setTimeout as sleep } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';
import { rssMb } from '../shared/process-usage.ts';
import { median } from '../shared/statistics.ts';
import type { Remote } from './remote.ts';

/** KB. */
export interface Memory {
  /** All that the kernel holds for the process: the figure. */
  readonly rss: number;
  /** What of it lives on the heap of the main thread, to explain the figure. */
  readonly heap: number;
  /** Buffers and what else hangs on the heap from outside. */
  readonly external: number;
}

const SAMPLES = 5;
const PAUSE_MS = 1_000;
/** Samples that differ by less than this are stable, KB. */
const STABLE_KB = 768;
const PATIENCE_SAMPLES = 45;

/** In the process that is measured. */
export const memoryActions = {
  collect: (): Omit<Memory, 'rss'> => {
    // The usual kind keeps pages in reserve, more or fewer from time to time, and hides in them what a bot costs. What
    // finalizers have let go of falls in the second turn.
    for (let turn = 0; turn < 2; turn++) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
    const { heapUsed, external } = process.memoryUsage();
    return { heap: heapUsed / 1024, external: external / 1024 };
  },
  snapshot: (file: string): string => writeHeapSnapshot(file),
};

/** Collects garbage until the last samples agree; the median of each figure. */
export async function settledMemory(remote: Remote<typeof memoryActions>): Promise<Memory> {
  let samples: Memory[] = [];
  for (let taken = 0; taken < PATIENCE_SAMPLES; taken++) {
    const kept = await remote.ask('collect');
    await sleep(PAUSE_MS);
    samples = [...samples, { rss: rssMb(remote.pid) * 1024, ...kept }].slice(-SAMPLES);
    const rss = samples.map((sample) => sample.rss);
    if (samples.length === SAMPLES && Math.max(...rss) - Math.min(...rss) < STABLE_KB) break;
  }
  const of = (name: keyof Memory) => median(samples.map((sample) => sample[name]));
  return { rss: of('rss'), heap: of('heap'), external: of('external') };
}
