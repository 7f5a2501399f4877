import { afterEach, beforeEach, expect } from 'vitest';
import { discord } from '../../src/connectors/discord/connector.ts';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Bot, Integration, Settings } from '../../src/core/integration.ts';
import { silentLog } from '../../src/core/log.ts';
import type { Cursor, InboundMessage } from '../../src/core/message.ts';
import type { BotHandle } from '../../src/simulators/discord/bots.ts';
import type { GuildHandle } from '../../src/simulators/discord/controls.ts';
import type { ChannelHandle } from '../../src/simulators/discord/handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { until } from './connector-world.ts';

/** Longer than a session can be resumed, ms. */
export const LONG = 10 * 60_000;
export const HOUR = 60 * 60_000;

export let sim: DiscordSimulator;
let pool: Pool;
export let handle: BotHandle;
export let guild: GuildHandle;
export let channel: ChannelHandle;
/** Both ends' time that has passed without anybody waiting for it, ms. */
let skew: number;
let stops: (() => Promise<void>)[];

/** For the file that calls it: a bot in a guild with a channel, anew for each test. The strict judge has the last word. */
export function discordGapWorld(): void {
  beforeEach(async () => {
    sim = await startDiscordSimulator();
    pool = createPool();
    handle = sim.createBot({ username: 'aria' });
    guild = sim.guild({ bots: [handle] });
    channel = sim.channel(guild);
    skew = 0;
    stops = [];
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await pool.close();
    await sim.close();
    const { counts } = sim.ledger;
    const { protocol_errors, called_while_limited, hasty_identifies, unknown_routes } = counts;
    expect(protocol_errors + called_while_limited + hasty_identifies + unknown_routes).toBe(0);
  });
}

const clock: Clock = {
  ...systemClock,
  now: () => systemClock.now() + skew,
  elapsed: () => systemClock.elapsed() + skew,
};

/** Only while nobody is connected: their timers do not know. */
export function pass(ms: number): void {
  sim.advance(ms);
  skew += ms;
}

export const port = () => ({ apiUrl: sim.url, fetch: pool.fetch, clock, random: () => 0, log: silentLog });
export const settingsOf = (channels: readonly ChannelHandle[], more: Settings = {}): Settings => ({
  guild_id: guild.id,
  channel_ids: channels.map(({ id }) => id),
  ...more,
});
export const history = () =>
  sim.ledger.calls.filter(({ path, method }) => method === 'GET' && path.endsWith('/messages'));
export const identified = (times: number) => until(() => sim.ledger.counts.identifies === times);

/** What a store would hold: each message once, and the cursors. */
export function createStore() {
  const heard: InboundMessage[] = [];
  const cursors = new Map<string, string>();
  const move = (moved: readonly Cursor[]) => {
    for (const { name, value } of moved) value === null ? cursors.delete(name) : cursors.set(name, value);
  };
  const accept = async (messages: readonly InboundMessage[], moved: readonly Cursor[]) => {
    const known = new Set(heard.map(({ id }) => id));
    heard.push(...messages.filter(({ id, author }) => author.kind === 'person' && !known.has(id)));
    move(moved);
  };
  const copy = () => {
    const [oldHeard, oldCursors] = [[...heard], new Map(cursors)];
    return () => {
      heard.splice(0, heard.length, ...oldHeard);
      cursors.clear();
      for (const [name, value] of oldCursors) cursors.set(name, value);
    };
  };
  return { heard, cursors, move, accept, copy, texts: () => heard.map(({ text }) => text) };
}

type Store = ReturnType<typeof createStore>;

export async function begin(store: Store, settings: Settings, before?: Settings): Promise<void> {
  const state = { known: store.cursors, ...(before && { before }) };
  const begun = await discord.beginning?.({ bot_token: handle.token }, settings, port(), state);
  if (!begun?.ok) throw new Error('no beginning');
  store.move(begun.cursors);
}

const bot = (): Bot => ({ id: 'bot_gap', platform: 'discord', identity: handle.id, profile: {} });

export function run(store: Store, settings: Settings, accept = store.accept) {
  const ending = new AbortController();
  const states: string[] = [];
  const receiver = discord.receiver(
    bot(),
    { bot_token: handle.token },
    {
      ...port(),
      cursors: store.cursors,
      routes: () => [{ settings, enabled: true } as unknown as Integration],
      accept,
      moved: async () => {},
      join: async () => {},
      report: ({ state }) => void states.push(state),
    },
  );
  const ended = receiver.run(ending.signal);
  const stop = async () => {
    ending.abort();
    await ended;
  };
  stops.push(stop);
  return { stop, connected: () => until(() => states.at(-1) === 'connected') };
}

/** Listens from now on, and was connected once. */
export async function seasoned(settings: Settings, said = channel): Promise<Store> {
  const store = createStore();
  await begin(store, settings);
  const link = run(store, settings);
  await link.connected();
  said.say('before the gap');
  await until(() => store.heard.length === 1);
  await link.stop();
  return store;
}

/** As the outbox sends it. */
export async function answer(message: InboundMessage | undefined): Promise<void> {
  if (!message) throw new Error('nothing to answer');
  const sender = discord.sender(bot(), { bot_token: handle.token }, port());
  const { id, at: to } = message;
  const result = await sender.send(
    {
      ...{ id: `dlv_${id}`, botId: 'bot_gap', integrationId: 'int_gap', inboxSeq: 1, to, replyTo: id, index: 0 },
      ...{ part: { text: 'the answer' }, operation: 'create', revision: 0, state: 'sending', attempts: 0 },
      ...{ nextAttemptAt: 0, createdAt: clock.now(), maybeDuplicate: false },
    },
    new AbortController().signal,
  );
  expect(result.ok).toBe(true);
}
