import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { ChatHandle } from './handles.ts';
import { startTelegramSimulator, type TelegramSimulator } from './simulator.ts';
import { call, updatesOf } from './test-client.ts';

let simulator: TelegramSimulator;
let bot: BotHandle;
let chat: ChatHandle;

beforeEach(async () => {
  const start = Date.now();
  simulator = await startTelegramSimulator({ now: () => start });
  bot = simulator.createBot({ username: 'wise_bot' });
  chat = simulator.privateChat(bot, { name: 'Ada' });
});
afterEach(() => simulator.close());

const polling = () => simulator.waitFor(() => simulator.bot(bot).queue.polled);
const texts = (updates: { [kind: string]: unknown }[]) =>
  updates.map((update) => ((update['message'] ?? update['edited_message']) as { text: string }).text);

test('an update comes again until a higher offset confirms it', async () => {
  chat.say('one');
  chat.say('two');
  const first = await updatesOf(simulator, bot);
  expect(texts(first)).toEqual(['one', 'two']);
  expect(texts(await updatesOf(simulator, bot))).toEqual(['one', 'two']);
  const id = first[0]?.update_id ?? 0;
  expect(first[1]?.update_id).toBe(id + 1);
  expect(texts(await updatesOf(simulator, bot, { offset: id + 1 }))).toEqual(['two']);
  expect(texts(await updatesOf(simulator, bot, { offset: 0 }))).toEqual(['two']);
  expect(simulator.ledger.updates.map((update) => [update.deliveries, update.confirmed_at !== undefined])).toEqual([
    [2, true],
    [4, false],
  ]);
});

test('an offset far in the future is taken for a mistake and confirms nothing', async () => {
  const said = chat.say('one');
  const id = said.updates.get(bot.id) ?? 0;
  expect(await updatesOf(simulator, bot, { offset: id + 1000 })).toHaveLength(1);
});

test('a negative offset forgets all but the newest', async () => {
  for (const text of ['a', 'b', 'c', 'd']) chat.say(text);
  expect(texts(await updatesOf(simulator, bot, { offset: -2 }))).toEqual(['c', 'd']);
  expect(texts(await updatesOf(simulator, bot))).toEqual(['c', 'd']);
  expect(simulator.ledger.updates.filter((update) => update.forgotten_at !== undefined)).toHaveLength(2);
});

test('limit is clamped to 1–100', async () => {
  for (let number = 0; number < 105; number++) chat.say(`${number}`);
  expect(await updatesOf(simulator, bot, { limit: 500 })).toHaveLength(100);
  expect(await updatesOf(simulator, bot, { limit: 0 })).toHaveLength(1);
});

test('an update that nobody confirms within 24 hours is gone', async () => {
  chat.say('old');
  simulator.advance(23 * 3_600_000);
  chat.say('young');
  expect(texts(await updatesOf(simulator, bot))).toEqual(['old', 'young']);
  simulator.advance(3_600_000);
  expect(texts(await updatesOf(simulator, bot))).toEqual(['young']);
  expect(simulator.ledger.updates[0]?.expired_at).toBeDefined();
});

test('a long poll answers as soon as something happens, and empty at its end, 50 s at most', async () => {
  const poll = updatesOf(simulator, bot, { timeout: 30 });
  await polling();
  chat.say('now');
  const updates = await poll;
  expect(texts(updates)).toEqual(['now']);
  const silent = updatesOf(simulator, bot, { timeout: 1000, offset: (updates[0]?.update_id ?? 0) + 1 });
  await polling();
  simulator.advance(49_000);
  expect(simulator.bot(bot).queue.polled).toBe(true);
  simulator.advance(1_000);
  expect(await silent).toEqual([]);
});

