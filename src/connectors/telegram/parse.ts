import type { Bot } from '../../core/integration.ts';
import type { Author, InboundMessage, Place, Quote } from '../../core/message.ts';
import { cut, oneLine, storable } from '../../core/text.ts';
import type { WireMessage, WireUpdate } from './wire.ts';

/** The bot we speak for. */
export interface Self {
  readonly id: string;
  readonly username?: string;
}

export function selfOf({ identity, profile }: Pick<Bot, 'identity' | 'profile'>): Self {
  const { username } = profile;
  return { id: identity, ...(typeof username === 'string' && username !== '' && { username }) };
}

export interface Parsed {
  readonly messages: readonly InboundMessage[];
  /** A group became a supergroup and has a new id. */
  readonly moved?: { readonly from: string; readonly to: string };
}

/** GroupAnonymousBot: every anonymous administrator posts under this id, with `is_bot: true` [T-i2]. */
const ANONYMOUS_ADMIN = 1087968824;

const MAX_NAME = 80;
/** UTF-16 units, as `InboundMessage.quote` has it. */
const MAX_QUOTE = 1_000;

/**
 * Fields that make a message something a person posted. Whatever has none of them is a service message (a join, a pin,
 * a new title): it asks nothing and is not a message for us. Kinds that future versions add count as service messages.
 */
const CONTENT: readonly string[] = [
  ...['text', 'rich_message', 'animation', 'audio', 'document', 'live_photo', 'paid_media', 'photo', 'sticker'],
  ...['story', 'video', 'video_note', 'voice', 'checklist', 'contact', 'dice', 'game', 'poll', 'venue', 'location'],
];

export function parse(update: WireUpdate, self: Self): Parsed {
  if (update.channel_post) return { messages: messagesOf(update.channel_post, self, true) };
  const { message } = update;
  if (!message) return { messages: [] };
  const chat = String(message.chat.id);
  // Both groups announce it, the old one and the new one; either may be missing.
  if (message.migrate_to_chat_id)
    return { messages: [], moved: { from: chat, to: String(message.migrate_to_chat_id) } };
  if (message.migrate_from_chat_id)
    return { messages: [], moved: { from: String(message.migrate_from_chat_id), to: chat } };
  return { messages: messagesOf(message, self, false) };
}

function messagesOf(message: WireMessage, self: Self, channelPost: boolean): InboundMessage[] {
  if (!CONTENT.some((field) => field in message)) return [];
  const repliedTo = realReply(message);
  const speech = read(message, self);
  const quote = repliedTo && quoteOf(message, repliedTo, self);
  const direct = message.chat.type === 'private';
  const addressed = direct || speech.toUs || (repliedTo !== undefined && String(repliedTo.from?.id) === self.id);
  return [
    {
      id: messageId(message.chat.id, message.message_id),
      at: placeOf(message),
      author: channelPost ? system(message) : authorOf(message, self),
      text: storable(speech.text),
      sentAt: message.date * 1000,
      addressed,
      ...(!addressed && speech.toAnother && { addressedElsewhere: true }),
      ...(repliedTo && { replyTo: messageId(message.chat.id, repliedTo.message_id) }),
      ...(quote && { quote }),
      ...(direct && { direct }),
    },
  ];
}

/** The platform numbers messages per chat only. */
export function messageId(chat: number | string, message: number): string {
  return `${chat}:${message}`;
}

/** Outside of topics `message_thread_id` names a reply chain, and in the General topic sending it fails [T-i3][T-i4]. */
function placeOf(message: WireMessage): Place {
  const channel = String(message.chat.id);
  const thread = message.is_topic_message ? message.message_thread_id : undefined;
  return thread === undefined ? { channel } : { channel, thread: String(thread) };
}

/** In a topic a plain message may seem to reply to the service message that opened the topic. */
function realReply(message: WireMessage): WireMessage | undefined {
  const to = message.reply_to_message;
  return to && !to.forum_topic_created ? to : undefined;
}

/** The piece that the person chose, else all that the message says. */
function quoteOf(message: WireMessage, repliedTo: WireMessage, self: Self): Quote | undefined {
  const text = cut(storable(message.quote?.text ?? repliedTo.text ?? repliedTo.caption ?? ''), MAX_QUOTE);
  return text.trim() === '' ? undefined : { name: authorOf(repliedTo, self).name, text };
}

function authorOf(message: WireMessage, self: Self): Author {
  const { from, sender_chat: as } = message;
  if (message.is_automatic_forward) return system(message);
  if (as) {
    // Posts in the name of a channel are written by nobody we could answer; in the group's own name, by one of its admins.
    if (as.id !== message.chat.id) return system(message);
    const name = message.author_signature ?? as.title ?? message.chat.title ?? '';
    return { id: String(from?.id ?? ANONYMOUS_ADMIN), name: nameOf(name), kind: 'person' };
  }
  if (from?.id === undefined) return system(message);
  const name = nameOf([from.first_name, from.last_name].filter(Boolean).join(' '), from.username);
  const id = String(from.id);
  if (id === self.id) return { id, name, kind: 'self' };
  return { id, name, kind: from.is_bot ? 'bot' : 'person' };
}

function system(message: WireMessage): Author {
  const { sender_chat: as, chat } = message;
  return { id: String(as?.id ?? chat.id), name: nameOf(as?.title ?? chat.title ?? ''), kind: 'system' };
}

function nameOf(name: string, username?: string): string {
  return oneLine(name, MAX_NAME) || oneLine(username ?? '', MAX_NAME) || 'Someone';
}

/**
 * What was said, and to whom. Entities count in UTF-16 units, as strings here do [T1]. The text stays as it was written
 * but for what only serves to call the bot: a mention of it at the very start, and its name after a command
 * (`/ask@our_bot`). A message that is nothing but a mention keeps it, or it would say nothing at all.
 */
function read(message: WireMessage, self: Self): { text: string; toUs: boolean; toAnother: boolean } {
  const text = message.text ?? message.caption ?? '';
  const entities = (message.text === undefined ? message.caption_entities : message.entities) ?? [];
  const ours = self.username === undefined ? undefined : `@${self.username.toLowerCase()}`;
  let toUs = false;
  let toAnother = false;
  /** Ranges that only call the bot. */
  const calls: { from: number; to: number }[] = [];
  for (const entity of entities) {
    const words = text.slice(entity.offset, entity.offset + entity.length);
    const first = text.slice(0, entity.offset).trim() === '';
    if (entity.type === 'mention' && words.toLowerCase() === ours) {
      toUs = true;
      if (first) calls.push({ from: 0, to: entity.offset + entity.length });
    } else if (entity.type === 'text_mention' && String(entity.user?.id) === self.id) {
      toUs = true;
    } else if (entity.type === 'bot_command') {
      const suffix = words.indexOf('@');
      if (suffix !== -1 && words.slice(suffix).toLowerCase() === ours) {
        toUs = true;
        calls.push({ from: entity.offset + suffix, to: entity.offset + entity.length });
      } else if (first) {
        // Only where it leads: `/etc` in the middle of a sentence is marked as a command, too.
        if (suffix === -1) toUs = true;
        else toAnother = true;
      }
    }
  }
  return { text: without(text, calls), toUs, toAnother };
}

function without(text: string, calls: readonly { from: number; to: number }[]): string {
  let rest = text;
  for (const { from, to } of calls.toSorted((a, b) => b.from - a.from)) {
    const after = rest.slice(to);
    rest = from === 0 ? after.replace(/^\s*[,:;]?\s*/, '') : rest.slice(0, from) + after;
  }
  return rest.trim() === '' ? text : rest;
}
