import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { ChatHandle } from './handles.ts';
import { startTelegramSimulator, type TelegramSimulator } from './simulator.ts';
import { call, type Update, updatesOf } from './test-client.ts';

interface Push {
  readonly text: string;
  readonly secret: string | undefined;
  answer(status?: number, headers?: Readonly<Record<string, string>>): void;
}

let simulator: TelegramSimulator;
let bot: BotHandle;
let chat: ChatHandle;
let url: string;
let close: () => Promise<void>;
/** What came, in order; `pushed` waits for it. */
let pushes: Push[];
let came: () => void;

beforeEach(async () => {
  const start = Date.now();
  simulator = await startTelegramSimulator({ now: () => start });
  bot = simulator.createBot({ username: 'wise_bot' });
  chat = simulator.privateChat(bot, { name: 'Ada' });
  pushes = [];
  came = () => {};
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});
afterEach(async () => {
  await simulator.close();
  await close();
});

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const update = JSON.parse(body) as Update;
  pushes.push({
    text: (update['message'] as { text: string }).text,
    secret: request.headersDistinct['x-telegram-bot-api-secret-token']?.[0],
    answer: (status = 200, headers = {}) => void response.writeHead(status, headers).end(),
  });
  came();
}

async function pushed(count: number): Promise<Push> {
  while (pushes.length < count) {
    await new Promise<void>((resolve) => {
      came = resolve;
    });
  }
  const last = pushes[count - 1];
  if (!last) throw new Error('unreachable');
  return last;
}

const texts = () => pushes.map(({ text }) => text);
const set = (parameters: Readonly<Record<string, unknown>> = {}) =>
  call(simulator, bot, 'setWebhook', { url, secret_token: 'a-secret_1', ...parameters });
const info = async () => (await call(simulator, bot, 'getWebhookInfo')).result as Readonly<Record<string, unknown>>;
const failed = (count: number) => simulator.waitFor((ledger) => ledger.counts.failed_pushes >= count);
const confirmed = (count: number) =>
  simulator.waitFor((ledger) => ledger.updates.filter((update) => update.confirmed_at !== undefined).length >= count);

describe('pushing', () => {
  test('repeats the secret, and takes 2xx for a confirmation', async () => {
    chat.say('before');
    await set();
    const push = await pushed(1);
    expect(push).toMatchObject({ text: 'before', secret: 'a-secret_1' });
    expect(await info()).toMatchObject({ url, pending_update_count: 1 });
    push.answer(204);
    await confirmed(1);
    expect(await info()).toMatchObject({ pending_update_count: 0 });
    expect(simulator.ledger.updates[0]).toMatchObject({ deliveries: 1, pushes: [{ status: 204 }] });
    expect(simulator.ledger.updates[0]?.pushes?.[0]?.ms).toBeGreaterThanOrEqual(0);
  });

  test('is serial in a chat and parallel between chats, up to max_connections', async () => {
    const others = [simulator.privateChat(bot), simulator.privateChat(bot)];
    await set({ max_connections: 2 });
    chat.say('a1');
    chat.say('a2');
    others[0]?.say('b');
    others[1]?.say('c');
    await pushed(2);
    expect(texts()).toEqual(['a1', 'b']);
    (await pushed(1)).answer();
    await pushed(3);
    (await pushed(2)).answer();
    await pushed(4);
    expect(texts().slice(2).toSorted()).toEqual(['a2', 'c']);
  });

  test('comes again after anything but 2xx, ever later, and holds up its chat only', async () => {
    await set();
    const other = simulator.privateChat(bot);
    chat.say('one');
    chat.say('two');
    (await pushed(1)).answer(500);
    await failed(1);
    other.say('elsewhere');
    (await pushed(2)).answer();
    expect(texts()).toEqual(['one', 'elsewhere']);
    let count = 2;
    for (const wait of [1_000, 2_000, 4_000, 8_000]) {
      simulator.advance(wait - 1);
      expect(simulator.ledger.counts.pushes).toBe(count);
      simulator.advance(1);
      count++;
      (await pushed(count)).answer(302, { location: url });
      await failed(count - 1);
    }
    expect(await info()).toMatchObject({
      pending_update_count: 2,
      last_error_date: expect.any(Number),
      last_error_message: 'Wrong response from the webhook: 302 Found',
    });
    simulator.advance(16_000);
    (await pushed(7)).answer();
    expect((await pushed(8)).text).toBe('two');
  });

  test('waits as long as it is asked to', async () => {
    await set();
    chat.say('one');
    (await pushed(1)).answer(503, { 'retry-after': '300' });
    await failed(1);
    simulator.advance(299_000);
    expect(simulator.ledger.counts.pushes).toBe(1);
    simulator.advance(1_000);
    await pushed(2);
  });

  test('takes no answer in time for none', async () => {
    await set();
    simulator.setWebhookTimeout(10_000);
    chat.say('one');
    const slow = await pushed(1);
    simulator.advance(10_000);
    await failed(1);
    slow.answer();
    expect(await info()).toMatchObject({ pending_update_count: 1, last_error_message: 'Read timeout expired' });
    simulator.advance(1_000);
    (await pushed(2)).answer();
    await confirmed(1);
    expect(simulator.ledger.updates[0]?.pushes).toMatchObject([{ status: 0 }, { status: 200 }]);
  });

  test('says where nobody listens', async () => {
    await close();
    await set();
    chat.say('one');
    await failed(1);
    expect(await info()).toMatchObject({ last_error_message: 'Connection refused' });
  });

  test('never leaves this machine', async () => {
    await set({ url: 'https://example.com/hook' });
    chat.say('one');
    await failed(1);
    expect(await info()).toMatchObject({ url: 'https://example.com/hook', last_error_message: 'Connection timed out' });
  });

  test('forgets an update after 24 hours', async () => {
    await set();
    chat.say('old');
    (await pushed(1)).answer(500);
    await failed(1);
    simulator.advance(24 * 3_600_000);
    chat.say('young');
    expect((await pushed(2)).text).toBe('young');
    expect(simulator.ledger.updates[0]?.expired_at).toBeDefined();
  });

  test('repeats each update on request, whatever the answer', async () => {
    await set();
    simulator.repeatPushes(3);
    chat.say('one');
    chat.say('two');
    for (let count = 1; count <= 6; count++) (await pushed(count)).answer();
    await confirmed(2);
    expect(texts()).toEqual(['one', 'one', 'one', 'two', 'two', 'two']);
  });

  test('is down with the platform, and goes on with it', async () => {
    await set();
    for (const mode of ['reset', 'refuse'] as const) {
      const before = pushes.length;
      await simulator.down(mode);
      chat.say(mode);
      simulator.advance(60_000);
      expect(simulator.ledger.counts.pushes).toBe(before);
      await simulator.up();
      const push = await pushed(before + 1);
      expect(push.text).toBe(mode);
      push.answer();
      await simulator.waitFor(() => simulator.bot(bot).queue.pending === 0);
    }
  });

  test('what a cut broke off comes again', async () => {
    await set();
    chat.say('one');
    await pushed(1);
    simulator.cut();
    await failed(1);
    simulator.advance(1_000);
    (await pushed(2)).answer();
    await confirmed(1);
  });
});

