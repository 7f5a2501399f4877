import type { Session } from './session.ts';
import type { Upload } from './uploads.ts';

/** What exists: bots, people, guilds, channels and what was said. Plain data; the rules are in the files that change it. */
export interface World {
  readonly users: Map<string, User>;
  readonly bots: Map<string, Bot>;
  /** Only tokens that work; a reset one is gone from here. */
  readonly tokens: Map<string, Bot>;
  readonly guilds: Map<string, Guild>;
  /** Channels of every kind, threads and direct messages included. */
  readonly channels: Map<string, Channel>;
  readonly sessions: Map<string, Session>;
  readonly messagesPerChannel: number;
  lastId: bigint;
}

export interface User {
  readonly id: string;
  readonly username: string;
  readonly bot: boolean;
}

export interface Intents {
  messageContent: boolean;
  guildMembers: boolean;
  presence: boolean;
}

export interface Bot {
  readonly user: User;
  readonly applicationId: string;
  token: string;
  /** The privileged ones, as switched in the developer portal. */
  readonly intents: Intents;
  readonly sessions: Set<Session>;
  readonly startLimit: StartLimit;
  /** By nonce: the first message that this author sent with it, and when. */
  readonly nonces: Map<string, { readonly message: Message; readonly at: number }>;
}

export interface StartLimit {
  total: number;
  remaining: number;
  /** When `remaining` is `total` again; undefined while nothing was used. */
  resetAt: number | undefined;
  maxConcurrency: number;
  /** By identify bucket (shard modulo concurrency): the last identify. */
  readonly lastIdentify: Map<number, number>;
}

export interface Role {
  readonly id: string;
  readonly name: string;
  permissions: bigint;
  /** The bot that it was made for. */
  readonly botId: string | undefined;
}

export interface Member {
  readonly user: User;
  readonly roles: Set<string>;
  readonly joinedAt: number;
  nick: string | undefined;
  timedOutUntil: number | undefined;
}

export interface Guild {
  readonly id: string;
  readonly name: string;
  ownerId: string;
  readonly roles: Map<string, Role>;
  readonly members: Map<string, Member>;
  /** Bots that are in it now. */
  readonly bots: Set<Bot>;
  readonly channels: Map<string, Channel>;
  unavailable: boolean;
}

export interface Overwrite {
  readonly kind: 'role' | 'member';
  allow: bigint;
  deny: bigint;
}

export interface Channel {
  readonly id: string;
  readonly type: number;
  readonly guild: Guild | undefined;
  name: string;
  readonly parent: Channel | undefined;
  readonly overwrites: Map<string, Overwrite>;
  readonly messages: Map<string, Message>;
  lastMessageId: string | undefined;
  readonly thread: ThreadState | undefined;
  /** Direct messages only. */
  readonly dialogue: { readonly bot: Bot; readonly person: User; closed: boolean } | undefined;
  deleted: boolean;
}

export interface ThreadState {
  readonly ownerId: string;
  readonly createdAt: number;
  readonly members: Set<string>;
  archived: boolean;
  locked: boolean;
}

export interface Message {
  readonly id: string;
  readonly channel: Channel;
  readonly author: User;
  readonly type: number;
  content: string;
  readonly at: number;
  edited: number | undefined;
  mentions: readonly User[];
  mentionRoles: readonly string[];
  mentionEveryone: boolean;
  readonly reference: { readonly messageId: string; readonly channelId: string } | undefined;
  readonly webhookId: string | undefined;
  flags: number;
  readonly nonce: string | number | undefined;
  embeds: readonly unknown[];
  readonly attachments: readonly unknown[];
  /** What bots attached. */
  readonly files: readonly Upload[];
  deleted: boolean;
  /** A bot sent it over REST. */
  readonly sent: boolean;
  /** Further fields as the platform names them. */
  readonly extra: Readonly<Record<string, unknown>>;
}

export const ChannelType = {
  text: 0,
  dm: 1,
  voice: 2,
  category: 4,
  announcement: 5,
  announcementThread: 10,
  publicThread: 11,
  privateThread: 12,
  stage: 13,
  forum: 15,
  media: 16,
} as const;

export const MessageType = { default: 0, join: 7, threadCreated: 18, reply: 19, threadStarter: 21 } as const;

export function createWorld(messagesPerChannel: number): World {
  return {
    users: new Map(),
    bots: new Map(),
    tokens: new Map(),
    guilds: new Map(),
    channels: new Map(),
    sessions: new Map(),
    messagesPerChannel,
    lastId: 0n,
  };
}

/** Milliseconds since 2015 in the upper bits; later ids are always greater [D5]. */
const epoch = 1_420_070_400_000;

export function snowflake(world: World, now: number): string {
  const fresh = BigInt(Math.max(0, Math.floor(now) - epoch)) << 22n;
  world.lastId = fresh > world.lastId ? fresh : world.lastId + 1n;
  return String(world.lastId);
}
