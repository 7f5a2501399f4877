import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import { RESTART, type Responder, ResponderError } from '../core/responder.ts';
import type { ModelFailure } from './model-failure.ts';
import { buildPrompt } from './persona.ts';
import type { ModelFactory } from './provider.ts';
import { MAX_RETRY_AFTER_MS, type ModelTimeouts, retryBackoff } from './timeouts.ts';

export interface ModelResponder {
  readonly provider: string;
  readonly model: string;
  load(): Promise<ModelFactory>;
  readonly timeouts: ModelTimeouts;
  /** Attempts after the first. */
  readonly maxRetries: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
}

/**
 * Answers with a language model. When the signal aborts, the HTTP request is closed at once and the iteration throws the
 * signal's reason and nothing else, as `fetch` does. Logs say what happened and how long it took, never what was said.
 */
export function modelResponder(options: ModelResponder): Responder {
  const { clock, timeouts, provider, model } = options;
  return async function* respond(turn, signal) {
    signal.throwIfAborted();
    const log = turn.log.child({ provider, model });
    const start = clock.elapsed();
    const deadline = start + timeouts.totalMs;
    const { attempt, languageModel } = await loaded(options);
    const prompt = buildPrompt(turn.replr, await turn.history(), turn.message, turn.contextTokens);
    signal.throwIfAborted();

    let tokens = 0;
    const spent = (cost: number) => {
      tokens += cost;
      turn.spent(cost);
    };
    for (let retries = 0; ; retries++) {
      const outcome = yield* attempt({ model: languageModel, prompt, clock, timeouts, deadline, spent }, signal);
      if (outcome.ok) {
        log.debug('model_answered', { ...outcome.answered, tokens, retries, ms: Math.round(clock.elapsed() - start) });
        // It goes out as it is, and ends in the middle of a word.
        if (outcome.answered.finish === 'length') log.warn('answer_cut_short', { ...outcome.answered });
        return;
      }
      signal.throwIfAborted();
      const { reason, status, note } = outcome.failure;
      const pause = retries === options.maxRetries ? null : pauseBefore(retries, outcome.failure);
      const again = pause !== null && clock.elapsed() + pause < deadline;
      log.warn('model_failed', { reason, status, retries, retryInMs: again ? Math.round(pause) : undefined });
      // No cause: the SDK's errors carry the whole request.
      if (!again) throw new ResponderError(reason, note);
      // What half an answer says, a whole one says again.
      if (outcome.spoken) yield RESTART;
      await clock.sleep(pause, signal);
      signal.throwIfAborted();
    }
  };

  function pauseBefore(retries: number, { retry, afterMs }: ModelFailure): number | null {
    if (!retry) return null;
    if (afterMs === undefined) return backoffMs(retries, retryBackoff(timeouts), options.random);
    // Spread out, or all who were told the same come back in the same moment.
    return afterMs > MAX_RETRY_AFTER_MS ? null : afterMs + options.random() * timeouts.retryBaseMs;
  }
}

/** The SDK costs a hundred milliseconds and 30 MB: paid by the first turn (or `warm`), not by the start. */
async function loaded({ load, model, log }: ModelResponder) {
  try {
    const [{ attempt }, factory] = await Promise.all([import('./attempt.ts'), load()]);
    return { attempt, languageModel: factory(model) };
  } catch (error) {
    log.error('model_not_loaded', { model, error });
    throw new ResponderError('model_unavailable', 'The package for this model could not be loaded.');
  }
}
