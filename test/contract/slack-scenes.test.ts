import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { slack } from '../../src/connectors/slack/connector.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { PlatformPort } from '../../src/core/connector.ts';
import type { Delivery } from '../../src/core/delivery.ts';
import type { Bot } from '../../src/core/integration.ts';
import { silentLog } from '../../src/core/log.ts';
import type { Place } from '../../src/core/message.ts';
import { startSlackSimulator } from '../../src/simulators/slack/simulator.ts';

let pool: Pool;
let simulator: Awaited<ReturnType<typeof startSlackSimulator>>;
let port: PlatformPort;
beforeEach(async () => {
  pool = createPool();
  simulator = await startSlackSimulator();
  port = { apiUrl: simulator.url, fetch: pool.fetch, clock: systemClock, random: Math.random, log: silentLog };
});
afterEach(async () => {
  await simulator.close();
  await pool.close();
});

type BotHandle = ReturnType<typeof simulator.createBot>;
const never = new AbortController().signal;

const verify = (bot: BotHandle, channel_ids: string[], more: object = {}) =>
  slack.verify({ bot_token: bot.token, ...more }, { workspace_id: bot.teamId, channel_ids }, port);

async function openSender(bot: BotHandle, channel: string) {
  const found = await verify(bot, [channel]);
  if (!found.ok) throw new Error(found.message);
  const known: Bot = { id: 'bot_1', platform: 'slack', identity: found.identity, profile: found.profile };
  return slack.sender(known, { bot_token: bot.token }, port);
}

const delivery = (id: Delivery['id'], to: Place): Delivery => ({
  ...{
    id,
    botId: 'bot_1',
    integrationId: 'int_1',
    inboxSeq: 1,
    to,
    part: { text: 'an answer &lt;here&gt;' },
    index: 0,
  },
  ...{ operation: 'create', revision: 0, state: 'sending', attempts: 0, nextAttemptAt: 0, maybeDuplicate: false },
  createdAt: Date.now(),
});

describe('a send without an answer', () => {
  it.each(['thread', 'channel'])('is found by its mark in a %s, and only when it arrived', async (where) => {
    const bot = simulator.createBot();
    const channel = simulator.channel({ members: [bot] });
    const { ts } = channel.say('a question');
    const to = { scope: bot.teamId, channel: channel.id, ...(where === 'thread' && { thread: ts }) };
    const sender = await openSender(bot, channel.id);
    simulator.nextSend('dropped');
    expect(await sender.send(delivery('dlv_1', to), never)).toMatchObject({ failure: { delivered: 'unknown' } });
    const [line] = channel.transcript().filter(({ fromBot }) => fromBot);
    expect(line?.thread_ts).toBe(where === 'thread' ? ts : undefined);
    expect(await sender.lookUp?.(delivery('dlv_1', to), never)).toEqual({ kind: 'sent', messageId: line?.ts });
    expect(await sender.lookUp?.(delivery('dlv_2', to), never)).toEqual({ kind: 'not_sent' });
  });
});

describe('verification', () => {
  it('joins a public channel, and asks for an invitation to a private one', async () => {
    const bot = simulator.createBot({ username: 'aria' });
    const open = simulator.channel({ name: 'open' });
    expect(await verify(bot, [open.id])).toMatchObject({ ok: true, claims: [open.id] });
    expect(open.channel.members.has(bot.id)).toBe(true);
    const closed = simulator.channel({ name: 'closed', kind: 'private' });
    expect(await verify(bot, [closed.id])).toMatchObject({
      reason: 'channel_not_found',
      message: expect.stringContaining('/invite @aria'),
    });
    closed.join(bot);
    expect(await verify(bot, [closed.id])).toMatchObject({ ok: true });
    closed.archive();
    expect(await verify(bot, [closed.id])).toMatchObject({ reason: 'channel_archived' });
  });

  it('tells which scopes are missing', async () => {
    const bot = simulator.createBot({ scopes: ['channels:read', 'groups:read'] });
    const channel = simulator.channel({ members: [bot] });
    expect(await verify(bot, [channel.id])).toMatchObject({ details: { missing_scopes: ['chat:write'] } });
    simulator.setScopes(bot, ['chat:write', 'channels:read']);
    expect(await verify(bot, [channel.id])).toMatchObject({ details: { missing_scopes: ['channels:history'] } });
  });

  it('looks at an app token', async () => {
    const bot = simulator.createBot({ socketMode: true });
    const other = simulator.createBot({ socketMode: true });
    const channel = simulator.channel({ members: [bot] });
    expect(await verify(bot, [channel.id], { app_token: bot.appToken })).toMatchObject({ ok: true, notices: [] });
    expect(await verify(bot, [channel.id], { app_token: other.appToken })).toMatchObject({ reason: 'wrong_app' });
    simulator.setSocketMode(bot.app, false);
    expect(await verify(bot, [channel.id], { app_token: bot.appToken })).toMatchObject({ reason: 'socket_mode_off' });
    simulator.revokeAppToken(bot.appToken);
    expect(await verify(bot, [channel.id], { app_token: bot.appToken })).toMatchObject({ reason: 'invalid_app_token' });
  });

  it('knows a person’s token', async () => {
    const token = simulator.userToken(simulator.createPerson('ada'));
    const found = await slack.verify(
      { bot_token: token },
      { workspace_id: simulator.home.id, channel_ids: ['C0000000'] },
      port,
    );
    expect(found).toMatchObject({ reason: 'not_a_bot' });
  });
});

describe('the hook', () => {
  it('opens what the platform signs for its app, and nothing that it signs for another', () => {
    const [bot, other] = [simulator.createBot(), simulator.createBot()];
    const body = JSON.stringify({ type: 'url_verification', challenge: 'abc' });
    const opened = (signer: BotHandle) => {
      const headers = new Map(
        Object.entries(simulator.signed(signer.app, body)).map(([name, value]) => [name.toLowerCase(), value]),
      );
      const request = { header: (name: string) => headers.get(name), body: new TextEncoder().encode(body) };
      return slack.hook?.open(request, { signing_secret: bot.signingSecret }, Date.now());
    };
    expect(opened(bot)).toMatchObject({ kind: 'reply', body: 'abc' });
    expect(opened(other)).toMatchObject({ kind: 'refused' });
  });
});
