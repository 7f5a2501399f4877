import { ring } from '../shared/bell.ts';
import type { Entity } from './entities.ts';
import { findEntities } from './entities.ts';
import { audience } from './privacy.ts';
import type { Scene } from './scene.ts';
import { chatJson, messageJson, statusJson, userJson } from './wire.ts';
import {
  addMessage,
  type Bot,
  type Chat,
  groupAnonymousBot,
  type Message,
  type Person,
  telegramAccount,
} from './world.ts';

export interface Post {
  readonly from: Person;
  readonly text?: string | undefined;
  readonly entities?: readonly Entity[] | undefined;
  readonly replyTo?: number | undefined;
  readonly thread?: number | undefined;
  /** As an administrator who does not show himself. */
  readonly anonymous?: boolean | undefined;
  /** Media and other fields as the platform names them: `{ sticker: {…} }`, `{ photo: […] }`. */
  readonly extra?: Readonly<Record<string, unknown>> | undefined;
  /** Seconds; now unless told. */
  readonly date?: number | undefined;
}

export interface Posted {
  readonly message: Message;
  /** By bot id: the update that told the bot of it. */
  readonly updates: ReadonlyMap<number, number>;
}

/** A person writes. */
export function post(scene: Scene, chat: Chat, said: Post): Posted {
  const channel = chat.type === 'channel';
  const anonymous = said.anonymous === true;
  if (chat.dialogue) chat.dialogue.started = true;
  const replyTo = said.replyTo === undefined ? undefined : chat.messages.get(said.replyTo);
  const place = placeOf(chat, said.thread, replyTo);
  const message = addMessage(scene.world, {
    chat,
    from: channel ? undefined : anonymous ? groupAnonymousBot : said.from,
    senderChat: channel || anonymous ? chat : undefined,
    date: said.date ?? scene.clock.seconds(),
    at: scene.clock.now(),
    text: said.text,
    entities: said.text === undefined ? [] : (said.entities ?? findEntities(said.text)),
    extra: said.extra ?? {},
    ...place,
  });
  const posted = publish(scene, message);
  const group = channel ? chat.linked : undefined;
  if (group) forwardAutomatically(scene, message, group);
  return posted;
}

/**
 * Where a message stands. In a topic a plain message still points at the topic's first message; in an ordinary
 * supergroup a reply carries the id of its chain as thread (platforms.md §2.2): both are traps for the unwary.
 */
export function placeOf(chat: Chat, thread: number | undefined, replyTo: Message | undefined) {
  if (thread !== undefined && thread !== 1 && chat.topics.has(thread)) {
    return { thread, inTopic: true, replyTo: replyTo ?? chat.messages.get(thread) };
  }
  if (replyTo && chat.type === 'supergroup' && !chat.forum) {
    return { thread: replyTo.thread ?? replyTo.id, inTopic: false, replyTo };
  }
  return { thread: undefined, inTopic: false, replyTo };
}

export function publish(scene: Scene, message: Message): Posted {
  const kind = message.chat.type === 'channel' ? 'channel_post' : 'message';
  return tell(scene, message, kind, message.date);
}

/** A person changes what was written. */
export function edit(scene: Scene, message: Message, text: string): Posted {
  message.text = text;
  message.entities = findEntities(text);
  message.edited = scene.clock.seconds();
  const kind = message.chat.type === 'channel' ? 'edited_channel_post' : 'edited_message';
  return tell(scene, message, kind, message.edited);
}

function tell(scene: Scene, message: Message, kind: string, date: number): Posted {
  const { chat } = message;
  const { bots, meantFor } = audience(message);
  message.meantFor = meantFor;
  const updates = new Map<number, number>();
  if (bots.length > 0) {
    const json = messageJson(message);
    for (const bot of bots) {
      const id = bot.queue.push(kind, json, { date, chatId: chat.id, messageId: message.id });
      if (id !== undefined) updates.set(bot.person.id, id);
    }
  }
  ring(scene.bell);
  return { message, updates };
}

/** "X joined", "topic created" and the like: every bot of the chat is told. */
export function announce(
  scene: Scene,
  chat: Chat,
  from: Person | undefined,
  extra: Record<string, unknown>,
  thread?: number,
): Message {
  const message = addMessage(scene.world, {
    chat,
    from,
    senderChat: chat.type === 'channel' ? chat : undefined,
    date: scene.clock.seconds(),
    at: scene.clock.now(),
    extra,
    service: true,
    ...(thread === undefined ? {} : { thread, inTopic: true, replyTo: chat.messages.get(thread) }),
  });
  publish(scene, message);
  return message;
}

/** `my_chat_member`: what the bot may do here has changed. */
export function tellMembership(scene: Scene, chat: Chat, bot: Bot, by: Person, before: unknown): void {
  const date = scene.clock.seconds();
  const payload = {
    chat: chatJson(chat),
    from: userJson(by),
    date,
    old_chat_member: before,
    new_chat_member: statusJson(chat, bot.person),
  };
  bot.queue.push('my_chat_member', payload, { date, chatId: chat.id });
  ring(scene.bell);
}

function forwardAutomatically(scene: Scene, original: Message, group: Chat): void {
  const copy = addMessage(scene.world, {
    chat: group,
    from: telegramAccount,
    senderChat: original.chat,
    date: original.date,
    at: original.at,
    text: original.text,
    entities: original.entities,
    extra: {
      ...original.extra,
      is_automatic_forward: true,
      forward_origin: {
        type: 'channel',
        chat: chatJson(original.chat),
        message_id: original.id,
        date: original.date,
      },
    },
  });
  publish(scene, copy);
}
