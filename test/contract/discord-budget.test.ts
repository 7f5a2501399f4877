import { afterEach, beforeEach, expect, it } from 'vitest';
import { discord } from '../../src/connectors/discord/connector.ts';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Sender } from '../../src/core/connector.ts';
import type { SendResult } from '../../src/core/delivery.ts';
import type { Bot } from '../../src/core/integration.ts';
import { silentLog } from '../../src/core/log.ts';
import { type DiscordSimulator, startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { one } from './connector-world.ts';

let sim: DiscordSimulator;
let pool: Pool;
beforeEach(async () => {
  const limits = { routes: { 'POST messages': { limit: 1_000, per: 1_000 } } };
  sim = await startDiscordSimulator({ limits });
  pool = createPool();
});
afterEach(async () => {
  await pool.close();
  await sim.close();
});

/** A bot that may write in its channel, or may not, and goes on trying. */
function talker(allowed: boolean): () => Promise<SendResult> {
  const bot = sim.createBot({ username: 'talker' });
  const guild = sim.guild({ bots: [bot] });
  const channel = sim.channel(guild);
  if (!allowed) channel.deny(bot, 'SEND_MESSAGES');
  const port = { apiUrl: sim.url, fetch: pool.fetch, clock: systemClock, random: Math.random, log: silentLog };
  const own: Bot = { id: 'bot_1', platform: 'discord', identity: bot.id, profile: {} };
  const sender: Sender = discord.sender(own, { bot_token: bot.token }, port);
  return () => one(sender, { to: { scope: guild.id, channel: channel.id }, text: 'hello' });
}

it('F058: bots that are refused again and again wait long before the platform locks everybody out', async () => {
  const unwelcome = Array.from({ length: 80 }, () => talker(false));
  const results: SendResult[] = [];
  for (let round = 0; round < 40; round++) {
    results.push(...(await Promise.all(unwelcome.map((send) => send()))));
  }
  const { counts } = sim.ledger;
  expect(results).toHaveLength(3_200);
  expect(counts.invalid_requests).toBeGreaterThanOrEqual(2_000);
  expect(counts.invalid_requests).toBeLessThanOrEqual(2_000 + unwelcome.length);
  expect(counts.banned).toBe(0);
  expect(results.at(-1)).toMatchObject({ ok: false, failure: { kind: 'rate_limited', scope: 'credential' } });
  const welcome = talker(true);
  expect(await welcome()).toMatchObject({ ok: true });
});
