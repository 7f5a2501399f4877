import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import type { Delivery } from '../../core/delivery.ts';
import type { Bot } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import { sender } from './sender.ts';
import { firstIdAt } from './wire.ts';

const GUILD = '1200000000000000001';
const CHANNEL = '1200000000000000002';
const THREAD = '1200000000000000004';
const MESSAGE = '1482000000000000001';
const SELF = '1200000000000000009';
const START = 1_790_000_000_000;
const bot: Bot = { id: 'bot_1', platform: 'discord', identity: SELF, profile: {} };
const signal = new AbortController().signal;

const done = (headers: Record<string, string> = {}) => Response.json({ id: '77' }, { headers });
const refused = (status: number, code: number, more: object = {}) =>
  Response.json({ message: 'no', code, ...more }, { status });
const limited = (retry_after: number, more: object = {}, headers: Record<string, string> = {}) =>
  Response.json({ message: 'slow', retry_after, global: false, ...more }, { status: 429, headers });
const page = (status: number) => new Response('<html>', { status });
const network = (code: string) =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('x'), { code }) });

function setup(answer: (call: ScriptedCall, index: number) => ScriptedAnswer) {
  const clock = createManualClock(START);
  const { fetch, calls } = scriptedFetch(answer);
  const port = { apiUrl: 'http://api.test', fetch, clock, random: Math.random, log: silentLog };
  return { clock, calls, ...sender(bot, { bot_token: 'secret' }, port) };
}

function delivery(given: Partial<Delivery> = {}): Delivery {
  return {
    id: 'dlv_1',
    botId: 'bot_1',
    integrationId: 'int_1',
    inboxSeq: 1,
    to: { scope: GUILD, channel: CHANNEL },
    replyTo: MESSAGE,
    part: { text: 'hello @everyone' },
    index: 0,
    operation: 'create',
    revision: 0,
    state: 'sending',
    attempts: 0,
    nextAttemptAt: 0,
    createdAt: START,
    maybeDuplicate: false,
    ...given,
  };
}

describe('what is sent', () => {
  const plain = { content: 'hello @everyone', allowed_mentions: { parse: [], replied_user: false }, flags: 4 };
  const once = { nonce: expect.stringMatching(/^[\w-]{25}$/), enforce_nonce: true };
  const reply = { message_reference: { message_id: MESSAGE, fail_if_not_exists: false } };
  it.each<[string, Partial<Delivery>, string, unknown]>([
    ['a reply', {}, `/channels/${CHANNEL}/messages`, { ...plain, ...once, ...reply }],
    ['a later part', { index: 1 }, `/channels/${CHANNEL}/messages`, { ...plain, ...once }],
    [
      'into a thread',
      { to: { scope: GUILD, channel: CHANNEL, thread: THREAD } },
      `/channels/${THREAD}/messages`,
      { ...plain, ...once, ...reply },
    ],
    ['to a person', { to: { channel: CHANNEL } }, `/channels/${CHANNEL}/messages`, { ...plain, ...once }],
    ['an edit', { operation: 'edit', messageId: '9' }, `/channels/${CHANNEL}/messages/9`, plain],
    ['a removal', { operation: 'delete', messageId: '9' }, `/channels/${CHANNEL}/messages/9`, {}],
  ])('%s', async (_name, given, path, body) => {
    const { send, calls } = setup(() => done());
    expect(await send(delivery(given), signal)).toEqual({ ok: true, messageId: given.messageId ?? '77' });
    expect(calls.map(({ url }) => url)).toEqual([`http://api.test/v10${path}`]);
    expect(calls[0]?.parameters).toEqual(body);
  });

  it('has the same nonce at each attempt, and another for each text', async () => {
    const { send, calls, clock } = setup(() => done());
    for (const given of [{}, { attempts: 3 }, { revision: 1 }, { id: 'dlv_2' as const }]) {
      await send(delivery(given), signal);
      await clock.advance(1_000);
    }
    const [first, again, ...others] = calls.map(({ parameters }) => parameters['nonce']);
    expect(again).toBe(first);
    expect(new Set([first, ...others]).size).toBe(3);
  });
});

