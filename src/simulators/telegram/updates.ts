import type { TelegramClock } from './clock.ts';
import { type Ledger, type LedgerUpdate, record } from './ledger.ts';
import { conflict, type Refusal } from './refusal.ts';

/** Unconfirmed updates live 24 h from the message's date (platforms.md §2.2 [T5][T7]). */
const LIFETIME_SECONDS = 86_400;
/** The server clamps `timeout` to 50 s (platforms.md §2.2, src [T7]). */
const LONGEST_POLL_SECONDS = 50;
/** Offsets further ahead than this are taken for a mistake: nothing is confirmed (server source, TQueue). */
const FURTHEST_OFFSET = 10;
/** What an empty `allowed_updates` leaves out [T1]. */
const NOT_BY_DEFAULT = new Set(['chat_member', 'message_reaction', 'message_reaction_count']);

export type Updates = readonly Readonly<Record<string, unknown>>[];

export interface Poll {
  readonly result: Promise<Updates>;
  /** The client went away: gives the place free and delivers nothing. */
  leave(): void;
}

/** An update that nobody has confirmed yet. */
export interface HeldUpdate {
  readonly id: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly expires: number;
  readonly entry: LedgerUpdate;
}

interface Waiting {
  readonly limit: number;
  readonly resolve: (updates: Updates) => void;
  readonly reject: (reason: Refusal) => void;
  readonly cancelTimer: () => void;
}

export interface UpdateQueueOptions {
  readonly botId: number;
  readonly firstId: number;
  readonly clock: TelegramClock;
  readonly ledger: Ledger;
  /** The server's answers to hasty polling: 3 s hold, one update only, late conflicts. */
  readonly slowRepolling: boolean;
  readonly changed: () => void;
}

/** One bot's updates and the poll that waits for them. */
export class UpdateQueue {
  readonly #options: UpdateQueueOptions;
  #held: HeldUpdate[] = [];
  #pusher: ((update: HeldUpdate) => void) | undefined;
  #nextId: number;
  /** Sticky: stays as the last call that named any left it. */
  #allowed: ReadonlySet<string> | undefined;
  #waiting: Waiting | undefined;
  #flushing = false;
  #previous = { offset: 0, at: Number.NEGATIVE_INFINITY };
  #nextConflictAt = Number.NEGATIVE_INFINITY;

  constructor(options: UpdateQueueOptions) {
    this.#options = options;
    this.#nextId = options.firstId;
  }

  get pending(): number {
    this.#expire();
    return this.#held.length;
  }

  get allowed(): readonly string[] | undefined {
    return this.#allowed && [...this.#allowed];
  }

  get polled(): boolean {
    return this.#waiting !== undefined;
  }

  /** `undefined` keeps what was said before. */
  allow(kinds: readonly string[] | undefined): void {
    if (kinds) this.#allowed = kinds.length > 0 ? new Set(kinds) : undefined;
  }