test('the older of two polls loses', async () => {
  const older = call(simulator, bot, 'getUpdates', { timeout: 30 });
  await polling();
  const newer = updatesOf(simulator, bot, { timeout: 30 });
  expect(await older).toMatchObject({
    status: 409,
    description: 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
  });
  chat.say('for the newer');
  expect(texts(await newer)).toEqual(['for the newer']);
});

test('a client that leaves frees the poll and loses nothing', async () => {
  const gone = new AbortController();
  const poll = call(simulator, bot, 'getUpdates', { timeout: 30 }, gone.signal);
  await polling();
  gone.abort();
  await expect(poll).rejects.toThrow();
  await simulator.waitFor((ledger) => ledger.calls.some((entry) => entry.outcome === 'left'));
  expect(simulator.bot(bot).queue.polled).toBe(false);
  chat.say('later');
  expect(texts(await updatesOf(simulator, bot))).toEqual(['later']);
  expect(simulator.ledger.counts.conflicts).toBe(0);
});

test('a webhook and a poll exclude each other', async () => {
  const poll = call(simulator, bot, 'getUpdates', { timeout: 30 });
  await polling();
  expect(await call(simulator, bot, 'setWebhook', { url: 'https://example.com/x', secret_token: 's' })).toMatchObject({
    ok: true,
  });
  expect(await poll).toMatchObject({ status: 409, description: 'Conflict: terminated by setWebhook request' });
  expect(await call(simulator, bot, 'getUpdates')).toMatchObject({
    status: 409,
    description:
      "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
  });
  chat.say('waits');
  expect(await call(simulator, bot, 'getWebhookInfo')).toMatchObject({
    result: { url: 'https://example.com/x', pending_update_count: 1, max_connections: 40 },
  });
  await call(simulator, bot, 'deleteWebhook');
  expect(texts(await updatesOf(simulator, bot))).toEqual(['waits']);
});

test('webhooks are https, on four ports, with a decent secret', async () => {
  const refusals = [
    [{ url: 'http://example.com' }, 'Bad Request: bad webhook: An HTTPS URL must be provided for webhook'],
    [
      { url: 'https://example.com:444' },
      'Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443',
    ],
    [{ url: 'https://example.com', secret_token: 'ä' }, 'Bad Request: secret token contains unallowed characters'],
  ] as const;
  for (const [parameters, description] of refusals) {
    expect(await call(simulator, bot, 'setWebhook', parameters)).toMatchObject({ status: 400, description });
  }
});

test('allowed_updates sticks until it is said again, and an empty list is the default', async () => {
  await updatesOf(simulator, bot, { allowed_updates: ['edited_message'] });
  const said = chat.say('unheard');
  expect(said.updates.size).toBe(0);
  chat.edit(said.message_id, 'heard');
  const updates = await updatesOf(simulator, bot);
  expect(texts(updates)).toEqual(['heard']);
  expect(await call(simulator, bot, 'getWebhookInfo')).toMatchObject({
    result: { allowed_updates: ['edited_message'] },
  });
  await updatesOf(simulator, bot, { allowed_updates: [], offset: (updates[0]?.update_id ?? 0) + 1 });
  chat.say('heard again');
  expect(texts(await updatesOf(simulator, bot))).toEqual(['heard again']);
});

test('drop_pending_updates is recorded as forgotten', async () => {
  chat.say('lost');
  await call(simulator, bot, 'deleteWebhook', { drop_pending_updates: true });
  expect(await updatesOf(simulator, bot)).toEqual([]);
  expect(simulator.ledger.updates[0]?.forgotten_at).toBeDefined();
});

test('hasty polls are slowed down on request', async () => {
  const slow = await startTelegramSimulator({ slowRepolling: true });
  try {
    const hasty = slow.createBot({ username: 'hasty_bot' });
    const room = slow.privateChat(hasty);
    room.say('a');
    room.say('b');
    expect(await updatesOf(slow, hasty)).toHaveLength(2);
    expect(await updatesOf(slow, hasty)).toHaveLength(1);
  } finally {
    await slow.close();
  }
});
