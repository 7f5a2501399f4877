import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { Said } from './handles.ts';
import { startTelegramSimulator, type TelegramSimulator } from './simulator.ts';
import { call, updatesOf } from './test-client.ts';

let simulator: TelegramSimulator;
let bot: BotHandle;

beforeEach(async () => {
  simulator = await startTelegramSimulator();
  bot = simulator.createBot({ username: 'wise_bot' });
});
afterEach(() => simulator.close());

const heard = (said: Said) => said.updates.has(bot.id);

test('privacy mode lets through what is meant for the bot', async () => {
  const group = simulator.group(bot);
  expect(heard(group.say('hello all'))).toBe(false);
  expect(heard(group.say('hello @Wise_Bot'))).toBe(true);
  expect(heard(group.say('hello @wise_bot2'))).toBe(false);
  expect(heard(group.say('/help@wise_bot'))).toBe(true);
  expect(heard(group.say('/help@other_bot'))).toBe(false);
  const named = [{ type: 'text_mention', offset: 0, length: 4, user: { id: bot.id } }];
  expect(heard(group.say('Wise', { entities: named }))).toBe(true);
  const sent = await call(simulator, bot, 'sendMessage', { chat_id: group.id, text: 'I am here' });
  const { message_id: replyTo } = sent.result as { message_id: number };
  expect(heard(group.say('good', { replyTo }))).toBe(true);
  expect(heard(group.say('/start'))).toBe(true);
  const other = simulator.createBot({ username: 'loud_bot' });
  simulator.join(group, other);
  await call(simulator, other, 'sendMessage', { chat_id: group.id, text: 'me too @wise_bot' });
  expect(heard(group.say('/start'))).toBe(false);
});

test('administrators hear everything; switching privacy off counts from the next joining', () => {
  const group = simulator.group(bot);
  group.admin(bot);
  expect(heard(group.say('as admin'))).toBe(true);
  group.admin(bot, false);
  simulator.setPrivacy(bot, false);
  expect(heard(group.say('not yet'))).toBe(false);
  group.remove(bot, 'left');
  simulator.join(group, bot);
  expect(heard(group.say('now'))).toBe(true);
});

test('no bot hears a bot; an anonymous administrator only looks like one', async () => {
  const open = simulator.createBot({ username: 'open_bot', privacy: false });
  const group = simulator.group(open);
  simulator.join(group, bot);
  await updatesOf(simulator, open);
  await call(simulator, bot, 'sendMessage', { chat_id: group.id, text: 'hear me @open_bot' });
  const said = group.say('hidden', { anonymous: true });
  const [update, ...rest] = await updatesOf(simulator, open, { offset: said.updates.get(open.id) });
  expect(rest).toEqual([]);
  expect(update?.['message']).toMatchObject({
    text: 'hidden',
    from: { id: 1087968824, is_bot: true },
    sender_chat: { id: group.id },
  });
  const texts = simulator.ledger.updates.filter((entry) => entry.bot_id === open.id && entry.kind === 'message');
  expect(texts.some((entry) => entry.message_id === said.message_id)).toBe(true);
});

test('topics: unknown and General are not found, closed says so, and messages stand where they belong', async () => {
  const forum = simulator.group(bot, { forum: true, admin: true });
  const thread = simulator.topic(forum, 'Tea');
  const send = (extra: Record<string, unknown>) =>
    call(simulator, bot, 'sendMessage', { chat_id: forum.id, text: 'x', ...extra });
  const missing = { status: 400, description: 'Bad Request: message thread not found' };
  expect(await send({ message_thread_id: 1 })).toMatchObject(missing);
  expect(await send({ message_thread_id: 999 })).toMatchObject(missing);
  expect(await send({ message_thread_id: thread })).toMatchObject({
    result: { message_thread_id: thread, is_topic_message: true },
  });
  const said = forum.say('in topic', { thread });
  const updates = await updatesOf(simulator, bot, { offset: said.updates.get(bot.id) });
  expect(updates[0]?.['message']).toMatchObject({
    message_thread_id: thread,
    is_topic_message: true,
    reply_to_message: { forum_topic_created: { name: 'Tea' } },
  });
  expect(await send({ reply_parameters: { message_id: said.message_id } })).toMatchObject({
    result: { message_thread_id: thread },
  });
  forum.closeTopic(thread);
  expect(await send({ message_thread_id: thread })).toMatchObject({
    status: 400,
    description: 'Bad Request: TOPIC_CLOSED',
  });
  forum.closeTopic(1);
  expect(await send({})).toMatchObject({ description: 'Bad Request: TOPIC_CLOSED' });
});

