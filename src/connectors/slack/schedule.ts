import type { Clock } from '../../core/clock.ts';

export type ReadMethod = 'conversations.history' | 'conversations.replies' | 'users.conversations';

/** Tier 3 is 50 calls a minute, per method [S3]; what is left is for verification and for looking up what was sent. */
const EVERY_MS = 1_600;
const BURST = 8;
/** An app of the capped class: one call a minute, 15 objects [S4]. */
const CAPPED_EVERY_MS = 60_000;
const CAPPED_PAGE = 15;
const PAGE = 200;
/**
 * A limit that comes after so few calls of ours within a minute, and lasts so long, is not that of Tier 3 (platforms.md
 * §3.2.4), unless others have called: another process, or whoever began a hundred channels. So it has to happen twice, the
 * second time after a wait that emptied everybody's minute, and soon after it. Once is enough for a bot that is new: nobody
 * can have called for it.
 */
const FEW_CALLS = 5;
const LONG_MS = 30_000;
const AGAIN_MS = 2 * 60_000;
const WINDOW_MS = 60_000;
/** An app can leave the class, and may never have been in it: it is tried again, soon at first, ever more seldom as it proves true. */
const CAPPED_MS = 10 * 60_000;
const LONGEST_CAPPED_MS = 60 * 60_000;

interface Account {
  /** When the steady pace allows the next call, if nothing is left of the burst. */
  due: number;
  blockedUntil: number;
  /** The last calls, oldest first: as many as tell few from more. */
  calls: number[];
  /** Until when a first sign of the capped class had to be waited out; undefined without one. */
  suspect: number | undefined;
}

/** Budgets of bots, whoever was served longest ago goes first. */
const MAX_BUDGETS = 20_000;

/** Per clock, because times of another one mean nothing. */
const budgets = new WeakMap<Clock, Map<string, Budget>>();

/**
 * The budget of a bot token, which is one of an app in a workspace. It outlives receivers: one that is started anew, for
 * another new secret, may read no more than the last one would have.
 */
export function budgetOf(token: string, clock: Clock): Budget {
  const all = budgets.get(clock) ?? new Map<string, Budget>();
  budgets.set(clock, all);
  const budget = all.get(token) ?? new Budget(clock);
  all.delete(token);
  all.set(token, budget);
  const [oldest] = all.keys();
  if (all.size > MAX_BUDGETS && oldest !== undefined) all.delete(oldest);
  return budget;
}

/** What may be read and when: each method has its own allowance in a workspace, and its own waits. */
export class Budget {
  readonly #clock: Clock;
  readonly #accounts = new Map<ReadMethod, Account>();
  #cappedUntil = Number.NEGATIVE_INFINITY;
  #cappedMs = CAPPED_MS;
  #newAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** One call a minute, 15 objects: for history and replies, and not for lists. */
  get capped(): boolean {
    return this.#clock.elapsed() < this.#cappedUntil;
  }

  get pageSize(): number {
    return this.capped ? CAPPED_PAGE : PAGE;
  }

