import { ring } from '../shared/bell.ts';
import { type LedgerEvent, record } from './ledger.ts';
import { maySee } from './permissions.ts';
import type { Scene } from './scene.ts';
import type { Session } from './session.ts';
import {
  channelJson,
  type Json,
  memberJson,
  messageEventJson,
  referenced,
  roleJson,
  seesContent,
  type View,
} from './wire.ts';
import type { Bot, Channel, Guild, Member, Message, Role } from './world.ts';

export const intentBits = {
  guilds: 1,
  guildMembers: 1 << 1,
  presences: 1 << 8,
  guildMessages: 1 << 9,
  directMessages: 1 << 12,
  messageContent: 1 << 15,
} as const;

interface Event {
  readonly t: string;
  readonly guild?: Guild | undefined;
  readonly channel?: Channel;
  readonly messageId?: string;
  /** 0: sent whatever was asked for. */
  readonly intent: number;
  readonly to: Iterable<Bot>;
  /** Sessions with the same key get the same data. */
  readonly key?: (session: Session) => string;
  readonly data: (session: Session) => Json;
}

/** Gives an event to every session that it is meant for, and writes down which those were. */
export function dispatch(scene: Scene, event: Event): LedgerEvent {
  const entry: LedgerEvent = {
    t: event.t,
    guild_id: event.guild?.id,
    channel_id: event.channel?.id,
    message_id: event.messageId,
    at: scene.clock.now(),
    sessions: [],
  };
  scene.ledger.counts.events++;
  record(scene.ledger, scene.ledger.events, entry);
  const written = new Map<string, string>();
  for (const bot of event.to) {
    for (const session of bot.sessions) {
      if (event.intent !== 0 && (session.intents & event.intent) === 0) continue;
      if (!isOfShard(session, event.guild)) continue;
      const key = event.key?.(session) ?? '';
      let json = written.get(key);
      if (json === undefined) {
        json = JSON.stringify(event.data(session));
        written.set(key, json);
      }
      session.push(event.t, json, (seq) => {
        const delivery = { bot_id: bot.user.id, session_id: session.id, seq, sent: 0 };
        entry.sessions.push(delivery);
        return delivery;
      });
    }
  }
  ring(scene.bell);
  return entry;
}

/** A guild belongs to one shard, direct messages to the first [D1]. */
export function isOfShard(session: Session, guild: Guild | undefined): boolean {
  const [shard, shards] = session.shard;
  if (shards === 1) return true;
  return guild ? Number((BigInt(guild.id) >> 22n) % BigInt(shards)) === shard : shard === 0;
}

/** Bots that may see the channel now. */
export function watchers(scene: Scene, channel: Channel): Bot[] {
  if (channel.dialogue) return [channel.dialogue.bot];
  const now = scene.clock.now();
  const { guild } = channel;
  if (!guild || guild.unavailable) return [];
  return [...guild.bots].filter((bot) => maySee(channel, bot.user.id, now));
}

export function dispatchMessage(scene: Scene, t: 'MESSAGE_CREATE' | 'MESSAGE_UPDATE', message: Message): LedgerEvent {
  const { channel } = message;
  const view = (session: Session): View => ({
    botId: session.bot.user.id,
    content: (session.intents & intentBits.messageContent) !== 0,
    nonce: t === 'MESSAGE_CREATE',
  });
  return dispatch(scene, {
    t,
    guild: channel.guild,
    channel,
    messageId: message.id,
    intent: channel.guild ? intentBits.guildMessages : intentBits.directMessages,
    to: watchers(scene, channel),
    key: (session) => {
      const it = view(session);
      const target = referenced(message);
      const own = message.author.id === it.botId;
      return `${own} ${seesContent(message, it)} ${target ? seesContent(target, it) : ''}`;
    },
    data: (session) => messageEventJson(message, view(session)),
  });
}

export function dispatchDeletion(scene: Scene, message: Message): void {
  const { channel } = message;
  dispatch(scene, {
    t: 'MESSAGE_DELETE',
    guild: channel.guild,
    channel,
    messageId: message.id,
    intent: channel.guild ? intentBits.guildMessages : intentBits.directMessages,
    to: watchers(scene, channel),
    data: () => ({ id: message.id, channel_id: channel.id, ...(channel.guild ? { guild_id: channel.guild.id } : {}) }),
  });
}