describe('F053 F057 F058: what a refusal means', () => {
  const unknown = (reason: string) => ({ kind: 'retry', delivered: 'unknown', reason });
  const no = (reason: string) => ({ kind: 'retry', delivered: 'no', reason });
  const gone = (reason: string) => ({ kind: 'gone', reason });
  const rejected = (reason: string) => ({ kind: 'rejected', reason });
  const wait = (afterMs: number, scope: string) => ({ kind: 'rate_limited', afterMs, scope });
  it.each<[string, () => ScriptedAnswer, unknown]>([
    ['a dead token', () => refused(401, 0), { kind: 'unauthorized' }],
    ['a page that says so', () => page(401), { kind: 'unauthorized' }],
    ['an invalid token', () => refused(403, 50014), { kind: 'unauthorized' }],
    ['no access', () => refused(403, 50001), gone('missing_access')],
    ['no permission', () => refused(403, 50013), gone('missing_permission')],
    ['no such channel', () => refused(404, 10003), gone('channel_not_found')],
    ['no such guild', () => refused(404, 10004), gone('guild_not_found')],
    ['an archived thread', () => refused(400, 50083), gone('thread_archived')],
    ['a locked thread', () => refused(403, 160005), gone('thread_locked')],
    ['a forum', () => refused(400, 40058), gone('channel_wrong_type')],
    ['a category', () => refused(400, 50008), gone('channel_wrong_type')],
    ['closed direct messages', () => refused(403, 50007), gone('direct_messages_closed')],
    ['no mutual guild', () => refused(403, 50278), gone('direct_messages_closed')],
    ['banned', () => refused(403, 40007), gone('banned')],
    ['forbidden in a new way', () => refused(403, 999_999), gone('forbidden')],
    ['not there in a new way', () => refused(404, 0), gone('channel_not_found')],
    ['a bad form', () => refused(400, 50035, { errors: { content: { _errors: [] } } }), rejected('invalid_form')],
    ['empty', () => refused(400, 50006), rejected('empty')],
    ['too large', () => refused(400, 40005), rejected('too_long')],
    ['a payload too large', () => page(413), rejected('too_long')],
    ['moderation', () => refused(400, 200000), rejected('automod')],
    ['a harmful link', () => refused(400, 240000), rejected('harmful_link')],
    ['anything else', () => refused(400, 1), rejected('bad_request')],
    ['too many', () => limited(1.337), wait(1_337, 'conversation')],
    [
      'too many of a shared resource',
      () => limited(2, {}, { 'x-ratelimit-scope': 'shared' }),
      wait(2_000, 'conversation'),
    ],
    ['too many in all', () => limited(3, { global: true }), wait(3_000, 'credential')],
    ['too many, says a page', () => page(429), wait(60_000, 'credential')],
    [
      'too many, says a page that names a time',
      () => new Response('<html>', { status: 429, headers: { 'retry-after': '900' } }),
      wait(900_000, 'credential'),
    ],
    ['turned away by the shield', () => page(403), wait(60_000, 'credential')],
    ['turned away in so many words', () => refused(403, 40333), wait(60_000, 'credential')],
    ['slow mode', () => refused(400, 20016, { retry_after: 7.5 }), wait(7_500, 'conversation')],
    ['switched off for a while', () => refused(403, 40004), wait(10_000, 'conversation')],
    ['its own error', () => refused(500, 0), unknown('platform_error')],
    ['a gateway without a server', () => page(502), unknown('platform_error')],
    ['the shield’s own error', () => page(520), unknown('platform_error')],
    ['garbage', () => new Response('{"id":', { status: 200 }), unknown('platform_error')],
    ['a success without an id', () => Response.json({}), unknown('unreadable_answer')],
    [
      'a redirect',
      () => new Response('', { status: 302, headers: { location: 'http://elsewhere' } }),
      no('redirected'),
    ],
    ['nobody listens', () => network('ECONNREFUSED'), no('unreachable')],
    ['a reset', () => network('ECONNRESET'), unknown('broken_off')],
  ])('%s', async (_name, answer, failure) => {
    const { send, calls } = setup(answer);
    expect(await send(delivery(), signal)).toEqual({ ok: false, failure });
    expect(calls).toHaveLength(1);
  });

  it('a time-out is ambiguous for a new message only', async () => {
    const { send, clock } = setup((call) => hangs(call.signal));
    const sent = send(delivery(), signal);
    const edited = send(delivery({ operation: 'edit', messageId: '9' }), signal);
    await clock.advance(30_000);
    expect(await sent).toEqual({ ok: false, failure: unknown('timeout') });
    expect(await edited).toEqual({ ok: false, failure: no('timeout') });
  });

  it('a message that is gone: removed as wished, sent as the nonce shows, but not edited', async () => {
    const { send } = setup(() => refused(404, 10008));
    expect(await send(delivery({ operation: 'delete', messageId: '9' }), signal)).toEqual({ ok: true, messageId: '9' });
    expect(await send(delivery(), signal)).toEqual({ ok: true, messageId: '' });
    const edited = await send(delivery({ operation: 'edit', messageId: '9' }), signal);
    expect(edited).toEqual({ ok: false, failure: rejected('message_not_found') });
  });

  it.each([
    ['may not be read', 160002, {}],
    ['is not one to reply to', 50035, { errors: { message_reference: { _errors: [{ code: 'X' }] } } }],
  ])('F060: a message that %s is not replied to, but answered', async (_name, code, more) => {
    const { send, calls } = setup((_call, index) => (index === 0 ? refused(400, code, more) : done()));
    expect(await send(delivery(), signal)).toEqual({ ok: true, messageId: '77' });
    expect(calls.map(({ parameters }) => 'message_reference' in parameters)).toEqual([true, false]);
    expect(calls[0]?.parameters['nonce']).toBe(calls[1]?.parameters['nonce']);
  });

  it('a file that may not be attached is told of; where nothing may be said, that is the failure', async () => {
    const part = { text: 'See the file.', file: { name: 'answer.md', content: 'all of it' } };
    const { send, calls } = setup((_call, index) => (index === 1 ? done() : refused(403, 50013)));
    expect(await send(delivery({ part }), signal)).toEqual({ ok: true, messageId: '77' });
    expect(calls[1]?.parameters).toMatchObject({
      content: 'The answer is too long for a chat, and its file may not be sent here.',
      message_reference: { message_id: MESSAGE },
      allowed_mentions: { parse: [] },
      flags: 4,
    });
    const failure = { kind: 'gone', reason: 'missing_permission' };
    expect(await send(delivery({ part }), signal)).toEqual({ ok: false, failure });
    expect(calls).toHaveLength(4);
  });

  it.each([
    ['too large', 413, 40005, true],
    ['refused by a filter', 400, 200000, true],
    ['for a channel that is gone', 404, 10003, false],
  ])('a file that is %s is told of where that can be heard', async (_, status, code, again) => {
    const part = { text: 'See the file.', file: { name: 'answer.md', content: 'all of it' } };
    const { send, calls } = setup((_call, index) => (index === 0 ? refused(status, code) : done()));
    expect((await send(delivery({ part }), signal)).ok).toBe(again);
    expect(calls).toHaveLength(again ? 2 : 1);
  });
});

