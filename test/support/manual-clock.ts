import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';

export interface ManualClock extends Clock {
  /** Moves time on, waking sleepers in order and letting each act before the next. */
  advance(ms: number): Promise<void>;
  /** How long each sleeper still has to wait, ms. */
  sleeping(): readonly number[];
}

/** Time that stands still until told. */
export function createManualClock(startAt = 1_790_000_000_000): ManualClock {
  let time = 0;
  const sleepers = new Set<{ readonly due: number; readonly wake: () => void }>();
  const settle = async () => {
    for (let turn = 0; turn < 5; turn++) await setImmediate();
  };
  return {
    now: () => startAt + time,
    elapsed: () => time,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          sleepers.delete(entry);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const entry = { due: time + ms, wake };
        sleepers.add(entry);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    advance: async (ms) => {
      const until = time + ms;
      await settle();
      for (;;) {
        const next = [...sleepers].sort((a, b) => a.due - b.due)[0];
        if (!next || next.due > until) break;
        time = Math.max(time, next.due);
        next.wake();
        await settle();
      }
      time = until;
      await settle();
    },
    sleeping: () => [...sleepers].map(({ due }) => due - time).sort((a, b) => a - b),
  };
}
