import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './apps.ts';
import type { ChannelHandle } from './handles.ts';
import { isListed } from './refusal.ts';
import { type SlackSimulator, startSlackSimulator } from './simulator.ts';
import { call, type Reply } from './test-client.ts';

let simulator: SlackSimulator;
let bot: BotHandle;
let channel: ChannelHandle;
const now = 1_770_000_000_000;

beforeEach(async () => {
  simulator = await startSlackSimulator({ now: () => now });
  bot = simulator.createBot({ username: 'wise' });
  channel = simulator.channel({ name: 'general', members: [bot] });
});
afterEach(() => simulator.close());

const send = (args: Record<string, unknown>): Promise<Reply> =>
  call(simulator, bot.token, 'chat.postMessage', { channel: channel.id, ...args }, { json: true });
const ask = (method: string, args: Record<string, unknown> = {}): Promise<Reply> =>
  call(simulator, bot.token, method, args);

test('says who the bot is, with scopes and its own time in the headers', async () => {
  const { body, headers } = await ask('auth.test');
  expect(body).toMatchObject({ ok: true, team_id: bot.teamId, user_id: bot.id, bot_id: bot.botId });
  expect(body.app_id).toBeUndefined();
  expect((await ask('bots.info', { bot: bot.botId })).body.bot).toMatchObject({ app_id: bot.appId, user_id: bot.id });
  expect(headers.get('x-oauth-scopes')).toContain('chat:write');
  expect(headers.get('date')).toBe(new Date(now).toUTCString());
  simulator.set({ authTestNamesApp: true });
  expect((await ask('auth.test')).body.app_id).toBe(bot.appId);
});

test('a post becomes visible, with metadata and in its thread', async () => {
  const { ts } = channel.say('hello');
  const metadata = { event_type: 'x', event_payload: { key: 'k' } };
  const { body } = await send({ text: 'hi', thread_ts: ts, metadata, unfurl_links: false, unfurl_media: false });
  expect(body).toMatchObject({ ok: true, channel: channel.id, message: { text: 'hi', thread_ts: ts } });
  expect(channel.answers()).toEqual(['hi']);
  expect(simulator.ledger.messages).toMatchObject([{ ts: body.ts, thread_ts: ts, metadata, visible: true }]);
  expect(simulator.ledger.counts).toMatchObject({ pings: 0, previews: 0, unknown_arguments: 0, without_metadata: 0 });
});

test.each([
  ['not_authed', undefined, 'auth.test', {}],
  ['invalid_auth', 'xoxb-nobody', 'auth.test', {}],
  ['unknown_method', 'bot', 'chat.shout', {}],
  ['not_allowed_token_type', 'app', 'auth.test', {}],
  ['not_allowed_token_type', 'bot', 'apps.connections.open', {}],
  ['not_allowed_token_type', 'user', 'auth.test', {}],
  ['channel_not_found', 'bot', 'conversations.info', { channel: 'C0NOBODY' }],
  ['invalid_arguments', 'bot', 'conversations.info', {}],
  ['invalid_arguments', 'bot', 'conversations.history', { channel: 'C1', limit: 'many' }],
  ['forbidden_team', 'app', 'apps.connections.open', {}],
  ['user_not_found', 'bot', 'users.info', { user: 'U0NOBODY' }],
  ['invalid_types', 'bot', 'conversations.list', { types: 'secret' }],
  ['no_text', 'bot', 'chat.postMessage', { text: ' ' }],
  ['cannot_reply_to_message', 'bot', 'chat.postMessage', { text: 'x', thread_ts: '1.000001' }],
  ['invalid_metadata_format', 'bot', 'chat.postMessage', { text: 'x', metadata: { key: 1 } }],
  ['thread_not_found', 'bot', 'conversations.replies', { ts: '1.000001' }],
  ['invalid_cursor', 'bot', 'conversations.history', { cursor: 'bmV4dDox' }],
  ['invalid_ts_oldest', 'bot', 'conversations.history', { oldest: 'yesterday' }],
])('%s: 200 with ok false (%s token, %s)', async (error, kind, method, args) => {
  const tokens: Record<string, string> = {
    bot: bot.token,
    app: bot.appToken,
    user: simulator.userToken(channel.speaker),
  };
  const here = /^(chat|conversations\.[hr])/.test(method) ? { channel: channel.id } : {};
  const token = kind === undefined ? undefined : (tokens[kind] ?? kind);
  const { status, body } = await call(simulator, token, method, { ...here, ...args });
  expect({ status, ok: body.ok, error: body.error }).toEqual({ status: 200, ok: false, error });
  expect(simulator.ledger.counts.messages).toBe(0);
});

