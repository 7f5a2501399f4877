import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { GuildHandle } from './controls.ts';
import type { ChannelHandle } from './handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from './simulator.ts';
import {
  call,
  closeGateways,
  connect,
  Gateway,
  gatewayUrl,
  identity,
  login,
  resumed,
  usualIntents,
} from './test-client.ts';

let simulator: DiscordSimulator;
let bot: BotHandle;
let guild: GuildHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  simulator = await startDiscordSimulator();
  bot = simulator.createBot({ username: 'wise' });
  guild = simulator.guild({ bots: [bot] });
  channel = simulator.channel(guild);
});
afterEach(async () => {
  closeGateways();
  await simulator.close();
});

test('hello, identify, ready, guilds, messages', async () => {
  const thread = simulator.thread(channel, { name: 'Tea' });
  const gateway = new Gateway(gatewayUrl(simulator));
  expect((await gateway.op(10)).d).toEqual({ heartbeat_interval: 41_250 });
  gateway.send(2, identity(bot));
  const ready = await gateway.event('READY');
  expect(ready.d).toMatchObject({
    v: 10,
    user: { id: bot.id, bot: true },
    application: { id: bot.applicationId, flags: 1 << 19 },
    guilds: [{ id: guild.id, unavailable: true }],
    resume_gateway_url: `${simulator.url.replace('http', 'ws')}/resume`,
  });
  const created = await gateway.event('GUILD_CREATE');
  expect(created.d).toMatchObject({ id: guild.id, channels: [{ id: channel.id }], threads: [{ id: thread.id }] });
  const said = channel.say('hello', { mention: bot });
  const event = await gateway.event('MESSAGE_CREATE');
  expect(event.d).toMatchObject({
    id: said.id,
    guild_id: guild.id,
    content: `<@${bot.id}> hello`,
    mentions: [{ id: bot.id, member: { roles: [expect.any(String)] } }],
    author: { username: 'grace' },
    member: { roles: [] },
  });
  expect(said.sessions.get(ready.d.session_id)).toBe(event.s);
  const { body } = await call(simulator, bot, 'POST', `/channels/${channel.id}/messages`, {
    body: { content: 'hi', nonce: 'abc' },
  });
  expect((await gateway.event('MESSAGE_CREATE')).d).toMatchObject({ id: body['id'], nonce: 'abc' });
  const told = simulator.ledger.events.find((it) => it.message_id === said.id);
  expect(told?.sessions).toEqual([{ bot_id: bot.id, session_id: ready.d.session_id, seq: event.s, sent: 1 }]);
});

test('two sessions of one bot both get everything', async () => {
  const first = await login(simulator, bot);
  simulator.advance(5000);
  const second = await login(simulator, bot);
  expect(channel.say('hello').sessions.size).toBe(2);
  await first.gateway.event('MESSAGE_CREATE');
  await second.gateway.event('MESSAGE_CREATE');
});

test('compressed payloads, also in pieces', async () => {
  simulator.setGateway({ splitCompressed: true });
  const { gateway } = await login(simulator, bot, usualIntents, '?v=10&encoding=json&compress=zlib-stream');
  channel.say('hello');
  channel.say('world');
  expect((await gateway.event('MESSAGE_CREATE')).d.content).toBe('hello');
  expect((await gateway.event('MESSAGE_CREATE')).d.content).toBe('world');
  simulator.closeGateway(4000, bot);
  expect(await gateway.closed).toBe(4000);
});

test.each([
  ['a wrong token', () => identity('nonsense'), 4004],
  ['unknown intents', () => identity(bot, 1 << 30), 4013],
  ['intents that are no number', () => identity(bot, '5'), 4013],
  ['an intent that is off', () => identity(bot, 1 << 8), 4014],
  ['a shard beyond', () => ({ ...identity(bot), shard: [1, 1] }), 4010],
  ['no properties', () => ({ token: bot.token, intents: 1 }), 4002],
])('identify with %s is closed', async (_, data, code) => {
  const gateway = await connect(simulator);
  gateway.send(2, data());
  expect(await gateway.closed).toBe(code);
  expect(simulator.ledger.closes).toMatchObject([{ by: 'server', code }]);
});

test('message content has to be switched on in the portal', async () => {
  simulator.setIntent(bot, 'messageContent', false);
  const gateway = await connect(simulator);
  gateway.send(2, identity(bot));
  expect(await gateway.closed).toBe(4014);
  expect((await call(simulator, bot, 'GET', '/applications/@me')).body['flags']).toBe(0);
});

