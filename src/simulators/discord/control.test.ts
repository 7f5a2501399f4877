import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DiscordSimulator, startDiscordSimulator } from './simulator.ts';
import { call, closeGateways, connect, identity } from './test-client.ts';

let simulator: DiscordSimulator;

beforeEach(async () => {
  simulator = await startDiscordSimulator();
});
afterEach(async () => {
  closeGateways();
  await simulator.close();
});

async function control(name: string, body: Record<string, unknown> = {}): Promise<Record<string, string>> {
  const response = await fetch(`${simulator.url}/control/${name}`, { method: 'POST', body: JSON.stringify(body) });
  const json = (await response.json()) as Record<string, string>;
  if (!response.ok) throw new Error(json['error']);
  return json;
}

test('a whole play over HTTP', async () => {
  const { id = '', token = '' } = await control('create-bot', { username: 'wise', messageContent: true });
  const { guild_id = '' } = await control('create-guild', { name: 'Home', bots: [id] });
  const { channel_id = '' } = await control('create-channel', { guild_id, name: 'general' });
  const gateway = await connect(simulator);
  gateway.send(2, identity(token));
  await gateway.event('READY');
  const { message_id } = await control('say', { channel_id, text: 'hello', mention: id });
  expect((await gateway.event('MESSAGE_CREATE')).d).toMatchObject({ id: message_id, content: `<@${id}> hello` });
  const body = { content: 'hi', message_reference: { message_id } };
  await call(simulator, token, 'POST', `/channels/${channel_id}/messages`, { body });
  const lines = await (await fetch(`${simulator.url}/control/transcript?channel_id=${channel_id}`)).json();
  expect(lines).toMatchObject([{ who: 'grace' }, { who: '@wise', fromBot: true, text: 'hi', reply_to: message_id }]);
  const ledger = await (await fetch(`${simulator.url}/control/ledger`)).json();
  expect(ledger).toMatchObject({ counts: { messages: 1, identifies: 1 }, messages: [{ reply_to: message_id }] });
  await control('deny', { channel_id, user_id: id, permission: 'SEND_MESSAGES' });
  expect((await call(simulator, token, 'POST', `/channels/${channel_id}/messages`, { body })).status).toBe(403);
  await control('close-gateway', { code: 4000, bot_id: id });
  expect(await gateway.closed).toBe(4000);
  const renewed = await control('reset-token', { bot_id: id });
  expect(renewed['token']).not.toBe(token);
});

test('says what it does not understand', async () => {
  await expect(control('dance')).rejects.toThrow('no operation dance');
  await expect(control('say', { channel_id: '1', text: 'x' })).rejects.toThrow('no channel 1');
  await expect(control('fail', { fault: { kind: 'nothing' } })).rejects.toThrow('fault.kind');
});

test('tells when something happened', async () => {
  const { version } = simulator.scene.bell;
  const changed = fetch(`${simulator.url}/control/changed?after=${version}`).then((it) => it.json());
  simulator.stage();
  expect(await changed).toMatchObject({ version: expect.any(Number) });
});

test('a stage for the playground', async () => {
  const stage = await simulator.stage();
  expect(stage.connect).toMatchObject({ bot_token: expect.any(String), guild_id: expect.any(String) });
  const [channelId] = stage.connect['channel_ids'] as string[];
  await stage.say('hello');
  const changed = stage.changed(1, AbortSignal.timeout(4000));
  const token = String(stage.connect['bot_token']);
  await call(simulator, token, 'POST', `/channels/${channelId}/messages`, { body: { content: 'hi' } });
  await changed;
  expect(await stage.transcript()).toMatchObject([
    { who: 'you', fromBot: false, text: 'hello' },
    { who: '@playground', fromBot: true, text: 'hi' },
  ]);
});
