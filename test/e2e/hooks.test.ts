import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { createClient, makeReplr } from '../support/client.ts';
import { drivers } from '../support/drivers.ts';
import { API_KEY, freePort, serverEnv } from '../support/server-env.ts';
import { startServer } from '../support/server-process.ts';
import { makeStore } from '../support/stores.ts';

const echo = (text: string) => ECHO_PREFIX + text;

/** What stands before several servers: each request goes to the next of those that answer. */
function balancer(port: number, targets: readonly string[]): Promise<Server> {
  let turn = 0;
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === 'string' && !['host', 'connection', 'content-length'].includes(name) ? [[name, value]] : [],
    ) as [string, string][];
    for (const _ of targets) {
      const target = targets[turn++ % targets.length];
      try {
        const answer = await fetch(`${target}${request.url}`, { method: 'POST', headers, body: Buffer.concat(chunks) });
        response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
        return;
      } catch {
        // Down: the next one.
      }
    }
    response.writeHead(502).end();
  });
  return new Promise((resolve) => server.listen({ host: '127.0.0.1', port }, () => resolve(server)));
}

describe.each(drivers.filter(({ pushes }) => pushes))('two servers behind a balancer, $name', (driver) => {
  const clean: (() => unknown)[] = [];
  afterEach(async () => {
    for (const step of clean.splice(0).reverse()) await step();
  });

  async function scene() {
    const world = await driver.start();
    clean.push(() => world.close());
    const store = await makeStore('postgresql');
    clean.push(() => store.drop());
    const port = await freePort();
    const env = {
      ...(await serverEnv(driver, world, store)),
      PORT: '0',
      REPLR_PUBLIC_URL: `http://127.0.0.1:${port}`,
    };
    const first = await startServer(env);
    clean.push(() => first.kill('SIGKILL'));
    const second = await startServer(env);
    clean.push(() => second.kill('SIGKILL'));
    const server = await balancer(port, [first.url, second.url]);
    clean.push(() => server.close());
    const bot = await world.bot();
    const chats = await Promise.all(Array.from({ length: 8 }, (_, index) => bot.direct(`Person ${index}`)));
    const client = createClient(first.url, API_KEY);
    const replr_id = await makeReplr(client);
    const { body } = await client.post(`/v1/integrations/${driver.platform}`, { ...(await bot.connect()), replr_id });
    await bot.connected?.(body);
    const path = `/v1/integrations/${body.id}`;
    await expect.poll(async () => (await client.get(path)).body.health.state).toBe('connected');
    return { first, second, chats, path, world };
  }
  const texts = (count: number) => Array.from({ length: count }, (_, index) => `message ${index}`);

  it('either takes what is pushed, whoever owns the bot, and each message is answered once and in order', async () => {
    const { chats, path, second, world } = await scene();
    for (const text of texts(5)) for (const chat of chats) await chat.say(text);
    for (const chat of chats) {
      const answers = await chat.answered(5);
      expect(driver.serial ? answers : answers.toSorted()).toEqual(texts(5).map(echo));
    }
    // Both were asked, so half of it came to the one that does not own the bot.
    expect(second.lines.filter((line) => line.includes('/hooks/')).length).toBeGreaterThan(5);
    const client = createClient(second.url, API_KEY);
    await expect.poll(async () => (await client.get(path)).body.message_count).toBe(2 * 5 * chats.length);
    expect(await world.misuse()).toBe(0);
  }, 60_000);

  it('when the owner dies, the other one takes in what is pushed, and answers it once the bot is its own', async () => {
    const { first, second, chats, path } = await scene();
    for (const chat of chats) await chat.say('message 0');
    for (const chat of chats) await chat.answered(1);
    // Stored as delivered: what follows must not send it again.
    const client = createClient(second.url, API_KEY);
    await expect.poll(async () => (await client.get(path)).body.message_count).toBe(2 * chats.length);
    await first.kill('SIGKILL');
    for (const chat of chats) await chat.say('message 1');
    for (const chat of chats) expect(await chat.answered(2)).toEqual(texts(2).map(echo));
  }, 60_000);
});
