import { describe, expect, it } from 'vitest';
import { INVITE_PERMISSIONS, missing, PERMISSIONS, permissionsIn } from './permissions.ts';
import type { WireOverwrite } from './wire.ts';

const { VIEW_CHANNEL, SEND_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES_IN_THREADS } = PERMISSIONS;
const GUILD = '1';
const BASE = VIEW_CHANNEL | READ_MESSAGE_HISTORY;

const member = (more: { ownerId?: string; roleBits?: bigint; roleIds?: string[] } = {}) => ({
  guildId: GUILD,
  ownerId: more.ownerId,
  userId: '9',
  roleIds: more.roleIds ?? ['2', '3'],
  roles: [
    { id: GUILD, permissions: String(BASE) },
    { id: '2', permissions: String(more.roleBits ?? 0n) },
    { id: '3', permissions: '0' },
    { id: '4', permissions: String(SEND_MESSAGES) },
  ],
});
const over = (id: string, type: 0 | 1, allow: bigint, deny: bigint): WireOverwrite => ({
  id,
  type,
  allow: String(allow),
  deny: String(deny),
});

describe('permissionsIn', () => {
  it.each<[string, ReturnType<typeof member>, WireOverwrite[], bigint]>([
    ['everyone’s', member(), [], BASE],
    [
      'and those of one’s roles, not of others',
      member({ roleBits: SEND_MESSAGES_IN_THREADS }),
      [],
      BASE | SEND_MESSAGES_IN_THREADS,
    ],
    ['everyone is denied', member(), [over(GUILD, 0, 0n, VIEW_CHANNEL)], READ_MESSAGE_HISTORY],
    [
      'a role is allowed what everyone is denied',
      member(),
      [over('2', 0, VIEW_CHANNEL, 0n), over(GUILD, 0, 0n, VIEW_CHANNEL)],
      BASE,
    ],
    [
      'of two roles the one that allows wins',
      member(),
      [over('2', 0, SEND_MESSAGES, 0n), over('3', 0, 0n, SEND_MESSAGES)],
      BASE | SEND_MESSAGES,
    ],
    ['a role that one has not', member(), [over('4', 0, SEND_MESSAGES, 0n)], BASE],
    [
      'the member has the last word',
      member(),
      [over('9', 1, 0n, VIEW_CHANNEL), over('2', 0, VIEW_CHANNEL, 0n)],
      READ_MESSAGE_HISTORY,
    ],
    ['another member', member(), [over('8', 1, 0n, VIEW_CHANNEL)], BASE],
    ['garbage counts as nothing', member(), [{ id: GUILD, type: 0, allow: 'x', deny: '-1' }], BASE],
  ])('%s', (_name, who, overwrites, expected) => {
    expect(permissionsIn(who, overwrites)).toBe(expected);
  });

  it.each([
    ['an administrator', member({ roleBits: 1n << 3n })],
    ['the owner', member({ ownerId: '9' })],
  ])('%s may do everything, overwrites or not', (_name, who) => {
    const allowed = permissionsIn(who, [over(GUILD, 0, 0n, (1n << 53n) - 1n)]);
    expect(missing(allowed, ['VIEW_CHANNEL', 'SEND_MESSAGES', 'SEND_MESSAGES_IN_THREADS'])).toEqual([]);
  });
});

it('names what is missing; without a view nothing else counts', () => {
  expect(missing(BASE, ['VIEW_CHANNEL', 'SEND_MESSAGES'])).toEqual(['SEND_MESSAGES']);
  expect(missing(SEND_MESSAGES, ['VIEW_CHANNEL', 'SEND_MESSAGES', 'READ_MESSAGE_HISTORY'])).toEqual(['VIEW_CHANNEL']);
});

it('asks for all of it in the invite', () => {
  expect(missing(BigInt(INVITE_PERMISSIONS), Object.keys(PERMISSIONS) as (keyof typeof PERMISSIONS)[])).toEqual([]);
});
