import { ring } from '../shared/bell.ts';
import { isObject, parsed } from '../shared/json.ts';
import { checkChat, checkReply, checkTopic, type ReplyParameters } from './access.ts';
import { type Call, flag, integer, text } from './call.ts';
import { documentOf, readDocument } from './documents.ts';
import { type FormattedText, previewable } from './entities.ts';
import { finishCaption, finishText, previewsDisabled, type ReadText, readCaption, readText } from './formatting.ts';
import { countWhatHappened, record } from './ledger.ts';
import { checkLimits } from './limits.ts';
import { placeOf } from './posts.ts';
import { badRequest } from './refusal.ts';
import { checkObject } from './validate.ts';
import { messageJson } from './wire.ts';
import { addMessage, type Chat, type Document, type Message } from './world.ts';

export function sendMessage(call: Call): unknown {
  const formatted = readText(call.parameters);
  const disabled = previewsDisabled(call.parameters);
  const target = readTarget(call);
  const shown = finishText(formatted);
  return show(call, target, formatted, shown, { preview: !disabled && previewable(shown.entities) });
}

/** A caption's links have no preview. */
export function sendDocument(call: Call): unknown {
  const formatted = readCaption(call.parameters);
  const file = readDocument(call);
  const target = readTarget(call);
  const document = documentOf(file);
  return show(call, target, formatted, finishCaption(formatted), { preview: false, document });
}

interface Target {
  readonly chat: Chat;
  readonly topic: number | undefined;
  readonly replied: Message | undefined;
  readonly markup: unknown;
}

function readTarget(call: Call): Target {
  const reply = readReply(call);
  const markup = readMarkup(call);
  if (text(call, 'business_connection_id') !== '') throw badRequest('BUSINESS_CONNECTION_INVALID');
  const { scene, bot } = call;
  const chat = checkChat(scene.world, bot, text(call, 'chat_id'), 'write');
  const thread = checkTopic(chat, Math.max(0, integer(call, 'message_thread_id')));
  const replied = checkReply(scene.world, bot, chat, reply);
  // A reply that names no topic goes where the message is that it answers (server source, is_reply_in_same_topic).
  const topic =
    thread ?? (replied?.chat === chat && replied.inTopic ? checkTopic(chat, replied.thread ?? 0) : undefined);
  return { chat, topic, replied, markup };
}

function show(
  call: Call,
  { chat, topic, replied, markup }: Target,
  read: ReadText,
  { text: shown, entities }: FormattedText,
  { preview, document }: { readonly preview: boolean; readonly document?: Document },
): unknown {
  const { scene, bot } = call;
  const { world, clock, ledger } = scene;
  checkLimits(scene.limits, ledger, bot.person.id, chat, clock.now());
  const message = addMessage(world, {
    chat,
    from: chat.type === 'channel' ? undefined : bot.person,
    senderChat: chat.type === 'channel' ? chat : undefined,
    date: clock.seconds(),
    at: clock.now(),
    text: shown,
    entities,
    document,
    markup,
    author: bot.person.id,
    ...placeOf(chat, topic, replied?.chat === chat ? replied : undefined),
  });
  chat.lastBot = bot.person.id;
  chat.drafts.clear();
  countWhatHappened(ledger, read, entities, preview);
  ledger.counts.messages++;
  call.made = record(ledger, ledger.messages, {
    bot_id: bot.person.id,
    chat_id: chat.id,
    message_id: message.id,
    at: clock.now(),
    text: shown,
    entities,
    ...(document && { document }),
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

export function readMarkup(call: Call): unknown {
  const source = text(call, 'reply_markup');
  if (source === '') return undefined;
  const value = parsed(source);
  if (value === undefined) throw badRequest("Can't parse reply keyboard markup JSON object");
  if (!isObject(value)) throw badRequest('Object expected as reply markup');
  return 'inline_keyboard' in value ? value : undefined;
}
