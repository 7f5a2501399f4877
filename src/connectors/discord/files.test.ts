import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../core/clock.ts';
import type { Delivery } from '../../core/delivery.ts';
import { silentLog } from '../../core/log.ts';
import type { BotHandle } from '../../simulators/discord/bots.ts';
import type { ChannelHandle } from '../../simulators/discord/handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from '../../simulators/discord/simulator.ts';
import { createPool, type Pool } from '../shared/http.ts';
import { sender } from './sender.ts';

let simulator: DiscordSimulator;
let pool: Pool;
let handle: BotHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  simulator = await startDiscordSimulator();
  pool = createPool();
  handle = simulator.createBot({ username: 'wise' });
  channel = simulator.channel(simulator.guild({ bots: [handle] }));
});
afterEach(async () => {
  await pool.close();
  await simulator.close();
});

it('sends a file with its message, once, and edits the text alone', async () => {
  const bot = { id: 'bot_1', platform: 'discord', identity: handle.id, profile: {} } as const;
  const port = { apiUrl: simulator.url, fetch: pool.fetch, clock: systemClock, random: Math.random, log: silentLog };
  const { send } = sender(bot, { bot_token: handle.token }, port);
  const file = { name: 'answer.md', content: '# Ä **long** answer\n' };
  const delivery: Delivery = {
    id: 'dlv_1',
    botId: 'bot_1',
    integrationId: 'int_1',
    inboxSeq: 1,
    to: { scope: '1', channel: channel.id },
    replyTo: channel.say('hello').id,
    part: { text: 'In the file.', file },
    index: 0,
    operation: 'create',
    revision: 0,
    state: 'sending',
    attempts: 0,
    nextAttemptAt: 0,
    createdAt: Date.now(),
    maybeDuplicate: false,
  };
  const signal = new AbortController().signal;
  const sent = await send(delivery, signal);
  if (!sent.ok) throw new Error(JSON.stringify(sent.failure));
  expect(await send(delivery, signal)).toEqual(sent);
  const edit = {
    ...delivery,
    operation: 'edit',
    messageId: sent.messageId,
    part: { text: 'Here it is.', file },
  } as const;
  expect(await send(edit, signal)).toEqual(sent);
  const answers = channel.transcript().filter(({ fromBot }) => fromBot);
  expect(answers.map(({ text }) => text)).toEqual(['Here it is.']);
  expect(answers[0]?.files).toMatchObject([
    {
      name: 'answer.md',
      type: 'text/markdown; charset=utf-8',
      text: file.content,
      size: Buffer.byteLength(file.content),
    },
  ]);
  expect(simulator.ledger.counts).toMatchObject({ unknown_fields: 0, without_nonce: 0, pings: 0, reply_pings: 0 });
});
