import type { WireOverwrite, WireRole } from './wire.ts';

/** What an integration needs of a channel [D9], by the platform's own names. */
export const PERMISSIONS = {
  VIEW_CHANNEL: 1n << 10n,
  SEND_MESSAGES: 1n << 11n,
  READ_MESSAGE_HISTORY: 1n << 16n,
  SEND_MESSAGES_IN_THREADS: 1n << 38n,
} as const;

export type Permission = keyof typeof PERMISSIONS;

const ADMINISTRATOR = 1n << 3n;
const ALL = (1n << 64n) - 1n;

/** Bits that the invite asks for: the above, links, files and reactions (platforms.md §1.1). */
export const INVITE_PERMISSIONS = '274878024768';

export interface Membership {
  readonly guildId: string;
  readonly ownerId: string | undefined;
  readonly userId: string;
  readonly roleIds: readonly string[];
  readonly roles: readonly WireRole[];
}

/** What the member may do in a channel with these overwrites, by the rules of [D9]. */
export function permissionsIn(member: Membership, overwrites: readonly WireOverwrite[]): bigint {
  const { guildId, userId, roleIds } = member;
  if (member.ownerId === userId) return ALL;
  let base = 0n;
  for (const role of member.roles) {
    if (role.id === guildId || roleIds.includes(role.id)) base |= bits(role.permissions);
  }
  if ((base & ADMINISTRATOR) !== 0n) return ALL;
  const layers = [
    overwrites.filter(({ id }) => id === guildId),
    overwrites.filter(({ id, type }) => type === 0 && id !== guildId && roleIds.includes(id)),
    overwrites.filter(({ id, type }) => type === 1 && id === userId),
  ];
  return layers.reduce((allowed, layer) => {
    const deny = layer.reduce((sum, one) => sum | bits(one.deny), 0n);
    const allow = layer.reduce((sum, one) => sum | bits(one.allow), 0n);
    return (allowed & ~deny) | allow;
  }, base);
}

/** Those of `wanted` that are not there. Who cannot see a channel can do nothing in it. */
export function missing(allowed: bigint, wanted: readonly Permission[]): Permission[] {
  if ((allowed & PERMISSIONS.VIEW_CHANNEL) === 0n) return ['VIEW_CHANNEL'];
  return wanted.filter((name) => (allowed & PERMISSIONS[name]) === 0n);
}

function bits(decimal: unknown): bigint {
  return typeof decimal === 'string' && /^\d{1,20}$/.test(decimal) ? BigInt(decimal) : 0n;
}
