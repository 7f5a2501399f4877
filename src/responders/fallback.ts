import type { LogFields } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import { type Responder, ResponderError, TURNED_DOWN, type Turn } from '../core/responder.ts';
import { orSecond } from './second-answer.ts';

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
  return (asked, signal) => {
    const turn = readOnce(asked);
    const isWanted = ({ reason }: ResponderError) => !TURNED_DOWN.has(reason);
    async function* counted({ reason }: ResponderError) {
      turn.log.warn('fallback_used', { ...models, reason });
      try {
        yield* second(turn, signal);
        metrics.fellBack(reason, 'answered');
      } catch (error) {
        signal.throwIfAborted();
        metrics.fellBack(reason, error instanceof ResponderError ? error.reason : 'unknown');
        throw error;
      }
    }
    return orSecond(first(turn, signal), isWanted, counted, signal);
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
