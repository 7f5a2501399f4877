import { describe, expect } from 'vitest';
import type { Health } from '../../src/core/health.ts';
import type { Integration } from '../../src/core/integration.ts';
import type { Cursor, InboundMessage } from '../../src/core/message.ts';
import { defaultOptions } from '../../src/core/options.ts';
import { joinAlone } from '../support/shared-link.ts';
import { openSender, pause, type Suite, sent, until, verified } from './connector-world.ts';

/** An open link of the bot, and what came through it. */
export async function listenTo(
  suite: Suite,
  accept: (heard: readonly InboundMessage[]) => Promise<void> = async () => {},
) {
  const { connector, afterwards } = suite;
  const world = suite.world();
  const bot = await verified(suite);
  const beginning = await connector.beginning?.(world.credential, world.settings, world.port, { known: new Map() });
  if (beginning && !beginning.ok) throw new Error(`no beginning: ${beginning.message}`);
  const cursors = new Map<string, string>();
  const move = (list: readonly Cursor[]) => {
    for (const { name: of, value } of list) value === null ? cursors.delete(of) : cursors.set(of, value);
  };
  move(beginning?.cursors ?? []);
  const heard: InboundMessage[] = [];
  const health: Omit<Health, 'since'>[] = [];
  const { platform, identity } = bot;
  const integration: Integration = {
    ...{ id: 'int_contract', userId: 'usr_contract', replrId: 'rp_contract', botId: bot.id, platform, identity },
    ...{
      settings: world.settings,
      options: defaultOptions,
      enabled: true,
      autoRespond: true,
      connectedAt: world.port.clock.now(),
    },
    ...{ messageCount: 0, lastMessageAt: null, notices: [] },
    health: { state: 'connecting', transport: 'unknown', since: 0 },
  };
  const routes = [integration];
  const take = async (messages: readonly InboundMessage[], moved: readonly Cursor[]) => {
    await accept(messages);
    heard.push(...messages);
    move(moved);
  };
  const start = () => {
    const ending = new AbortController();
    const receiver = connector.receiver(bot, world.credential, {
      ...world.port,
      cursors,
      routes: () => routes,
      accept: take,
      moved: async () => {},
      join: joinAlone(world.port, {
        listener: () => ({ bot, credential: world.credential, routes, cursors }),
        take: ({ messages, cursors: moved }) => take(messages, moved),
      }),
      report: (state) => void health.push(state),
    });
    const ended = receiver.run(ending.signal);
    const stop = async () => {
      ending.abort();
      await ended;
    };
    afterwards(stop);
    return { ended, stop };
  };
  const first = start();
  await until(() => health.at(-1)?.state === 'connected');
  const texts = () => heard.filter(({ author }) => author.kind === 'person').map(({ text }) => text);
  return { ...first, start, heard, health, texts };
}

