import { type Backoff, backoffMs } from '../../core/backoff.ts';
import type { PlatformPort } from '../../core/connector.ts';
import { afterClose, type Verdict } from './closes.ts';
import type { End } from './link.ts';
import { LOST, STORE_UNAVAILABLE, UNREACHABLE } from './states.ts';

const RETRY: Backoff = { baseMs: 1_000, capMs: 60_000 };
/** A link that lived so long was a good one: the next trouble is a new one. */
const STEADY_MS = 10_000;
/** Spreads those who lost their link in the same moment (F047). */
const SPREAD_MS = 500;
/** A session that the platform does not let us resume is given up after so many tries or so long (F033). */
const MAX_RESUMES = 3;
const MAX_RESUMING_MS = 60_000;
/** Failed connections to the session's own host, after which the general one is asked. */
const MAX_UNREACHABLE = 3;
/** 1–5 s before identifying again [D1]; 5 s at least where it was too often. */
const INVALID_MIN_MS = 1_000;
const INVALID_SPREAD_MS = 4_000;
const TOO_OFTEN_MS = 5_000;

export interface Course {
  readonly resuming: boolean;
  /** When READY or RESUMED came, if it did. */
  readonly readyAt: number | undefined;
}

/** After a link ended: how to come back, and when. Remembers what did not work. */
export class Comeback {
  readonly #port: Pick<PlatformPort, 'clock' | 'random' | 'log'>;
  #failures = 0;
  #unreachable = 0;
  #refusals = 0;
  #refusedSince: number | undefined;

  constructor(port: Pick<PlatformPort, 'clock' | 'random' | 'log'>) {
    this.#port = port;
  }

  /** The session's own host does not answer: the session may still be known elsewhere. */
  get hostLost(): boolean {
    return this.#unreachable >= MAX_UNREACHABLE;
  }

  succeeded(): void {
    this.#unreachable = 0;
    this.#refusals = 0;
    this.#refusedSince = undefined;
  }

  backoff(): number {
    const { random } = this.#port;
    const failures = this.#failures++;
    return failures === 0 ? random() * SPREAD_MS : backoffMs(failures - 1, RETRY, random);
  }

  judge({ code, opened, why }: End, { resuming, readyAt }: Course): Verdict {
    const { random, clock, log } = this.#port;
    const now = clock.elapsed();
    if (readyAt !== undefined && now - readyAt >= STEADY_MS) this.#failures = 0;
    const bricked = readyAt === undefined && this.#isBricked(opened, resuming, now);
    if (why === 'invalid') {
      const waitMs = (resuming ? INVALID_MIN_MS : TOO_OFTEN_MS) + random() * INVALID_SPREAD_MS;
      return { next: 'identify', waitMs, state: LOST };
    }
    if (why === 'intents') return { next: 'identify', state: LOST };
    if (why === 'store') return { next: 'resume', waitMs: this.backoff(), state: STORE_UNAVAILABLE };
    const verdict = why === undefined ? afterClose(code) : ({ next: 'resume' } as const);
    if (verdict.ours) log.error('gateway_refused_us', { code });
    if (verdict.next === 'stop') return verdict;
    const waitMs = Math.max(verdict.waitMs ?? 0, this.backoff());
    return { next: bricked ? 'identify' : verdict.next, waitMs, state: opened ? LOST : UNREACHABLE };
  }

  /** Counts an attempt that came to nothing. True when the session is one that cannot be resumed. */
  #isBricked(opened: boolean, resuming: boolean, now: number): boolean {
    if (!opened) this.#unreachable += 1;
    if (!opened || !resuming) return false;
    this.#refusals += 1;
    this.#refusedSince ??= now;
    if (this.#refusals < MAX_RESUMES && now - this.#refusedSince < MAX_RESUMING_MS) return false;
    this.succeeded();
    return true;
  }
}
