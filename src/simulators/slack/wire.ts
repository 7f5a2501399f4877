import { createHash } from 'node:crypto';
import type { Channel, Message, User } from './world.ts';

type Wire = Record<string, unknown>;

export function channelType(channel: Channel): string {
  return { public: 'channel', private: 'group', im: 'im', mpim: 'mpim' }[channel.kind];
}

/** A message as history and replies show it: they say neither channel nor channel type. */
export function historyMessage(message: Message, withMetadata: boolean): Wire {
  const { channel, user, parent, replies } = message;
  if (message.deleted) {
    const text = 'This message was deleted.';
    return {
      type: 'message',
      subtype: 'tombstone',
      text,
      user: 'USLACKBOT',
      hidden: true,
      ts: message.ts,
      ...thread(message),
    };
  }
  return {
    type: 'message',
    ...(message.subtype !== undefined && { subtype: message.subtype }),
    ...(user && { user: user.id, team: channel.workspace.id }),
    ...(message.botId !== undefined && { bot_id: message.botId }),
    ...(message.appId !== undefined && { app_id: message.appId }),
    ...(message.username !== undefined && { username: message.username }),
    text: message.text,
    ...(message.blocks && { blocks: message.blocks }),
    ts: message.ts,
    ...(user && !user.bot && message.subtype === undefined && { client_msg_id: clientId(message) }),
    ...(parent && { thread_ts: parent.ts, ...(parent.user && { parent_user_id: parent.user.id }) }),
    ...(replies.length > 0 && thread(message)),
    ...(message.edited !== undefined && { edited: { user: user?.id, ts: message.edited } }),
    ...(message.attachments && { attachments: message.attachments }),
    ...(withMetadata && message.metadata !== undefined && { metadata: message.metadata }),
    ...message.extra,
  };
}

function thread({ ts, replies }: Message): Wire {
  if (replies.length === 0) return {};
  const users = [...new Set(replies.flatMap((it) => it.user?.id ?? it.botId ?? []))];
  return {
    thread_ts: ts,
    reply_count: replies.length,
    reply_users_count: users.length,
    latest_reply: replies.at(-1)?.ts,
    reply_users: users,
    is_locked: false,
    subscribed: false,
  };
}

/** A message as events show it. */
export function eventMessage(message: Message): Wire {
  const { channel, ts } = message;
  return { ...historyMessage(message, true), channel: channel.id, channel_type: channelType(channel), event_ts: ts };
}

/** The same for the same message, in whatever way it is told. */
function clientId({ ts, channel }: Message): string {
  const hex = createHash('sha256').update(`${channel.id}/${ts}`).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18, 30)}`;
}

export function wireChannel(channel: Channel, viewer: User): Wire {
  const { kind } = channel;
  const isMember = channel.members.has(viewer.id);
  const base = {
    id: channel.id,
    is_channel: kind === 'public',
    is_group: kind === 'private',
    is_im: kind === 'im',
    is_mpim: kind === 'mpim',
    is_private: kind !== 'public',
    is_archived: channel.archived,
    is_shared: false,
    is_ext_shared: false,
    is_org_shared: false,
    context_team_id: channel.workspace.id,
  };
  if (kind === 'im') {
    const other = [...channel.members].find((id) => id !== viewer.id);
    return { ...base, user: other, is_user_deleted: false, is_open: true };
  }
  return { ...base, name: channel.name, name_normalized: channel.name, is_general: false, is_member: isMember };
}

export function wireUser(user: User): Wire {
  const { id, name, workspace } = user;
  return {
    id,
    team_id: workspace.id,
    name: name.toLowerCase().replaceAll(' ', '.'),
    real_name: name,
    deleted: false,
    is_bot: user.bot !== undefined,
    is_app_user: false,
    profile: {
      real_name: name,
      display_name: user.bot ? '' : name,
      ...(user.bot && { bot_id: user.bot.botId, api_app_id: user.bot.appId }),
    },
  };
}
