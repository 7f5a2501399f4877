import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { ChannelHandle } from './handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from './simulator.ts';
import { closeGateways, login, resumed } from './test-client.ts';

let simulator: DiscordSimulator;
let bot: BotHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  simulator = await startDiscordSimulator();
  bot = simulator.createBot({ username: 'wise' });
  channel = simulator.channel(simulator.guild({ bots: [bot] }));
});
afterEach(async () => {
  closeGateways();
  await simulator.close();
});

test('a resume replays what was missed', async () => {
  const { gateway, ready } = await login(simulator, bot);
  channel.say('one');
  const one = await gateway.event('MESSAGE_CREATE');
  gateway.socket.close(4000);
  await gateway.closed;
  await simulator.waitFor((ledger) => ledger.closes.length === 1);
  const { id } = channel.say('two');
  const again = await resumed(simulator, bot, ready, one.s ?? 0);
  expect((await again.event('MESSAGE_CREATE')).d).toMatchObject({ id, content: 'two' });
  await again.event('RESUMED');
  expect(simulator.ledger.resumes).toMatchObject([{ outcome: 'resumed', replayed: 1 }]);
  expect(simulator.ledger.counts).toMatchObject({ identifies: 1, resumes: 1, misdirected_resumes: 0 });
  channel.say('three');
  expect((await again.event('MESSAGE_CREATE')).d.content).toBe('three');
});

test('a replay may repeat what was had', async () => {
  simulator.setGateway({ replayOverlap: 1 });
  const { gateway, ready } = await login(simulator, bot);
  const { id } = channel.say('one');
  const one = await gateway.event('MESSAGE_CREATE');
  simulator.closeGateway(4000);
  await gateway.closed;
  const again = await resumed(simulator, bot, ready, one.s ?? 0);
  expect((await again.event('MESSAGE_CREATE')).d.id).toBe(id);
  expect(simulator.ledger.events.find((it) => it.message_id === id)?.sessions[0]?.sent).toBe(2);
});

test.each([
  ['its time is over', 4000, () => simulator.advance(90_000)],
  ['the client said good-bye', 1000, () => {}],
  [
    'too much happened',
    4000,
    () => {
      simulator.setGateway({ replayLimit: 2 });
      for (const text of ['a', 'b', 'c']) channel.say(text);
    },
  ],
])('a session cannot be resumed once %s', async (_, code, happen) => {
  const { gateway, ready } = await login(simulator, bot);
  gateway.socket.close(code);
  await gateway.closed;
  await simulator.waitFor((ledger) => ledger.closes.length === 1);
  happen();
  const again = await resumed(simulator, bot, ready, ready.s ?? 0);
  expect((await again.op(9)).d).toBe(false);
});

test('a resume ahead of the session is an invalid sequence', async () => {
  const { gateway, ready } = await login(simulator, bot);
  simulator.closeGateway(4000);
  await gateway.closed;
  const again = await resumed(simulator, bot, ready, 999);
  expect(await again.closed).toBe(4007);
});

test('resumes may be broken on purpose', async () => {
  const { gateway, ready } = await login(simulator, bot);
  simulator.cut();
  expect(await gateway.closed).toBe(1006);
  simulator.breakResumes(2, 1006);
  for (let count = 0; count < 2; count++) expect(await (await resumed(simulator, bot, ready, 1)).closed).toBe(1006);
  await (await resumed(simulator, bot, ready, 1)).event('RESUMED');
});
