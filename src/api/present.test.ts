import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fakePlatform } from '../../test/support/fake-platform.ts';
import type { Integration } from '../core/integration.ts';
import { defaultOptions } from '../core/options.ts';
import { assertNoClash, presentIntegration, presentIntegrationDetail, timestamp } from './present.ts';

const integration: Integration = {
  id: 'int_d8f2a1b3c4e5',
  userId: 'usr_1',
  replrId: 'rp_7k9m2x4v',
  botId: 'bot_1',
  platform: 'acme',
  identity: '42',
  settings: { room_id: '1', channel_ids: [], note: '', none: null, off: false },
  options: defaultOptions,
  enabled: true,
  autoRespond: false,
  messageCount: 0,
  connectedAt: Date.UTC(2026, 1, 14, 9, 30, 0, 999),
  lastMessageAt: null,
  health: { state: 'connecting', since: 0, transport: 'polling' },
  notices: [],
};

describe('presentIntegration', () => {
  it('shows what has a value, and nothing of ours', () => {
    expect(presentIntegration(integration)).toEqual({
      id: 'int_d8f2a1b3c4e5',
      platform: 'acme',
      replr_id: 'rp_7k9m2x4v',
      status: 'active',
      room_id: '1',
      off: false,
      message_count: 0,
      connected_at: '2026-02-14T09:30:00Z',
    });
  });

  it('adds to the single object how it is doing', () => {
    const failing: Integration = {
      ...integration,
      lastMessageAt: 0,
      health: { state: 'error', code: 'conflict', message: 'Stop the other.', since: 1_999, transport: 'polling' },
      notices: [{ code: 'privacy_mode', message: 'It hears little.', fixUrl: 'https://fix.example' }],
    };
    expect(presentIntegrationDetail(failing)).toMatchObject({
      status: 'error',
      auto_respond: false,
      error_reply: 'notice',
      store_content: true,
      context_tokens: 6_000,
      last_message_at: '1970-01-01T00:00:00Z',
      health: {
        state: 'error',
        code: 'conflict',
        message: 'Stop the other.',
        since: '1970-01-01T00:00:01Z',
        transport: 'polling',
      },
      notices: [{ code: 'privacy_mode', message: 'It hears little.', fix_url: 'https://fix.example' }],
    });
    expect(presentIntegrationDetail({ ...failing, enabled: false })['status']).toBe('inactive');
  });
});

it('writes time to the second', () => {
  expect(timestamp(Date.UTC(2026, 2, 9, 18, 22, 0, 640))).toBe('2026-03-09T18:22:00Z');
});

it('refuses a connector whose fields would cover ours or its own secrets', () => {
  const { connector } = fakePlatform();
  expect(() => assertNoClash(connector)).not.toThrow();
  expect(() => assertNoClash({ ...connector, settings: z.object({ status: z.string() }) })).toThrow('status');
  expect(() => assertNoClash({ ...connector, settings: z.object({ limits: z.string() }) })).toThrow('limits');
  expect(() => assertNoClash({ ...connector, settings: z.object({ bot_token: z.string() }) })).toThrow('bot_token');
  const hook = { plausible: () => true, open: () => ({ kind: 'nothing' }) as const, read: () => undefined };
  expect(() => assertNoClash({ ...connector, hook })).not.toThrow();
  for (const urlField of ['health', 'app_token', 'room_id']) {
    expect(() => assertNoClash({ ...connector, hook: { ...hook, urlField } })).toThrow(urlField);
  }
});
