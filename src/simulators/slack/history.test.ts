import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './apps.ts';
import type { ChannelHandle } from './handles.ts';
import { type SlackSimulator, startSlackSimulator } from './simulator.ts';
import { call, type Reply } from './test-client.ts';

let simulator: SlackSimulator;
let bot: BotHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  simulator = await startSlackSimulator({ now: () => 1_770_000_000_000 });
  bot = simulator.createBot();
  channel = simulator.channel({ members: [bot] });
});
afterEach(() => simulator.close());

const read = (args: Record<string, unknown> = {}): Promise<Reply> =>
  call(simulator, bot.token, 'conversations.history', { channel: channel.id, ...args });
const thread = (ts: string, args: Record<string, unknown> = {}): Promise<Reply> =>
  call(simulator, bot.token, 'conversations.replies', { channel: channel.id, ts, ...args });
const texts = ({ body }: Reply): string[] => body.messages.map((it: { text: string }) => it.text);

test('every ts is a text of its own, later than the one before, though the clock stands still', () => {
  const given = Array.from({ length: 100 }, () => channel.say('x').ts);
  expect(new Set(given).size).toBe(100);
  expect(given.toSorted()).toEqual(given);
  expect(given[0]).toBe('1770000000.000000');
});

test('newest first; thread replies are not there, unless broadcast', async () => {
  const { ts } = channel.say('root');
  channel.say('quiet', { thread: ts });
  const loud = channel.say('loud', { thread: ts, broadcast: true });
  channel.say('last');
  const reply = await read();
  expect(texts(reply)).toEqual(['last', 'loud', 'root']);
  expect(reply.body.messages[1]).toMatchObject({ subtype: 'thread_broadcast', thread_ts: ts });
  expect(reply.body.messages[2]).toMatchObject({ reply_count: 2, latest_reply: loud.ts, thread_ts: ts });
  expect(reply.body.messages[0]).not.toHaveProperty('channel');
  expect(reply.body.messages[0]).not.toHaveProperty('thread_ts');
});

test('edits and deletions are no messages of their own; a new reply does not bring back an old parent', async () => {
  const first = channel.say('first');
  const second = channel.say('second');
  const gone = channel.say('gone');
  channel.edit(first.ts, 'first!');
  channel.unfurl(second.ts);
  channel.delete(gone.ts);
  channel.say('reply', { thread: first.ts });
  expect(texts(await read())).toEqual(['second', 'first!']);
  expect(texts(await read({ oldest: first.ts }))).toEqual(['second']);
});

test('oldest and latest are outside, unless inclusive', async () => {
  const [a, , c] = ['a', 'b', 'c', 'd'].map((it) => channel.say(it).ts);
  expect(texts(await read({ oldest: a, latest: c }))).toEqual(['b']);
  expect(texts(await read({ oldest: a, latest: c, inclusive: true }))).toEqual(['c', 'b', 'a']);
  expect(texts(await read({ latest: 1_760_000_000 }))).toEqual([]);
});

test('pages follow the cursor, whose last sign has to be encoded', async () => {
  for (let i = 0; i < 5; i++) channel.say(String(i));
  const first = await read({ limit: 2 });
  const { next_cursor: cursor } = first.body.response_metadata;
  expect(cursor).toMatch(/=$/);
  channel.say('new');
  const second = await read({ limit: 2, cursor });
  const third = await read({ limit: 2, cursor: second.body.response_metadata.next_cursor });
  expect([first, second, third].flatMap(texts)).toEqual(['4', '3', '2', '1', '0']);
  expect(third.body).toMatchObject({ has_more: false });
  expect(third.body).not.toHaveProperty('response_metadata');
});

test('metadata only where it is asked for', async () => {
  const metadata = { event_type: 'replr_delivery', event_payload: { key: 'd1' } };
  await call(simulator, bot.token, 'chat.postMessage', { channel: channel.id, text: 'hi', metadata }, { json: true });
  expect((await read()).body.messages[0]).not.toHaveProperty('metadata');
  expect((await read({ include_all_metadata: true })).body.messages[0]).toMatchObject({ metadata, bot_id: bot.botId });
});

test('a thread: the parent first on every page, then replies, oldest first', async () => {
  const { ts } = channel.say('root');
  const replies = ['1', '2', '3'].map((it) => channel.say(it, { thread: ts }).ts);
  const first = await thread(ts, { limit: 2 });
  expect(texts(first)).toEqual(['root', '1', '2']);
  const { next_cursor: cursor } = first.body.response_metadata;
  expect(texts(await thread(ts, { limit: 2, cursor }))).toEqual(['root', '3']);
  expect(texts(await thread(ts, { oldest: replies[1] }))).toEqual(['root', '3']);
  expect(first.body.messages[1]).toMatchObject({ thread_ts: ts, parent_user_id: channel.speaker.id });
});

test("a reply's ts gives that reply alone, and is counted", async () => {
  const { ts } = channel.say('root');
  const reply = channel.say('1', { thread: ts });
  channel.say('2', { thread: ts });
  expect(texts(await thread(reply.ts))).toEqual(['1']);
  expect(simulator.ledger.counts.reply_ts_as_parent).toBe(1);
});

test('a deleted parent stays as a tombstone', async () => {
  const { ts } = channel.say('root');
  channel.say('1', { thread: ts });
  channel.delete(ts);
  expect((await thread(ts)).body.messages[0]).toMatchObject({ subtype: 'tombstone', reply_count: 1 });
});

test('posts of bots with and without a subtype, and joins', async () => {
  channel.sayAsBot('modern');
  channel.sayAsBot('classic', { classic: true });
  channel.join(simulator.createPerson('bob'));
  const { messages } = (await read()).body;
  expect(messages).toMatchObject([{ subtype: 'channel_join' }, { subtype: 'bot_message' }, { text: 'modern' }]);
  expect(messages[1]).not.toHaveProperty('user');
  expect(messages[2]).not.toHaveProperty('subtype');
  expect(messages[2].bot_id).toEqual(expect.any(String));
});

test('the capped class: one call a minute and method, 15 objects', async () => {
  simulator.setCapped(bot.app);
  simulator.setLimits(false);
  const { ts } = channel.say('root');
  for (let i = 0; i < 20; i++) {
    channel.say(String(i));
    channel.say(`r${i}`, { thread: ts });
  }
  const page = await read({ limit: 200 });
  expect(page.body).toMatchObject({ has_more: true });
  expect(texts(page)).toHaveLength(15);
  const again = await read();
  expect([again.status, again.headers.get('retry-after')]).toEqual([429, '60']);
  expect(texts(await thread(ts))).toHaveLength(15);
  expect((await call(simulator, bot.token, 'conversations.info', { channel: channel.id })).status).toBe(200);
  simulator.advance(60_000);
  expect((await read()).status).toBe(200);
});
