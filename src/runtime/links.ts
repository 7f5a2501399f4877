import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { ReceiverPort } from '../core/connector.ts';
import type { Health } from '../core/health.ts';
import type { Cursor, InboundMessage } from '../core/message.ts';
import type { Store } from '../core/store.ts';
import { FencedError, type Inbox } from './inbox.ts';
import type { Session } from './session.ts';

/** A receiver that ends without saying why is opened again after this, ms; a run this long starts the count anew. */
const STEADY_MS = 60_000;
const REOPEN_BACKOFF: Backoff = { baseMs: 1_000, capMs: 60_000 };

export interface LinkDeps {
  readonly store: Store;
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly random: () => number;
  /** Another node owns the bot. */
  readonly fenced: (session: Session) => void;
  readonly moved: (session: Session, from: string, to: string) => Promise<void>;
}

/** One live link of a session: keeps its receiver running and its health told, until it is closed. */
export class Link {
  readonly #session: Session;
  readonly #deps: LinkDeps;
  readonly #closed = new AbortController();
  readonly #done: Promise<void>;
  #cursors: Map<string, string>;
  #unsaved: Health | undefined;
  #saving: Promise<void> | undefined;

  constructor(session: Session, cursors: ReadonlyMap<string, string>, deps: LinkDeps) {
    this.#session = session;
    this.#deps = deps;
    this.#cursors = new Map(cursors);
    this.#done = this.#keepOpen();
  }

  /** Where the receiver stands; a link that follows this one goes on from here. */
  get cursors(): ReadonlyMap<string, string> {
    return this.#cursors;
  }

  /** Resolves when the receiver has ended: nothing is accepted afterwards. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#done;
  }

  report(health: Omit<Health, 'since'>): void {
    const session = this.#session;
    const { since: _, ...known } = session.health;
    if (JSON.stringify(known) === JSON.stringify(health)) return;
    session.health = { ...health, since: this.#deps.clock.now() };
    const level = health.state === 'error' ? 'warn' : 'info';
    session.log[level]('link_changed', { state: health.state, code: health.code, transport: health.transport });
    this.#unsaved = session.health;
    this.#saving ??= this.#save();
  }

  /** The newest state is what counts: states that pass while an older one is being stored are left out. */
  async #save(): Promise<void> {
    const { store, clock, random } = this.#deps;
    for (let attempt = 0; this.#unsaved; ) {
      const health = this.#unsaved;
      this.#unsaved = undefined;
      try {
        await store.reportHealth(this.#session.id, this.#session.epoch, health);
        attempt = 0;
      } catch (error) {
        this.#session.log.warn('health_not_stored', { error });
        this.#unsaved ??= health;
        await clock.sleep(backoffMs(attempt++, REOPEN_BACKOFF, random), this.#session.signal);
        if (this.#session.signal.aborted) break;
      }
    }
    this.#saving = undefined;
  }

  #port(): ReceiverPort {
    const session = this.#session;
    const { inbox, fenced, moved } = this.#deps;
    return {
      ...session.port,
      cursors: this.#cursors,
      routes: () => session.owned.routes.map((route) => route.integration),
      accept: async (messages: readonly InboundMessage[], cursors: readonly Cursor[]) => {
        try {
          await inbox.accept(session, messages, cursors);
        } catch (error) {
          if (error instanceof FencedError) fenced(session);
          throw error;
        }
        for (const { name, value } of cursors) {
          if (value === null) this.#cursors.delete(name);
          else this.#cursors.set(name, value);
        }
      },
      moved: (from, to) => moved(session, from, to),
      report: (health) => this.report(health),
    };
  }

  async #keepOpen(): Promise<void> {
    const session = this.#session;
    const { clock, random } = this.#deps;
    const signal = AbortSignal.any([this.#closed.signal, session.signal]);
    for (let attempt = 0; !signal.aborted; attempt++) {
      const opened = clock.elapsed();
      try {
        const receiver = session.connector.receiver(session.bot, session.owned.credential, this.#port());
        await receiver.run(signal);
        // It has said why it stopped; only its owner can help.
        if (signal.aborted || session.health.state === 'error') break;
        session.log.warn('receiver_ended');
      } catch (error) {
        session.log.error('receiver_threw', { error });
      }
      if (clock.elapsed() - opened > STEADY_MS) attempt = 0;
      await clock.sleep(backoffMs(attempt, REOPEN_BACKOFF, random), signal);
    }
    await this.#saving;
  }
}
