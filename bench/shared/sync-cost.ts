import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { percentile } from './statistics.ts';

export interface SyncCost {
  readonly p50: number;
  readonly p99: number;
}

const TIMES = 300;
const PAGE = Buffer.alloc(4_096, 1);

/**
 * What the disk below this folder takes to make a page durable, ms. `append` grows the file, `rewrite` goes over what is
 * there, as a write-ahead log does once it has been round: no new blocks, no change of size to journal.
 */
export function syncCost(folder: string): { readonly append: SyncCost; readonly rewrite: SyncCost } {
  const file = join(folder, 'sync-cost');
  const descriptor = openSync(file, 'w');
  const measure = (): SyncCost => {
    const times: number[] = [];
    for (let at = 0; at < TIMES; at++) {
      const began = performance.now();
      writeSync(descriptor, PAGE, 0, PAGE.length, at * PAGE.length);
      fdatasyncSync(descriptor);
      times.push(performance.now() - began);
    }
    return { p50: percentile(times, 50), p99: percentile(times, 99) };
  };
  try {
    return { append: measure(), rewrite: measure() };
  } finally {
    closeSync(descriptor);
    rmSync(file);
  }
}
