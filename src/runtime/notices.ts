import type { Fate } from '../core/message.ts';

/** What a person hears instead of an answer: one line that says what to do, and nothing of models, limits or providers. */
const LATER = "Sorry, I can't answer right now. Please try again in a little while.";
const REFUSED = "Sorry, I can't help with that.";

export const TOO_FAST = 'You have asked me a lot in a short time. Please give me a minute.';
export const BUSY_CHAT = 'There is a lot going on here. Please give me a minute.';
export const TOO_MUCH_TODAY = "That's all I can do for today. Ask me again tomorrow.";
export const FORGOTTEN = 'Done. I have forgotten our conversation.';

/** For a message whose turn has failed. */
export function failureNotice({ reason }: Fate & { kind: 'failed' }): string {
  return reason === 'model_refused' ? REFUSED : LATER;
}