test('a channel that the bot is not in', async () => {
  const open = simulator.channel({ name: 'open' });
  const secret = simulator.channel({ name: 'secret', kind: 'private' });
  const elsewhere = simulator.channel({ workspace: simulator.createWorkspace({ name: 'Other' }) });
  const errors = async (id: string) => [
    (await ask('conversations.history', { channel: id })).body.error,
    (await ask('conversations.replies', { channel: id, ts: '1.000000' })).body.error,
    (await send({ channel: id, text: 'x' })).body.error,
  ];
  expect(await errors(open.id)).toEqual(['not_in_channel', 'channel_not_found', 'not_in_channel']);
  expect(await errors(secret.id)).toEqual(Array(3).fill('channel_not_found'));
  expect(await errors(elsewhere.id)).toEqual(Array(3).fill('channel_not_found'));
  expect((await ask('conversations.info', { channel: open.id })).body.channel.is_member).toBe(false);
  expect((await ask('conversations.join', { channel: open.id })).body.channel.is_member).toBe(true);
  expect((await send({ channel: open.id, text: 'x' })).body.ok).toBe(true);
  open.archive();
  expect((await send({ channel: open.id, text: 'x' })).body.error).toBe('is_archived');
});

test('a missing scope is named', async () => {
  simulator.setScopes(bot, ['chat:write', 'groups:history']);
  const whole = await ask('users.info', { user: bot.id });
  expect(whole.body).toMatchObject({
    error: 'missing_scope',
    needed: 'users:read',
    provided: 'chat:write,groups:history',
  });
  const kind = await ask('conversations.history', { channel: channel.id });
  expect(kind.body).toMatchObject({ error: 'missing_scope', needed: 'channels:history' });
});

test('counts what the platform lets pass, and what it cannot read', async () => {
  await send({ text: 'see https://example.com' });
  await send({ text: 'x', unfurl: false });
  await send({ text: '<!channel> <@U0A>', unfurl_links: false, unfurl_media: false });
  await send({ text: 'x', thread_ts: 5 });
  await send({ text: 'a'.repeat(40_001) });
  await call(simulator, bot.token, 'conversations.history', { channel: channel.id }, { json: true });
  expect(simulator.ledger.counts).toMatchObject({
    previews: 1,
    unknown_arguments: 1,
    pings: 1,
    type_mismatches: 1,
    truncated_texts: 1,
    json_reads: 1,
    missing_arguments: 1,
    messages: 4,
  });
});

test('an edit: own messages only, 4,000 at most', async () => {
  const { ts } = (await send({ text: 'hi' })).body;
  const person = channel.say('mine');
  const update = (which: string, text: string) => ask('chat.update', { channel: channel.id, ts: which, text });
  expect((await update(ts, 'hi!')).body.text).toBe('hi!');
  expect((await update(ts, 'a'.repeat(4001))).body.error).toBe('msg_too_long');
  expect((await update(person.ts, 'yours')).body.error).toBe('cant_update_message');
  expect((await ask('chat.delete', { channel: channel.id, ts: person.ts })).body.error).toBe('cant_delete_message');
  expect((await ask('chat.delete', { channel: channel.id, ts })).body.ok).toBe(true);
  expect(simulator.ledger.messages).toMatchObject([{ text: 'hi!', edits: 1, visible: false }]);
});

test('a reply counts as misuse where a parent belongs', async () => {
  const { ts } = channel.say('root');
  const reply = channel.say('more', { thread: ts });
  await send({ text: 'hi', thread_ts: reply.ts });
  expect(simulator.ledger.messages).toMatchObject([{ thread_ts: ts }]);
  expect(simulator.ledger.counts.reply_ts_as_parent).toBe(1);
});

