import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import { silentLog } from '../../core/log.ts';
import { beginning, verify } from './verify.ts';

const me = {
  id: 7,
  is_bot: true,
  first_name: 'Aria',
  username: 'AriaBot',
  can_join_groups: true,
  can_read_all_group_messages: true,
};
const done = (result: unknown) => Response.json({ ok: true, result });
const refused = (error_code: number, description: string, parameters?: unknown) =>
  Response.json({ ok: false, error_code, description, parameters }, { status: error_code });

function setup(answers: Readonly<Record<string, (call: ScriptedCall) => ScriptedAnswer>>) {
  const clock = createManualClock();
  const given = { getMe: () => done(me), getWebhookInfo: () => done({ url: '' }), ...answers };
  const { fetch, calls } = scriptedFetch((call) => (given as typeof answers)[call.method]?.(call) ?? done([]));
  return { clock, calls, port: { apiUrl: 'http://api.test', fetch, clock, random: Math.random, log: silentLog } };
}

const HOOKS = 'https://chat.example.com/hooks/telegram';
const secrets = { bot_token: '7:secret' };

describe('verify', () => {
  it('says who the bot is in two calls', async () => {
    const { port, calls } = setup({});
    expect(await verify(secrets, port)).toEqual({
      ok: true,
      identity: '7',
      profile: { username: 'AriaBot', name: 'Aria', canJoinGroups: true, canReadAllGroupMessages: true },
      claims: [''],
      notices: [],
    });
    expect(calls.map(({ method }) => method)).toEqual(['getMe', 'getWebhookInfo']);
  });

  it('tells what works less well than it could', async () => {
    const limited = { ...me, can_join_groups: false, can_read_all_group_messages: false };
    const found = await verify(secrets, setup({ getMe: () => done(limited) }).port);
    expect(found.ok && found.notices.map(({ code }) => code)).toEqual(['privacy_mode', 'cannot_join_groups']);
    expect(found.ok && found.notices[0]?.message).toContain('/setprivacy');
  });

  it.each<[string, Parameters<typeof setup>[0], object]>([
    ['a dead token', { getMe: () => refused(401, 'Unauthorized') }, { kind: 'rejected', reason: 'invalid_bot_token' }],
    [
      'a malformed token',
      { getMe: () => refused(404, 'Not Found') },
      { kind: 'rejected', reason: 'invalid_bot_token' },
    ],
    ['a person', { getMe: () => done({ ...me, is_bot: false }) }, { kind: 'rejected', reason: 'not_a_bot' }],
    [
      'a webhook',
      { getWebhookInfo: () => done({ url: 'https://user:pass@hooks.example.com/s3cret?k=1' }) },
      { kind: 'rejected', reason: 'webhook_active', details: { host: 'hooks.example.com' } },
    ],
    [
      'too many calls',
      { getMe: () => refused(429, 'x', { retry_after: 9 }) },
      { kind: 'unavailable', retryAfterMs: 9_000 },
    ],
    ['its own trouble', { getMe: () => refused(502, 'Bad Gateway') }, { kind: 'unavailable' }],
    ['a page', { getMe: () => new Response('<html>') }, { kind: 'unavailable' }],
    ['a strange answer', { getMe: () => done('me') }, { kind: 'unavailable' }],
    [
      'a redirect',
      { getMe: () => new Response('', { status: 302, headers: { location: 'http://x' } }) },
      { kind: 'unavailable' },
    ],
    ['nothing', { getMe: () => new TypeError('fetch failed: http://api.test/bot7:secret') }, { kind: 'unavailable' }],
  ])('%s', async (_name, answers, expected) => {
    const found = await verify(secrets, setup(answers).port);
    expect(found).toMatchObject({ ok: false, ...expected });
    expect(JSON.stringify(found)).not.toMatch(/s[e3]cret|pass/);
  });

  it('takes its own webhook for no obstacle', async () => {
    const { port } = setup({ getWebhookInfo: () => done({ url: `${HOOKS}/bot_1` }) });
    expect(await verify(secrets, { ...port, hooksUrl: HOOKS })).toMatchObject({ ok: true });
    expect(await verify(secrets, { ...port, hooksUrl: `${HOOKS}2` })).toMatchObject({ reason: 'webhook_active' });
    expect(await verify(secrets, port)).toMatchObject({ reason: 'webhook_active' });
  });

  it('is given up after ten seconds, both calls together', async () => {
    const { port, clock } = setup({ getWebhookInfo: (call) => hangs(call.signal) });
    const running = verify(secrets, port);
    await clock.advance(10_000);
    expect(await running).toMatchObject({ ok: false, kind: 'unavailable' });
  });
});

describe('beginning', () => {
  it('is after the newest waiting update', async () => {
    const { port, calls } = setup({ getUpdates: () => done([{ update_id: 41 }]) });
    expect(await beginning(secrets, port)).toEqual({ ok: true, cursors: [{ name: 'offset', value: '42' }] });
    expect(calls[0]?.parameters).toEqual({
      offset: -1,
      limit: 1,
      timeout: 0,
      allowed_updates: ['message', 'channel_post'],
    });
  });

  it('forgets an old position when nothing waits', async () => {
    expect(await beginning(secrets, setup({ getUpdates: () => done([]) }).port)).toEqual({
      ok: true,
      cursors: [{ name: 'offset', value: null }],
    });
  });

  const hooked = () => refused(409, "Conflict: can't use getUpdates method while webhook is active");

  it('removes its own webhook with all that waits', async () => {
    const { port, calls } = setup({ getUpdates: hooked, getWebhookInfo: () => done({ url: `${HOOKS}/bot_1` }) });
    expect(await beginning(secrets, { ...port, hooksUrl: HOOKS })).toEqual({
      ok: true,
      cursors: [{ name: 'offset', value: null }],
    });
    expect(calls.at(-1)).toMatchObject({ method: 'deleteWebhook', parameters: { drop_pending_updates: true } });
  });

  it('leaves the webhook of another service alone', async () => {
    const { port, calls } = setup({ getUpdates: hooked, getWebhookInfo: () => done({ url: 'https://x.test/s3cret' }) });
    const found = await beginning(secrets, { ...port, hooksUrl: HOOKS });
    expect(found).toMatchObject({ ok: false, kind: 'rejected', reason: 'webhook_active', details: { host: 'x.test' } });
    expect(JSON.stringify(found)).not.toContain('s3cret');
    expect(calls.map(({ method }) => method)).not.toContain('deleteWebhook');
  });

  it.each<[string, () => ScriptedAnswer, object]>([
    ['a webhook that has just gone', hooked, { kind: 'unavailable' }],
    ['another poller', () => refused(409, 'Conflict: terminated by other getUpdates request'), { kind: 'unavailable' }],
    ['a dead token', () => refused(401, 'Unauthorized'), { kind: 'rejected', reason: 'invalid_bot_token' }],
    ['garbage', () => done([{ update: 1 }]), { kind: 'unavailable' }],
  ])('%s', async (_name, answer, expected) => {
    expect(await beginning(secrets, setup({ getUpdates: answer }).port)).toMatchObject({ ok: false, ...expected });
  });
});