  /** How long this method has to wait, ms; 0 means that it may be called. */
  waitMs(method: ReadMethod): number {
    const { due, blockedUntil } = this.#account(method);
    const slack = this.#isCapped(method) ? 0 : (BURST - 1) * EVERY_MS;
    return Math.max(0, Math.ceil(Math.max(blockedUntil, due - slack) - this.#clock.elapsed()));
  }

  /** Nobody has called for this bot until now. */
  isNew(): void {
    this.#newAt = this.#clock.elapsed();
  }

  /** It is called now, by somebody who does not wait for the pace. */
  saw(method: ReadMethod): void {
    const account = this.#account(method);
    account.calls = [...account.calls.slice(-FEW_CALLS), this.#clock.elapsed()];
  }

  /** It is called now. */
  use(method: ReadMethod): void {
    this.saw(method);
    const account = this.#account(method);
    const now = this.#clock.elapsed();
    account.due = Math.max(now, account.due) + (this.#isCapped(method) ? CAPPED_EVERY_MS : EVERY_MS);
  }

  /** The platform asked for a wait of this method; other methods go on. */
  limited(method: ReadMethod, afterMs: number): void {
    const account = this.#account(method);
    const { suspect, calls } = account;
    const now = this.#clock.elapsed();
    account.blockedUntil = now + afterMs;
    if (method === 'users.conversations' || afterMs < LONG_MS) return;
    if (calls.filter((at) => now - at < WINDOW_MS).length > FEW_CALLS) {
      account.suspect = undefined;
    } else if (now - this.#newAt < WINDOW_MS) {
      this.#cap();
    } else if (suspect === undefined || now - suspect > AGAIN_MS) {
      account.suspect = account.blockedUntil;
    } else if (now >= suspect) {
      account.suspect = undefined;
      this.#cap();
    }
  }

  /** What a page of this size held. Exactly 15 of 200, and there are more: nothing but the cap does that. */
  noticed(asked: number, objects: number, more: boolean): void {
    if (asked > CAPPED_PAGE && objects === CAPPED_PAGE && more) this.#cap();
  }

  #cap(): void {
    const now = this.#clock.elapsed();
    if (this.capped) return;
    // Soon after it was tried again: it is so indeed.
    const again = now - this.#cappedUntil < CAPPED_MS;
    this.#cappedMs = again ? Math.min(this.#cappedMs * 2, LONGEST_CAPPED_MS) : CAPPED_MS;
    this.#cappedUntil = now + this.#cappedMs;
    for (const [method, account] of this.#accounts) {
      // The call that told is the one of this minute.
      if (this.#isCapped(method)) account.due = Math.max(account.blockedUntil, now + CAPPED_EVERY_MS);
    }
  }

  #isCapped(method: ReadMethod): boolean {
    return this.capped && method !== 'users.conversations';
  }

  #account(method: ReadMethod): Account {
    const known = this.#accounts.get(method);
    if (known) return known;
    const account: Account = { due: 0, blockedUntil: 0, calls: [], suspect: undefined };
    this.#accounts.set(method, account);
    return account;
  }
}

/** Something that is read again and again. */
export interface Task {
  readonly method: ReadMethod;
  /** How often it should be read, ms. */
  readonly everyMs: number;
  /** When it was read last, by the running clock; never: -Infinity. */
  readonly readAt: number;
  /** Not before this. */
  readonly notBefore: number;
}

/**
 * What to read now, or how long to wait, ms. When there is more to read than the budget allows, everything is late in
 * proportion: a busy channel waits seconds, a quiet one minutes. In the capped class it is plainly everyone's turn.
 */
export function choose<T extends Task>(tasks: readonly T[], budget: Budget, now: number): T | number {
  let best: T | undefined;
  let bestRank = Number.NEGATIVE_INFINITY;
  let wait = Number.POSITIVE_INFINITY;
  for (const task of tasks) {
    const dueIn = Math.max(task.readAt + task.everyMs, task.notBefore) - now;
    const ready = Math.max(dueIn, budget.waitMs(task.method));
    const rank = budget.capped ? -task.readAt : (now - task.readAt) / task.everyMs;
    if (ready > 0) wait = Math.min(wait, ready);
    else if (!best || rank > bestRank) {
      best = task;
      bestRank = rank;
    }
  }
  return best ?? wait;
}

const MINUTE_MS = 60_000;

/** How often to read a place in which nothing was said for so long, ms (platforms.md §3.2.4). */
export function pollEveryMs(quietMs: number): number {
  if (quietMs < 2 * MINUTE_MS) return 1_500;
  if (quietMs < 10 * MINUTE_MS) return 5_000;
  if (quietMs < 60 * MINUTE_MS) return 15_000;
  return 45_000;
}
