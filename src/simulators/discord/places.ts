import { ring } from '../shared/bell.ts';
import {
  dispatchChannel,
  dispatchGuild,
  dispatchGuildLoss,
  dispatchThreadDeletion,
  dispatchThreadList,
  watchers,
} from './dispatch.ts';
import { everyonesPermissions, type Permission, permissionBits } from './permissions.ts';
import { post } from './posts.ts';
import type { Scene } from './scene.ts';
import {
  type Bot,
  type Channel,
  ChannelType,
  type Guild,
  type Message,
  MessageType,
  snowflake,
  type User,
} from './world.ts';

/** What the invitation link of platforms.md §1.1 asks for ("comfortable"). */
const invited = 274_878_024_768n;

export function createGuild(scene: Scene, name: string, owner: User): Guild {
  const { world, clock } = scene;
  const id = snowflake(world, clock.now());
  const guild: Guild = {
    id,
    name,
    ownerId: owner.id,
    // The role of everyone has the guild's id [D9].
    roles: new Map([[id, { id, name: '@everyone', permissions: everyonesPermissions, botId: undefined }]]),
    members: new Map(),
    bots: new Set(),
    channels: new Map(),
    unavailable: false,
  };
  world.guilds.set(id, guild);
  join(scene, guild, owner);
  return guild;
}

export function join(scene: Scene, guild: Guild, user: User): void {
  if (guild.members.has(user.id)) return;
  const joinedAt = scene.clock.now();
  guild.members.set(user.id, { user, roles: new Set(), joinedAt, nick: undefined, timedOutUntil: undefined });
}

/** A bot comes with a role of its own, as from an invitation link with permissions. */
export function addBot(scene: Scene, guild: Guild, bot: Bot, permissions: bigint = invited): void {
  join(scene, guild, bot.user);
  const role = {
    id: snowflake(scene.world, scene.clock.now()),
    name: bot.user.username,
    permissions,
    botId: bot.user.id,
  };
  guild.roles.set(role.id, role);
  guild.members.get(bot.user.id)?.roles.add(role.id);
  guild.bots.add(bot);
  dispatchGuild(scene, guild, [bot]);
}

export function kick(scene: Scene, guild: Guild, bot: Bot): void {
  guild.bots.delete(bot);
  guild.members.delete(bot.user.id);
  for (const role of guild.roles.values()) if (role.botId === bot.user.id) guild.roles.delete(role.id);
  dispatchGuildLoss(scene, guild, [bot], false);
}

/** An outage of the platform: the guild is away for everyone, then back. */
export function setAvailable(scene: Scene, guild: Guild, on: boolean): void {
  guild.unavailable = !on;
  if (on) dispatchGuild(scene, guild, guild.bots);
  else dispatchGuildLoss(scene, guild, guild.bots, true);
}

export function createChannel(
  scene: Scene,
  guild: Guild | undefined,
  fields: Pick<Channel, 'name' | 'type'> & Partial<Channel>,
): Channel {
  const channel: Channel = {
    id: snowflake(scene.world, scene.clock.now()),
    guild,
    parent: undefined,
    overwrites: new Map(),
    messages: new Map(),
    lastMessageId: undefined,
    thread: undefined,
    dialogue: undefined,
    deleted: false,
    ...fields,
  };
  scene.world.channels.set(channel.id, channel);
  guild?.channels.set(channel.id, channel);
  if (guild && !channel.thread) dispatchChannel(scene, 'CHANNEL_CREATE', channel);
  return channel;
}

export interface ThreadOptions {
  readonly name?: string;
  readonly private?: boolean;
  /** Hangs on this message, whose id it takes [D13]. */
  readonly fromMessage?: string;
  readonly archived?: boolean;
  /** Bots that are added to it at once. */
  readonly members?: readonly string[];
}

const nobody = { users: [], roles: [], everyone: false, replied: undefined };

