import type { Integration } from './integration.ts';
import type { Fate, InboundMessage } from './message.ts';
import { isBlank } from './text.ts';

/** At most this many messages wait in one conversation; of more, those of who has most there expire. */
export const MAX_WAITING = 200;
/** An older message is not answered any more: 12 hours, ms. */
export const MAX_AGE_MS = 12 * 60 * 60 * 1000;
/** A turn that lasts longer has failed: 10 minutes, ms. */
export const MAX_TURN_MS = 10 * 60 * 1000;

/** Does this message deserve an answer, and if not, by which rule? `null` means a turn. Pure; the first rule that fits wins. */
export function judge(
  message: InboundMessage,
  integration: Pick<Integration, 'enabled' | 'autoRespond'>,
  now: number,
  full: boolean,
): Fate | null {
  if (!integration.enabled) return { kind: 'ignored', reason: 'paused' };
  if (message.author.kind !== 'person') return { kind: 'ignored', reason: `from_${message.author.kind}` };
  if (isBlank(message.text)) return { kind: 'ignored', reason: 'no_text' };
  if (message.addressedElsewhere) return { kind: 'ignored', reason: 'addressed_elsewhere' };
  if (!message.addressed && !integration.autoRespond) return { kind: 'ignored', reason: NOT_ADDRESSED };
  if (now - message.sentAt > MAX_AGE_MS) return { kind: 'expired', reason: 'age' };
  if (full) return { kind: 'expired', reason: 'backlog' };
  return null;
}

const NOT_ADDRESSED = 'not_addressed';

/** Is what people say among themselves kept, for whoever speaks to the bot next? Only what a person said, in a place that it hears. */
export function overhears(fate: Fate | null, { options }: Pick<Integration, 'options'>): boolean {
  return fate?.kind === 'ignored' && fate.reason === NOT_ADDRESSED && options.storeContent;
}

/** What needs no model. */
export type Command = 'start' | 'reset';

const START = /^\/start(?:@\w+)?(?:\s|$)/i;
const RESET = /^\/reset(?:@\w+)?$/i;

/**
 * `/start` opens a conversation of two, with whatever a link put behind it; in a group it is a word like any other. `/reset`
 * is a command wherever the bot is meant: by name, or because all that is said is said to it.
 */
export function commandOf(
  { text, direct, addressed }: InboundMessage,
  { autoRespond }: Pick<Integration, 'autoRespond'>,
): Command | undefined {
  const said = text.trim();
  if (direct && START.test(said)) return 'start';
  return (addressed || autoRespond) && RESET.test(said) ? 'reset' : undefined;
}
