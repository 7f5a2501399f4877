import { afterEach, beforeEach, expect, test } from 'vitest';
import { simulators } from '../registry.ts';
import type { Ledger } from './ledger.ts';
import { startTelegramSimulator, type TelegramSimulator } from './simulator.ts';

let simulator: TelegramSimulator;

beforeEach(async () => {
  simulator = await startTelegramSimulator();
});
afterEach(() => simulator.close());

async function control<T = Record<string, never>>(name: string, body: Record<string, unknown> = {}): Promise<T> {
  const response = await fetch(`${simulator.url}/control/${name}`, { method: 'POST', body: JSON.stringify(body) });
  const result = await response.json();
  if (!response.ok) throw new Error((result as { error: string }).error);
  return result as T;
}

interface ChatAnswer {
  chat_id: number;
  user_id: number;
}
interface SaidAnswer {
  message_id: number;
  updates: Record<string, number>;
}

test('a whole conversation by curl', async () => {
  const bot = await control<{ id: number; token: string }>('create-bot', { username: 'curl_bot' });
  const chat = await control<ChatAnswer>('create-private-chat', { bot_id: bot.id, name: 'Ada' });
  const said = await control<SaidAnswer>('say', { chat_id: chat.chat_id, text: 'hi' });
  const updates = await fetch(`${simulator.url}/bot${bot.token}/getUpdates`);
  expect(await updates.json()).toMatchObject({ result: [{ update_id: said.updates[bot.id] }] });
  await control('fail', { method: 'sendMessage', fault: { kind: 'drop' } });
  const sent = fetch(`${simulator.url}/bot${bot.token}/sendMessage?chat_id=${chat.chat_id}&text=hello`);
  await expect(sent).rejects.toThrow();
  const transcript = await fetch(`${simulator.url}/control/transcript?chat_id=${chat.chat_id}&bot_id=${bot.id}`);
  expect(await transcript.json()).toMatchObject([
    { who: 'Ada', fromBot: false, text: 'hi' },
    { who: '@curl_bot', fromBot: true, text: 'hello' },
  ]);
  const ledger = await control<Ledger>('ledger');
  expect(ledger.messages).toMatchObject([{ text: 'hello', ambiguous: true }]);
  expect(ledger.calls.map((entry) => entry.method)).toEqual(['getUpdates', 'sendMessage']);
});

test('places and people by curl', async () => {
  const bot = await control<{ id: number; token: string }>('create-bot', { username: 'curl_bot', privacy: false });
  const group = await control<ChatAnswer>('create-group', { bot_id: bot.id, forum: true, title: 'Tea' });
  const { id } = await control<{ id: number }>('create-user', { name: 'Bob' });
  await control('add-member', { chat_id: group.chat_id, user_id: id });
  const { thread } = await control<{ thread: number }>('create-topic', { chat_id: group.chat_id, name: 'Green' });
  const said = await control<SaidAnswer>('say', { chat_id: group.chat_id, from: id, thread, text: 'tea?' });
  expect(said.updates).toHaveProperty(String(bot.id));
  await control('edit', { chat_id: group.chat_id, message_id: said.message_id, text: 'tea!' });
  await control('close-topic', { chat_id: group.chat_id, thread });
  await control('set-admin', { chat_id: group.chat_id, user_id: bot.id });
  await control('remove-member', { chat_id: group.chat_id, user_id: bot.id });
  const old = await control<ChatAnswer>('create-group', { bot_id: bot.id, kind: 'group' });
  const next = await control<ChatAnswer>('migrate', { chat_id: old.chat_id });
  expect(next.chat_id).not.toBe(old.chat_id);
  const { token } = await control<{ token: string }>('revoke-token', { bot_id: bot.id });
  expect((await fetch(`${simulator.url}/bot${bot.token}/getMe`)).status).toBe(401);
  await control('set-webhook', { bot_id: bot.id });
  expect((await fetch(`${simulator.url}/bot${token}/getUpdates`)).status).toBe(409);
  await control('down');
  await expect(fetch(`${simulator.url}/bot${token}/getMe`)).rejects.toThrow();
  await control('up');
  await control('advance', { ms: 1000 });
  await expect(control('say', { chat_id: 1, text: 'x' })).rejects.toThrow('no chat 1');
  await expect(control('dance')).rejects.toThrow('no operation dance');
});

test('webhooks by curl', async () => {
  await control('repeat-pushes', { times: 30 });
  await control('webhook-timeout', { ms: 10_000 });
  expect(simulator.scene.pushing).toMatchObject({ repeat: 30, timeoutMs: 10_000 });
  await expect(control('webhook-timeout', { ms: 'long' })).rejects.toThrow('ms is a number');
});

test('changes can be awaited by curl', async () => {
  const { version } = await control<{ version: number }>('ledger');
  const waiting = fetch(`${simulator.url}/control/changed?after=${version}`);
  await control('advance', { ms: 1 });
  expect(((await (await waiting).json()) as { version: number }).version).toBeGreaterThan(version);
});

test('the stage of the playground', async () => {
  const stage = await simulator.stage();
  expect(stage.title).toBe('Telegram, private chat with @playground_bot');
  const { bot_token: token } = stage.connect;
  await stage.say('hello');
  const [line] = await stage.transcript();
  expect(line).toMatchObject({ who: 'You', fromBot: false, text: 'hello' });
  const changed = stage.changed(1, new AbortController().signal);
  const { id } = simulator.scene.world.people.values().next().value ?? { id: 0 };
  await fetch(`${simulator.url}/bot${token}/sendMessage?chat_id=${id}&text=hi`);
  await changed;
  expect((await stage.transcript()).map((it) => it.fromBot)).toEqual([false, true]);
  const ended = new AbortController();
  const silent = stage.changed(2, ended.signal);
  ended.abort();
  await silent;
});

test('the registry starts simulators', async () => {
  const entry = simulators.find((it) => it.platform === 'telegram');
  const another = await entry?.start({ port: 0 });
  expect(another?.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  await another?.close();
});
