import type { Delivery, Part } from '../../core/delivery.ts';
import type { Place } from '../../core/message.ts';
import type { Entity } from './entities.ts';
import type { Format } from './render.ts';
import type { Method, Reply } from './wire.ts';

/** Previews tell a third party that a link was shown, without anybody clicking it (faults.md §3, 49). */
const NO_PREVIEW = { is_disabled: true };

/** The General topic of a forum has this number, but sending it always fails [T-i4]. */
const GENERAL_TOPIC = '1';

/** Where and how a message goes; what the platform refuses of it is dropped and tried once more. */
export interface Target {
  chat: string;
  thread: string | undefined;
  replyTo: number | undefined;
  entities: readonly Entity[] | undefined;
  file: Part['file'];
}

/** Where the file is not taken. The rest of the answer is lost, and the person is to know. */
const WITHOUT_FILE = 'The answer is too long for a chat, and its file may not be sent here.';

export interface Request {
  readonly method: Method;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export function targetOf(delivery: Delivery): Target {
  const { to, part } = delivery;
  const format = part.format as Format | undefined;
  return {
    chat: to.channel,
    thread: threadOf(to),
    replyTo: replyOf(delivery),
    entities: format?.entities,
    file: part.file,
  };
}

/** Pure: the call that carries out the delivery's operation. A file is a `File` among the parameters. */
export function requestOf(delivery: Delivery, { chat, thread, replyTo, entities, file }: Target): Request {
  const { operation, part } = delivery;
  const message_id = Number(delivery.messageId);
  const dropped = operation === 'create' && part.file && !file;
  const text = {
    text: dropped ? WITHOUT_FILE : part.text,
    ...(entities && { entities }),
    link_preview_options: NO_PREVIEW,
  };
  if (operation === 'delete') return { method: 'deleteMessage', parameters: { ...placeParameters(chat), message_id } };
  if (operation === 'edit') {
    return { method: 'editMessageText', parameters: { ...placeParameters(chat), message_id, ...text } };
  }
  const place = placeParameters(chat, thread);
  const reply = replyTo !== undefined && {
    reply_parameters: { message_id: replyTo, allow_sending_without_reply: true },
  };
  if (!file) return { method: 'sendMessage', parameters: { ...place, ...text, ...reply } };
  const document = new File([file.content], file.name, { type: 'text/markdown' });
  // A caption has no preview that could be switched off.
  const caption = { caption: part.text, ...(entities && { caption_entities: entities }) };
  return { method: 'sendDocument', parameters: { ...place, document, ...caption, ...reply } };
}

export function placeParameters(chat: string, thread?: string): Record<string, unknown> {
  return { chat_id: Number(chat), ...(thread !== undefined && { message_thread_id: Number(thread) }) };
}

/** Private chats have the positive number of their user. */
export function isGroup(chat: string): boolean {
  return chat.startsWith('-');
}

export function threadOf(to: Place): string | undefined {
  return to.thread === GENERAL_TOPIC ? undefined : to.thread;
}

/**
 * In a group the first part shows what it answers. In a private chat there is nobody else to talk to, and a quote above
 * each answer would only be noise. A message of another chat (before the group got a new id) cannot be replied to.
 */
function replyOf({ to, replyTo, index }: Delivery): number | undefined {
  if (index !== 0 || replyTo === undefined || !isGroup(to.channel)) return undefined;
  const [chat, message] = replyTo.split(':');
  return chat === to.channel && Number.isSafeInteger(Number(message)) ? Number(message) : undefined;
}

type Refused = Pick<Reply & { kind: 'refused' }, 'code' | 'description'>;

/** Can the message go out without what the platform did not find or take? Each thing is dropped at most once (F069). */
export function relent({ code, description }: Refused, target: Target): boolean {
  if (target.thread !== undefined && /thread not found/i.test(description)) {
    target.thread = undefined;
    return true;
  }
  if (target.replyTo !== undefined && /repl(y|ied)\b.*not found/i.test(description)) {
    target.replyTo = undefined;
    return true;
  }
  // The text alone is never refused for that (F071).
  if (target.entities !== undefined && code === 400 && /can't parse|entit(y|ies)/i.test(description)) {
    target.entities = undefined;
    return true;
  }
  // Whatever is wrong with it: an answer that ends in the middle without a word is worse.
  if (target.file && (code === 400 || code === 413 || /not enough rights|_FORBIDDEN/i.test(description))) {
    target.file = undefined;
    target.entities = undefined;
    return true;
  }
  return false;
}
