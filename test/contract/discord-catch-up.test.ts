import { describe, expect, it } from 'vitest';
import { until } from './connector-world.ts';
import {
  answer,
  begin,
  channel,
  createStore,
  discordGapWorld,
  guild,
  HOUR,
  handle,
  history,
  identified,
  LONG,
  pass,
  run,
  seasoned,
  settingsOf,
  sim,
} from './discord-gap-world.ts';

discordGapWorld();

describe('a gap that the platform does not replay', () => {
  it('is read from the history, oldest first, nothing twice and nothing from before the beginning', async () => {
    channel.say('before everything');
    const store = await seasoned(settingsOf([channel]));
    for (let index = 0; index < 250; index++) channel.say(`missed ${index}`);
    pass(LONG);
    run(store, settingsOf([channel]));
    await until(() => store.heard.length >= 251);
    channel.say('live');
    await until(() => store.texts().at(-1) === 'live');
    const missed = Array.from({ length: 250 }, (_, index) => `missed ${index}`);
    expect(store.texts()).toEqual(['before the gap', ...missed, 'live']);
    expect(sim.ledger.resumes.at(-1)?.outcome).toBe('unknown_session');
  });

  it('of an hour, with 500 messages in 20 channels, is recovered whole (F042)', async () => {
    const channels = [channel, ...Array.from({ length: 19 }, () => sim.channel(guild))];
    const store = await seasoned(settingsOf(channels));
    for (let index = 0; index < 500; index++) {
      channels[(index * 7) % 20]?.say(`missed ${index}`);
      pass(HOUR / 500);
    }
    run(store, settingsOf(channels));
    await until(() => store.heard.length >= 501);
    const sorted = store
      .texts()
      .slice(1)
      .toSorted((a, b) => Number(a.slice(7)) - Number(b.slice(7)));
    expect(sorted).toEqual(Array.from({ length: 500 }, (_, index) => `missed ${index}`));
    for (const { id } of channels) {
      const ids = store.heard.filter(({ at }) => at.channel === id).map((one) => BigInt(one.id));
      expect(ids).toEqual(ids.toSorted((a, b) => (a < b ? -1 : 1)));
    }
    expect(history()).toHaveLength(20);
  });

  it('is also found when the session is ended by the platform, with the link up (F034)', {
    timeout: 40_000,
  }, async () => {
    const store = await seasoned(settingsOf([channel]));
    const link = run(store, settingsOf([channel]));
    await link.connected();
    sim.invalidateSessions(handle, false);
    channel.say('nobody was told');
    await until(() => store.texts().includes('nobody was told'));
    expect(store.texts()).toEqual(['before the gap', 'nobody was told']);
  });

  it('F032: is found by a server that has tried to come back all the time', async () => {
    const store = await seasoned(settingsOf([channel]));
    const link = run(store, settingsOf([channel]));
    await link.connected();
    channel.say('heard');
    await until(() => store.heard.length === 2);
    await sim.down('refuse');
    // Only then the session's time runs.
    await until(() => sim.connections(handle).length === 0);
    for (const text of ['one', 'two', 'three']) channel.say(text);
    sim.advance(HOUR);
    await sim.up();
    await until(() => store.heard.length === 5);
    expect(store.texts().slice(1)).toEqual(['heard', 'one', 'two', 'three']);
    expect(sim.ledger.counts.identifies).toBe(2);
  });

  it('costs no call where nothing was said, the bot’s own answer included', async () => {
    const quiet = sim.channel(guild);
    quiet.say('old');
    const store = await seasoned(settingsOf([channel, quiet]));
    const answering = run(store, settingsOf([channel, quiet]));
    await answering.connected();
    await answer(store.heard[0]);
    // Events come in order: once this one is heard, the answer has come back, too.
    quiet.say('quiet no more');
    await until(() => store.heard.length === 2);
    await answering.stop();
    pass(LONG);
    const again = run(store, settingsOf([channel, quiet]));
    await identified(2);
    await again.connected();
    channel.say('live');
    await until(() => store.texts().includes('live'));
    expect(history()).toEqual([]);
  });

  it('in threads: active, new, and fallen asleep meanwhile', async () => {
    const forum = sim.channel(guild, { type: 'forum' });
    const settings = settingsOf([channel, forum]);
    const thread = sim.thread(channel, { name: 'aside' });
    thread.say('too early');
    const old = sim.thread(channel, { name: 'asleep', archived: true });
    const store = await seasoned(settings, thread);
    thread.say('in the thread');
    thread.archive();
    old.say('awake again');
    const post = sim.forumPost(forum, { text: 'a new post', name: 'new' });
    post.say('and more');
    pass(LONG);
    const link = run(store, settings);
    await until(() => store.heard.length >= 5);
    expect(new Set(store.texts())).toEqual(
      new Set(['before the gap', 'in the thread', 'awake again', 'a new post', 'and more']),
    );
    expect(store.heard.find(({ text }) => text === 'in the thread')?.at).toEqual({
      scope: guild.id,
      channel: channel.id,
      thread: thread.id,
    });
    await link.stop();
    const threads = [...store.cursors.keys()].filter((name) => name.startsWith('th:'));
    expect(threads.toSorted()).toEqual([`th:${channel.id}:${old.id}`, `th:${forum.id}:${post.id}`].toSorted());
  });

  it('forgets threads that are archived or deleted while it listens', async () => {
    const [one, two] = [sim.thread(channel, { name: 'one' }), sim.thread(channel, { name: 'two' })];
    const store = createStore();
    await begin(store, settingsOf([channel]));
    const link = run(store, settingsOf([channel]));
    await link.connected();
    channel.say('caught up by now');
    await until(() => store.heard.length === 1);
    one.say('1');
    two.say('2');
    await until(() => store.heard.length === 3);
    expect([...store.cursors.keys()].filter((name) => name.startsWith('th:'))).toHaveLength(2);
    one.archive();
    two.delete();
    channel.say('done');
    await until(() => store.texts().includes('done'));
    expect([...store.cursors.keys()].filter((name) => name.startsWith('th:'))).toEqual([]);
    await link.stop();
  });

  it('in direct messages that have been heard before', async () => {
    const settings = settingsOf([channel], { direct_messages: true });
    const dialogue = sim.dm(handle);
    dialogue.say('too early');
    const store = await seasoned(settings, dialogue);
    dialogue.say('are you there?');
    pass(LONG);
    run(store, settings);
    await until(() => store.heard.length === 2);
    expect(store.heard[1]).toMatchObject({ text: 'are you there?', at: { channel: dialogue.id }, addressed: true });
  });

  it('F029: passes over what is answered already: a store that was restored from a copy', async () => {
    const store = await seasoned(settingsOf([channel]));
    const restore = store.copy();
    const link = run(store, settingsOf([channel]));
    await link.connected();
    for (const text of ['one', 'two', 'three']) channel.say(text);
    await until(() => store.heard.length === 4);
    await answer(store.heard[1]);
    await answer(store.heard[3]);
    await link.stop();
    restore();
    pass(LONG);
    run(store, settingsOf([channel]));
    channel.say('four');
    await until(() => store.texts().includes('four'));
    expect(store.texts()).toEqual(['before the gap', 'two', 'four']);
  });

  it('of more than twelve hours: only what is not too old', async () => {
    const store = await seasoned(settingsOf([channel]));
    channel.say('yesterday');
    pass(13 * HOUR);
    channel.say('just now');
    pass(LONG);
    run(store, settingsOf([channel]));
    await until(() => store.texts().includes('just now'));
    expect(store.texts()).toEqual(['before the gap', 'just now']);
  });

  it('of more than a thousand messages ends somewhere', async () => {
    const store = await seasoned(settingsOf([channel]));
    for (let index = 0; index < 1_205; index++) channel.say(`missed ${index}`);
    pass(LONG);
    const link = run(store, settingsOf([channel]));
    await until(() => store.heard.length >= 1_001);
    channel.say('live');
    await until(() => store.texts().at(-1) === 'live');
    await link.stop();
    expect(store.heard).toHaveLength(1_002);
    expect(store.texts()[1_000]).toBe('missed 999');
    pass(LONG);
    const again = run(store, settingsOf([channel]));
    await identified(3);
    await again.connected();
    channel.say('later');
    await until(() => store.texts().includes('later'));
    expect(store.heard).toHaveLength(1_003);
  });

  it('does not keep other channels waiting for one that may not be read, or that fails', async () => {
    const [closed, failing] = [sim.channel(guild), sim.channel(guild)];
    const settings = settingsOf([closed, failing, channel]);
    const store = await seasoned(settings);
    for (const one of [closed, failing, channel]) one.say(`in ${one.id}`);
    pass(LONG);
    const fault = { kind: 'error', status: 403, code: 50001 } as const;
    sim.fail({ method: 'GET', channelId: closed.id, path: '/messages', fault });
    sim.fail({
      method: 'GET',
      channelId: failing.id,
      path: '/messages',
      times: 2,
      fault: { kind: 'error', status: 502 },
    });
    run(store, settings);
    await until(() => store.heard.length === 3);
    expect(store.texts().slice(1)).toEqual([`in ${channel.id}`, `in ${failing.id}`]);
  });

  it.each([502, 401])('not read to its end, for %i, is read on by the next one in the same session', async (status) => {
    const store = await seasoned(settingsOf([channel]));
    channel.say('missed');
    pass(LONG);
    sim.fail({ method: 'GET', path: '/messages', times: 99, fault: { kind: 'error', status } });
    const link = run(store, settingsOf([channel]));
    await identified(2);
    await link.connected();
    channel.say('live');
    await until(() => store.texts().includes('live'));
    await link.stop();
    sim.clearFaults();
    // The live one came first, and must not hide the other.
    run(store, settingsOf([channel]));
    await until(() => store.texts().includes('missed'));
    expect(sim.ledger.counts.identifies).toBe(2);
    expect(store.texts()).toEqual(['before the gap', 'live', 'missed']);
  });

  it('is stored as soon as the store takes it', async () => {
    const store = await seasoned(settingsOf([channel]));
    channel.say('missed');
    pass(LONG);
    let refusals = 2;
    run(store, settingsOf([channel]), async (messages, cursors) => {
      if (messages.length > 0 && refusals-- > 0) throw new Error('the disk is full');
      await store.accept(messages, cursors);
    });
    await until(() => store.texts().includes('missed'));
    expect(store.texts()).toEqual(['before the gap', 'missed']);
  });
});
