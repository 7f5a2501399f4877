import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Health } from '../core/health.ts';
import type { Store } from '../core/store.ts';
import type { Session } from './session.ts';

const RETRY: Backoff = { baseMs: 1_000, capMs: 30_000 };

export interface HealthReportDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
}

/** The one writer of a session's health, whichever link it comes from: an older state never overtakes a newer one. */
export class HealthReport {
  readonly #session: Session;
  readonly #deps: HealthReportDeps;
  #unsaved: Health | undefined;
  #saving: Promise<void> | undefined;

  constructor(session: Session, deps: HealthReportDeps) {
    this.#session = session;
    this.#deps = deps;
  }

  report(health: Omit<Health, 'since'>): void {
    const session = this.#session;
    const { since: _, ...known } = session.health;
    if (JSON.stringify(known) === JSON.stringify(health)) return;
    session.health = { ...health, since: this.#deps.clock.now() };
    const level = health.state === 'error' ? 'warn' : 'info';
    const { state, code, transport, places } = health;
    session.log[level]('link_changed', { state, code, transport, ...(places && { places }) });
    this.#unsaved = session.health;
    this.#saving ??= this.#save();
  }

  /** After the session has ended: tries once more what is not stored, then gives up. */
  async close(): Promise<void> {
    await this.#saving;
  }

  /** The newest state is what counts: states that pass while an older one is being stored are left out. */
  async #save(): Promise<void> {
    const { store, clock, random } = this.#deps;
    const session = this.#session;
    for (let attempt = 0; this.#unsaved; ) {
      const health = this.#unsaved;
      this.#unsaved = undefined;
      try {
        await store.reportHealth(session.id, session.epoch, health);
        attempt = 0;
      } catch (error) {
        session.log.warn('health_not_stored', { error });
        if (session.signal.aborted) break;
        this.#unsaved ??= health;
        await clock.sleep(backoffMs(attempt++, RETRY, random), session.signal);
      }
    }
    this.#saving = undefined;
  }
}
