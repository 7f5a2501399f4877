import type { Clock } from '../../core/clock.ts';

export interface Pace {
  /** Steady distance between calls, ms. */
  readonly everyMs: number;
  /** So many may follow each other at once after a rest. */
  readonly burst: number;
  /** And never more than `count` within any `perMs`. */
  readonly most?: { readonly count: number; readonly perMs: number };
}

/** Keeps calls per key (a chat, a route) under known limits, and remembers how long a platform asked to be left alone. */
export interface Pacer {
  /** How long to wait, ms. 0 means go ahead, and the call is counted. */
  take(key: string, pace: Pace): number;
  /** No call before `ms` have passed, and no burst right after: the platform's patience is used up. */
  block(key: string, ms: number, pace: Pace): void;
  /** For calls that are not counted but must respect a block. */
  blockedMs(key: string): number;
}

interface Lane {
  /** When the steady pace allows the next call, if nothing is left of the burst. */
  due: number;
  blockedUntil: number;
  recent: number[];
}

/** Forgets the key that was used longest ago beyond `maxKeys`: memory stays bounded whatever the number of chats. */
export function createPacer(clock: Clock, maxKeys = 1_000): Pacer {
  const lanes = new Map<string, Lane>();
  const laneOf = (key: string): Lane => {
    const lane = lanes.get(key) ?? { due: 0, blockedUntil: 0, recent: [] };
    lanes.delete(key);
    lanes.set(key, lane);
    const [oldest] = lanes.keys();
    if (lanes.size > maxKeys && oldest !== undefined) lanes.delete(oldest);
    return lane;
  };
  return {
    take: (key, { everyMs, burst, most }) => {
      const now = clock.elapsed();
      const lane = laneOf(key);
      const earliest = most ? (lane.recent.at(-most.count) ?? Number.NEGATIVE_INFINITY) + most.perMs : 0;
      const wait = Math.max(lane.blockedUntil, earliest, lane.due - (burst - 1) * everyMs) - now;
      if (wait > 0) return Math.ceil(wait);
      lane.due = Math.max(now, lane.due) + everyMs;
      if (most) {
        lane.recent.push(now);
        if (lane.recent.length > most.count) lane.recent.shift();
      }
      return 0;
    },
    block: (key, ms, { everyMs, burst }) => {
      const lane = laneOf(key);
      lane.blockedUntil = Math.max(lane.blockedUntil, clock.elapsed() + ms);
      lane.due = Math.max(lane.due, lane.blockedUntil + (burst - 1) * everyMs);
    },
    blockedMs: (key) => Math.max(0, Math.ceil((lanes.get(key)?.blockedUntil ?? 0) - clock.elapsed())),
  };
}
