import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { ChatHandle } from './handles.ts';
import { startTelegramSimulator, type TelegramSimulator } from './simulator.ts';
import { call, updatesOf } from './test-client.ts';

let simulator: TelegramSimulator;
let bot: BotHandle;
let chat: ChatHandle;

beforeEach(async () => {
  simulator = await startTelegramSimulator();
  bot = simulator.createBot({ username: 'wise_bot' });
  chat = simulator.privateChat(bot);
});
afterEach(() => simulator.close());

const send = (text: string, signal?: AbortSignal) =>
  call(simulator, bot, 'sendMessage', { chat_id: chat.id, text }, signal);

test('the next calls of a method fail as told, the others do not', async () => {
  simulator.fail({
    method: 'sendMessage',
    times: 2,
    fault: {
      kind: 'error',
      status: 429,
      description: 'Too Many Requests: retry after 7',
      parameters: { retry_after: 7 },
    },
  });
  expect(await call(simulator, bot, 'getMe')).toMatchObject({ ok: true });
  expect(await send('a')).toMatchObject({ status: 429, parameters: { retry_after: 7 } });
  expect(await send('b')).toMatchObject({ status: 429 });
  expect(await send('c')).toMatchObject({ ok: true });
  expect(chat.answers()).toEqual(['c']);
  expect(simulator.ledger.counts.sent_while_limited).toBe(2);
});

test('a fault may be meant for one chat only, and may be an HTML page', async () => {
  const other = simulator.privateChat(bot, { name: 'Bob' });
  simulator.fail({ method: '*', chatId: other.id, fault: { kind: 'error', status: 502, body: '<html>Bad Gateway' } });
  expect(await send('fine')).toMatchObject({ ok: true });
  const response = await fetch(`${simulator.url}/bot${bot.token}/sendMessage?chat_id=${other.id}&text=x`);
  expect(response.status).toBe(502);
  expect(await response.text()).toBe('<html>Bad Gateway');
});

test('a dropped answer leaves a visible, ambiguous message', async () => {
  simulator.fail({ method: 'sendMessage', fault: { kind: 'drop' } });
  await expect(send('once')).rejects.toThrow();
  await send('twice');
  expect(chat.answers()).toEqual(['once', 'twice']);
  expect(simulator.ledger.messages.map((message) => message.ambiguous)).toEqual([true, false]);
  expect(simulator.ledger.counts.ambiguous).toBe(1);
  expect(simulator.ledger.calls[0]).toMatchObject({ outcome: 'dropped', status: 0 });
});

test('a client that gives up on a slow answer has an ambiguous message too', async () => {
  simulator.setLatency(60_000, 'sendMessage');
  const impatient = new AbortController();
  const sending = send('slow', impatient.signal);
  await chat.answered(1);
  impatient.abort();
  await expect(sending).rejects.toThrow();
  await simulator.waitFor((ledger) => ledger.counts.ambiguous === 1);
});

test('a slow answer arrives when its time has come', async () => {
  simulator.setLatency(60_000);
  const sending = send('slow');
  await chat.answered(1);
  simulator.advance(60_000);
  expect(await sending).toMatchObject({ ok: true });
});

test('a refused connection and a hanging call carry out nothing', async () => {
  simulator.fail({ method: '*', fault: { kind: 'refuse' } });
  await expect(send('never')).rejects.toThrow();
  simulator.fail({ method: 'sendMessage', fault: { kind: 'hang' } });
  const patience = new AbortController();
  const hanging = send('never', patience.signal);
  await simulator.waitFor((ledger) => ledger.calls.some((entry) => entry.outcome === 'hung'));
  patience.abort();
  await expect(hanging).rejects.toThrow();
  expect(chat.answers()).toEqual([]);
  expect(simulator.ledger.counts.ambiguous).toBe(0);
});

test('cut, down, refused and up again', async () => {
  const poll = call(simulator, bot, 'getUpdates', { timeout: 30 });
  await simulator.waitFor(() => simulator.bot(bot).queue.polled);
  simulator.cut();
  await expect(poll).rejects.toThrow();
  await simulator.down();
  await expect(send('x')).rejects.toThrow();
  await simulator.up();
  expect(await send('x')).toMatchObject({ ok: true });
  await simulator.down('refuse');
  await expect(send('y')).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } });
  chat.say('while away');
  await simulator.up();
  expect(await updatesOf(simulator, bot)).toHaveLength(1);
});

test('closing ends a waiting poll', async () => {
  const poll = call(simulator, bot, 'getUpdates', { timeout: 30 }).catch(() => 'cut');
  await simulator.waitFor(() => simulator.bot(bot).queue.polled);
  await simulator.close();
  await poll;
});
