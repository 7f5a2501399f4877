import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import type { Credential } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import { verify } from './verify.ts';

const SCOPES =
  'channels:history,channels:read,channels:join,groups:history,groups:read,im:history,im:read,chat:write,users:read';
const APP_TOKEN = 'xapp-1-A1-123-abc';

const ok = (body: object = {}, scopes = SCOPES) =>
  Response.json({ ok: true, ...body }, { headers: { 'x-oauth-scopes': scopes } });
const no = (error: string, more: object = {}) => Response.json({ ok: false, error, ...more });
const limited = () => new Response('', { status: 429, headers: { 'retry-after': '7' } });

const me = {
  team_id: 'T1AAAAAA',
  team: 'Acme',
  user_id: 'U0BOT',
  bot_id: 'B0',
  user: 'aria',
  app_id: 'A1',
  url: 'https://acme.slack.com/',
};
const listed = (...channels: object[]) => ok({ channels, response_metadata: { next_cursor: '' } });
const info = (more: object = {}) => ok({ channel: { id: 'C2', name: 'two', is_member: false, ...more } });

type Answers = Readonly<Record<string, (call: ScriptedCall) => ScriptedAnswer>>;
const usual: Answers = {
  'auth.test': () => ok(me),
  'users.conversations': () => listed({ id: 'C1', is_private: false }, { id: 'G1', is_private: true }, { id: 'C9' }),
};

function setup(answers: Answers = {}, deployment?: Credential) {
  const clock = createManualClock();
  const { fetch, calls } = scriptedFetch((call) =>
    (answers[call.method] ?? usual[call.method] ?? (() => no('unknown_method')))(call),
  );
  const port = { apiUrl: 'http://api.test', fetch, clock, random: Math.random, log: silentLog };
  return {
    clock,
    methods: () => calls.map(({ method }) => method),
    calls,
    port: { ...port, hooksUrl: 'https://replr.test/hooks/slack', ...(deployment && { deployment }) },
  };
}

const secrets = { bot_token: 'xoxb-secret' };
const listening = (...channel_ids: string[]) => ({ workspace_id: 'T1AAAAAA', channel_ids });
const codes = (found: Awaited<ReturnType<typeof verify>>) => (found.ok ? found.notices.map(({ code }) => code) : found);