export function receiverCases(suite: Suite): void {
  const { connector, test } = suite;
  const listen = (accept?: (heard: readonly InboundMessage[]) => Promise<void>) => listenTo(suite, accept);
  describe('receiver', () => {
    test('hears what is posted once, and nothing from before', async () => {
      const world = suite.world();
      await world.post(world.here, 'too early');
      const link = await listen();
      await world.post(world.here, 'one');
      await world.post(world.here, 'two');
      await until(() => link.texts().length >= 2);
      expect(link.texts()).toEqual(['one', 'two']);
      expect(new Set(link.heard.map(({ id }) => id)).size).toBe(link.heard.length);
    });

    test('acknowledges only what has been accepted', async () => {
      const world = suite.world();
      const store = Promise.withResolvers<void>();
      let asked = false;
      const link = await listen((messages) => {
        asked ||= messages.length > 0;
        return messages.length > 0 ? store.promise : Promise.resolve();
      });
      await world.post(world.here, 'careful');
      await until(() => asked);
      await pause(300);
      expect(await world.acknowledged()).not.toContain('careful');
      store.resolve();
      await until(async () => (await world.acknowledged()).includes('careful'));
      expect(link.texts()).toEqual(['careful']);
    });

    test('comes back for what could not be accepted', async () => {
      const world = suite.world();
      let refusals = 2;
      const link = await listen(async (messages) => {
        if (messages.length > 0 && refusals-- > 0) throw new Error('the disk is full');
      });
      await world.post(world.here, 'again');
      await until(() => link.texts().length > 0);
      expect(link.texts()).toEqual(['again']);
      expect(link.health.map(({ state }) => state)).toContain('reconnecting');
      await until(() => link.health.at(-1)?.state === 'connected');
    });

    test('goes on from its cursor after a restart', async () => {
      const world = suite.world();
      const link = await listen();
      await world.post(world.here, 'before');
      await until(() => link.texts().length === 1);
      await link.stop();
      await world.post(world.here, 'meanwhile');
      link.start();
      await until(() => link.texts().includes('meanwhile'));
      expect(new Set(link.texts())).toEqual(new Set(['before', 'meanwhile']));
    });

    test('stops at once when idle, and makes no call afterwards', async () => {
      const world = suite.world();
      const link = await listen();
      await pause(200);
      const began = performance.now();
      await link.stop();
      expect(performance.now() - began).toBeLessThan(1_000);
      const calls = world.calls();
      await pause(500);
      expect(world.calls()).toBe(calls);
    });

    test('survives a cut link and loses nothing', async () => {
      const world = suite.world();
      const link = await listen();
      await world.post(world.here, 'before');
      await until(() => link.texts().length === 1);
      await world.down();
      await until(() => link.health.at(-1)?.state === 'reconnecting');
      await world.post(world.here, 'in the dark');
      await world.up();
      await until(() => link.health.at(-1)?.state === 'connected');
      await world.cut();
      await world.post(world.here, 'after');
      await until(() => link.texts().includes('after'));
      expect([...new Set(link.texts())]).toEqual(['before', 'in the dark', 'after']);
    });

    test('ends when the credential is dead, and leaves the platform alone', async () => {
      const world = suite.world();
      const link = await listen();
      await pause(100);
      await world.revoke();
      await link.ended;
      expect(link.health.at(-1)).toMatchObject({ state: 'error', code: 'bad_credentials' });
      expect(link.health.at(-1)?.message).toMatch(/\w/);
      const calls = world.calls();
      await pause(1_500);
      expect(world.calls() - calls).toBeLessThanOrEqual(3);
    });

    test('knows where it listens', async () => {
      const world = suite.world();
      const link = await listen();
      await world.post(world.here, 'here');
      await world.post(world.there, 'there', 'mention');
      await until(() => link.texts().includes('here'));
      await pause(200);
      const listened = link.heard.filter(({ at }) => connector.listens({ settings: world.settings }, at));
      expect(listened.map(({ text }) => text)).toEqual(['here']);
    });

    test('tells who is spoken to', async () => {
      const world = suite.world();
      const link = await listen();
      await sent(await openSender(suite), { to: world.here, text: 'I am here' });
      await world.post(world.here, 'plain');
      await world.post(world.here, 'mentioned', 'mention');
      await world.post(world.here, 'replied', 'reply');
      await until(() => link.texts().includes('replied'));
      // A platform may tell of one post twice; the store knows it by its id.
      const heard = [...new Map(link.heard.map((message) => [message.id, message])).values()];
      const people = heard.filter(({ author }) => author.kind === 'person');
      expect(people.map(({ addressed }) => addressed)).toEqual([false, true, true]);
      expect(people[2]?.replyTo).toBeDefined();
    });

    test('F105: takes nothing that a bot posted for a person', async () => {
      const world = suite.world();
      const link = await listen();
      await sent(await openSender(suite), { to: world.here, text: 'my own words' });
      await world.postAsBot(world.here, 'beep');
      await world.post(world.here, 'done');
      await until(() => link.texts().includes('done'));
      expect(link.texts()).toEqual(['done']);
      const others = link.heard.filter(({ text }) => text === 'my own words' || text === 'beep');
      for (const { author } of others) expect(author.kind).not.toBe('person');
    });
  });
}
