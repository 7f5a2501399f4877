import { guildPermissions } from './permissions.ts';
import type { Upload } from './uploads.ts';
import {
  type Bot,
  type Channel,
  ChannelType,
  type Guild,
  type Member,
  type Message,
  MessageType,
  type Role,
  type User,
} from './world.ts';

/** Objects as the platform writes them, as far as a bot that talks can need them. */
export type Json = Record<string, unknown>;

export function userJson(user: User): Json {
  const json: Json = {
    id: user.id,
    username: user.username,
    discriminator: '0',
    global_name: user.bot ? null : user.username,
    avatar: null,
    public_flags: 0,
  };
  if (user.bot) json['bot'] = true;
  return json;
}

export function memberJson(member: Member, withUser = true): Json {
  return {
    ...(withUser ? { user: userJson(member.user) } : {}),
    nick: member.nick ?? null,
    avatar: null,
    roles: [...member.roles],
    joined_at: time(member.joinedAt),
    premium_since: null,
    deaf: false,
    mute: false,
    pending: false,
    flags: 0,
    communication_disabled_until: member.timedOutUntil === undefined ? null : time(member.timedOutUntil),
  };
}

export function roleJson(role: Role): Json {
  return {
    id: role.id,
    name: role.name,
    color: 0,
    hoist: false,
    position: 0,
    permissions: String(role.permissions),
    managed: role.botId !== undefined,
    mentionable: false,
    flags: 0,
    ...(role.botId === undefined ? {} : { tags: { bot_id: role.botId } }),
  };
}

export function channelJson(channel: Channel): Json {
  const { guild, dialogue, thread, parent } = channel;
  const json: Json = { id: channel.id, type: channel.type, last_message_id: channel.lastMessageId ?? null, flags: 0 };
  if (dialogue) return { ...json, recipients: [userJson(dialogue.person)] };
  Object.assign(json, { guild_id: guild?.id, name: channel.name, parent_id: parent?.id ?? null });
  if (thread) {
    return {
      ...json,
      owner_id: thread.ownerId,
      message_count: channel.messages.size,
      member_count: thread.members.size,
      rate_limit_per_user: 0,
      thread_metadata: {
        archived: thread.archived,
        locked: thread.locked,
        auto_archive_duration: 1440,
        archive_timestamp: time(thread.createdAt),
        create_timestamp: time(thread.createdAt),
        ...(channel.type === ChannelType.privateThread ? { invitable: true } : {}),
      },
    };
  }
  return {
    ...json,
    topic: null,
    position: 0,
    nsfw: false,
    rate_limit_per_user: 0,
    permission_overwrites: [...channel.overwrites].map(([id, it]) => ({
      id,
      type: it.kind === 'role' ? 0 : 1,
      allow: String(it.allow),
      deny: String(it.deny),
    })),
    ...(channel.type === ChannelType.forum ? { available_tags: [] } : {}),
  };
}

export function guildJson(guild: Guild, bot: Bot): Json {
  return {
    id: guild.id,
    name: guild.name,
    icon: null,
    owner_id: guild.ownerId,
    permissions: String(guildPermissions(guild, bot.user.id)),
    roles: [...guild.roles.values()].map(roleJson),
    emojis: [],
    features: [],
    verification_level: 0,
    premium_tier: 0,
    preferred_locale: 'en-US',
    system_channel_id: null,
  };
}

export function applicationJson(bot: Bot): Json {
  const { messageContent, guildMembers, presence } = bot.intents;
  // "Limited": switched on without a review, as for every small bot [D7].
  const flags = (messageContent ? 1 << 19 : 0) | (guildMembers ? 1 << 15 : 0) | (presence ? 1 << 13 : 0);
  return {
    id: bot.applicationId,
    name: bot.user.username,
    icon: null,
    description: '',
    bot_public: true,
    bot_require_code_grant: false,
    flags,
    flags_new: String(flags),
    bot: userJson(bot.user),
  };
}

/** Who looks: the same message is not the same for every bot. */
export interface View {
  readonly botId: string;
  /** MESSAGE_CONTENT. */
  readonly content: boolean;
  readonly nonce: boolean;
}

/** Without MESSAGE_CONTENT: own messages, direct messages, and those that mention the bot [D1]. */
export function seesContent(message: Message, view: View): boolean {
  if (view.content || !message.channel.guild || message.author.id === view.botId) return true;
  return message.mentions.some((user) => user.id === view.botId);
}

export function messageJson(message: Message, view: View, withReference = true): Json {
  const shown = seesContent(message, view);
  const { channel, reference } = message;
  const json: Json = {
    id: message.id,
    channel_id: channel.id,
    author: userJson(message.author),
    type: message.type,
    content: shown ? message.content : '',
    timestamp: time(message.at),
    edited_timestamp: message.edited === undefined ? null : time(message.edited),
    tts: false,
    mention_everyone: message.mentionEveryone,
    mentions: message.mentions.map(userJson),
    mention_roles: message.mentionRoles,
    attachments: shown ? message.attachments : [],
    embeds: shown ? message.embeds : [],
    components: [],
    pinned: false,
    flags: message.flags,
  };
  if (message.webhookId !== undefined) json['webhook_id'] = message.webhookId;
  if (message.nonce !== undefined && view.nonce && message.author.id === view.botId) json['nonce'] = message.nonce;
  if (reference) {
    json['message_reference'] = {
      type: 0,
      message_id: reference.messageId,
      channel_id: reference.channelId,
      ...(channel.guild ? { guild_id: channel.guild.id } : {}),
    };
    if (withReference && (message.type === MessageType.reply || message.type === MessageType.threadStarter)) {
      const target = referenced(message);
      // Present but null: it was deleted [D4].
      json['referenced_message'] = target ? messageJson(target, view, false) : null;
    }
  }
  return Object.assign(json, message.extra);
}

/** `number`: its place among the files of the message. */
export function attachmentJson(file: Upload, messageAt: number, number: number): Json {
  const id = String((BigInt(Math.max(0, messageAt)) << 8n) + BigInt(number + 1));
  return {
    id,
    filename: file.name,
    size: file.size,
    content_type: file.type,
    url: `https://cdn.example/${id}`,
    proxy_url: '',
  };
}

export function referenced(message: Message): Message | undefined {
  const { reference, channel } = message;
  if (!reference) return undefined;
  const where = reference.channelId === channel.id ? channel : channel.guild?.channels.get(reference.channelId);
  return where?.messages.get(reference.messageId);
}

/** The message as an event: what an event adds [D12]. */
export function messageEventJson(message: Message, view: View): Json {
  const json = messageJson(message, view);
  const { guild, type } = message.channel;
  json['channel_type'] = type;
  if (!guild) return json;
  json['guild_id'] = guild.id;
  const member = guild.members.get(message.author.id);
  if (member && message.webhookId === undefined) json['member'] = memberJson(member, false);
  json['mentions'] = message.mentions.map((user) => {
    const mentioned = guild.members.get(user.id);
    return { ...userJson(user), ...(mentioned ? { member: memberJson(mentioned, false) } : {}) };
  });
  return json;
}

export function time(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000+00:00');
}

/** How somebody appears in the transcript. */
export function shownName(message: Message): string {
  return message.author.bot && message.webhookId === undefined
    ? `@${message.author.username}`
    : message.author.username;
}