describe('verify', () => {
  it('says who the bot is in two calls', async () => {
    const { port, methods, calls } = setup();
    expect(await verify(secrets, listening('C1', 'G1'), port)).toEqual({
      ok: true,
      identity: 'T1AAAAAA/U0BOT',
      profile: {
        team: 'T1AAAAAA',
        teamName: 'Acme',
        userId: 'U0BOT',
        botId: 'B0',
        appId: 'A1',
        name: 'aria',
        url: 'https://acme.slack.com/',
      },
      claims: ['C1', 'G1'],
      notices: [expect.objectContaining({ code: 'polling_only', fixUrl: 'https://api.slack.com/apps/A1' })],
    });
    expect(methods()).toEqual(['auth.test', 'users.conversations']);
    expect(calls[1]?.parameters['types']).toBe('public_channel,private_channel,im');
  });

  it('learns the app from the bot where the token does not tell it', async () => {
    const unknown = () => ok({ ...me, app_id: undefined });
    const { port } = setup({ 'auth.test': unknown, 'bots.info': () => ok({ bot: { app_id: 'A7' } }) });
    expect(await verify(secrets, listening('C1'), port)).toMatchObject({ ok: true, profile: { appId: 'A7' } });
    const silent = setup({ 'auth.test': unknown, 'bots.info': () => no('bot_not_found') });
    const found = await verify(secrets, listening('C1'), silent.port);
    expect(found.ok && found.profile).not.toHaveProperty('appId');
  });

  it('takes the organisation for the workspace where a token is for all of it', async () => {
    const { port } = setup({ 'auth.test': () => ok({ ...me, enterprise_id: 'E1AAAAAA' }) });
    expect(await verify(secrets, { ...listening('C1'), workspace_id: 'E1AAAAAA' }, port)).toMatchObject({ ok: true });
  });

  it('reads all pages, and looks at what is on none by itself', async () => {
    const { port, methods } = setup({
      'users.conversations': ({ parameters }) =>
        parameters['cursor'] === undefined
          ? ok({ channels: [{ id: 'C1' }], response_metadata: { next_cursor: 'two=' } })
          : listed({ id: 'C3' }),
      'conversations.info': () => info({ is_member: true }),
    });
    expect(await verify(secrets, listening('C1', 'C2', 'C3'), port)).toMatchObject({ ok: true });
    expect(methods()).toEqual(['auth.test', 'users.conversations', 'users.conversations', 'conversations.info']);
  });

  it('joins public channels, and only when nothing else is wrong', async () => {
    const joining = setup({ 'conversations.info': () => info(), 'conversations.join': () => ok() });
    expect(await verify(secrets, listening('C2'), joining.port)).toMatchObject({ ok: true });
    expect(joining.calls.at(-1)).toMatchObject({ method: 'conversations.join', parameters: { channel: 'C2' } });
    const half = setup({
      'conversations.info': ({ parameters }) => (parameters['channel'] === 'C2' ? info() : no('channel_not_found')),
    });
    expect(await verify(secrets, listening('C2', 'C5'), half.port)).toMatchObject({
      reason: 'channel_not_found',
      details: { channel_ids: ['C5'] },
    });
    expect(half.methods()).not.toContain('conversations.join');
  });

  it('leads a list of direct messages only where the scope allows it', async () => {
    const { port, calls } = setup({
      'auth.test': () => ok(me, 'chat:write,channels:read,channels:history,users:read'),
    });
    expect(await verify(secrets, listening('C1'), port)).toMatchObject({ ok: true });
    expect(calls[1]?.parameters['types']).toBe('public_channel');
  });

  it.each<[string, Answers, object, object]>([
    ['a dead token', { 'auth.test': () => no('invalid_auth') }, {}, { reason: 'invalid_bot_token' }],
    ['a revoked token', { 'auth.test': () => no('token_revoked') }, {}, { details: { error: 'token_revoked' } }],
    ['a person', { 'auth.test': () => ok({ ...me, bot_id: undefined }) }, {}, { reason: 'not_a_bot' }],
    ['a person’s token', {}, { secrets: { bot_token: 'xoxp-1' } }, { reason: 'not_a_bot' }],
    ['an app’s token', {}, { secrets: { bot_token: 'xapp-1-A1-2-3' } }, { reason: 'not_a_bot' }],
    ['a rotating token', {}, { secrets: { bot_token: 'xoxe.xoxb-1-a' } }, { reason: 'rotating_token' }],
    ['a refresh token', {}, { secrets: { bot_token: 'xoxe-1-a' } }, { reason: 'rotating_token' }],
    [
      'another workspace',
      {},
      { settings: { ...listening('C1'), workspace_id: 'T2AAAAAA' } },
      { reason: 'wrong_workspace', details: { workspace_id: 'T2AAAAAA', token_workspace_id: 'T1AAAAAA' } },
    ],
    [
      'scopes to speak and read',
      { 'auth.test': () => ok(me, 'channels:read') },
      {},
      { reason: 'missing_scope', details: { missing_scopes: ['chat:write'] }, fixUrl: 'https://api.slack.com/apps/A1' },
    ],
    [
      'scopes to look',
      { 'auth.test': () => ok(me, 'chat:write') },
      {},
      { reason: 'missing_scope', details: { missing_scopes: ['channels:read', 'groups:read'] } },
    ],
    [
      'scopes by the kind of channel',
      { 'auth.test': () => ok(me, 'chat:write,channels:read,groups:read') },
      { settings: listening('C1', 'G1') },
      { reason: 'missing_scope', details: { missing_scopes: ['channels:history', 'groups:history'] } },
    ],
    [
      'scopes for direct messages',
      { 'auth.test': () => ok(me, 'chat:write,channels:read,channels:history') },
      { settings: { ...listening('C1'), direct_messages: true } },
      { reason: 'missing_scope', details: { missing_scopes: ['im:history', 'im:read'] } },
    ],
    [
      'a scope that the platform names',
      { 'conversations.info': () => no('missing_scope', { needed: 'groups:read' }) },
      { settings: listening('C2') },
      { reason: 'missing_scope', details: { missing_scopes: ['groups:read'] } },
    ],
    [
      'an unknown channel',
      { 'conversations.info': () => no('channel_not_found') },
      { settings: listening('C1', 'C2') },
      {
        reason: 'channel_not_found',
        details: { channel_ids: ['C2'] },
        message: expect.stringContaining('/invite @aria'),
      },
    ],
    [
      'an archived channel',
      { 'conversations.info': () => info({ is_archived: true }) },
      { settings: listening('C2') },
      { reason: 'channel_archived', details: { channel_ids: ['C2'] } },
    ],
    [
      'an archived channel that it is in',
      { 'users.conversations': () => listed({ id: 'C1', is_archived: true }) },
      {},
      { reason: 'channel_archived', details: { channel_ids: ['C1'] } },
    ],
    [
      'a private channel',
      { 'conversations.info': () => info({ is_private: true }) },
      { settings: listening('C2') },
      { reason: 'not_in_channel', details: { channel_ids: ['C2'] }, message: expect.stringContaining('/invite @aria') },
    ],
    [
      'a public channel that it may not join',
      {
        'auth.test': () => ok(me, 'chat:write,channels:read,channels:history'),
        'conversations.info': () => info(),
      },
      { settings: listening('C2') },
      { reason: 'not_in_channel' },
    ],
    [
      'a channel that lets nobody in',
      { 'conversations.info': () => info(), 'conversations.join': () => no('too_many_members') },
      { settings: listening('C2') },
      { reason: 'not_in_channel' },
    ],
    [
      'a channel archived in between',
      { 'conversations.info': () => info(), 'conversations.join': () => no('is_archived') },
      { settings: listening('C2') },
      { reason: 'channel_archived' },
    ],
    [
      'an app token of another form',
      {},
      { secrets: { ...secrets, app_token: 'xoxb-2' } },
      { reason: 'invalid_app_token' },
    ],
    [
      'an app token of another app',
      {},
      { secrets: { ...secrets, app_token: 'xapp-1-A2-123-abc' } },
      { reason: 'wrong_app', details: { app_id: 'A1', app_token_app_id: 'A2' } },
    ],
    [
      'a dead app token',
      { 'apps.connections.open': () => no('invalid_auth') },
      { secrets: { ...secrets, app_token: APP_TOKEN } },
      { reason: 'invalid_app_token' },
    ],
    [
      'an app token without its scope',
      { 'apps.connections.open': () => no('missing_scope', { needed: 'connections:write' }) },
      { secrets: { ...secrets, app_token: APP_TOKEN } },
      { reason: 'invalid_app_token' },
    ],
    [
      'Socket Mode switched off',
      { 'apps.connections.open': () => no('forbidden_team') },
      { secrets: { ...secrets, app_token: APP_TOKEN } },
      { reason: 'socket_mode_off', details: { error: 'forbidden_team' } },
    ],
    ['an app that is shut out', { 'auth.test': () => no('ekm_access_denied') }, {}, { reason: 'access_denied' }],
  ])('rejects %s', async (_name, answers, { secrets: given = secrets, settings = listening('C1') }: Given, verdict) => {
    const { port } = setup(answers);
    const found = await verify(given, settings, port);
    expect(found).toMatchObject({ ok: false, kind: 'rejected', message: expect.stringMatching(/\.$/), ...verdict });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it.each<[string, Answers, object]>([
    ['an outage', { 'auth.test': () => new Response('<html>', { status: 503 }) }, {}],
    ['a cut line', { 'users.conversations': () => new Error('reset') }, {}],
    ['a limit', { 'users.conversations': limited }, { retryAfterMs: 7_000 }],
    ['a strange answer', { 'auth.test': () => ok({ team_id: 7 }) }, {}],
    ['a strange channel', { 'conversations.info': () => ok({ channel: null }) }, {}],
  ])('blames nobody for %s', async (_name, answers, more) => {
    const { port } = setup(answers);
    expect(await verify(secrets, listening('C1', 'C2'), port)).toMatchObject({
      ok: false,
      kind: 'unavailable',
      ...more,
    });
  });

  it('gives up in time', async () => {
    const { port, clock } = setup({ 'users.conversations': ({ signal }) => hangs(signal) });
    const running = verify(secrets, listening('C1'), port);
    await clock.advance(10_000);
    expect(await running).toMatchObject({ ok: false, kind: 'unavailable' });
  });
});

interface Given {
  readonly secrets?: Credential;
  readonly settings?: ReturnType<typeof listening>;
}

describe('notices', () => {
  const opened: Answers = { 'apps.connections.open': () => ok({ url: 'wss://wss.slack.com/link' }) };
  it.each<[string, Credential, Credential | undefined, string[]]>([
    ['no more than a bot token', {}, undefined, ['polling_only']],
    ['an app token', { app_token: APP_TOKEN }, undefined, []],
    ['a signing secret', { signing_secret: 'x' }, undefined, ['events_unproven']],
    ['the operator’s app', {}, { app_token: APP_TOKEN }, []],
    ['the operator’s other app', {}, { app_token: 'xapp-1-A2-1-a' }, ['polling_only']],
    ['the operator’s secret', {}, { signing_secret: 'x' }, ['events_unproven']],
  ])('with %s', async (_name, own, deployment, expected) => {
    const { port } = setup(opened, deployment);
    expect(codes(await verify({ ...secrets, ...own }, listening('C1'), port))).toEqual(expected);
  });

  it('tell when the server cannot be reached', async () => {
    const { hooksUrl: _, ...port } = setup().port;
    expect(codes(await verify({ ...secrets, signing_secret: 'x' }, listening('C1'), port))).toEqual(['no_public_url']);
  });

  it('tell which optional scopes are missing', async () => {
    const few = () => ok(me, 'chat:write,channels:read,channels:history,im:history');
    const { port } = setup({ 'auth.test': few });
    const settings = { ...listening('C1'), direct_messages: true };
    expect(codes(await verify({ ...secrets, signing_secret: 'x' }, settings, port))).toEqual([
      'events_unproven',
      'direct_messages_pushed_only',
      'no_user_names',
    ]);
  });
});
