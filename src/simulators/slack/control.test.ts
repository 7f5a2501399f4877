import { afterEach, beforeEach, expect, test } from 'vitest';
import { type SlackSimulator, startSlackSimulator } from './simulator.ts';
import { call } from './test-client.ts';

let simulator: SlackSimulator;

beforeEach(async () => {
  simulator = await startSlackSimulator();
});
afterEach(() => simulator.close());

// biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever arrived.
async function control(name: string, body: unknown = {}): Promise<any> {
  const response = await fetch(`${simulator.url}/control/${name}`, { method: 'POST', body: JSON.stringify(body) });
  // biome-ignore lint/suspicious/noExplicitAny: a test looks into whatever arrived.
  const answer: any = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

test('a play directed over HTTP alone', async () => {
  const { team_id } = await control('create-workspace', { name: 'Work' });
  const bot = await control('create-bot', { team_id, username: 'wise', socketMode: true });
  const { channel, user_id } = await control('create-channel', { team_id, name: 'general', members: [bot.id] });
  const { ts } = await control('say', { channel, text: 'hello', mention: bot.id, from: user_id });
  await call(simulator, bot.bot_token, 'chat.postMessage', { channel, text: 'hi', thread_ts: ts });
  await control('say-as-bot', { channel, text: 'beep', classic: true });
  await control('edit', { channel, ts, text: 'hello!' });
  const lines = await (await fetch(`${simulator.origin}/control/transcript?channel=${channel}`)).json();
  expect(lines).toMatchObject([
    { who: 'ada', text: 'hello!', edited: true },
    { who: '@wise', fromBot: true, text: 'hi', thread_ts: ts },
    { who: 'other bot', fromBot: true, text: 'beep' },
  ]);
  const ledger = await (await fetch(`${simulator.origin}/control/ledger`)).json();
  expect(ledger).toMatchObject({ counts: { messages: 1 }, messages: [{ thread_ts: ts, bot: bot.id }] });
  await control('fail', { method: 'auth.test', fault: { kind: 'error', error: 'internal_error' } });
  expect((await call(simulator, bot.bot_token, 'auth.test')).body.error).toBe('internal_error');
  await control('revoke-token', { bot_id: bot.id, error: 'token_expired' });
  expect((await call(simulator, bot.bot_token, 'auth.test')).body.error).toBe('token_expired');
  expect((await control('new-token', { bot_id: bot.id })).bot_token).toMatch(/^xoxb-/);
  await control('cut');
});

test('says what it does not understand', async () => {
  await expect(control('dance')).rejects.toThrow('no operation dance');
  await expect(control('say', { channel: 'C1', text: 'x' })).rejects.toThrow('no channel C1');
  await expect(control('fail', { fault: { kind: 'nothing' } })).rejects.toThrow('fault.kind');
  await expect(control('disconnect', { reason: 'boredom' })).rejects.toThrow('reason is one of');
});

test('a stage for the playground', async () => {
  const stage = await simulator.stage();
  const { bot_token, app_token, workspace_id, channel_ids } = stage.connect as Record<string, string>;
  expect([bot_token, app_token, workspace_id]).toEqual([
    expect.stringMatching(/^xoxb-[0-9]{10,13}-[0-9]{10,13}-[a-z0-9]{20,}$/),
    expect.stringMatching(/^xapp-1-A[A-Z0-9]+-\d+-[a-f0-9]+$/),
    expect.stringMatching(/^T[A-Z0-9]{5,}$/),
  ]);
  const [channel] = channel_ids as unknown as string[];
  await stage.say('hello');
  const changed = stage.changed(1, AbortSignal.timeout(4000));
  await call(simulator, bot_token, 'chat.postMessage', { channel, text: 'hi' });
  await changed;
  expect(await stage.transcript()).toMatchObject([
    { who: 'you', fromBot: false, text: 'hello' },
    { who: '@playground', fromBot: true, text: 'hi' },
  ]);
});
