import type { Backoff } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';

export interface ModelTimeouts {
  /** From request to first sign of thought or text, per attempt. */
  readonly firstTextMs: number;
  /** Longest silence inside a stream. */
  readonly stalledMs: number;
  /** All attempts and the pauses between them. */
  readonly totalMs: number;
  /** The one attempt of the model that is asked in place of another, after that one's time. */
  readonly fallbackMs: number;
  /** First pause before another attempt. */
  readonly retryBaseMs: number;
}

/**
 * A loaded provider or a local model that is still reading its weights takes tens of seconds to the first text; after a
 * minute of silence there is hardly ever an answer. Five minutes, and two for the other model, stay below a turn's ten; so do two more
 * where a model is asked again without the history.
 */
export const defaultTimeouts: ModelTimeouts = {
  firstTextMs: 60_000,
  stalledMs: 60_000,
  totalMs: 300_000,
  fallbackMs: 120_000,
  retryBaseMs: 500,
};

/** Two more tries mend what is passing (a restart, a lost connection); more would only add load to a provider in trouble. */
export const MAX_RETRIES = 2;

/** A person waits in a chat: told to come back later than this, say so instead of sitting it out. */
export const MAX_RETRY_AFTER_MS = 20_000;

/** A chat answer is a few KB. More than this is a model in a loop: no answer, and each further token costs its owner money. */
export const MAX_ANSWER_CHARACTERS = 100_000;

export const retryBackoff = (timeouts: ModelTimeouts): Backoff => ({ baseMs: timeouts.retryBaseMs, capMs: 8_000 });

export interface Watch {
  /** The model gave a sign of life. */
  alive(): void;
  /** The reader of the answer has the floor, and its time is not the model's. */
  pause(): void;
  /** Resolves when its timer is gone; abort the signal first. */
  readonly ended: Promise<void>;
}

/**
 * Calls `onTimeout` once when the model is silent for too long or `deadline` (on the elapsed clock) has passed. One
 * timer for all three limits, set anew only when it rings: an answer comes in thousands of pieces.
 */
export function startWatch(
  clock: Clock,
  timeouts: ModelTimeouts,
  deadline: number,
  signal: AbortSignal,
  onTimeout: () => void,
): Watch {
  let limit = timeouts.firstTextMs;
  let silentSince: number | null = clock.elapsed();
  const run = async () => {
    while (!signal.aborted) {
      const now = clock.elapsed();
      const left = Math.min(deadline, (silentSince ?? now) + limit) - now;
      if (left <= 0) return onTimeout();
      // The limit may shrink meanwhile. Rounded up, because a timer may ring a fraction early.
      await clock.sleep(Math.ceil(Math.min(left, timeouts.stalledMs)), signal);
    }
  };
  return {
    alive: () => {
      limit = timeouts.stalledMs;
      silentSince = clock.elapsed();
    },
    pause: () => {
      silentSince = null;
    },
    ended: run(),
  };
}