  /** The update's id, or undefined when the bot does not want this kind. */
  push(
    kind: string,
    payload: unknown,
    about: { readonly date: number; readonly chatId?: number; readonly messageId?: number },
  ): number | undefined {
    if (this.#allowed ? !this.#allowed.has(kind) : NOT_BY_DEFAULT.has(kind)) return undefined;
    const { botId, clock, ledger } = this.#options;
    const id = this.#nextId++;
    ledger.counts.updates++;
    const entry = record(ledger, ledger.updates, {
      bot_id: botId,
      update_id: id,
      kind,
      chat_id: about.chatId,
      message_id: about.messageId,
      emitted_at: clock.now(),
      deliveries: 0,
    });
    const update = { id, json: { update_id: id, [kind]: payload }, expires: about.date + LIFETIME_SECONDS, entry };
    this.#held.push(update);
    if (this.#pusher) this.#pusher(update);
    else this.#wake();
    return id;
  }

  /** Hands whatever comes from now on to a webhook; returns what waits. */
  handTo(pusher: ((update: HeldUpdate) => void) | undefined): readonly HeldUpdate[] {
    this.#pusher = pusher;
    this.#expire();
    return [...this.#held];
  }

  holds(update: HeldUpdate): boolean {
    this.#expire();
    return this.#held.includes(update);
  }

  /** A webhook took it. */
  acknowledge(update: HeldUpdate): void {
    const at = this.#held.indexOf(update);
    if (at < 0) return;
    this.#held.splice(at, 1);
    update.entry.confirmed_at = this.#options.clock.now();
    this.#options.changed();
  }

  poll(request: { offset: number; limit: number; timeout: number }): Poll {
    const { clock, slowRepolling } = this.#options;
    let limit = Math.min(Math.max(request.limit, 1), 100);
    let timeout = Math.min(Math.max(request.timeout, 0), LONGEST_POLL_SECONDS);
    if (slowRepolling) {
      const since = clock.now() - this.#previous.at;
      const same = request.offset === this.#previous.offset;
      if (same && timeout < 3 && since < 3_000) timeout = 3;
      if (same && since < 500) limit = 1;
      this.#previous = { offset: request.offset, at: clock.now() };
    }
    this.#expire();
    this.#confirm(request.offset);
    if (this.#held.length > 0 || timeout === 0) {
      return { result: Promise.resolve(this.#hand(limit)), leave: () => {} };
    }
    // The older poll loses, and only when the newer one waits (server source, do_get_updates).
    this.abort('terminated by other getUpdates request; make sure that only one bot instance is running');
    const { promise, resolve, reject } = Promise.withResolvers<Updates>();
    const cancelTimer = clock.after(timeout * 1000, () => {
      if (this.#waiting !== waiting) return;
      this.#waiting = undefined;
      resolve([]);
    });
    const waiting: Waiting = { limit, resolve, reject, cancelTimer };
    this.#waiting = waiting;
    this.#options.changed();
    return {
      result: promise,
      leave: () => {
        if (this.#waiting === waiting) this.#waiting = undefined;
        cancelTimer();
        resolve([]);
      },
    };
  }

  /** Ends the waiting poll with a conflict. */
  abort(reason: string): void {
    const waiting = this.#takeWaiting();
    if (waiting) this.conflict(reason, waiting.reject);
  }

  /** Ends the waiting poll with anything else. */
  end(refusal: Refusal): void {
    this.#takeWaiting()?.reject(refusal);
  }

  /** Conflicts in quick succession are told 3 s late. */
  conflict(reason: string, tell: (refusal: Refusal) => void): void {
    const { clock, slowRepolling, ledger } = this.#options;
    ledger.counts.conflicts++;
    if (!slowRepolling || clock.now() >= this.#nextConflictAt) {
      this.#nextConflictAt = clock.now() + 3_000;
      tell(conflict(reason));
    } else {
      clock.after(3_000, () => tell(conflict(reason)));
    }
  }

  /** Forgets all but the newest `keep`. */
  forget(keep: number): void {
    const now = this.#options.clock.now();
    for (const update of this.#held.splice(0, Math.max(0, this.#held.length - keep))) update.entry.forgotten_at = now;
  }

  #takeWaiting(): Waiting | undefined {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.cancelTimer();
    return waiting;
  }

  #confirm(offset: number): void {
    if (offset < 0) this.forget(-offset);
    if (offset <= 0 || offset > this.#nextId + FURTHEST_OFFSET) return;
    const now = this.#options.clock.now();
    const first = this.#held.findIndex((update) => update.id >= offset);
    for (const update of this.#held.splice(0, first < 0 ? this.#held.length : first)) update.entry.confirmed_at = now;
    this.#options.changed();
  }

  #expire(): void {
    const { clock } = this.#options;
    const seconds = clock.seconds();
    if (!this.#held.some((update) => update.expires <= seconds)) return;
    for (const update of this.#held) if (update.expires <= seconds) update.entry.expired_at = clock.now();
    this.#held = this.#held.filter((update) => update.expires > seconds);
  }

  #hand(limit: number): Updates {
    const now = this.#options.clock.now();
    const handed = this.#held.slice(0, limit);
    for (const { entry } of handed) {
      entry.delivered_at ??= now;
      entry.deliveries++;
    }
    return handed.map((update) => update.json);
  }

  /** What happens in one go arrives as one batch. */
  #wake(): void {
    if (!this.#waiting || this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      const waiting = this.#waiting;
      this.#expire();
      if (!waiting || this.#held.length === 0) return;
      this.#waiting = undefined;
      waiting.cancelTimer();
      waiting.resolve(this.#hand(waiting.limit));
    });
  }
}
