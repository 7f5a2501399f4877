import type { Clock } from '../../src/core/clock.ts';

/** A clock that moves only when told, for limits and time stamps. */
export interface StillClock extends Clock {
  advance(ms: number): void;
}

export function stillClock(start = Date.UTC(2026, 2, 9, 18, 22, 0, 640)): StillClock {
  let passed = 0;
  return {
    now: () => start + passed,
    elapsed: () => passed,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
    advance: (ms) => {
      passed += ms;
    },
  };
}