export function createThread(scene: Scene, parent: Channel, owner: User, options: ThreadOptions = {}): Channel {
  const { world, clock } = scene;
  const name = options.name ?? 'Thread';
  const source = options.fromMessage === undefined ? undefined : parent.messages.get(options.fromMessage);
  if (options.fromMessage !== undefined && !source) throw new Error(`no message ${options.fromMessage} to hang it on`);
  const open = parent.type === ChannelType.announcement ? ChannelType.announcementThread : ChannelType.publicThread;
  const thread = createChannel(scene, parent.guild, {
    id: source?.id ?? snowflake(world, clock.now()),
    name,
    type: options.private ? ChannelType.privateThread : open,
    parent,
    thread: {
      ownerId: owner.id,
      createdAt: clock.now(),
      members: new Set([owner.id, ...(options.members ?? [])]),
      archived: options.archived ?? false,
      locked: false,
    },
  });
  dispatchChannel(scene, 'THREAD_CREATE', thread, { extra: { newly_created: true } });
  if (parent.type === ChannelType.forum || parent.type === ChannelType.media || options.private) return thread;
  const reference = (where: Channel, id: string) => ({ messageId: id, channelId: where.id });
  if (source) announce(scene, thread, owner, '', MessageType.threadStarter, reference(parent, source.id));
  else announce(scene, parent, owner, name, MessageType.threadCreated, reference(thread, thread.id));
  // What was said at its birth has opened it again.
  if (options.archived && thread.thread) thread.thread.archived = true;
  return thread;
}

function announce(
  scene: Scene,
  where: Channel,
  author: User,
  content: string,
  type: number,
  reference: NonNullable<Message['reference']>,
): void {
  post(scene, where, { author, content, type, reference, mentions: nobody });
}

/** The bot sees a private thread from now on [D13]. */
export function addToThread(scene: Scene, thread: Channel, bot: Bot): void {
  thread.thread?.members.add(bot.user.id);
  dispatchChannel(scene, 'THREAD_CREATE', thread, { to: [bot] });
}

export function createDialogue(scene: Scene, bot: Bot, person: User): Channel {
  const known = [...scene.world.channels.values()].find(
    (it) => it.dialogue?.bot === bot && it.dialogue.person === person,
  );
  const dialogue = { bot, person, closed: false };
  return known ?? createChannel(scene, undefined, { name: '', type: ChannelType.dm, dialogue });
}

export function deleteChannel(scene: Scene, channel: Channel): void {
  const to = watchers(scene, channel);
  const { guild } = channel;
  const threads = [...(guild?.channels.values() ?? [])].filter((it) => it.parent === channel && it.thread);
  for (const thread of threads) deleteChannel(scene, thread);
  channel.deleted = true;
  guild?.channels.delete(channel.id);
  scene.world.channels.delete(channel.id);
  if (channel.thread) dispatchThreadDeletion(scene, channel, to);
  else if (guild) dispatchChannel(scene, 'CHANNEL_DELETE', channel, { to });
  ring(scene.bell);
}

/** An overwrite for one member: everybody who could see the channel, or can now, is told. */
export function overwrite(
  scene: Scene,
  channel: Channel,
  id: string,
  permission: Permission,
  how: 'allow' | 'deny' | 'inherit',
): void {
  const place = channel.thread && channel.parent ? channel.parent : channel;
  const before = watchers(scene, place);
  const bit = permissionBits[permission];
  const kind = channel.guild?.roles.has(id) ? 'role' : 'member';
  const old = place.overwrites.get(id) ?? { kind, allow: 0n, deny: 0n };
  place.overwrites.set(id, {
    kind,
    allow: how === 'allow' ? old.allow | bit : old.allow & ~bit,
    deny: how === 'deny' ? old.deny | bit : old.deny & ~bit,
  });
  const after = watchers(scene, place);
  dispatchChannel(scene, 'CHANNEL_UPDATE', place, { to: new Set([...before, ...after]) });
  const gained = after.filter((bot) => !before.includes(bot));
  if (gained.length > 0) dispatchThreadList(scene, place, gained);
}
