import { ring } from '../shared/bell.ts';
import { isObject, parsed } from '../shared/json.ts';
import { checkChat, checkReply, checkTopic, type ReplyParameters } from './access.ts';
import { type Call, flag, integer, text } from './call.ts';
import type { Entity } from './entities.ts';
import { checkEntities, type FormattedText, findEntities, previewable, sortEntities, trimText } from './entities.ts';
import { parseHtml, unparsable } from './html.ts';
import { record } from './ledger.ts';
import { checkLimits } from './limits.ts';
import { parseMarkdownV2 } from './markdown.ts';
import { placeOf } from './posts.ts';
import { badRequest } from './refusal.ts';
import { checkObject } from './validate.ts';
import { messageJson } from './wire.ts';
import { addMessage, isAdmin, type Message } from './world.ts';

/** After parsing (platforms.md §2.3); counted in UTF-16 units, the stricter reading of "characters". */
const LONGEST_TEXT = 4096;
/** Before parsing, in bytes (server source, get_formatted_text; faults.md §1.2). */
const LONGEST_SOURCE = 32_768;
/** The server's `message can't be deleted for everyone` [T1]. */
const DELETABLE_SECONDS = 48 * 3600;

/** Found by the server itself: a bot that names them is not believed, and not refused. */
const automatic = new Set([
  'mention',
  'hashtag',
  'cashtag',
  'bot_command',
  'url',
  'email',
  'phone_number',
  'bank_card_number',
]);
const given = new Set([
  ...['bold', 'italic', 'underline', 'strikethrough', 'spoiler', 'code', 'pre', 'text_link', 'text_mention'],
  ...['custom_emoji', 'blockquote', 'expandable_blockquote', 'date_time'],
]);

export function sendMessage(call: Call): unknown {
  const formatted = readText(call);
  const disabled = previewsDisabled(call);
  const reply = readReply(call);
  const markup = readMarkup(call);
  if (text(call, 'business_connection_id') !== '') throw badRequest('BUSINESS_CONNECTION_INVALID');
  const { scene, bot } = call;
  const { world, clock, ledger } = scene;
  const chat = checkChat(world, bot, text(call, 'chat_id'), 'write');
  const thread = checkTopic(chat, Math.max(0, integer(call, 'message_thread_id')));
  const replied = checkReply(world, bot, chat, reply);
  // A reply that names no topic goes where the message is that it answers (server source, is_reply_in_same_topic).
  const topic =
    thread ?? (replied?.chat === chat && replied.inTopic ? checkTopic(chat, replied.thread ?? 0) : undefined);
  const { text: shown, entities } = finish(formatted);
  checkLimits(scene.limits, ledger, bot.person.id, chat, clock.now());
  const message = addMessage(world, {
    chat,
    from: chat.type === 'channel' ? undefined : bot.person,
    senderChat: chat.type === 'channel' ? chat : undefined,
    date: clock.seconds(),
    at: clock.now(),
    text: shown,
    entities,
    markup,
    author: bot.person.id,
    ...placeOf(chat, topic, replied?.chat === chat ? replied : undefined),
  });
  chat.lastBot = bot.person.id;
  chat.drafts.clear();
  const preview = !disabled && previewable(entities);
  if (preview) ledger.counts.previews++;
  ledger.counts.messages++;
  call.made = record(ledger, ledger.messages, {
    bot_id: bot.person.id,
    chat_id: chat.id,
    message_id: message.id,
    at: clock.now(),
    text: shown,
    entities,
    reply_to: replied?.id,
    thread: topic,
    edits: 0,
    deleted: false,
    ambiguous: false,
    preview,
  });
  ring(scene.bell);
  return messageJson(message);
}

