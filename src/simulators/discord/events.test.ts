import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { GuildHandle } from './controls.ts';
import type { ChannelHandle } from './handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from './simulator.ts';
import { call, closeGateways, type Gateway, login } from './test-client.ts';

const [guilds, guildMessages, directMessages] = [1, 1 << 9, 1 << 12];

let simulator: DiscordSimulator;
let bot: BotHandle;
let guild: GuildHandle;
let channel: ChannelHandle;
let gateway: Gateway;

beforeEach(async () => {
  simulator = await startDiscordSimulator({ limits: false });
  bot = simulator.createBot({ username: 'wise' });
  guild = simulator.guild({ bots: [bot] });
  channel = simulator.channel(guild);
});
afterEach(async () => {
  closeGateways();
  await simulator.close();
});

async function start(intents?: number): Promise<void> {
  gateway = (await login(simulator, bot, intents)).gateway;
  gateway.frames.length = 0;
}

/** Names of the events so far. */
async function names(): Promise<unknown[]> {
  await gateway.settled();
  return gateway.frames.splice(0).map((frame) => frame.t);
}

test('without the content intent texts are empty, except own, direct and mentioning ones', async () => {
  await start(guilds | guildMessages | directMessages);
  const text = async () => (await gateway.event('MESSAGE_CREATE')).d.content;
  channel.say('secret', { attachments: [{ id: '1' }] });
  expect((await gateway.event('MESSAGE_CREATE')).d).toMatchObject({ content: '', attachments: [] });
  channel.say('open', { mention: bot });
  expect(await text()).toBe(`<@${bot.id}> open`);
  simulator.dm(bot).say('direct');
  const direct = await gateway.event('MESSAGE_CREATE');
  expect(direct.d).toMatchObject({ content: 'direct', channel_type: 1 });
  expect(direct.d.guild_id).toBeUndefined();
  const body = { content: 'mine' };
  const mine = await call(simulator, bot, 'POST', `/channels/${channel.id}/messages`, { body });
  expect(await text()).toBe('mine');
  // A reply that notifies the bot mentions it; one to somebody else shows neither text.
  channel.say('answer', { replyTo: String(mine.body['id']) });
  expect((await gateway.event('MESSAGE_CREATE')).d).toMatchObject({
    type: 19,
    content: 'answer',
    referenced_message: { author: { id: bot.id }, content: 'mine' },
  });
});

test('only what was asked for', async () => {
  await start(guilds);
  channel.say('hello');
  simulator.dm(bot).say('hello');
  expect(await names()).toEqual([]);
  simulator.advance(5000);
  await start(guildMessages);
  channel.rename('other');
  channel.say('hello');
  expect(await names()).toEqual(['MESSAGE_CREATE']);
});

test('webhooks, roles, system messages and lost references', async () => {
  await start();
  channel.say('from outside', { webhook: 'Feed' });
  const hook = (await gateway.event('MESSAGE_CREATE')).d;
  expect(hook).toMatchObject({ webhook_id: hook.author.id, author: { username: 'Feed', bot: true } });
  expect(hook.member).toBeUndefined();
  channel.say('you there', { mentionRole: bot });
  const [role] = [...guild.guild.roles.values()].filter((it) => it.botId === bot.id);
  expect((await gateway.event('MESSAGE_CREATE')).d).toMatchObject({ mention_roles: [role?.id], mentions: [] });
  const gone = channel.say('gone').id;
  channel.delete(gone);
  expect((await gateway.event('MESSAGE_DELETE')).d).toMatchObject({ id: gone });
  gateway.frames.length = 0;
  channel.say('to what?', { replyTo: gone });
  expect((await gateway.event('MESSAGE_CREATE')).d).toMatchObject({ type: 19, referenced_message: null });
  channel.say('', { type: 7 });
  expect((await gateway.event('MESSAGE_CREATE')).d.type).toBe(7);
  const edited = channel.say('one').id;
  channel.edit(edited, 'two');
  expect((await gateway.event('MESSAGE_UPDATE')).d).toMatchObject({ id: edited, content: 'two' });
});

test('another bot is heard but is no answer', async () => {
  await start();
  const other = simulator.createBot({ username: 'other' });
  channel.say('beep', { from: other });
  expect((await gateway.event('MESSAGE_CREATE')).d.author).toMatchObject({ id: other.id, bot: true });
  expect(channel.answers()).toEqual([]);
  expect(channel.transcript()).toMatchObject([{ who: '@other', fromBot: true }]);
});

test('threads come, change and go', async () => {
  await start();
  const thread = simulator.thread(channel, { name: 'Tea' });
  expect((await gateway.event('THREAD_CREATE')).d).toMatchObject({ id: thread.id, parent_id: channel.id, type: 11 });
  expect((await gateway.event('MESSAGE_CREATE')).d).toMatchObject({ type: 18, channel_id: channel.id });
  const source = channel.say('let us talk').id;
  const hanging = simulator.thread(channel, { fromMessage: source });
  expect(hanging.id).toBe(source);
  await gateway.next((frame) => frame.t === 'MESSAGE_CREATE' && frame.d.type === 21 && frame.d.channel_id === source);
  gateway.frames.length = 0;
  thread.archive();
  thread.say('wake up');
  expect(await names()).toEqual(['THREAD_UPDATE', 'THREAD_UPDATE', 'MESSAGE_CREATE']);
  const secret = simulator.thread(channel, { private: true });
  secret.say('psst');
  expect(await names()).toEqual([]);
  secret.add(bot);
  expect(await names()).toEqual(['THREAD_CREATE']);
  thread.delete();
  const deleted = await gateway.event('THREAD_DELETE');
  expect(deleted.d).toEqual({ id: thread.id, guild_id: guild.id, parent_id: channel.id, type: 11 });
});

test('a bot hears only what it may see, and is told when that changes', async () => {
  await start();
  simulator.thread(channel);
  gateway.frames.length = 0;
  await names();
  channel.deny(bot, 'VIEW_CHANNEL');
  channel.say('unheard');
  expect(await names()).toEqual(['CHANNEL_UPDATE']);
  channel.inherit(bot, 'VIEW_CHANNEL');
  expect(await names()).toEqual(['CHANNEL_UPDATE', 'THREAD_LIST_SYNC']);
  simulator.setRole(guild, bot, 1024n);
  simulator.timeOut(bot, guild, 1000);
  expect(await names()).toEqual(['GUILD_ROLE_UPDATE', 'GUILD_MEMBER_UPDATE']);
  channel.delete();
  expect(await names()).toEqual(['THREAD_DELETE', 'CHANNEL_DELETE']);
});

test('guilds come and go, with and without a reason', async () => {
  await start();
  simulator.setAvailable(guild, false);
  channel.say('unheard');
  expect((await gateway.event('GUILD_DELETE')).d).toEqual({ id: guild.id, unavailable: true });
  simulator.setAvailable(guild, true);
  expect((await gateway.event('GUILD_CREATE')).d).toMatchObject({ id: guild.id, unavailable: false });
  simulator.kick(bot, guild);
  expect((await gateway.event('GUILD_DELETE')).d).toEqual({ id: guild.id });
  channel.say('unheard');
  expect(await names()).toEqual([]);
  const other = simulator.guild({ bots: [bot] });
  expect((await gateway.event('GUILD_CREATE')).d.id).toBe(other.id);
});
