import type { Clock } from '../../core/clock.ts';
import { waitMs } from './wire.ts';

/**
 * Which route shares its limit with which, and how much is left, as the platform's headers tell [D2]. `route` is the
 * method and path without the ids that do not matter, `major` the id that does: each channel has its own allowance.
 */
export interface Buckets {
  /** How long to wait, ms. 0 means go ahead, and the call is counted. */
  take(route: string, major: string): number;
  /** Remembers what an answer told; `blockedMs` when it was a 429 of this bucket. */
  learn(route: string, major: string, headers: Headers, blockedMs?: number): void;
}

interface Bucket {
  remaining: number;
  resetAt: number;
  /** The platform has said no: what older answers tell no longer counts. */
  blocked: boolean;
}

/** Forgets what was used longest ago beyond `maxBuckets`: memory stays bounded whatever the number of channels. */
export function createBuckets(clock: Clock, maxBuckets = 500): Buckets {
  /** Route → the platform's name of its bucket: a handful, as routes are. */
  const names = new Map<string, string>();
  const buckets = new Map<string, Bucket>();
  const keyOf = (route: string, major: string) => `${names.get(route) ?? route}:${major}`;
  const touch = (key: string, bucket: Bucket) => {
    buckets.delete(key);
    buckets.set(key, bucket);
    const [oldest] = buckets.keys();
    if (buckets.size > maxBuckets && oldest !== undefined) buckets.delete(oldest);
  };
  return {
    take: (route, major) => {
      const key = keyOf(route, major);
      const bucket = buckets.get(key);
      if (!bucket) return 0;
      const wait = bucket.resetAt - clock.elapsed();
      if (wait <= 0) {
        buckets.delete(key);
        return 0;
      }
      if (bucket.remaining <= 0) return Math.ceil(wait);
      bucket.remaining -= 1;
      return 0;
    },
    learn: (route, major, headers, blockedMs) => {
      const name = headers.get('x-ratelimit-bucket');
      if (name) names.set(route, name);
      const key = keyOf(route, major);
      const now = clock.elapsed();
      if (blockedMs !== undefined) {
        touch(key, { remaining: 0, resetAt: now + blockedMs, blocked: true });
        return;
      }
      const remaining = headers.get('x-ratelimit-remaining');
      const resetAfter = headers.get('x-ratelimit-reset-after');
      if (remaining === null || resetAfter === null) return;
      const known = buckets.get(key);
      if (known?.blocked && known.resetAt > now) return;
      const resetAt = now + waitMs(Number(resetAfter), 0);
      // Answers may overtake each other: within one window the smaller number is the later one.
      const same = known !== undefined && Math.abs(known.resetAt - resetAt) < 500;
      const left = same ? Math.min(known.remaining, Number(remaining)) : Number(remaining);
      touch(key, { remaining: left, resetAt, blocked: false });
    },
  };
}
