import { RESTART, type Responder, ResponderError, TURNED_DOWN } from '../core/responder.ts';

/**
 * The responder's answer; where it turns down a question that came with a history, that of `alone`, which is shown the question
 * by itself: what others said before may be what a filter takes offence at, and whoever asks now cannot help that. When `alone`
 * brings no answer either, whatever its reason, it stays turned down: it is carried to no other model.
 */
export function withoutHistory(respond: Responder, alone: Responder): Responder {
  return async function* answer(turn, signal) {
    let remembered = false;
    let spoken = false;
    let failure: ResponderError;
    const history = async () => {
      const entries = await turn.history();
      remembered = entries.length > 0;
      return entries;
    };
    try {
      for await (const piece of respond({ ...turn, history }, signal)) {
        spoken = piece !== RESTART;
        yield piece;
      }
      return;
    } catch (error) {
      if (!remembered || !(error instanceof ResponderError) || !TURNED_DOWN.has(error.reason)) throw error;
      failure = error;
    }
    signal.throwIfAborted();
    turn.log.warn('asked_without_history', { model: turn.replr.model, reason: failure.reason });
    if (spoken) yield RESTART;
    try {
      yield* alone({ ...turn, history: async () => [] }, signal);
    } catch {
      signal.throwIfAborted();
      throw failure;
    }
  };
}
