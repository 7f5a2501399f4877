import { Bounded } from './bounded.ts';

/** Who has used up all of it is not answered for so long, ms. */
const CLOSED_MS = 60_000;
const MINUTE_MS = 60_000;
const MAX_BUCKETS = 20_000;

/** One bucket that a turn is taken from. */
export interface Cap {
  readonly key: string;
  readonly perMinute: number;
}

export interface Closed {
  readonly cap: Cap;
  /** When its window ends, on the clock that `take` was given. */
  readonly until: number;
}

interface Bucket {
  /** Turns taken and not yet made up for by time: a limit that its owner changes is in force at once. */
  readonly used: number;
  readonly at: number;
  readonly perMinute: number;
  readonly closedUntil: number;
}

/** Token buckets, by key. Times are ms of a clock that never goes back. */
export class Caps {
  readonly #buckets = new Bounded<Bucket>(MAX_BUCKETS);
  readonly #savedMinutes: number;

  /** So many minutes' worth can be saved up. */
  constructor(savedMinutes: number) {
    this.#savedMinutes = savedMinutes;
  }

  /** How many are not full. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one turn from each, or from none: then the first that has none left says until when. */
  take(caps: readonly Cap[], now: number): Closed | undefined {
    for (const cap of caps) {
      const bucket = this.#buckets.get(cap.key);
      // Who was turned away under a narrower limit is not bound by that any more.
      if (bucket && now < bucket.closedUntil && cap.perMinute <= bucket.perMinute)
        return { cap, until: bucket.closedUntil };
      const used = leftOver(bucket, now);
      if (used + 1 <= cap.perMinute * this.#savedMinutes) continue;
      const until = now + CLOSED_MS;
      this.#buckets.set(cap.key, { used, at: now, perMinute: cap.perMinute, closedUntil: until });
      return { cap, until };
    }
    for (const { key, perMinute } of caps) {
      const used = leftOver(this.#buckets.get(key), now) + 1;
      this.#buckets.set(key, { used, at: now, perMinute, closedUntil: 0 });
      this.#buckets.prune((bucket) => leftOver(bucket, now) === 0 && bucket.closedUntil <= now);
    }
    return undefined;
  }
}

function leftOver(bucket: Bucket | undefined, now: number): number {
  if (!bucket) return 0;
  return Math.max(0, bucket.used - ((now - bucket.at) / MINUTE_MS) * bucket.perMinute);
}