export function editMessageText(call: Call): unknown {
  const formatted = readText(call);
  const disabled = previewsDisabled(call);
  const { scene, bot } = call;
  const markup = readMarkup(call);
  if (text(call, 'chat_id') === '' && integer(call, 'message_id') === 0) {
    throw badRequest('Inline message identifier is not specified');
  }
  const chat = checkChat(scene.world, bot, text(call, 'chat_id'), 'edit');
  const message = chat.messages.get(integer(call, 'message_id'));
  if (!message) throw badRequest('message to edit not found');
  if (!isOwn(call, message) || message.text === undefined) throw badRequest("message can't be edited");
  const { text: shown, entities } = finish(formatted);
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
  if (!disabled && previewable(entities)) scene.ledger.counts.previews++;
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
  const shown = source === '' ? '' : finish(formatText(call, source)).text;
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

function readText(call: Call): FormattedText {
  const source = text(call, 'text');
  if (source === '') throw badRequest('Message text is empty');
  return formatText(call, source);
}

function formatText(call: Call, source: string): FormattedText {
  if (Buffer.byteLength(source) > LONGEST_SOURCE) throw badRequest('Text is too long');
  if (!source.isWellFormed()) throw badRequest('Strings must be encoded in UTF-8');
  const mode = text(call, 'parse_mode').toLowerCase();
  if (mode === 'html') return parseHtml(source);
  if (mode === 'markdownv2') return parseMarkdownV2(source);
  if (mode === 'markdown') throw unparsable('the simulator does not know the legacy Markdown mode');
  if (mode !== '' && mode !== 'none') throw badRequest('Unsupported parse_mode');
  const list = parsed(text(call, 'entities'));
  const entities: Entity[] = [];
  for (const item of Array.isArray(list) ? list : []) {
    const entity = readEntity(item);
    if (entity) entities.push(entity);
  }
  checkEntities(source, entities);
  return { text: source, entities: sortEntities(entities) };
}

function readEntity(item: unknown): Entity | undefined {
  const prefix = "Can't parse MessageEntity: ";
  const value = checkObject('MessageEntity', item, ['offset', 'length', 'type'], prefix);
  const type = String(value['type']);
  if (automatic.has(type)) return undefined;
  if (!given.has(type)) throw badRequest(`${prefix}Unsupported type specified`);
  const needed = type === 'text_link' ? 'url' : type === 'text_mention' ? 'user' : undefined;
  if (needed && value[needed] === undefined) throw badRequest(`${prefix}Can't find field "${needed}"`);
  return { ...value, type, offset: Number(value['offset']), length: Number(value['length']) };
}

/** What is checked only after access: emptiness and length of what would be seen. */
function finish(formatted: FormattedText): FormattedText {
  const trimmed = trimText(formatted.text, formatted.entities);
  if (trimmed.text === '') throw badRequest('Text must be non-empty');
  if (trimmed.text.length > LONGEST_TEXT) throw badRequest('Message is too long');
  return { text: trimmed.text, entities: findEntities(trimmed.text, trimmed.entities) };
}

function previewsDisabled(call: Call): boolean {
  const source = text(call, 'link_preview_options');
  if (source === '') return flag(call, 'disable_web_page_preview');
  const value = parsed(source);
  if (value === undefined) throw badRequest("Can't parse link preview options JSON object");
  if (!isObject(value)) throw badRequest('Object expected as link preview options');
  return checkObject('LinkPreviewOptions', value, [])['is_disabled'] === true;
}

function readReply(call: Call): ReplyParameters {
  const source = text(call, 'reply_parameters');
  // Before reply_parameters there were two plain parameters; the server still takes them.
  const nothing = { messageId: integer(call, 'reply_to_message_id'), chatId: '', quote: '' };
  if (source === '') return { ...nothing, allowMissing: flag(call, 'allow_sending_without_reply') };
  const value = parsed(source);
  if (value === undefined) throw badRequest("Can't parse reply parameters JSON object");
  if (!isObject(value)) throw badRequest('Object expected as reply parameters');
  if (Object.keys(value).length === 0) return { ...nothing, allowMissing: false };
  const reply = checkObject('ReplyParameters', value, ['message_id']);
  return {
    messageId: Number(reply['message_id']),
    chatId: reply['chat_id'] === undefined ? '' : String(reply['chat_id']),
    allowMissing: reply['allow_sending_without_reply'] === true,
    quote: reply['quote'] === undefined ? '' : String(reply['quote']),
  };
}

function readMarkup(call: Call): unknown {
  const source = text(call, 'reply_markup');
  if (source === '') return undefined;
  const value = parsed(source);
  if (value === undefined) throw badRequest("Can't parse reply keyboard markup JSON object");
  if (!isObject(value)) throw badRequest('Object expected as reply markup');
  return 'inline_keyboard' in value ? value : undefined;
}