describe('changing hands', () => {
  test('once it is deleted a poll gets what was not acknowledged', async () => {
    await set();
    chat.say('one');
    (await pushed(1)).answer();
    await confirmed(1);
    chat.say('two');
    const late = await pushed(2);
    await call(simulator, bot, 'deleteWebhook');
    late.answer();
    await simulator.waitFor((ledger) => ledger.updates[1]?.pushes?.[0]?.status === 200);
    expect(await updatesOf(simulator, bot)).toMatchObject([{ message: { text: 'two' } }]);
  });

  test('is set once a second at most', async () => {
    expect(await set()).toMatchObject({ ok: true });
    expect(await set()).toMatchObject({ status: 429, parameters: { retry_after: 1 } });
    simulator.advance(1_000);
    expect(await set()).toMatchObject({ ok: true });
  });

  test('ends with the token', async () => {
    await set();
    simulator.revokeToken(bot);
    expect(await info()).toMatchObject({ url: '' });
    chat.say('waits');
    expect(await updatesOf(simulator, bot)).toMatchObject([{ message: { text: 'waits' } }]);
    expect(simulator.ledger.counts.pushes).toBe(0);
  });

  test('drops what waits only when asked to', async () => {
    chat.say('gone');
    await set({ drop_pending_updates: true });
    chat.say('kept');
    expect((await pushed(1)).text).toBe('kept');
  });

  test('is refused on this machine where that is wanted, as anywhere else', async () => {
    const strict = await startTelegramSimulator({ strictWebhooks: true });
    try {
      const other = strict.createBot({ username: 'strict_bot' });
      expect(await call(strict, other, 'setWebhook', { url })).toMatchObject({
        status: 400,
        description: 'Bad Request: bad webhook: An HTTPS URL must be provided for webhook',
      });
    } finally {
      await strict.close();
    }
  });

  test('is set by whoever else is there, and takes nothing', async () => {
    simulator.setForeignWebhook(bot, url);
    const { updates } = chat.say('waits');
    expect(updates.size).toBe(1);
    expect(await info()).toMatchObject({ url, pending_update_count: 1 });
    simulator.setForeignWebhook(bot, '');
    expect(await updatesOf(simulator, bot)).toHaveLength(1);
    expect(simulator.ledger.counts.pushes).toBe(0);
  });
});
