import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { ChannelHandle } from './handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from './simulator.ts';
import { call, closeGateways, login, resumed } from './test-client.ts';

let simulator: DiscordSimulator;
let bot: BotHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  let now = 1_800_000_000_000;
  // Time stands still but for `advance`: windows of limits end when the test says so.
  simulator = await startDiscordSimulator({ now: () => now++ });
  bot = simulator.createBot({ username: 'wise' });
  channel = simulator.channel(simulator.guild({ bots: [bot] }));
});
afterEach(async () => {
  closeGateways();
  await simulator.close();
});

const send = (body: Record<string, unknown> = {}, to = channel, signal?: AbortSignal) =>
  call(simulator, bot, 'POST', `/channels/${to.id}/messages`, {
    body: { content: 'hi', ...body },
    ...(signal ? { signal } : {}),
  });

test('a bucket of five in five seconds per channel', async () => {
  const other = simulator.channel({ id: channel.channel.guild?.id ?? '' });
  const first = await send();
  expect(Object.fromEntries(first.headers)).toMatchObject({
    'x-ratelimit-limit': '5',
    'x-ratelimit-remaining': '4',
    'x-ratelimit-bucket': expect.stringMatching(/^[0-9a-f]{32}$/),
  });
  for (let count = 0; count < 4; count++) await send();
  const refused = await send();
  expect(refused).toMatchObject({ status: 429, body: { message: 'You are being rate limited.', global: false } });
  expect(refused.body['retry_after']).toBeGreaterThan(4);
  expect(Object.fromEntries(refused.headers)).toMatchObject({ 'retry-after': '5', 'x-ratelimit-scope': 'user' });
  expect((await send({}, other)).status).toBe(200);
  expect(simulator.ledger.counts).toMatchObject({ rate_limited: 1, invalid_requests: 1, called_while_limited: 0 });
  await send();
  expect(simulator.ledger.counts.called_while_limited).toBe(1);
  simulator.advance(5000);
  expect((await send()).status).toBe(200);
});

test('limits may be set and switched off', async () => {
  simulator.setLimits({ global: 2 });
  await send();
  await send();
  const refused = await send();
  expect(refused).toMatchObject({ status: 429, body: { global: true } });
  expect(refused.headers.get('x-ratelimit-global')).toBe('true');
  simulator.setLimits(false);
  for (let count = 0; count < 10; count++) expect((await send()).status).toBe(200);
});

test('too many invalid requests ban the address', async () => {
  simulator.setLimits({ invalid: 2 });
  for (let count = 0; count < 2; count++) await call(simulator, 'nonsense', 'GET', '/users/@me');
  const banned = await call(simulator, bot, 'GET', '/users/@me');
  expect(banned.status).toBe(429);
  expect(banned.headers.get('content-type')).toContain('text/html');
  expect(banned.headers.get('retry-after')).toBeNull();
  expect(simulator.ledger.counts.banned).toBe(1);
  simulator.advance(600_000);
  expect((await call(simulator, bot, 'GET', '/users/@me')).status).toBe(200);
});

test('a limit of shared scope is not the sender’s fault', async () => {
  simulator.fail({ fault: { kind: 'rate_limit', scope: 'shared', retryAfter: 1.5 } });
  const refused = await send();
  expect(refused).toMatchObject({ status: 429, body: { retry_after: 1.5, global: false } });
  expect(refused.headers.get('x-ratelimit-scope')).toBe('shared');
  expect(simulator.ledger.counts.invalid_requests).toBe(0);
  expect((await send()).status).toBe(200);
});

test('the next calls of a kind fail as told, the others do not', async () => {
  simulator.fail({
    method: 'POST',
    path: '/messages',
    times: 2,
    channelId: channel.id,
    fault: { kind: 'error', status: 403, code: 50013 },
  });
  simulator.fail({ path: '/gateway/bot', fault: { kind: 'html', status: 520 } });
  expect((await call(simulator, bot, 'GET', `/channels/${channel.id}`)).status).toBe(200);
  expect(await send()).toMatchObject({ status: 403, body: { code: 50013 } });
  expect(await send()).toMatchObject({ status: 403 });
  expect(await send()).toMatchObject({ status: 200 });
  const page = await call(simulator, bot, 'GET', '/gateway/bot');
  expect(page).toMatchObject({ status: 520, body: { text: expect.stringContaining('<html>') } });
});

test('a lost answer: the message stands, the sender does not know, the nonce tells', async () => {
  simulator.fail({ method: 'POST', fault: { kind: 'drop' } });
  const body = { nonce: 'n', enforce_nonce: true };
  await expect(send(body)).rejects.toThrow();
  await simulator.waitFor((ledger) => ledger.counts.ambiguous === 1);
  expect(simulator.ledger.messages).toMatchObject([{ ambiguous: true }]);
  expect(simulator.ledger.calls.at(-1)).toMatchObject({ outcome: 'dropped', status: 0 });
  expect((await send(body)).status).toBe(200);
  expect(channel.answers()).toEqual(['hi']);
});

test('a refused call leaves nothing, a hanging one nothing or something', async () => {
  simulator.fail({ fault: { kind: 'refuse' } });
  await expect(send()).rejects.toThrow();
  expect(channel.answers()).toEqual([]);
  for (const [at, kind] of (['hang', 'hang_after'] as const).entries()) {
    simulator.fail({ fault: { kind } });
    const patience = new AbortController();
    const sent = send({ content: kind }, channel, patience.signal);
    sent.catch(() => {});
    await simulator.waitFor((ledger) => ledger.calls[at + 1]?.outcome === 'hung');
    patience.abort();
    await expect(sent).rejects.toThrow();
  }
  expect(channel.answers()).toEqual(['hang_after']);
});

test('latency lies between the deed and its answer', async () => {
  simulator.setLatency(60_000, '/messages');
  const sent = send();
  await channel.answered(1);
  await simulator.waitFor((ledger) => ledger.messages.length === 1);
  simulator.advance(60_000);
  expect((await sent).status).toBe(200);
});

test.each(['reset', 'refuse'] as const)('down (%s) and up again, the session survives', async (mode) => {
  const { gateway, ready } = await login(simulator, bot);
  await simulator.down(mode);
  expect(await gateway.closed).toBe(1006);
  await expect(send()).rejects.toThrow();
  channel.say('meanwhile');
  await simulator.up();
  const again = await resumed(simulator, bot, ready, 2);
  expect((await again.event('MESSAGE_CREATE')).d.content).toBe('meanwhile');
  expect((await send()).status).toBe(200);
});