describe('restraint', () => {
  it('uses a dead token no more, for typing neither', async () => {
    const { send, typing, lookUp, calls } = setup(() => refused(401, 0));
    await typing?.({ channel: CHANNEL }, signal);
    for (let round = 0; round < 3; round++) {
      expect(await send(delivery(), signal)).toEqual({ ok: false, failure: { kind: 'unauthorized' } });
      await typing?.({ channel: CHANNEL }, signal);
      await lookUp?.(delivery({ createdAt: 0 }), signal);
    }
    expect(calls).toHaveLength(1);
  });

  it('F057: waits by itself when the headers say that nothing is left, in this channel only', async () => {
    const headers = { 'x-ratelimit-bucket': 'b', 'x-ratelimit-remaining': '1', 'x-ratelimit-reset-after': '4.5' };
    const { send, clock, calls } = setup(() => done(headers));
    expect((await send(delivery(), signal)).ok).toBe(true);
    expect((await send(delivery(), signal)).ok).toBe(true);
    const third = await send(delivery(), signal);
    expect(third).toEqual({ ok: false, failure: { kind: 'rate_limited', afterMs: 4_500, scope: 'conversation' } });
    expect((await send(delivery({ to: { scope: GUILD, channel: THREAD } }), signal)).ok).toBe(true);
    expect(calls).toHaveLength(3);
    await clock.advance(4_500);
    expect((await send(delivery(), signal)).ok).toBe(true);
  });

  it('F057: makes no call before the time is over that the platform named; elsewhere it does', async () => {
    const { send, clock, calls } = setup((_call, index) => (index === 0 ? limited(30) : done()));
    await send(delivery(), signal);
    await clock.advance(29_999);
    expect(await send(delivery(), signal)).toMatchObject({ failure: { kind: 'rate_limited', afterMs: 1 } });
    expect((await send(delivery({ to: { scope: GUILD, channel: THREAD } }), signal)).ok).toBe(true);
    expect(calls).toHaveLength(2);
    await clock.advance(1);
    expect((await send(delivery(), signal)).ok).toBe(true);
  });

  it('F057 F058: leaves the platform alone altogether when that is meant for all', async () => {
    const { send, typing, clock, calls } = setup((_call, index) => (index === 0 ? page(429) : done()));
    await send(delivery(), signal);
    await clock.advance(59_000);
    await typing?.({ channel: THREAD }, signal);
    const other = await send(delivery({ to: { scope: GUILD, channel: THREAD } }), signal);
    expect(other).toEqual({ ok: false, failure: { kind: 'rate_limited', afterMs: 1_000, scope: 'credential' } });
    expect(calls).toHaveLength(1);
  });

  it('makes less than 50 calls a second, over all channels', async () => {
    const { send, calls } = setup(() => done());
    const channel = (index: number) => `${BigInt(CHANNEL) + BigInt(index)}`;
    const sends = Array.from({ length: 60 }, (_, i) =>
      send(delivery({ to: { scope: GUILD, channel: channel(i) } }), signal),
    );
    const held = (await Promise.all(sends)).filter((result) => !result.ok);
    expect(calls.length).toBeLessThan(50);
    expect(held[0]).toMatchObject({ failure: { kind: 'rate_limited', scope: 'credential' } });
  });

  it.each(['../users/@me', '1/2', '', '@me'])('never leads to another path: %j', async (channel) => {
    const { send, typing, calls } = setup(() => done());
    expect(await send(delivery({ to: { scope: GUILD, channel } }), signal)).toMatchObject({
      failure: { kind: 'gone' },
    });
    await typing?.({ channel }, signal);
    expect((await send(delivery({ operation: 'delete', messageId: '../1' }), signal)).ok).toBe(false);
    expect(calls).toHaveLength(0);
  });

  it('shows typing in the thread and bears any failure', async () => {
    const { typing, calls } = setup(() => network('ECONNRESET'));
    await typing?.({ scope: GUILD, channel: CHANNEL, thread: THREAD }, signal);
    expect(calls[0]?.url).toBe(`http://api.test/v10/channels/${THREAD}/typing`);
  });
});

