import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import { silentLog } from '../../core/log.ts';
import { PERMISSIONS } from './permissions.ts';
import { verify } from './verify.ts';

const GUILD = '1200000000000000001';
const CHANNEL = '1200000000000000002';
const FORUM = '1200000000000000003';
const THREAD = '1200000000000000004';
const CATEGORY = '1200000000000000005';
const SELF = '1200000000000000009';
const { VIEW_CHANNEL, SEND_MESSAGES, READ_MESSAGE_HISTORY, SEND_MESSAGES_IN_THREADS } = PERMISSIONS;
const ENOUGH = VIEW_CHANNEL | SEND_MESSAGES | READ_MESSAGE_HISTORY | SEND_MESSAGES_IN_THREADS;

const ok = (result: unknown) => Response.json(result);
const refused = (status: number, code: number) => Response.json({ message: 'no', code }, { status });
const roles = (bits = ENOUGH) => [
  { id: GUILD, permissions: '0' },
  { id: '31', permissions: String(bits), tags: { bot_id: SELF } },
];
const overwrite = (deny: bigint) => [{ id: SELF, type: 1, allow: '0', deny: String(deny) }];
const channels = (more: object = {}) => [
  { id: CHANNEL, type: 0, guild_id: GUILD, permission_overwrites: [], ...more },
  { id: FORUM, type: 15, guild_id: GUILD, permission_overwrites: overwrite(SEND_MESSAGES) },
  { id: CATEGORY, type: 4, guild_id: GUILD },
];

type Answers = Readonly<Record<string, (call: ScriptedCall) => ScriptedAnswer>>;
const usual: Answers = {
  '/users/@me': () => ok({ id: SELF, username: 'Aria', bot: true }),
  '/applications/@me': () => ok({ id: '1200000000000000008', flags: 1 << 19 }),
  [`/guilds/${GUILD}`]: () => ok({ id: GUILD, owner_id: '5', roles: roles() }),
  [`/guilds/${GUILD}/channels`]: () => ok(channels()),
  [`/guilds/${GUILD}/members/${SELF}`]: () => ok({ roles: ['31'] }),
};

function setup(answers: Answers = {}) {
  const clock = createManualClock();
  const { fetch, calls } = scriptedFetch((call) => {
    const path = call.url.slice('http://api.test/v10'.length);
    return (answers[path] ?? usual[path] ?? (() => refused(404, 10003)))(call);
  });
  return { clock, calls, port: { apiUrl: 'http://api.test', fetch, clock, random: Math.random, log: silentLog } };
}

const secrets = { bot_token: 'secret' };
const listening = (...channel_ids: string[]) => ({ guild_id: GUILD, channel_ids });

