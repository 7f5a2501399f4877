import { describe, expect, it } from 'vitest';
import type { Health } from './health.ts';
import { healthOf, type Integration, statusOf } from './integration.ts';

const LINK: Health = { state: 'connected', since: 5, transport: 'socket' };
const away = (value: string) => ({
  setting: 'channel_ids',
  value,
  code: 'not_in_channel',
  message: `Not in ${value}.`,
});
const mute = { setting: 'direct_messages', value: true, code: 'missing_scope', message: 'No scope.' } as const;

const integration = (health: Partial<Health>, enabled = true, direct = true) =>
  ({
    enabled,
    settings: { guild_id: 'G1', channel_ids: ['C1', 'C2'], ...(direct && { direct_messages: true }) },
    health: { ...LINK, ...health },
  }) as unknown as Integration;

describe('what an integration is told of the health of its bot', () => {
  it.each<[string, Integration, string, Partial<Health>]>([
    ['what the link is', integration({ code: 'polling_only' }), 'active', { state: 'connected', code: 'polling_only' }],
    ['nothing but paused', integration({ state: 'error' }, false), 'inactive', { state: 'paused' }],
    ['nothing of the places of others', integration({ places: [away('C3')] }), 'active', { state: 'connected' }],
    [
      'that it is not heard at one of its places',
      integration({ code: 'polling_only', places: [away('C3'), away('C2')] }),
      'active',
      { state: 'connected', code: 'not_in_channel', message: 'Not in C2.' },
    ],
    [
      'that it is heard at none of its places',
      integration({ places: [away('C2'), away('C1'), mute] }),
      'error',
      { state: 'error', code: 'not_in_channel', message: 'Not in C2.' },
    ],
    [
      'that only direct messages are heard',
      integration({ places: [away('C2'), away('C1')] }),
      'active',
      { state: 'connected', code: 'not_in_channel', message: 'Not in C2.' },
    ],
    [
      'that its one server is gone',
      integration({ places: [{ setting: 'guild_id', value: 'G1', code: 'removed', message: 'Gone.' }] }, true, false),
      'error',
      { state: 'error', code: 'removed', message: 'Gone.' },
    ],
    [
      'that it hears no direct messages',
      integration({ places: [mute] }),
      'active',
      { state: 'connected', code: 'missing_scope', message: 'No scope.' },
    ],
    [
      'the trouble of the link first',
      integration({ state: 'error', code: 'x', places: [away('C1')] }),
      'error',
      { state: 'error', code: 'x' },
    ],
  ])('%s', (_, one, status, told) => {
    expect(statusOf(one)).toBe(status);
    expect(healthOf(one)).toEqual({ since: 5, transport: 'socket', ...told });
  });
});
