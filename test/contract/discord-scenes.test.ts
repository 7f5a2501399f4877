import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { discord } from '../../src/connectors/discord/connector.ts';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Bot, Integration, Settings } from '../../src/core/integration.ts';
import { silentLog } from '../../src/core/log.ts';
import type { InboundMessage } from '../../src/core/message.ts';
import type { BotHandle } from '../../src/simulators/discord/bots.ts';
import type { GuildHandle } from '../../src/simulators/discord/controls.ts';
import type { ChannelHandle } from '../../src/simulators/discord/handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { until } from './connector-world.ts';

let sim: DiscordSimulator;
let pool: Pool;
let handle: BotHandle;
let guild: GuildHandle;
let channel: ChannelHandle;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  sim = await startDiscordSimulator({ gateway: { heartbeatInterval: 500 } });
  pool = createPool();
  handle = sim.createBot({ username: 'aria' });
  guild = sim.guild({ bots: [handle] });
  channel = sim.channel(guild);
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await pool.close();
  await sim.close();
  const { pings, reply_pings, previews, unknown_fields, protocol_errors, missed_heartbeats } = sim.ledger.counts;
  expect(pings + reply_pings + previews + unknown_fields + protocol_errors + missed_heartbeats).toBe(0);
});

function listen(settings: Settings) {
  const port = { apiUrl: sim.url, fetch: pool.fetch, clock: systemClock, random: Math.random, log: silentLog };
  const bot: Bot = { id: 'bot_scene', platform: 'discord', identity: handle.id, profile: {} };
  const heard: InboundMessage[] = [];
  const states: string[] = [];
  const stop = new AbortController();
  const receiver = discord.receiver(
    bot,
    { bot_token: handle.token },
    {
      ...port,
      cursors: new Map(),
      routes: () => [{ settings } as unknown as Integration],
      accept: async (messages) => void heard.push(...messages),
      moved: async () => {},
      join: async () => {},
      report: ({ state }) => void states.push(state),
    },
  );
  const running = receiver.run(stop.signal);
  ends.push(async () => {
    stop.abort();
    await running;
  });
  const sender = discord.sender(bot, { bot_token: handle.token }, port);
  const answer = (to: InboundMessage) =>
    sender.send(
      {
        ...{ id: `dlv_${to.id}`, botId: bot.id, integrationId: 'int_scene', inboxSeq: 1, to: to.at, replyTo: to.id },
        ...{ part: { text: '@everyone https://example.com' }, index: 0, operation: 'create', revision: 0 },
        ...{ state: 'sending', attempts: 0, nextAttemptAt: 0, createdAt: Date.now(), maybeDuplicate: false },
      },
      stop.signal,
    );
  return { heard, states, answer, connected: () => until(() => states.at(-1) === 'connected') };
}

describe('discord', () => {
  it('hears and answers in channels, threads, forum posts, voice and direct messages', async () => {
    const forum = sim.channel(guild, { type: 'forum' });
    const voice = sim.channel(guild, { type: 'voice' });
    const old = sim.forumPost(forum, { text: 'before', name: 'old' });
    const settings = { guild_id: guild.id, channel_ids: [channel.id, forum.id, voice.id], direct_messages: true };
    const { heard, answer, connected } = listen(settings);
    await connected();
    channel.say('plain');
    old.say('old post');
    const post = sim.forumPost(forum, { text: 'new post', name: 'new' });
    const thread = sim.thread(channel, { name: 'aside' });
    thread.say('thread');
    channel.say('role', { mentionRole: handle });
    voice.say('voice');
    const dm = sim.dm(handle);
    dm.say('direct');
    channel.say('hook', { webhook: 'Hook' });
    channel.say('', { type: 7 });
    await until(() => heard.some(({ text }) => text === 'hook'));
    const people = heard.filter(({ author }) => author.kind === 'person');
    const scope = guild.id;
    expect(people.map(({ text, at, addressed }) => [text, at, addressed])).toEqual([
      ['plain', { scope, channel: channel.id }, false],
      ['old post', { scope, channel: forum.id, thread: old.id }, false],
      ['new post', { scope, channel: forum.id, thread: post.id }, false],
      ['thread', { scope, channel: channel.id, thread: thread.id }, false],
      ['role', { scope, channel: channel.id }, true],
      ['voice', { scope, channel: voice.id }, false],
      ['direct', { channel: dm.id }, true],
    ]);
    for (const message of people) {
      expect(discord.listens({ settings }, message.at)).toBe(true);
      expect(await answer(message)).toMatchObject({ ok: true });
    }
    expect([old, post, thread, voice, dm].map((place) => place.answers().length)).toEqual([1, 1, 1, 1, 1]);
  });

  it('loses nothing over reconnects, dead links and cuts', async () => {
    const { heard, connected } = listen({ guild_id: guild.id, channel_ids: [channel.id] });
    await connected();
    sim.op7();
    channel.say('op 7');
    await until(() => sim.ledger.counts.resumes === 1);
    await connected();
    sim.zombie();
    channel.say('zombie');
    await until(() => sim.ledger.counts.resumes === 2);
    await connected();
    sim.invalidateSessions(handle, true);
    channel.say('op 9, resumable');
    await until(() => sim.ledger.counts.resumes === 3);
    await connected();
    sim.cut();
    channel.say('cut');
    await until(() => new Set(heard.map(({ text }) => text)).size === 4);
    expect(sim.ledger.counts.identifies).toBe(1);
  });
});
