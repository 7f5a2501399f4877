import { describe, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { createClient, makeReplr } from '../support/client.ts';
import type { ChatDriver } from '../support/driver.ts';
import { drivers, platformDrivers } from '../support/drivers.ts';
import { API_KEY, serverEnv } from '../support/server-env.ts';
import { type ServerProcess, startServer } from '../support/server-process.ts';
import { makeStore, someStoreKinds, storeKinds } from '../support/stores.ts';

const MESSAGES = 200;
/** So many questions are open at a time, so that a kill meets a few of them and not all. */
const WINDOW = 8;
/** The server is killed when this many of the 200 answers are visible, and again. */
const KILLS = [30, 110];

/** Every way in on SQLite; on PostgreSQL one per platform, and the others in the long run: the store does not know the way. */
const storesOf = (driver: (typeof drivers)[number]) => (platformDrivers.includes(driver) ? storeKinds : someStoreKinds);

// Side by side: most of the time is spent waiting for leases to run out and for the platforms' own pace.
describe.concurrent.each(drivers)('$name', (driver) => {
  describe.each(storesOf(driver))('on %s', (kind) => {
    it('F001: kill -9 in the middle of 200 messages loses nothing, doubles nothing but sends in flight, keeps the order', async ({
      expect,
      onTestFinished: afterwards,
    }) => {
      const world = await driver.start();
      afterwards(() => world.close());
      // Slow enough that the kill finds messages at every stage.
      await world.latency(5);
      const store = await makeStore(kind);
      afterwards(() => store.drop());
      const env = await serverEnv(driver, world, store);
      let server: ServerProcess = await startServer(env);
      afterwards(async () => void (await server.kill('SIGKILL')));

      const people = driver.chats ?? 40;
      const each = MESSAGES / people;
      const bot = await world.bot();
      const chats: ChatDriver[] = [];
      for (let index = 0; index < people; index++) chats.push(await bot.direct(`Person ${index}`));
      const client = createClient(server.url, API_KEY);
      const replr_id = await makeReplr(client);
      const created = await client.post(`/v1/integrations/${driver.platform}`, { ...(await bot.connect()), replr_id });
      expect(created.status).toBe(201);
      await bot.connected?.(created.body);

      const text = (chat: number, message: number) => `chat ${chat} message ${String(message).padStart(2, '0')}`;
      const window = driver.name.endsWith('polling') ? MESSAGES : WINDOW;
      const posting = (async () => {
        const open: (() => Promise<unknown>)[] = [];
        for (let message = 0; message < each; message++) {
          for (const [index, chat] of chats.entries()) {
            await chat.say(text(index, message));
            open.push(() => chat.answered(message + 1));
            if (open.length >= window) await open.shift()?.();
          }
        }
      })();
      const visible = async () => (await Promise.all(chats.map((chat) => chat.answers()))).flat().length;
      let inFlight = 0;
      for (const count of KILLS) {
        await expect.poll(visible, { interval: 5, timeout: 90_000 }).toBeGreaterThanOrEqual(count);
        expect(await visible()).toBeLessThan(MESSAGES);
        const killed = server.kill('SIGKILL');
        inFlight += await world.unsettled();
        expect(await killed).toBeNull();
        server = await startServer(env);
      }
      await posting;

      let doubled = 0;
      for (const [index, chat] of chats.entries()) {
        const last = ECHO_PREFIX + text(index, each - 1);
        await expect.poll(async () => (await chat.answers()).includes(last), { timeout: 90_000 }).toBe(true);
        const answers = await chat.answers();
        const once = [...new Set(answers)];
        expect(once).toEqual(Array.from({ length: each }, (_, message) => ECHO_PREFIX + text(index, message)));
        // A double stands right behind its first: order is kept, and one conversation has one send in flight per kill.
        expect(answers).toEqual([...answers].sort());
        expect(answers.length - once.length).toBeLessThanOrEqual(KILLS.length);
        doubled += answers.length - once.length;
      }
      expect(doubled).toBeLessThanOrEqual(driver.removesRepeats ? 0 : inFlight);
      const after = createClient(server.url, API_KEY);
      await expect
        .poll(async () => (await after.get(`/v1/integrations/${created.body.id}`)).body)
        .toMatchObject({ message_count: 2 * MESSAGES, status: 'active' });
      expect(await world.misuse()).toBe(0);
      console.log(
        `${driver.name} ${kind}: ${MESSAGES} messages, ${KILLS.length} kills, 0 lost, ${doubled} doubled of ${inFlight} in flight`,
      );
    }, 240_000);

    it('F005: a TERM lets what is under way end, exits 0 and frees its bots', async ({
      expect,
      onTestFinished: afterwards,
    }) => {
      const world = await driver.start();
      afterwards(() => world.close());
      await world.latency(50);
      const store = await makeStore(kind);
      afterwards(() => store.drop());
      const env = await serverEnv(driver, world, store);
      const server = await startServer(env);
      afterwards(async () => void (await server.kill('SIGKILL')));
      const bot = await world.bot();
      const chats = await Promise.all(Array.from({ length: 10 }, (_, index) => bot.direct(`Person ${index}`)));
      const client = createClient(server.url, API_KEY);
      const replr_id = await makeReplr(client);
      const { body } = await client.post(`/v1/integrations/${driver.platform}`, { ...(await bot.connect()), replr_id });
      await bot.connected?.(body);
      for (const [index, chat] of chats.entries()) await chat.say(`question ${index}`);
      await chats[0]?.answered(1);
      expect(await server.kill('SIGTERM')).toBe(0);
      const second = await startServer(env);
      afterwards(async () => void (await second.kill('SIGKILL')));
      for (const [index, chat] of chats.entries()) {
        expect(await chat.answered(1)).toEqual([`${ECHO_PREFIX}question ${index}`]);
      }
    }, 60_000);
  });
});
