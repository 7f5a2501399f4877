import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { PAUSED, ReceiverPort, SharedLink } from '../core/connector.ts';
import type { Health } from '../core/health.ts';
import type { Cursor, InboundMessage } from '../core/message.ts';
import type { HealthReport } from './health-report.ts';
import { FencedError, type Inbox } from './inbox.ts';
import type { Session } from './session.ts';

/** A receiver that ends without saying why is opened again after this, ms; a run this long starts the count anew. */
const STEADY_MS = 60_000;
const REOPEN_BACKOFF: Backoff = { baseMs: 1_000, capMs: 60_000 };

/** A receiver that has been told to stop may take this long, ms. */
const CLOSE_MS = 10_000;

export interface LinkDeps {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly random: () => number;
  /** Another node owns the bot. */
  readonly fenced: (session: Session) => void;
  readonly moved: (session: Session, from: string, to: string) => Promise<void>;
  readonly join: (
    session: Session,
    name: string,
    link: SharedLink,
    told: (health: Omit<Health, 'since'>) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

/** One live link of a session: keeps its receiver running until it is closed, or until it says that only its owner can help. */
export class Link {
  readonly #session: Session;
  readonly #deps: LinkDeps;
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;
  readonly #health: HealthReport;
  readonly #cursors: Map<string, string>;
  /** Which move was the last of each cursor, since they were last compared with the store's. */
  readonly #moved = new Map<string, number>();
  #moves = 0;
  #said: Health['state'] | undefined;
  #gaveUp = false;
  #over = false;

  constructor(session: Session, cursors: ReadonlyMap<string, string>, health: HealthReport, deps: LinkDeps) {
    this.#session = session;
    this.#deps = deps;
    this.#health = health;
    this.#cursors = new Map(cursors);
    this.#done = this.#keepOpen();
  }

  /** Where the receiver stands; a link that follows this one goes on from here. */
  get cursors(): ReadonlyMap<string, string> {
    return this.#cursors;
  }

  /** Others than its receiver move cursors too: hooks, and the API when listening begins somewhere. */
  move(cursors: readonly Cursor[]): void {
    for (const { name, value } of cursors) {
      this.#moved.set(name, ++this.#moves);
      if (value === null) this.#cursors.delete(name);
      else this.#cursors.set(name, value);
    }
  }

  /** How many times cursors have been moved here. */
  get moves(): number {
    return this.#moves;
  }

  /** The store's cursors as they were after so many moves; those that have moved since are newer here. */
  refresh(cursors: ReadonlyMap<string, string>, moves: number): void {
    const stale = (name: string) => (this.#moved.get(name) ?? 0) > moves;
    for (const name of this.#cursors.keys()) if (!cursors.has(name) && !stale(name)) this.#cursors.delete(name);
    for (const [name, value] of cursors) if (!stale(name)) this.#cursors.set(name, value);
    this.#moved.clear();
  }

  /** Its receiver has ended with an error that it does not heal from by itself. */
  get gaveUp(): boolean {
    return this.#gaveUp;
  }

  /** Resolves when the receiver has ended: nothing is accepted afterwards. `PAUSED` reaches the receiver as the reason. */
  async close(reason?: typeof PAUSED): Promise<void> {
    this.#closed.abort(reason);
    const patience = new AbortController();
    const late = this.#deps.clock.sleep(CLOSE_MS, patience.signal).then(() => !patience.signal.aborted);
    // One that does not heed its signal must not keep a server from stopping, or a bot from being paused.
    if (await Promise.race([this.#done.then(() => false), late])) this.#session.log.error('receiver_does_not_end');
    patience.abort();
    this.#over = true;
  }

  #port(): ReceiverPort {
    const session = this.#session;
    const { inbox, fenced, moved, join } = this.#deps;
    return {
      ...session.port,
      cursors: this.#cursors,
      routes: () => session.owned.routes.map((route) => route.integration),
      accept: async (messages: readonly InboundMessage[], cursors: readonly Cursor[]) => {
        if (this.#over) throw new Error('this link is closed');
        try {
          await inbox.accept(session, messages, cursors);
        } catch (error) {
          if (error instanceof FencedError) fenced(session);
          throw error;
        }
        this.move(cursors);
      },
      moved: (from, to) => moved(session, from, to),
      join: (name, link, told, signal) => join(session, name, link, told, signal),
      report: (health) => {
        if (this.#over) return;
        this.#said = health.state;
        this.#health.report(health);
      },
    };
  }

  async #keepOpen(): Promise<void> {
    const session = this.#session;
    const { signal } = this.#closed;
    // Not AbortSignal.any: its bookkeeping costs each idle bot half a kilobyte.
    const ended = () => this.#closed.abort();
    session.signal.addEventListener('abort', ended, { once: true });
    if (session.signal.aborted) ended();
    try {
      await this.#reopen(signal);
    } finally {
      session.signal.removeEventListener('abort', ended);
    }
  }

  async #reopen(signal: AbortSignal): Promise<void> {
    const session = this.#session;
    const { clock, random } = this.#deps;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const opened = clock.elapsed();
      this.#said = undefined;
      try {
        const receiver = session.connector.receiver(session.bot, session.owned.credential, this.#port());
        await receiver.run(signal);
        if (signal.aborted) return;
        if (this.#said === 'error') {
          this.#gaveUp = true;
          return;
        }
        session.log.warn('receiver_ended');
      } catch (error) {
        session.log.error('receiver_threw', { error });
      }
      if (signal.aborted) return;
      this.#health.report({
        state: 'reconnecting',
        code: 'interrupted',
        message: 'The connection ended unexpectedly; trying again.',
        transport: session.health.transport,
      });
      if (clock.elapsed() - opened > STEADY_MS) attempt = 0;
      await clock.sleep(backoffMs(attempt, REOPEN_BACKOFF, random), signal);
    }
  }
}
