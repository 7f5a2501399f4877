import { describe, it, type TestContext } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { createClient, makeReplr } from '../support/client.ts';
import { drivers } from '../support/drivers.ts';
import { API_KEY, serverEnv } from '../support/server-env.ts';
import { startServer } from '../support/server-process.ts';
import { makeStore } from '../support/stores.ts';

const echo = (text: string) => ECHO_PREFIX + text;

// Side by side: most of the time is spent waiting for leases to run out.
describe.concurrent.each(drivers.filter(({ pushes }) => !pushes))('two servers on one PostgreSQL, $name', (driver) => {
  async function scene({ expect, onTestFinished: afterwards }: TestContext) {
    const world = await driver.start();
    afterwards(() => world.close());
    const store = await makeStore('postgresql');
    afterwards(() => store.drop());
    const env = await serverEnv(driver, world, store);
    const first = await startServer(env);
    afterwards(async () => void (await first.kill('SIGKILL')));
    const second = await startServer(env);
    afterwards(async () => void (await second.kill('SIGKILL')));
    const bot = await world.bot();
    const chat = await bot.direct('Ada');
    const client = createClient(first.url, API_KEY);
    const replr_id = await makeReplr(client);
    const { body } = await client.post(`/v1/integrations/${driver.platform}`, { ...(await bot.connect()), replr_id });
    await chat.say('one');
    expect(await chat.answered(1)).toEqual([echo('one')]);
    return { first, second, bot, chat, path: `/v1/integrations/${body.id}`, other: createClient(second.url, API_KEY) };
  }

  it('F111: what is told to one is in force on the other within 2 s', async (context) => {
    const { expect } = context;
    const { first, bot, chat, path, other } = await scene(context);
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
  }, 120_000);

  it('F008: a server that is stopped hands its bots over at once', async (context) => {
    const { expect } = context;
    const { first, chat, path, other } = await scene(context);
    expect(await first.kill('SIGTERM')).toBe(0);
    await chat.say('two');
    expect(await chat.answered(2)).toEqual([echo('one'), echo('two')]);
    await expect.poll(async () => (await other.get(path)).body.health.state, { timeout: 10_000 }).toBe('connected');
  }, 120_000);

  it('F011: a server that dies is replaced, and its return as a ghost harms nobody', async (context) => {
    const { expect } = context;
    const { first, chat, path, other } = await scene(context);
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
  }, 120_000);
});
