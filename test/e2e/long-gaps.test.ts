import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { startTelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { discordDriver, discordWorld } from '../support/discord-driver.ts';
import type { PlatformDriver, World } from '../support/driver.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { startSlackScene } from '../support/slack-scene.ts';
import { someStoreKinds } from '../support/stores.ts';
import { telegramDriver, telegramWorld } from '../support/telegram-driver.ts';

/** All of it takes minutes: bots write to one place once a second. Without, less of everything is asked, over the same time. */
const WHOLE = process.env['REPLR_LONG'] === '1';
const PATIENCE_MS = 240_000;
const HOUR = 3_600_000;
/** So many messages at once on Slack. */
const WAVE = 500;

/** Where somebody says something, and what bots have answered there. */
interface Place {
  say(text: string): unknown;
  answers(): readonly string[];
}

/** Looks now and then: with thousands of messages, looking at all of them whenever something happens takes longer than they do. */
const soon = { timeout: PATIENCE_MS, interval: 250 };

const countIn = (places: readonly Place[]): number => places.reduce((sum, place) => sum + place.answers().length, 0);

/** `count` messages over these places in turn, with time passing in between. */
function sayAll(places: readonly Place[], count: number, pass: () => void = () => {}, first = 0): void {
  for (let index = first; index < first + count; index++) {
    places[index % places.length]?.say(`missed ${index}`);
    pass();
  }
}

/** Each once, in each place in the order in which they were said. */
async function answeredInOrder(places: readonly Place[], count: number): Promise<void> {
  const wanted = places.map((_, place) => {
    const own = Array.from({ length: count }, (_, index) => index).filter((index) => index % places.length === place);
    return own.map((index) => `${ECHO_PREFIX}missed ${index}`);
  });
  await expect.poll(() => countIn(places), soon).toBeGreaterThanOrEqual(count);
  expect(places.map((place) => place.answers())).toEqual(wanted);
}

describe.each(someStoreKinds)('a long gap, on %s', (kind) => {
  let harness: Harness | undefined;
  beforeEach(() => {
    harness = undefined;
  });
  afterEach(async () => {
    const misuse = ((await harness?.world.misuse()) ?? 0) + ((await harness?.world.impatience()) ?? 0);
    await harness?.close();
    expect(misuse).toBe(0);
  });

  const serve = async (driver: PlatformDriver, world: World): Promise<Harness> => {
    harness = await startHarness({ ...driver, start: async () => world }, kind);
    return harness;
  };
  const connect = async ({ client }: Harness, platform: string, body: object): Promise<string> => {
    const { body: replr } = await client.post('/v1/replrs', { name: 'Ada', instructions: 'You are Ada.' });
    const made = await client.post(`/v1/integrations/${platform}`, { ...body, replr_id: replr.id });
    expect(made.status).toBe(201);
    return made.body.id;
  };

  it('of ten hours on Telegram: thousands of updates over 100 chats', {
    timeout: PATIENCE_MS + 60_000,
  }, async () => {
    const count = WHOLE ? 5_000 : 800;
    const limits = { perChatPerSecond: 3, perBotPerSecond: 1_000 };
    let behind = 10 * HOUR;
    const sim = await startTelegramSimulator({ limits, now: () => Date.now() - behind });
    const server = await serve(telegramDriver, telegramWorld(sim));
    const bot = sim.createBot({ username: 'aria_bot' });
    await connect(server, 'telegram', { bot_token: bot.token });
    const chats = Array.from({ length: 100 }, (_, index) => sim.privateChat(bot, { name: `Person ${index}` }));
    await server.stop();
    sayAll(chats, count, () => {
      behind -= (10 * HOUR) / count;
    });
    await server.start();
    await answeredInOrder(chats, count);
    const updates = sim.ledger.updates.filter(({ kind }) => kind === 'message');
    expect(updates).toHaveLength(count);
    expect(updates.every(({ confirmed_at }) => confirmed_at !== undefined)).toBe(true);
    expect((updates.at(-1)?.emitted_at ?? 0) - (updates[0]?.emitted_at ?? 0)).toBeGreaterThan(9.9 * HOUR);
  });

  it('of an hour on Discord: 500 messages in 20 channels, found in their history (F042)', {
    timeout: PATIENCE_MS,
  }, async () => {
    const count = 500;
    let behind = HOUR;
    const sim = await startDiscordSimulator({ now: () => Date.now() - behind, ...(!WHOLE && { limits: false }) });
    const server = await serve(discordDriver, discordWorld(sim));
    const bot = sim.createBot({ username: 'aria' });
    const guild = sim.guild({ bots: [bot] });
    const channels = Array.from({ length: 20 }, () => sim.channel(guild));
    const channel_ids = channels.map(({ id }) => id);
    await connect(server, 'discord', { bot_token: bot.token, guild_id: guild.id, channel_ids });
    await sim.waitFor(({ counts }) => counts.identifies === 1, AbortSignal.timeout(20_000));
    for (const channel of channels) channel.say('hello');
    await Promise.all(channels.map((channel) => channel.answered(1, AbortSignal.timeout(20_000))));
    await server.stop();
    sayAll(channels, count, () => {
      behind -= HOUR / count;
    });
    // What was due meanwhile happens now: the session can no longer be resumed.
    sim.advance(0);
    await server.start();
    const missed = channels.map((channel) => ({
      say: channel.say,
      answers: () => channel.answers().slice(1),
    }));
    await answeredInOrder(missed, count);
    expect(sim.ledger.counts.identifies).toBe(2);
  });
});

describe.each(someStoreKinds)('slack tells everything four times, on %s', (kind) => {
  it.each(['socket', 'events'] as const)(
    'thousands of messages by %s have one answer each',
    {
      timeout: PATIENCE_MS + 120_000,
    },
    async (by) => {
      const [bots, each] = WHOLE ? [100, 20] : [20, 10];
      const scene = await startSlackScene(kind, { limits: false, settings: { retries: [0, 1_000, 2_000] } });
      try {
        const { sim } = scene;
        const all = Array.from({ length: bots }, () => scene.bot(by, 5));
        for (const { bot, channels } of all) await scene.connect(by, bot, channels);
        const places = all.flatMap(({ channels }) => channels);
        const count = places.length * each;
        sim.deliverTimes(4);
        // Each is an HTTP request or a frame of its own: all at once, this process would only be busy with itself.
        for (let said = 0; said < count; said += WAVE) {
          sayAll(places, WAVE, undefined, said);
          await expect.poll(() => countIn(places), soon).toBeGreaterThanOrEqual(said + WAVE);
        }
        const toldFour = () =>
          sim.ledger.events.filter(
            ({ type, by_person, attempts }) => type === 'message' && by_person && attempts.length === 4,
          ).length;
        await expect.poll(toldFour, soon).toBe(count);
        const wanted = Array.from({ length: count }, (_, index) => `${ECHO_PREFIX}missed ${index}`);
        expect(places.flatMap((place) => place.answers()).toSorted()).toEqual(wanted.toSorted());
      } finally {
        await scene.close();
      }
    },
  );
});
