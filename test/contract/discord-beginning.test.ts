import { describe, expect, it } from 'vitest';
import { discord } from '../../src/connectors/discord/connector.ts';
import { until } from './connector-world.ts';
import {
  begin,
  channel,
  createStore,
  discordGapWorld,
  guild,
  HOUR,
  handle,
  history,
  LONG,
  pass,
  port,
  run,
  seasoned,
  settingsOf,
  sim,
} from './discord-gap-world.ts';

discordGapWorld();

describe('the beginning', () => {
  it('is now: what was said before is not heard, what is said before the link is up is (F045)', async () => {
    for (let index = 0; index < 120; index++) channel.say(`old ${index}`);
    const thread = sim.thread(channel, { name: 'aside' });
    thread.say('old, in a thread');
    const store = createStore();
    await begin(store, settingsOf([channel]));
    expect(history()).toEqual([]);
    channel.say('at once');
    thread.say('at once, in a thread');
    run(store, settingsOf([channel]));
    await until(() => store.heard.length === 2);
    channel.say('live');
    await until(() => store.texts().includes('live'));
    expect(new Set(store.texts())).toEqual(new Set(['at once', 'at once, in a thread', 'live']));
    expect(store.heard).toHaveLength(3);
  });

  it('is now in archived threads, too, which are not listed', async () => {
    const thread = sim.thread(channel, { name: 'asleep' });
    thread.say('an hour ago');
    thread.archive();
    pass(HOUR);
    const store = createStore();
    await begin(store, settingsOf([channel]));
    pass(5_000);
    thread.say('awake again');
    run(store, settingsOf([channel]));
    await until(() => store.heard.length > 0);
    expect(store.texts()).toEqual(['awake again']);
  });

  it('of a channel in which nothing was ever said', async () => {
    const store = createStore();
    await begin(store, settingsOf([channel]));
    expect(store.cursors.get(`ch:${channel.id}`)).toBe(channel.id);
    channel.say('the first word');
    run(store, settingsOf([channel]));
    await until(() => store.heard.length === 1);
    expect(store.texts()).toEqual(['the first word']);
  });

  it('comes only for channels that are new', async () => {
    const store = await seasoned(settingsOf([channel]));
    const beside = sim.channel(guild);
    beside.say('old');
    channel.say('missed');
    await begin(store, settingsOf([channel, beside]), settingsOf([channel]));
    pass(LONG);
    run(store, settingsOf([channel, beside]));
    await until(() => store.heard.length === 2);
    beside.say('live');
    await until(() => store.heard.length === 3);
    expect(store.texts()).toEqual(['before the gap', 'missed', 'live']);
  });

  it('comes again after a pause, threads included', async () => {
    const thread = sim.thread(channel, { name: 'aside' });
    const store = await seasoned(settingsOf([channel]), thread);
    thread.say('while paused');
    channel.say('while paused');
    await begin(store, settingsOf([channel]));
    store.cursors.delete('session');
    thread.say('after');
    pass(LONG);
    run(store, settingsOf([channel]));
    await until(() => store.texts().includes('after'));
    expect(store.texts()).toEqual(['before the gap', 'after']);
  });

  it('of a listed thread that is archived is its last message', async () => {
    const thread = sim.thread(channel, { name: 'aside' });
    const { id } = thread.say('old');
    thread.archive();
    const store = createStore();
    await begin(store, settingsOf([thread]));
    expect(store.cursors.get(`ch:${thread.id}`)).toBe(id);
  });

  it('cannot be told while the platform is away', async () => {
    sim.fail({ method: 'GET', path: '/channels', times: 1, fault: { kind: 'error', status: 500 } });
    const state = { known: new Map<string, string>() };
    const begun = await discord.beginning?.({ bot_token: handle.token }, settingsOf([channel]), port(), state);
    expect(begun).toMatchObject({ ok: false, kind: 'unavailable' });
  });
});