test('five posts at once, then one a second and channel; waiting is counted when it is not done', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 7; i++) statuses.push((await send({ text: String(i) })).status);
  expect(statuses).toEqual([200, 200, 200, 200, 200, 429, 429]);
  expect(simulator.ledger.counts).toMatchObject({ messages: 5, rate_limited: 2, sent_while_limited: 1 });
  const other = simulator.channel({ members: [bot] });
  expect((await send({ channel: other.id, text: 'x' })).status).toBe(200);
  simulator.advance(1000);
  const after = await send({ text: 'x' });
  expect(after.status).toBe(200);
  expect((await send({ text: 'x' })).headers.get('retry-after')).toBe('1');
});

test('tiers: per method, workspace and app', async () => {
  const read = () => ask('conversations.history', { channel: channel.id });
  for (let i = 0; i < 50; i++) expect((await read()).status).toBe(200);
  const limited = await read();
  expect(limited.status).toBe(429);
  expect(limited.body).toEqual({ ok: false, error: 'ratelimited' });
  expect(limited.headers.get('retry-after')).toBe('60');
  expect((await ask('conversations.info', { channel: channel.id })).status).toBe(200);
  simulator.advance(60_000);
  expect((await read()).status).toBe(200);
  simulator.setLimits(false);
  for (let i = 0; i < 60; i++) expect((await read()).status).toBe(200);
});

test('a dead token answers with its own error, a new one serves the same bot', async () => {
  const old = bot.token;
  simulator.revokeToken(bot, 'account_inactive');
  expect((await ask('auth.test')).body.error).toBe('account_inactive');
  expect(simulator.newToken(bot)).toBe(bot.token);
  expect((await ask('auth.test')).body.user_id).toBe(bot.id);
  expect((await call(simulator, old, 'auth.test')).body.error).toBe('account_inactive');
});

test('faults: an error, an outage, a wait, a lost answer', async () => {
  simulator.nextSend('error');
  expect((await send({ text: '1' })).body).toEqual({ ok: false, error: 'internal_error' });
  simulator.nextSend('limited', 7);
  expect((await send({ text: '2' })).headers.get('retry-after')).toBe('7');
  simulator.advance(7000);
  simulator.fail({ method: 'chat.postMessage', fault: { kind: 'html', status: 503 } });
  expect((await send({ text: '3' })).status).toBe(503);
  expect(channel.answers()).toEqual([]);
  simulator.nextSend('dropped');
  await expect(send({ text: '4' })).rejects.toThrow();
  simulator.fail({ fault: { kind: 'fatal_after' } });
  expect((await send({ text: '5' })).body.error).toBe('fatal_error');
  expect(channel.answers()).toEqual(['4', '5']);
  await simulator.waitFor(() => simulator.ledger.counts.ambiguous === 1);
  await simulator.down();
  await expect(ask('auth.test')).rejects.toThrow();
  await simulator.up();
  expect((await ask('auth.test')).body.ok).toBe(true);
});

test('an error that a method does not list is counted, not forbidden', async () => {
  expect(isListed('conversations.replies', 'not_in_channel')).toBe(false);
  expect(isListed('conversations.replies', 'missing_scope')).toBe(true);
  simulator.fail({ fault: { kind: 'error', error: 'something_new' } });
  expect((await ask('auth.test')).body.error).toBe('something_new');
  expect(simulator.ledger.counts.unlisted_errors).toBe(1);
});

test('lists what the bot is in, page by page; direct messages are opened once', async () => {
  const more = [1, 2, 3].map((i) => simulator.channel({ name: `c${i}`, members: [bot] }).id);
  const first = (await ask('users.conversations', { limit: 3 })).body;
  expect(first.response_metadata.next_cursor).toMatch(/=$/);
  const second = (await ask('users.conversations', { limit: 3, cursor: first.response_metadata.next_cursor })).body;
  const ids = [...first.channels, ...second.channels].map((it: { id: string }) => it.id);
  expect(ids).toEqual([channel.id, ...more]);
  expect(second.response_metadata.next_cursor).toBe('');
  const open = () => ask('conversations.open', { users: channel.speaker.id });
  const { id } = (await open()).body.channel;
  expect((await open()).body.channel.id).toBe(id);
  expect(simulator.dm(bot, channel.speaker).id).toBe(id);
});
