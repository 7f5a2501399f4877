export interface Backoff {
  /** First delay, ms. */
  baseMs: number;
  /** No delay is longer than this, ms. */
  capMs: number;
}

/** Full jitter: a uniformly random delay below a ceiling that doubles with each attempt (platforms.md §4.5). */
export function backoffMs(attempt: number, { baseMs, capMs }: Backoff, random: () => number): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling * (0.5 + random() / 2));
}
