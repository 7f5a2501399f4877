import type { Entity } from './entities.ts';
import type { UpdateQueue } from './updates.ts';
import type { WebhookSender } from './webhooks.ts';

/** What exists: bots, people, chats and what was said. Plain data; the rules are in the files that change it. */
export interface World {
  readonly bots: Map<number, Bot>;
  /** Only tokens that work; a revoked one is gone from here. */
  readonly tokens: Map<string, Bot>;
  readonly people: Map<number, Person>;
  /** Groups, supergroups and channels by id. */
  readonly chats: Map<number, Chat>;
  /** Private chats: one per bot and person, though both sides call it by the person's id. */
  readonly dialogues: Map<string, Chat>;
  readonly messagesPerChat: number;
  nextBotId: number;
  nextPersonId: number;
  nextGroupId: number;
  nextSupergroupId: number;
}

export interface Person {
  readonly id: number;
  readonly isBot: boolean;
  firstName: string;
  lastName?: string;
  username?: string;
  deactivated?: boolean;
}

export interface Bot {
  readonly person: Person;
  token: string;
  /** As set with BotFather; a group feels a change only once the bot was added again [T3]. */
  privacy: boolean;
  joinsGroups: boolean;
  /** Topics in its private chats (`has_topics_enabled`). */
  topics: boolean;
  webhook: Webhook | undefined;
  sender: WebhookSender | undefined;
  /** When `setWebhook` was last carried out, ms. */
  webhookSetAt: number;
  readonly queue: UpdateQueue;
}

export interface Webhook {
  readonly url: string;
  readonly secretToken: string;
  readonly maxConnections: number;
  readonly ipAddress: string;
  lastError?: { readonly date: number; readonly message: string };
}

export type ChatType = 'private' | 'group' | 'supergroup' | 'channel';
export type MemberStatus = 'creator' | 'administrator' | 'member' | 'restricted' | 'left' | 'kicked';

export interface Member {
  readonly person: Person;
  status: MemberStatus;
  /** Bots: privacy as it was when the bot was added. */
  privacy: boolean;
}

export interface Topic {
  readonly id: number;
  name: string;
  closed: boolean;
}

export interface Chat {
  readonly id: number;
  readonly type: ChatType;
  title: string;
  username?: string;
  forum: boolean;
  readonly members: Map<number, Member>;
  /** Bots that are in it now. */
  readonly bots: Map<number, Bot>;
  readonly messages: Map<number, Message>;
  readonly topics: Map<number, Topic>;
  nextMessageId: number;
  /** Private chats only. */
  dialogue?: { readonly bot: Bot; readonly person: Person; started: boolean; blocked: boolean };
  migratedTo?: Chat;
  deleted: boolean;
  /** Bots that may read but not write. */
  readonly muted: Set<number>;
  lastBot: number | undefined;
  /** A channel's discussion group, a group's channel. */
  linked?: Chat;
  readonly drafts: Map<number, { readonly text: string; readonly at: number }>;
}

export interface Message {
  readonly id: number;
  readonly chat: Chat;
  readonly from: Person | undefined;
  /** Who it is shown as, where that is not a person: a channel, or the group of an anonymous administrator. */
  readonly senderChat: Chat | undefined;
  /** The bot that sent it, also where nobody sees that. */
  readonly author: number | undefined;
  /** Seconds. */
  readonly date: number;
  /** Milliseconds, for the transcript. */
  readonly at: number;
  edited: number | undefined;
  text: string | undefined;
  entities: readonly Entity[];
  readonly replyTo: Message | undefined;
  readonly thread: number | undefined;
  readonly inTopic: boolean;
  /** A file that a bot sent. */
  readonly document: Document | undefined;
  /** Media, service and forward fields, as the platform names them. */
  readonly extra: Readonly<Record<string, unknown>>;
  readonly service: boolean;
  /** Bots whose privacy mode let it through; a reply to it is meant for them too. */
  meantFor: readonly number[];
  markup: unknown;
}

export interface Document {
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly content: string;
}

/** Posts of anonymous administrators come from this account, and it counts as a bot (platforms.md §2.2). */
export const groupAnonymousBot: Person = {
  id: 1087968824,
  isBot: true,
  firstName: 'Group',
  username: 'GroupAnonymousBot',
};

/** Automatic forwards of a linked channel's posts come from this account (platforms.md §2.2). */
export const telegramAccount: Person = { id: 777000, isBot: false, firstName: 'Telegram' };

export function createWorld(messagesPerChat: number): World {
  return {
    bots: new Map(),
    tokens: new Map(),
    people: new Map(),
    chats: new Map(),
    dialogues: new Map(),
    messagesPerChat,
    // Above 2^32 on purpose: ids have up to 52 significant bits (platforms.md §2.2).
    nextBotId: 7_000_000_001,
    nextPersonId: 5_000_000_001,
    nextGroupId: -4_000_000_001,
    nextSupergroupId: -1_002_000_000_001,
  };
}

export function makeChat(world: World, type: ChatType, id: number, title: string): Chat {
  const chat: Chat = {
    id,
    type,
    title,
    forum: false,
    members: new Map(),
    bots: new Map(),
    messages: new Map(),
    topics: new Map(),
    nextMessageId: 1,
    deleted: false,
    muted: new Set(),
    lastBot: undefined,
    drafts: new Map(),
  };
  if (type !== 'private') world.chats.set(id, chat);
  return chat;
}

export function dialogueKey(botId: number, personId: number): string {
  return `${botId}:${personId}`;
}

/** The chat that this bot means by an id or a public name. */
export function findChat(world: World, botId: number, name: string): Chat | undefined {
  if (name.startsWith('@')) {
    const username = name.slice(1).toLowerCase();
    for (const chat of world.chats.values()) if (chat.username?.toLowerCase() === username) return chat;
    return undefined;
  }
  const id = Number.parseInt(name, 10);
  return id > 0 ? world.dialogues.get(dialogueKey(botId, id)) : world.chats.get(id);
}

export function findPerson(world: World, id: number): Person | undefined {
  return world.people.get(id) ?? world.bots.get(id)?.person;
}

export function isMember(status: MemberStatus | undefined): boolean {
  return status === 'creator' || status === 'administrator' || status === 'member' || status === 'restricted';
}

export function isAdmin(status: MemberStatus | undefined): boolean {
  return status === 'creator' || status === 'administrator';
}

export function addMessage(
  world: World,
  fields: Pick<Message, 'chat' | 'date' | 'at'> & Partial<Omit<Message, 'id'>>,
): Message {
  const { chat } = fields;
  const message: Message = {
    from: undefined,
    senderChat: undefined,
    author: undefined,
    edited: undefined,
    text: undefined,
    entities: [],
    replyTo: undefined,
    thread: undefined,
    inTopic: false,
    document: undefined,
    extra: {},
    service: false,
    meantFor: [],
    markup: undefined,
    ...fields,
    id: chat.nextMessageId++,
  };
  chat.messages.set(message.id, message);
  if (chat.messages.size > world.messagesPerChat) {
    const oldest = chat.messages.keys().next();
    if (!oldest.done) chat.messages.delete(oldest.value);
  }
  return message;
}
