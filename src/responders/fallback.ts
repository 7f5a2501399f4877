import type { LogFields } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { RESTART, type Responder, ResponderError, TURNED_DOWN, type Turn } from '../core/responder.ts';

/**
 * The first responder's answer, or the second one's when the first has failed for good. When both fail, the reason is the
 * first one's: its model is the one that the REPLR names and its owner can do something about. What one model refuses, or its
 * provider's filter rejects, is not carried to another one until somebody says yes. `models`: their names, for the log.
 */
export function withFallback(
  first: Responder,
  second: Responder,
  { models, metrics }: { readonly models: LogFields; readonly metrics: Pick<Metrics, 'fellBack'> },
): Responder {
  return async function* respond(asked, signal) {
    const turn = readOnce(asked);
    let spoken = false;
    let failure: ResponderError;
    try {
      for await (const piece of first(turn, signal)) {
        spoken = piece !== RESTART;
        yield piece;
      }
      return;
    } catch (error) {
      if (!(error instanceof ResponderError) || TURNED_DOWN.has(error.reason)) throw error;
      failure = error;
    }
    signal.throwIfAborted();
    turn.log.warn('fallback_used', { ...models, reason: failure.reason });
    if (spoken) yield RESTART;
    try {
      yield* second(turn, signal);
      metrics.fellBack(failure.reason, 'answered');
    } catch (error) {
      signal.throwIfAborted();
      metrics.fellBack(failure.reason, error instanceof ResponderError ? error.reason : 'unknown');
      throw failure;
    }
  };
}

function readOnce(turn: Turn): Turn {
  let history: ReturnType<Turn['history']> | undefined;
  return {
    ...turn,
    history: () => {
      history ??= turn.history();
      return history;
    },
  };
}