/** `t`: CHANNEL_… or THREAD_…; `extra` is what an event adds to the channel. */
export function dispatchChannel(
  scene: Scene,
  t: string,
  channel: Channel,
  options: { readonly to?: Iterable<Bot>; readonly extra?: Json } = {},
): void {
  dispatch(scene, {
    t,
    guild: channel.guild,
    channel,
    intent: intentBits.guilds,
    to: options.to ?? watchers(scene, channel),
    data: () => ({ ...channelJson(channel), ...options.extra }),
  });
}

/** Less than the whole thread, as the platform does it [D12]. */
export function dispatchThreadDeletion(scene: Scene, thread: Channel, to: Iterable<Bot>): void {
  const { id, guild, parent, type } = thread;
  const data = { id, guild_id: guild?.id, parent_id: parent?.id, type };
  dispatch(scene, { t: 'THREAD_DELETE', guild, channel: thread, intent: intentBits.guilds, to, data: () => data });
}

/** Active threads of a channel that a bot has just got to see. */
export function dispatchThreadList(scene: Scene, channel: Channel, to: readonly Bot[]): void {
  const { guild } = channel;
  if (!guild) return;
  const threads = [...guild.channels.values()].filter((it) => it.parent === channel && it.thread?.archived === false);
  dispatch(scene, {
    t: 'THREAD_LIST_SYNC',
    guild,
    channel,
    intent: intentBits.guilds,
    to,
    data: () => ({ guild_id: guild.id, channel_ids: [channel.id], threads: threads.map(channelJson), members: [] }),
  });
}

export function dispatchRole(scene: Scene, guild: Guild, role: Role): void {
  const data = { guild_id: guild.id, role: roleJson(role) };
  dispatch(scene, { t: 'GUILD_ROLE_UPDATE', guild, intent: intentBits.guilds, to: guild.bots, data: () => data });
}

/** About itself a bot is told whatever it asked for; about others only with GUILD_MEMBERS [D1]. */
export function dispatchMember(scene: Scene, guild: Guild, member: Member): void {
  const own = [...guild.bots].filter((bot) => bot.user.id === member.user.id);
  const data = { ...memberJson(member), guild_id: guild.id };
  dispatch(scene, { t: 'GUILD_MEMBER_UPDATE', guild, intent: 0, to: own, data: () => data });
}

/** The guild is gone for this bot: removed from it, or only out of order. */
export function dispatchGuildLoss(scene: Scene, guild: Guild, to: Iterable<Bot>, unavailable: boolean): void {
  const data = { id: guild.id, ...(unavailable ? { unavailable } : {}) };
  dispatch(scene, { t: 'GUILD_DELETE', guild, intent: intentBits.guilds, to, data: () => data });
}

export function dispatchGuild(scene: Scene, guild: Guild, to: Iterable<Bot>): void {
  dispatch(scene, {
    t: 'GUILD_CREATE',
    guild,
    intent: intentBits.guilds,
    to,
    key: (session) => session.bot.user.id,
    data: (session) => guildEventJson(scene, guild, session.bot),
  });
}

/** All that a bot may know of a guild when it gets to see it. */
export function guildEventJson(scene: Scene, guild: Guild, bot: Bot): Json {
  const now = scene.clock.now();
  const seen = [...guild.channels.values()].filter((it) => maySee(it, bot.user.id, now));
  const self = guild.members.get(bot.user.id);
  return {
    id: guild.id,
    name: guild.name,
    owner_id: guild.ownerId,
    unavailable: false,
    large: false,
    joined_at: new Date(self?.joinedAt ?? now).toISOString(),
    member_count: guild.members.size,
    roles: [...guild.roles.values()].map(roleJson),
    channels: seen.filter((it) => !it.thread).map(channelJson),
    threads: seen.filter((it) => it.thread?.archived === false).map(channelJson),
    members: self ? [memberJson(self)] : [],
    emojis: [],
    features: [],
    presences: [],
    voice_states: [],
  };
}
