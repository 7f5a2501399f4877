import type { Delivery, Part } from '../../core/delivery.ts';
import { nonceOf } from './history.ts';
import { type Call, isSnowflake } from './wire.ts';

/** Nobody is notified by what a model wrote, whatever it contains. Edits parse anew, so they need it as well (46). */
const NO_MENTIONS = { parse: [], replied_user: false };
/** Previews tell a third party that a link was shown, without anybody clicking it (faults.md §3, 49). */
const SUPPRESS_EMBEDS = 1 << 2;

/**
 * In a server the first part shows what it answers. In a direct message there is nobody else to talk to, and a quote
 * above each answer would only be noise.
 */
export function repliesTo({ to, replyTo, index }: Delivery): string | undefined {
  return index === 0 && to.scope !== undefined && isSnowflake(replyTo) ? replyTo : undefined;
}

/** Where files may not be attached. The rest of the answer is lost, and the person is to know. */
const WITHOUT_FILE: Part = { text: 'The answer is too long for a chat, and its file may not be sent here.' };

export const withoutFile = (delivery: Delivery): Delivery => ({ ...delivery, part: WITHOUT_FILE });

/** Pure: the call that carries out the delivery's operation in that channel. An edit changes the text alone. */
export function requestOf(delivery: Delivery, channel: string, withReply: boolean): Call {
  const { operation, messageId, part } = delivery;
  const messages = `/channels/${channel}/messages`;
  const content = { content: part.text, allowed_mentions: NO_MENTIONS, flags: SUPPRESS_EMBEDS };
  if (operation === 'delete') return { method: 'DELETE', path: `${messages}/${messageId}` };
  if (operation === 'edit') return { method: 'PATCH', path: `${messages}/${messageId}`, body: content };
  const reference = withReply && {
    message_reference: { message_id: repliesTo(delivery), fail_if_not_exists: false },
  };
  const file = part.file && { attachments: [{ id: 0, filename: part.file.name }] };
  const body = { ...content, nonce: nonceOf(delivery), enforce_nonce: true, ...reference, ...file };
  return { method: 'POST', path: messages, body, ...(part.file && { file: part.file }) };
}
