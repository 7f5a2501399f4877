import type { Turn } from '../core/responder.ts';
import { estimateTokens } from './tokens.ts';

/** Says plainly that no model is at work. Drivers match answers to questions by it: it never changes. */
export const ECHO_PREFIX = 'Echo: ';

/** `builtin/echo`: the question comes back as it was, so that a first look needs neither key nor network. */
export async function* echo(turn: Turn, signal: AbortSignal): AsyncGenerator<string> {
  signal.throwIfAborted();
  const answer = ECHO_PREFIX + turn.message.text;
  // It costs nothing; but caps must be seen to work before there is a bill.
  turn.spent(Math.ceil(estimateTokens(turn.message.text) + estimateTokens(answer)));
  yield answer;
}
