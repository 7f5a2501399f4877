import type { Clock } from '../../core/clock.ts';
import type { Pace } from '../shared/pace.ts';

/** A turn is kept for so long for one who does not come. */
const KEPT_MS = 60_000;
/** Turns of one key; whoever comes when there are more asks again after the last of them. */
const MAX_TURNS = 1_000;
/** Keys, the one that rested longest goes first. */
const MAX_KEYS = 1_000;

interface Lane {
  /** When the steady pace allows the next call, if nothing is left of the burst. */
  due: number;
  blockedUntil: number;
  /** When whose turn is, in this order. */
  readonly turns: Map<string, number>;
}

/**
 * Keeps calls per key (a channel) under a known limit, first come, first served. Whoever has to wait has a turn from then
 * on: with a plain pace the next one to ask at the right moment would overtake all who wait.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #lanes = new Map<string, Lane>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** How long until it is the holder's turn, ms. 0: it is, until it is used. */
  ask(key: string, holder: string, { everyMs, burst }: Pace): number {
    const now = this.#clock.elapsed();
    const lane = this.#lane(key);
    for (const [name, at] of lane.turns) {
      if (name === holder || now - at <= KEPT_MS) break;
      lane.turns.delete(name);
    }
    const known = lane.turns.get(holder);
    if (known !== undefined) return Math.max(0, Math.ceil(known - now));
    const at = Math.max(now, lane.blockedUntil, lane.due - (burst - 1) * everyMs);
    if (lane.turns.size < MAX_TURNS) {
      lane.turns.set(holder, at);
      lane.due = Math.max(at, lane.due) + everyMs;
    }
    return lane.turns.has(holder) ? Math.ceil(at - now) : Math.max(everyMs, Math.ceil(at - now));
  }

  /** The holder acts now. */
  use(key: string, holder: string): void {
    this.#lanes.get(key)?.turns.delete(holder);
  }

  /** Nobody before `ms` have passed, and no burst right after; the order stays. */
  block(key: string, ms: number, { everyMs, burst }: Pace): void {
    const lane = this.#lane(key);
    lane.blockedUntil = Math.max(lane.blockedUntil, this.#clock.elapsed() + ms);
    let next = lane.blockedUntil;
    for (const [holder, at] of lane.turns) {
      lane.turns.set(holder, Math.max(at, next));
      next += everyMs;
    }
    lane.due = Math.max(lane.due, next + (burst - 1) * everyMs);
  }

  blockedMs(key: string): number {
    return Math.max(0, Math.ceil((this.#lanes.get(key)?.blockedUntil ?? 0) - this.#clock.elapsed()));
  }

  #lane(key: string): Lane {
    const lane = this.#lanes.get(key) ?? { due: 0, blockedUntil: 0, turns: new Map<string, number>() };
    this.#lanes.delete(key);
    this.#lanes.set(key, lane);
    const [oldest] = this.#lanes.keys();
    if (this.#lanes.size > MAX_KEYS && oldest !== undefined) this.#lanes.delete(oldest);
    return lane;
  }
}
