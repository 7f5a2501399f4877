import type { Clock } from '../../core/clock.ts';

/**
 * The platform locks out an address that makes 10,000 calls within 10 minutes that it answers with 401, 403 or 429 [D2]:
 * all bots of all tenants at once. Another process may work from the same address, and calls that are under way still
 * count, so half of it is where everything stops. A fifth is more than an honest day brings: from there on those wait
 * who cause it.
 */
const CAREFUL = 2_000;
const STOP = 5_000;
const SLOT_MS = 10_000;
const SLOTS = 60;
/** So long at most until it is looked at again, ms. */
const MAX_WAIT_MS = 60_000;
/** Tokens whose last call was refused; those from longest ago are forgotten. */
const MAX_REFUSED = 10_000;

export interface Breaker {
  /** How long a call with this token has to wait, ms. 0 means go ahead. */
  waitMs(token: string, clock: Pick<Clock, 'elapsed'>): number;
  /** Counts an answer. */
  note(token: string, status: number, headers: Headers, clock: Pick<Clock, 'elapsed'>): void;
}

export function createBreaker(): Breaker {
  /** Time divided by `SLOT_MS` → refusals; in order of time. */
  const slots = new Map<number, number>();
  const refused = new Set<string>();

  /** When fewer than `most` will be left, ms from now. */
  const untilBelow = (most: number, now: number): number => {
    const current = Math.floor(now / SLOT_MS);
    let sum = 0;
    for (const [slot, count] of slots) {
      if (slot < current - SLOTS || slot > current) slots.delete(slot);
      else sum += count;
    }
    if (sum < most) return 0;
    for (const [slot, count] of slots) {
      sum -= count;
      if (sum < most) return (slot + SLOTS + 1) * SLOT_MS - now;
    }
    return SLOT_MS;
  };

  return {
    waitMs: (token, clock) => {
      const most = refused.has(token) ? CAREFUL : STOP;
      return Math.min(MAX_WAIT_MS, Math.ceil(untilBelow(most, clock.elapsed())));
    },
    note: (token, status, headers, clock) => {
      refused.delete(token);
      // What many share a limit of is nobody's fault, and is not counted [D2].
      const shared = status === 429 && headers.get('x-ratelimit-scope') === 'shared';
      if (shared || (status !== 401 && status !== 403 && status !== 429)) return;
      refused.add(token);
      const [oldest] = refused;
      if (refused.size > MAX_REFUSED && oldest !== undefined) refused.delete(oldest);
      const slot = Math.floor(clock.elapsed() / SLOT_MS);
      slots.set(slot, (slots.get(slot) ?? 0) + 1);
    },
  };
}

/** The address is one for the whole process, and so is this. */
export const breaker: Breaker = createBreaker();
