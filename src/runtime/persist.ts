import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Session } from './session.ts';

const STORE_BACKOFF: Backoff = { baseMs: 100, capMs: 5_000 };

/** What the flow needs of the world besides the store. */
export interface FlowDeps {
  readonly clock: Clock;
  readonly random: () => number;
}

/**
 * Repeats a store step until it is stored: what has been said on the platform must not be forgotten because the store was
 * away for a minute. Steps are fenced, so a repeated one that did commit changes nothing. `undefined`: the session ended, or
 * what the step is for.
 */
export async function persist<T>(
  session: Session,
  step: string,
  run: () => Promise<T>,
  { clock, random }: FlowDeps,
  signal: AbortSignal = session.signal,
): Promise<T | undefined> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      session.log.error('store_step_failed', { step, attempt, error });
      if (signal.aborted) return undefined;
      await clock.sleep(backoffMs(attempt, STORE_BACKOFF, random), signal);
      if (signal.aborted) return undefined;
    }
  }
}
