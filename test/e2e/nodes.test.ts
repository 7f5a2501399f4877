import { afterEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { createClient, makeReplr } from '../support/client.ts';
import { drivers } from '../support/drivers.ts';
import { API_KEY, serverEnv } from '../support/server-env.ts';
import { startServer } from '../support/server-process.ts';
import { makeStore } from '../support/stores.ts';

const echo = (text: string) => ECHO_PREFIX + text;

describe.each(drivers.filter(({ pushes }) => !pushes))('two servers on one PostgreSQL, $name', (driver) => {
  const clean: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const step of clean.splice(0).reverse()) await step();
  });

  async function scene() {
    const world = await driver.start();
    clean.push(() => world.close());
    const store = await makeStore('postgresql');
    clean.push(() => store.drop());
    const env = await serverEnv(driver, world, store);
    const first = await startServer(env);
    clean.push(() => first.kill('SIGKILL'));
    const second = await startServer(env);
    clean.push(() => second.kill('SIGKILL'));
    const bot = await world.bot();
    const chat = await bot.direct('Ada');
    const client = createClient(first.url, API_KEY);
    const replr_id = await makeReplr(client);
    const { body } = await client.post(`/v1/integrations/${driver.platform}`, { ...(await bot.connect()), replr_id });
    await chat.say('one');
    expect(await chat.answered(1)).toEqual([echo('one')]);
    return { first, second, bot, chat, path: `/v1/integrations/${body.id}`, other: createClient(second.url, API_KEY) };
  }

  it('what is told to one is in force on the other within 2 s', async () => {
    const { first, bot, chat, path, other } = await scene();
    expect((await other.put(path, { active: false })).body.status).toBe('inactive');
    await expect
      .poll(() => first.lines.some((line) => line.includes('"state":"paused"')), { timeout: 2_000 })
      .toBe(true);
    await chat.say('meanwhile');
    expect((await other.put(path, { active: true })).body.status).toBe('active');
    await chat.say('two');
    expect(await chat.answered(2)).toEqual([echo('one'), echo('two')]);
    const test = await other.post(`${path}/test`);
    expect(test.body.test_result).toMatchObject({ success: true });
    await other.put(path, await bot.newToken());
    await chat.say('three');
    expect(await chat.answered(4)).toEqual([
      echo('one'),
      echo('two'),
      expect.stringMatching(/test message/i),
      echo('three'),
    ]);
    expect((await other.delete(path)).body.deleted).toBe(true);
  }, 60_000);

  it('a server that is stopped hands its bots over at once', async () => {
    const { first, chat, path, other } = await scene();
    expect(await first.kill('SIGTERM')).toBe(0);
    await chat.say('two');
    expect(await chat.answered(2)).toEqual([echo('one'), echo('two')]);
    await expect.poll(async () => (await other.get(path)).body.health.state).toBe('connected');
  });

  it('a server that dies is replaced, and its return as a ghost harms nobody', async () => {
    const { first, chat, path, other } = await scene();
    // Stored as delivered: what follows must not send it again.
    await expect.poll(async () => (await other.get(path)).body.message_count).toBe(2);
    process.kill(first.pid, 'SIGSTOP');
    await chat.say('two');
    expect(await chat.answered(2)).toEqual([echo('one'), echo('two')]);
    process.kill(first.pid, 'SIGCONT');
    for (const text of ['three', 'four']) {
      await chat.say(text);
      await chat.answered(text === 'three' ? 3 : 4);
    }
    expect(await chat.answers()).toEqual(['one', 'two', 'three', 'four'].map(echo));
  }, 40_000);
});
