import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { GuildHandle } from './controls.ts';
import type { ChannelHandle } from './handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from './simulator.ts';
import { call } from './test-client.ts';

let simulator: DiscordSimulator;
let bot: BotHandle;
let guild: GuildHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  simulator = await startDiscordSimulator({ limits: false });
  bot = simulator.createBot({ username: 'wise' });
  guild = simulator.guild({ bots: [bot] });
  channel = simulator.channel(guild);
});
afterEach(() => simulator.close());

const get = (path: string) => call(simulator, bot, 'GET', path);
const send = (to: { id: string }) =>
  call(simulator, bot, 'POST', `/channels/${to.id}/messages`, { body: { content: 'hi' } });

test('only a known bot with a proper client and version gets in', async () => {
  const nobody = await call(simulator, 'nonsense', 'GET', '/users/@me');
  expect(nobody).toMatchObject({ status: 401, body: { message: '401: Unauthorized', code: 0 } });
  const bearer = await call(simulator, bot, 'GET', '/users/@me', { headers: { authorization: bot.token } });
  expect(bearer.status).toBe(401);
  const browser = await call(simulator, bot, 'GET', '/users/@me', { headers: { 'user-agent': 'Mozilla/5.0' } });
  expect(browser).toMatchObject({ status: 403, body: { code: 40333 } });
  const headers = { authorization: `Bot ${bot.token}`, 'user-agent': 'DiscordBot (x, 1)' };
  for (const version of ['', '/v9']) {
    const other = await fetch(`${simulator.url}${version}/users/@me`, { headers });
    expect(other.status).toBe(404);
  }
  expect(await get('/nothing')).toMatchObject({ status: 404, body: { code: 0 } });
  expect(await call(simulator, bot, 'PUT', '/users/@me')).toMatchObject({ status: 405 });
  expect(simulator.ledger.counts).toMatchObject({
    unauthorized: 2,
    invalid_requests: 3,
    wrong_version: 2,
    unknown_routes: 2,
  });
});

test('bodies are JSON', async () => {
  const path = `/channels/${channel.id}/messages`;
  const form = await call(simulator, bot, 'POST', path, { body: {}, headers: { 'content-type': 'text/plain' } });
  expect(form).toMatchObject({ status: 400, body: { code: 50035 } });
  expect(await call(simulator, bot, 'POST', path, { body: [] })).toMatchObject({ status: 400, body: { code: 50109 } });
});

test('a bot can look at itself, its guild and its channels', async () => {
  const thread = simulator.thread(channel);
  expect((await get('/users/@me')).body).toMatchObject({ id: bot.id, username: 'wise', bot: true });
  expect((await get('/applications/@me')).body).toMatchObject({ id: bot.applicationId, flags: 1 << 19 });
  expect((await get(`/guilds/${guild.id}`)).body).toMatchObject({ id: guild.id, owner_id: guild.owner.id });
  expect((await get(`/guilds/${guild.id}/channels`)).body).toMatchObject([{ id: channel.id, type: 0 }]);
  expect((await get(`/guilds/${guild.id}/roles`)).body).toMatchObject([
    { id: guild.id, name: '@everyone' },
    { permissions: '274878024768', managed: true, tags: { bot_id: bot.id } },
  ]);
  expect((await get(`/guilds/${guild.id}/members/${bot.id}`)).body).toMatchObject({ user: { id: bot.id } });
  expect((await get(`/channels/${thread.id}`)).body).toMatchObject({ type: 11, parent_id: channel.id });
});

