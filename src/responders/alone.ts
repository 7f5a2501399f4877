import { type Responder, type ResponderError, TURNED_DOWN } from '../core/responder.ts';
import { orSecond } from './second-answer.ts';

/**
 * The responder's answer; where it turns down a question that came with a history, that of `alone`, which is shown the question
 * by itself: what others said before may be what a filter takes offence at, and whoever asks now cannot help that. When `alone`
 * brings no answer either, whatever its reason, it stays turned down: it is carried to no other model.
 */
export function withoutHistory(respond: Responder, alone: Responder): Responder {
  return (turn, signal) => {
    let remembered = false;
    const history = async () => {
      const entries = await turn.history();
      remembered = entries.length > 0;
      return entries;
    };
    const isWanted = ({ reason }: ResponderError) => remembered && TURNED_DOWN.has(reason);
    const second = ({ reason }: ResponderError) => {
      turn.log.warn('asked_without_history', { model: turn.replr.model, reason });
      return alone({ ...turn, history: async () => [] }, signal);
    };
    return orSecond(respond({ ...turn, history }, signal), isWanted, second, signal);
  };
}
