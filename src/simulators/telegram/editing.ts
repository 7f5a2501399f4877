import { ring } from '../shared/bell.ts';
import { checkChat, checkTopic } from './access.ts';
import { type Call, integer, text } from './call.ts';
import { previewable } from './entities.ts';
import { finishText, formatText, previewsDisabled, readText } from './formatting.ts';
import { countWhatHappened } from './ledger.ts';
import { checkLimits } from './limits.ts';
import { badRequest } from './refusal.ts';
import { readMarkup } from './sending.ts';
import { messageJson } from './wire.ts';
import { isAdmin, type Message } from './world.ts';

/** The server's `message can't be deleted for everyone` [T1]. */
const DELETABLE_SECONDS = 48 * 3600;

export function editMessageText(call: Call): unknown {
  const formatted = readText(call.parameters);
  const disabled = previewsDisabled(call.parameters);
  const { scene, bot } = call;
  const markup = readMarkup(call);
  if (text(call, 'chat_id') === '' && integer(call, 'message_id') === 0) {
    throw badRequest('Inline message identifier is not specified');
  }
  const chat = checkChat(scene.world, bot, text(call, 'chat_id'), 'edit');
  const message = chat.messages.get(integer(call, 'message_id'));
  if (!message) throw badRequest('message to edit not found');
  if (!isOwn(call, message) || message.text === undefined || message.document)
    throw badRequest("message can't be edited");
  const { text: shown, entities } = finishText(formatted);
  const same =
    message.text === shown &&
    JSON.stringify(message.entities) === JSON.stringify(entities) &&
    JSON.stringify(message.markup) === JSON.stringify(markup);
  if (same) {
    scene.ledger.counts.not_modified++;
    throw badRequest(
      'message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message',
    );
  }
  checkLimits(scene.limits, scene.ledger, bot.person.id, chat, scene.clock.now());
  message.text = shown;
  message.entities = entities;
  message.markup = markup;
  message.edited = scene.clock.seconds();
  const entry = entryOf(call, message);
  if (entry) {
    entry.text = shown;
    entry.entities = entities;
    entry.edits++;
  }
  countWhatHappened(scene.ledger, formatted, entities, !disabled && previewable(entities));
  ring(scene.bell);
  return messageJson(message);
}

export function deleteMessage(call: Call): unknown {
  const { scene, bot } = call;
  if (text(call, 'chat_id') === '') throw badRequest('Chat identifier is not specified');
  const id = integer(call, 'message_id');
  if (id <= 0) throw badRequest('Message identifier is not specified');
  const chat = checkChat(scene.world, bot, text(call, 'chat_id'), 'write');
  const message = chat.messages.get(id);
  if (!message) throw badRequest('message to delete not found');
  const admin = isAdmin(chat.members.get(bot.person.id)?.status);
  if (!isOwn(call, message) && !chat.dialogue && !admin) throw badRequest("message can't be deleted");
  if (scene.clock.seconds() - message.date > DELETABLE_SECONDS && !admin) {
    throw badRequest("message can't be deleted for everyone");
  }
  chat.messages.delete(id);
  const entry = entryOf(call, message);
  if (entry) entry.deleted = true;
  ring(scene.bell);
  return true;
}

/** Only private chats have drafts; others answer `TEXTDRAFT_PEER_INVALID` (platforms.md §2.3 [T-i8]). */
export function sendMessageDraft(call: Call): unknown {
  const { scene, bot } = call;
  const source = text(call, 'text');
  const shown = source === '' ? '' : finishText(formatText(call.parameters, source, 'entities')).text;
  const chat = checkChat(scene.world, bot, text(call, 'chat_id'), 'write');
  if (chat.type !== 'private') throw badRequest('TEXTDRAFT_PEER_INVALID');
  const id = integer(call, 'draft_id');
  // The documentation wants it non-zero; the server's word for it is not known.
  if (id === 0) throw badRequest('DRAFT_ID_INVALID');
  checkTopic(chat, Math.max(0, integer(call, 'message_thread_id')));
  chat.drafts.set(id, { text: shown, at: scene.clock.now() });
  scene.ledger.counts.drafts++;
  ring(scene.bell);
  return true;
}

function isOwn(call: Call, message: Message): boolean {
  return message.author === call.bot.person.id;
}

function entryOf(call: Call, message: Message) {
  // Newest first: what is edited or deleted was mostly sent a moment ago.
  return call.scene.ledger.messages.findLast(
    (entry) =>
      entry.message_id === message.id && entry.chat_id === message.chat.id && entry.bot_id === call.bot.person.id,
  );
}