describe('did it arrive?', () => {
  const LATER = 10 * 60_000;
  const nonceOf = async () => {
    const { send, calls } = setup(() => done());
    await send(delivery(), signal);
    return String(calls[0]?.parameters['nonce']);
  };
  const line = (id: number, more: object) => ({
    id: String(1_600_000_000_000_000_000n + BigInt(id)),
    author: { id: SELF },
    ...more,
  });

  it('does not matter while the nonce holds', async () => {
    const { lookUp, clock, calls } = setup(() => done());
    await clock.advance(119_000);
    expect(await lookUp?.(delivery(), signal)).toEqual({ kind: 'not_sent' });
    expect(calls).toHaveLength(0);
  });

  it.each<[string, (nonce: string) => unknown[], string]>([
    ['its nonce is there', (nonce) => [line(1, { nonce: 'x' }), line(2, { nonce })], 'sent'],
    ['another’s with the same nonce', (nonce) => [line(1, { nonce, author: { id: '5' } })], 'not_sent'],
    ['other words of ours', () => [line(1, { nonce: 'x', content: 'hello @everyone' })], 'not_sent'],
    ['the same words without a nonce', () => [line(1, { content: 'hello @everyone' })], 'unknown'],
    ['nothing', () => [], 'not_sent'],
  ])('%s', async (_name, history, kind) => {
    const nonce = await nonceOf();
    const { lookUp, clock, calls } = setup(() => Response.json(history(nonce)));
    await clock.advance(LATER);
    const found = await lookUp?.(delivery(), signal);
    expect(found).toMatchObject({ kind });
    if (kind === 'sent') expect(found).toMatchObject({ messageId: '1600000000000000002' });
    const { pathname, searchParams } = new URL(calls[0]?.url ?? '');
    expect(pathname).toBe(`/v10/channels/${CHANNEL}/messages`);
    expect(searchParams.get('after')).toBe(firstIdAt(START - 60_000));
  });

  it('reads on where a page is full', async () => {
    const nonce = await nonceOf();
    const full = Array.from({ length: 100 }, (_, index) => line(100 - index, { nonce: 'x' }));
    const { lookUp, clock, calls } = setup((_call, index) =>
      Response.json(index === 0 ? full : [line(500, { nonce })]),
    );
    await clock.advance(LATER);
    expect(await lookUp?.(delivery(), signal)).toMatchObject({ kind: 'sent' });
    expect(new URL(calls[1]?.url ?? '').searchParams.get('after')).toBe('1600000000000000100');
  });

  it('asks again after trouble, and admits what it cannot find out', async () => {
    const { lookUp, clock, calls } = setup((_call, index) => (index === 0 ? page(502) : refused(403, 50001)));
    await clock.advance(LATER);
    const found = lookUp?.(delivery(), signal);
    await clock.advance(2_000);
    expect(await found).toEqual({ kind: 'unknown' });
    expect(calls).toHaveLength(2);
  });
});
