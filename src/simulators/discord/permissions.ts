import type { Channel, Guild } from './world.ts';

/** The bits that something here depends on [D9]. */
export const permissionBits = {
  ADMINISTRATOR: 1n << 3n,
  MANAGE_CHANNELS: 1n << 4n,
  ADD_REACTIONS: 1n << 6n,
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  MANAGE_MESSAGES: 1n << 13n,
  EMBED_LINKS: 1n << 14n,
  ATTACH_FILES: 1n << 15n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  MENTION_EVERYONE: 1n << 17n,
  MANAGE_THREADS: 1n << 34n,
  CREATE_PUBLIC_THREADS: 1n << 35n,
  SEND_MESSAGES_IN_THREADS: 1n << 38n,
} as const;

export type Permission = keyof typeof permissionBits;

export const allPermissions = (1n << 53n) - 1n;

/** What a new server lets everyone do, as far as it matters here. */
export const everyonesPermissions =
  permissionBits.VIEW_CHANNEL |
  permissionBits.SEND_MESSAGES |
  permissionBits.EMBED_LINKS |
  permissionBits.ATTACH_FILES |
  permissionBits.READ_MESSAGE_HISTORY |
  permissionBits.MENTION_EVERYONE |
  permissionBits.ADD_REACTIONS |
  permissionBits.CREATE_PUBLIC_THREADS |
  permissionBits.SEND_MESSAGES_IN_THREADS;

/** A member in time-out keeps only these. */
const timedOut = permissionBits.VIEW_CHANNEL | permissionBits.READ_MESSAGE_HISTORY;

export function guildPermissions(guild: Guild, userId: string): bigint {
  const member = guild.members.get(userId);
  if (!member) return 0n;
  if (guild.ownerId === userId) return allPermissions;
  let bits = guild.roles.get(guild.id)?.permissions ?? 0n;
  for (const id of member.roles) bits |= guild.roles.get(id)?.permissions ?? 0n;
  return (bits & permissionBits.ADMINISTRATOR) !== 0n ? allPermissions : bits;
}

/** The order of overwrites is the platform's: everyone, all roles together, the member [D9]. */
export function channelPermissions(channel: Channel, userId: string, now: number): bigint {
  const { guild } = channel;
  if (!guild) return channel.dialogue ? everyonesPermissions : 0n;
  const base = guildPermissions(guild, userId);
  const member = guild.members.get(userId);
  if (!member) return 0n;
  if (base === allPermissions) return base;
  const { overwrites } = channel.parent && channel.thread ? channel.parent : channel;
  const apply = (bits: bigint, allow: bigint, deny: bigint) => (bits & ~deny) | allow;
  let bits = base;
  const everyone = overwrites.get(guild.id);
  if (everyone) bits = apply(bits, everyone.allow, everyone.deny);
  let allow = 0n;
  let deny = 0n;
  for (const id of member.roles) {
    const overwrite = overwrites.get(id);
    allow |= overwrite?.allow ?? 0n;
    deny |= overwrite?.deny ?? 0n;
  }
  bits = apply(bits, allow, deny);
  const own = overwrites.get(userId);
  if (own) bits = apply(bits, own.allow, own.deny);
  if ((bits & permissionBits.VIEW_CHANNEL) === 0n) return 0n;
  return (member.timedOutUntil ?? 0) > now ? bits & timedOut : bits;
}

export function may(channel: Channel, userId: string, permission: Permission, now: number): boolean {
  const bits = channelPermissions(channel, userId, now);
  if ((bits & permissionBits[permission]) === 0n) return false;
  // A private thread is seen by those who were added, and by those who manage threads [D13].
  if (channel.type !== 12 || channel.thread?.members.has(userId)) return true;
  return (bits & permissionBits.MANAGE_THREADS) !== 0n;
}

/** In threads another bit counts [D9]. */
export function maySend(channel: Channel, userId: string, now: number): boolean {
  return may(channel, userId, channel.thread ? 'SEND_MESSAGES_IN_THREADS' : 'SEND_MESSAGES', now);
}

export function maySee(channel: Channel, userId: string, now: number): boolean {
  if (channel.dialogue) return channel.dialogue.bot.user.id === userId || channel.dialogue.person.id === userId;
  return may(channel, userId, 'VIEW_CHANNEL', now);
}
