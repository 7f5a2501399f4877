import pg from 'pg';
import { it } from 'vitest';
import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { discordDriver, discordWorld } from '../support/discord-driver.ts';
import { openScene } from '../support/fault-scene.ts';
import { makeStore } from '../support/stores.ts';
import { telegramDriver } from '../support/telegram-driver.ts';

const CALLS = 200;
const ROUNDS = 4;

it('F020: a table is locked and two hundred API calls wait for it: people are answered, and links live on', {
  timeout: 90_000,
}, async (context) => {
  const { expect, onTestFinished: afterwards } = context;
  const store = await makeStore('postgresql');
  afterwards(() => store.drop());
  const scene = await openScene(context, {
    drivers: [discordDriver, telegramDriver],
    store,
    // A heartbeat that is two of these late costs the link.
    start: async (driver) =>
      driver === discordDriver
        ? discordWorld(await startDiscordSimulator({ gateway: { heartbeatInterval: 1_000 } }))
        : driver.start(),
  });
  const other = new pg.Client({ connectionString: store.env['DATABASE_URL'] });
  await other.connect();
  afterwards(() => other.end());
  const before = scene.logged('link_changed').length;
  await other.query('begin');
  await other.query('lock table replrs in access exclusive mode');
  const answered: number[] = [];
  const calls = Array.from({ length: CALLS }, async () => {
    const { status } = await scene.client.get('/v1/replrs');
    answered.push(status);
  });
  for (let round = 1; round <= ROUNDS; round++) {
    for (const one of scene.people) await one.say(`while it is locked ${round}`);
    for (const { chat, said } of scene.people) await chat.answered(said.length);
  }
  expect(answered).toEqual([]);
  await other.query('rollback');
  await Promise.all(calls);
  expect(new Set(answered)).toEqual(new Set([200]));
  await scene.answeredOnce();
  const since = scene.logged('link_changed').slice(before);
  expect(since.filter(({ state }) => state !== 'connected')).toEqual([]);
  expect(scene.logged('heartbeat_failed')).toEqual([]);
});