describe('verify', () => {
  it('says who the bot is in five calls', async () => {
    const { port, calls } = setup();
    expect(await verify(secrets, listening(CHANNEL, FORUM), port)).toEqual({
      ok: true,
      identity: SELF,
      profile: { username: 'Aria', applicationId: '1200000000000000008', roleIds: ['31'] },
      claims: [CHANNEL, FORUM],
      notices: [],
    });
    expect(calls).toHaveLength(5);
  });

  it('asks for a thread by itself, and judges it by its channel', async () => {
    const thread = () => ok({ id: THREAD, type: 11, guild_id: GUILD, parent_id: CHANNEL });
    const { port, calls } = setup({ [`/channels/${THREAD}`]: thread });
    expect(await verify(secrets, listening(THREAD), port)).toMatchObject({ ok: true, claims: [THREAD] });
    expect(calls).toHaveLength(6);
    const mute = setup({
      [`/channels/${THREAD}`]: thread,
      [`/guilds/${GUILD}/channels`]: () => ok(channels({ permission_overwrites: overwrite(SEND_MESSAGES_IN_THREADS) })),
    });
    expect(await verify(secrets, listening(THREAD), mute.port)).toMatchObject({
      reason: 'missing_permission',
      details: { channel_id: THREAD, permissions: ['SEND_MESSAGES_IN_THREADS'] },
    });
  });

  it('believes the channels when the guild is said to be unknown', async () => {
    const { port } = setup({
      [`/guilds/${GUILD}`]: () => refused(404, 10004),
      [`/guilds/${GUILD}/roles`]: () => ok(roles()),
    });
    expect(await verify(secrets, listening(CHANNEL), port)).toMatchObject({ ok: true });
  });

  it('tells what works less well than it could', async () => {
    const { port, clock } = setup({
      [`/guilds/${GUILD}/channels`]: () => ok(channels({ permission_overwrites: overwrite(SEND_MESSAGES_IN_THREADS) })),
      [`/guilds/${GUILD}/members/${SELF}`]: () =>
        ok({ roles: ['31'], communication_disabled_until: new Date(clock.now() + 60_000).toISOString() }),
    });
    const found = await verify(secrets, listening(CHANNEL), port);
    expect(found.ok && found.notices.map(({ code }) => code)).toEqual(['no_threads', 'timed_out']);
  });

  const invite = expect.stringMatching(
    `^https://discord.com/oauth2/authorize\\?client_id=1200000000000000008&scope=bot&permissions=\\d+&guild_id=${GUILD}`,
  );
  it.each<[string, string[], Answers, object]>([
    [
      'a dead token',
      [CHANNEL],
      { '/users/@me': () => refused(401, 0) },
      {
        kind: 'rejected',
        reason: 'invalid_bot_token',
        fixUrl: expect.stringContaining('https://discord.com/developers'),
      },
    ],
    ['a person', [CHANNEL], { '/users/@me': () => ok({ id: SELF }) }, { kind: 'rejected', reason: 'not_a_bot' }],
    [
      'no words to read',
      [CHANNEL],
      { '/applications/@me': () => ok({ id: '1200000000000000008', flags: 0 }) },
      {
        kind: 'rejected',
        reason: 'missing_intent',
        fixUrl: 'https://discord.com/developers/applications/1200000000000000008/bot',
      },
    ],
    [
      'a guild that it is not in',
      [CHANNEL],
      {
        [`/guilds/${GUILD}`]: () => refused(404, 10004),
        [`/guilds/${GUILD}/channels`]: () => refused(404, 10004),
        [`/guilds/${GUILD}/members/${SELF}`]: () => refused(404, 10004),
      },
      { kind: 'rejected', reason: 'guild_not_found', fixUrl: invite },
    ],
    [
      'no member',
      [CHANNEL],
      { [`/guilds/${GUILD}/members/${SELF}`]: () => refused(404, 10007) },
      { kind: 'rejected', reason: 'guild_not_found' },
    ],
    [
      'no such channel',
      [CHANNEL, THREAD],
      {},
      { kind: 'rejected', reason: 'channel_not_found', details: { channel_id: THREAD } },
    ],
    [
      'a channel of another guild',
      [THREAD],
      { [`/channels/${THREAD}`]: () => ok({ id: THREAD, type: 0, guild_id: '7' }) },
      { kind: 'rejected', reason: 'channel_not_found' },
    ],
    [
      'a channel that it cannot see',
      [THREAD],
      { [`/channels/${THREAD}`]: () => refused(403, 50001) },
      { kind: 'rejected', reason: 'channel_not_found' },
    ],
    [
      'a category',
      [CATEGORY],
      {},
      { kind: 'rejected', reason: 'channel_wrong_type', details: { channel_id: CATEGORY, type: 4 } },
    ],
    [
      'permissions that are missing',
      [CHANNEL],
      {
        [`/guilds/${GUILD}/channels`]: () =>
          ok(channels({ permission_overwrites: overwrite(SEND_MESSAGES | READ_MESSAGE_HISTORY) })),
      },
      {
        kind: 'rejected',
        reason: 'missing_permission',
        fixUrl: invite,
        details: { channel_id: CHANNEL, permissions: ['SEND_MESSAGES', 'READ_MESSAGE_HISTORY'] },
      },
    ],
    [
      'permissions that are missing everywhere',
      [CHANNEL, FORUM],
      { [`/guilds/${GUILD}`]: () => ok({ id: GUILD, roles: roles(0n) }) },
      {
        reason: 'missing_permission',
        details: {
          channel_id: CHANNEL,
          permissions: ['VIEW_CHANNEL'],
          channels: [{ channel_id: CHANNEL }, { channel_id: FORUM }],
        },
      },
    ],
    [
      'too many calls',
      [CHANNEL],
      { '/users/@me': () => Response.json({ retry_after: 9 }, { status: 429 }) },
      { kind: 'unavailable', retryAfterMs: 9_000 },
    ],
    ['its own trouble', [CHANNEL], { [`/guilds/${GUILD}`]: () => refused(502, 0) }, { kind: 'unavailable' }],
    ['a page', [CHANNEL], { '/users/@me': () => new Response('<html>') }, { kind: 'unavailable' }],
    ['the shield', [CHANNEL], { '/users/@me': () => new Response('<html>', { status: 403 }) }, { kind: 'unavailable' }],
    ['a strange answer', [CHANNEL], { [`/guilds/${GUILD}`]: () => ok({ roles: 'none' }) }, { kind: 'unavailable' }],
    ['nothing', [CHANNEL], { '/users/@me': () => new TypeError('fetch failed: Bot secret') }, { kind: 'unavailable' }],
  ])('%s', async (_name, ids, answers, expected) => {
    const found = await verify(secrets, listening(...ids), setup(answers).port);
    expect(found).toMatchObject({ ok: false, ...expected });
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it('costs one call when the token is dead', async () => {
    const { port, calls } = setup({ '/users/@me': () => refused(401, 0) });
    await verify(secrets, listening(CHANNEL), port);
    expect(calls).toHaveLength(1);
  });

  it('is given up after ten seconds, all calls together', async () => {
    const { port, clock } = setup({ [`/guilds/${GUILD}`]: (call) => hangs(call.signal) });
    const running = verify(secrets, listening(CHANNEL), port);
    await clock.advance(10_000);
    expect(await running).toMatchObject({ ok: false, kind: 'unavailable' });
  });
});