test('protocol errors each have their code', async () => {
  const wrong = new Gateway(gatewayUrl(simulator), '?v=9&encoding=json');
  expect(await wrong.closed).toBe(4012);
  const early = await connect(simulator);
  early.send(3, {});
  expect(await early.closed).toBe(4003);
  const unknown = await connect(simulator);
  unknown.send(99, {});
  expect(await unknown.closed).toBe(4001);
  const broken = await connect(simulator);
  broken.socket.send('{');
  expect(await broken.closed).toBe(4002);
  const large = await connect(simulator);
  large.send(1, 'x'.repeat(4097));
  expect(await large.closed).toBe(4002);
  const { gateway } = await login(simulator, bot);
  gateway.send(2, identity(bot));
  expect(await gateway.closed).toBe(4005);
  const hasty = await connect(simulator);
  for (let count = 0; count < 121; count++) hasty.send(1, null);
  expect(await hasty.closed).toBe(4008);
  expect(simulator.ledger.counts.protocol_errors).toBe(7);
});

test('identifies are limited in pace and number', async () => {
  await login(simulator, bot);
  const hasty = await connect(simulator);
  hasty.send(2, identity(bot));
  expect((await hasty.op(9)).d).toBe(false);
  expect((await call(simulator, bot, 'GET', '/gateway/bot')).body).toMatchObject({
    session_start_limit: { total: 1000, remaining: 998, max_concurrency: 1 },
  });
  simulator.setStartLimit(bot, { remaining: 0, resetAfter: 7_200_000 });
  simulator.advance(5000);
  const { body } = await call(simulator, bot, 'GET', '/gateway/bot');
  expect(body).toMatchObject({ session_start_limit: { remaining: 0 } });
  const token = bot.token;
  const beyond = await connect(simulator);
  beyond.send(2, identity(bot));
  expect(await beyond.closed).toBe(4004);
  expect(bot.token).not.toBe(token);
  expect(simulator.ledger.counts).toMatchObject({ hasty_identifies: 1, excessive_identifies: 1 });
  simulator.advance(7_200_000);
  expect((await call(simulator, bot, 'GET', '/gateway/bot')).body).toMatchObject({
    session_start_limit: { remaining: 1000 },
  });
});

test('op 1, op 7, op 9 and any code on demand', async () => {
  const { gateway } = await login(simulator, bot);
  simulator.op1(bot);
  await gateway.op(1);
  simulator.op7(bot);
  await gateway.op(7);
  simulator.invalidateSessions(bot, true);
  expect((await gateway.op(9)).d).toBe(true);
  simulator.invalidateSessions(bot);
  expect((await gateway.op(9)).d).toBe(false);
  simulator.garbage(bot);
  expect((await gateway.op(-1)).d).toMatch(/^\{/);
  simulator.closeGateway(4008, bot);
  expect(await gateway.closed).toBe(4008);
});

test('a zombie neither speaks nor hears, and what happens meanwhile is for the resume', async () => {
  const { gateway, ready } = await login(simulator, bot);
  simulator.zombie(bot);
  channel.say('anybody?');
  gateway.send(1, null);
  expect(simulator.ledger.events.at(-1)?.sessions).toMatchObject([{ sent: 0 }]);
  const again = await resumed(simulator, bot, ready, 2);
  expect((await again.event('MESSAGE_CREATE')).d.content).toBe('anybody?');
  expect(gateway.frames.filter((frame) => frame.op === 11)).toEqual([]);
});

test('a client without a heartbeat is closed after two intervals', async () => {
  const { gateway } = await login(simulator, bot);
  simulator.advance(41_250);
  await gateway.settled();
  simulator.advance(41_250);
  await gateway.settled();
  simulator.advance(600_000);
  await gateway.settled();
  simulator.advance(82_500, { clientsAsleep: true });
  expect(await gateway.closed).toBe(4009);
  expect(simulator.ledger.counts.missed_heartbeats).toBe(1);
});

test('a silent server says no hello; a refused gateway takes nobody', async () => {
  simulator.silentHello();
  const gateway = new Gateway(gatewayUrl(simulator));
  await new Promise((resolve) => gateway.socket.on('open', resolve));
  gateway.send(1, null);
  await gateway.op(11);
  expect(gateway.frames).toEqual([]);
  simulator.setGateway({ refused: true });
  expect(await new Gateway(gatewayUrl(simulator)).closed).toBe(1006);
});

test('a new token ends the old one everywhere', async () => {
  const { gateway } = await login(simulator, bot);
  const old = bot.token;
  simulator.resetToken(bot);
  expect(await gateway.closed).toBe(4004);
  expect(await call(simulator, old, 'GET', '/users/@me')).toMatchObject({ status: 401 });
  expect(await call(simulator, bot, 'GET', '/users/@me')).toMatchObject({ status: 200, body: { id: bot.id } });
});