test('in an ordinary supergroup a reply has a thread that must not be sent back', async () => {
  const group = simulator.group(bot, { admin: true });
  const first = group.say('root');
  const reply = group.say('chain', { replyTo: first.message_id });
  const updates = await updatesOf(simulator, bot, { offset: reply.updates.get(bot.id) });
  expect(updates[0]?.['message']).toMatchObject({ message_thread_id: first.message_id });
  expect(updates[0]?.['message']).not.toHaveProperty('is_topic_message');
  expect(
    await call(simulator, bot, 'sendMessage', { chat_id: group.id, text: 'x', message_thread_id: first.message_id }),
  ).toMatchObject({ description: 'Bad Request: message thread not found' });
});

test('a group that became a supergroup sends its bot on', async () => {
  const group = simulator.group(bot, { kind: 'group', admin: true });
  const next = group.migrate();
  const services = (await updatesOf(simulator, bot)).map((update) => update['message']);
  expect(services).toContainEqual(expect.objectContaining({ migrate_to_chat_id: next.id }));
  expect(services).toContainEqual(expect.objectContaining({ migrate_from_chat_id: group.id }));
  expect(String(next.id)).toMatch(/^-100/);
  expect(await call(simulator, bot, 'sendMessage', { chat_id: group.id, text: 'x' })).toMatchObject({
    status: 400,
    description: 'Bad Request: group chat was upgraded to a supergroup chat',
    parameters: { migrate_to_chat_id: next.id },
  });
  expect(await call(simulator, bot, 'sendMessage', { chat_id: next.id, text: 'x' })).toMatchObject({ ok: true });
});

test('coming and going is told by my_chat_member', async () => {
  const group = simulator.group(bot);
  group.remove(bot);
  const private_ = simulator.privateChat(bot);
  private_.block();
  private_.block(false);
  const changes = (await updatesOf(simulator, bot))
    .map((update) => update['my_chat_member'])
    .filter((change) => change !== undefined) as { new_chat_member: { status: string } }[];
  expect(changes.map((change) => change.new_chat_member.status)).toEqual(['member', 'kicked', 'kicked', 'member']);
  expect(await call(simulator, bot, 'sendMessage', { chat_id: group.id, text: 'x' })).toMatchObject({
    status: 403,
    description: 'Forbidden: bot was kicked from the supergroup chat',
  });
});

test('a channel post has no author, and its copy in the linked group is an automatic forward', async () => {
  const channel = simulator.channel(bot);
  const group = simulator.group(bot, { admin: true });
  simulator.link(channel, group);
  channel.say('news');
  const updates = await updatesOf(simulator, bot);
  const posted = updates.find((update) => update['channel_post'])?.['channel_post'];
  expect(posted).toMatchObject({ text: 'news', chat: { type: 'channel' }, sender_chat: { id: channel.id } });
  expect(posted).not.toHaveProperty('from');
  expect(updates.at(-1)?.['message']).toMatchObject({ is_automatic_forward: true, from: { id: 777000 } });
});

test('stickers have no text, photos a caption', async () => {
  const chat = simulator.privateChat(bot);
  chat.send({ sticker: { file_id: 's', emoji: '🙂' } });
  chat.send({ photo: [{ file_id: 'p' }] }, { text: 'look' });
  const [sticker, photo] = (await updatesOf(simulator, bot)).map((update) => update['message']);
  expect(sticker).not.toHaveProperty('text');
  expect(photo).toMatchObject({ caption: 'look' });
});