test('what is not there, and what is not for it', async () => {
  const other = simulator.guild();
  const elsewhere = simulator.channel(other);
  expect(await get(`/guilds/${other.id}`)).toMatchObject({ status: 404, body: { code: 10004 } });
  expect(await get(`/guilds/${other.id}/channels`)).toMatchObject({ status: 403, body: { code: 50001 } });
  expect(await get(`/guilds/${guild.id}/members/${other.owner.id}`)).toMatchObject({ body: { code: 10007 } });
  expect(await get(`/channels/${elsewhere.id}`)).toMatchObject({ status: 403, body: { code: 50001 } });
  expect(await get('/channels/1')).toMatchObject({ status: 404, body: { code: 10003 } });
  expect(await get('/channels/abc')).toMatchObject({ status: 400, body: { code: 50035 } });
  simulator.kick(bot, guild);
  expect(await get(`/guilds/${guild.id}`)).toMatchObject({ status: 404, body: { code: 10004 } });
  expect(await send(channel)).toMatchObject({ status: 403, body: { code: 50001 } });
});

test('overwrites decide: the member before the roles, the roles before everyone', async () => {
  channel.deny(guild, 'SEND_MESSAGES');
  expect(await send(channel)).toMatchObject({ status: 403, body: { code: 50013 } });
  channel.allow(bot, 'SEND_MESSAGES');
  expect((await send(channel)).status).toBe(200);
  channel.deny(bot, 'VIEW_CHANNEL');
  expect(await send(channel)).toMatchObject({ status: 403, body: { code: 50001 } });
  // An administrator is bound by no overwrite.
  simulator.setRole(guild, bot, 8n);
  expect((await send(channel)).status).toBe(200);
});

test('a time-out silences for its time', async () => {
  simulator.timeOut(bot, guild, 60_000);
  expect(await send(channel)).toMatchObject({ status: 403, body: { code: 50013 } });
  const { body } = await get(`/guilds/${guild.id}/members/${bot.id}`);
  expect(body['communication_disabled_until']).toEqual(expect.any(String));
  simulator.advance(60_000);
  expect((await send(channel)).status).toBe(200);
});

test('in threads another permission counts', async () => {
  const thread = simulator.thread(channel);
  channel.deny(bot, 'SEND_MESSAGES');
  expect((await send(thread)).status).toBe(200);
  channel.deny(bot, 'SEND_MESSAGES_IN_THREADS');
  expect(await send(thread)).toMatchObject({ status: 403, body: { code: 50013 } });
});

test('a private thread is for those who were added', async () => {
  const thread = simulator.thread(channel, { private: true });
  expect(await send(thread)).toMatchObject({ status: 403, body: { code: 50001 } });
  thread.add(bot);
  expect((await send(thread)).status).toBe(200);
});

test('a message opens an archived thread, unless it is locked', async () => {
  const thread = simulator.thread(channel);
  const id = String((await send(thread)).body['id']);
  thread.archive();
  const path = `/channels/${thread.id}/messages/${id}`;
  const edited = await call(simulator, bot, 'PATCH', path, { body: { content: 'x' } });
  expect(edited).toMatchObject({ status: 400, body: { code: 50083 } });
  expect((await send(thread)).status).toBe(200);
  expect(thread.channel.thread?.archived).toBe(false);
  thread.lock();
  expect(await send(thread)).toMatchObject({ status: 403, body: { code: 160005 } });
  thread.archive();
  expect(await send(thread)).toMatchObject({ status: 400, body: { code: 50083 } });
});

test('a forum takes no messages, its posts do', async () => {
  const forum = simulator.channel(guild, { name: 'ask', type: 'forum' });
  expect(await send(forum)).toMatchObject({ status: 400, body: { code: 40058 } });
  const topic = simulator.forumPost(forum, { name: 'Why?', text: 'Why is it so?' });
  expect((await send(topic)).status).toBe(200);
  expect(topic.transcript()).toMatchObject([{ text: 'Why is it so?', message_id: topic.id }, { fromBot: true }]);
});

test('a deleted channel is unknown, a closed dialogue refuses', async () => {
  channel.delete();
  expect(await send(channel)).toMatchObject({ status: 404, body: { code: 10003 } });
  const dialogue = simulator.dm(bot);
  expect((await send(dialogue)).status).toBe(200);
  dialogue.close();
  expect(await send(dialogue)).toMatchObject({ status: 403, body: { code: 50007 } });
});
