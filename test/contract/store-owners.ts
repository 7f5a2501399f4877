import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import {
  connect,
  ids,
  integrationFor,
  makeReplr,
  makeUser,
  makeWorld,
  recovered,
  TTL_MS,
  unique,
} from './store-rig.ts';

/** Which node serves a bot, and what it is given to do so. */
export function ownersContract(current: () => Store): void {
  const takeAll = async (store: Store) => await store.holdBots(ids.node(), TTL_MS, 10_000);

  describe('holdBots', () => {
    it('takes at most as many as asked, keeps them, and gives none to another', async () => {
      const store = current();
      await takeAll(store);
      const replr = await makeReplr(store, await makeUser(store));
      const bots: string[] = [];
      for (let n = 0; n < 3; n++) bots.push((await connect(store, replr)).botId);
      const [one, two] = [ids.node(), ids.node()];
      const first = await store.holdBots(one, TTL_MS, 2);
      expect(first).toHaveLength(2);
      const rest = await store.holdBots(two, TTL_MS, 10);
      expect([...first, ...rest].map((held) => held.botId).toSorted()).toEqual(bots.toSorted());
      expect(await store.holdBots(one, TTL_MS, 10)).toEqual(first);
      const free = bots.find((id) => rest[0]?.botId === id) as `bot_${string}`;
      expect(await store.takeBot(one, TTL_MS, free)).toBeUndefined();
    });

    it('takes over from a node whose heartbeat grew old, with a new epoch', async () => {
      const store = current();
      const world = await makeWorld(store);
      await sleep(60);
      const heir = ids.node();
      const held = await store.takeBot(heir, 50, world.botId);
      expect(held?.epoch).toBe(world.epoch + 1);
      expect(await store.loadBot(world.node, world.botId)).toBeUndefined();
      expect(await store.recover(world.botId, world.epoch)).toBe('fenced');
      // The old one comes back to life and finds that it owns nothing.
      expect(await store.holdBots(world.node, TTL_MS, 0)).toEqual([]);
    });

    it('leaves a bot alone while its owner renews the heartbeat', async () => {
      const store = current();
      const world = await makeWorld(store);
      await sleep(60);
      await store.holdBots(world.node, TTL_MS, 0);
      expect(await store.takeBot(ids.node(), 50, world.botId)).toBeUndefined();
    });

    it('two nodes that reach for the same bots at once share them without overlap', async () => {
      const store = current();
      await takeAll(store);
      const replr = await makeReplr(store, await makeUser(store));
      for (let n = 0; n < 10; n++) await connect(store, replr);
      const both = await Promise.all([store.holdBots(ids.node(), TTL_MS, 10), store.holdBots(ids.node(), TTL_MS, 10)]);
      const taken = both.flat().map((held) => held.botId);
      expect(new Set(taken).size).toBe(taken.length);
      // On an engine with row locks one may have passed over what the other held: nothing is lost, it takes the next.
      expect(taken.length + (await takeAll(store)).length).toBe(10);
    });

    it('releases at once', async () => {
      const store = current();
      const world = await makeWorld(store);
      const heir = ids.node();
      expect(await store.takeBot(heir, TTL_MS, world.botId)).toBeUndefined();
      await store.releaseBots(world.node);
      expect(await store.loadBot(world.node, world.botId)).toBeUndefined();
      expect((await store.takeBot(heir, TTL_MS, world.botId))?.epoch).toBe(world.epoch + 1);
    });

    it('takeBot is content with what it owns already', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { botId, epoch } = world;
      expect(await store.takeBot(world.node, TTL_MS, botId)).toMatchObject({ botId, epoch });
      expect(await store.takeBot(world.node, TTL_MS, ids.bot())).toBeUndefined();
    });
  });

  describe('loadBot', () => {
    it('gives the routes oldest first and the newest verified credential', async () => {
      const store = current();
      const world = await makeWorld(store, { credential: { bot_token: 'first' }, at: 500 });
      const { identity } = world.integration;
      const other = await makeReplr(store, await makeUser(store), 'Other');
      const oldest = await connect(store, other, {
        identity,
        claims: ['c2'],
        credential: { bot_token: 'second' },
        at: 400,
      });
      const bot = await store.loadBot(world.node, world.botId);
      expect(bot?.routes.map((route) => [route.integration.id, route.replr.name])).toEqual([
        [oldest.id, 'Other'],
        [world.integration.id, 'Nova'],
      ]);
      expect(bot).toMatchObject({
        bot: { id: world.botId, platform: 'chat', identity, profile: { username: 'nova_bot' } },
        owner: world.node,
        epoch: world.epoch,
        // Verified last, whatever the clock of its node said.
        credential: { bot_token: 'second' },
      });
      await store.updateIntegration(world.userId, world.integration.id, {
        at: 300,
        verified: { credential: { bot_token: 'third' }, identity, profile: {}, claims: ['c1'], notices: [] },
      });
      expect((await store.loadBot(world.node, world.botId))?.credential).toEqual({ bot_token: 'third' });
    });

    it('an optional secret stays with the bot when a sibling comes without it', async () => {
      const store = current();
      const world = await makeWorld(store, { credential: { bot_token: 'first', app_token: 'app' } });
      const { identity } = world.integration;
      await connect(store, world.replr, { identity, claims: ['c2'], credential: { bot_token: 'second' } });
      const credential = { bot_token: 'second', app_token: 'app' };
      expect((await store.loadBot(world.node, world.botId))?.credential).toEqual(credential);
      expect((await store.findListeners({ botId: world.botId }))[0]?.credential).toEqual(credential);
    });

    it('counts a new version for every change that its owner must see', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { userId, replr, integration, node, botId } = world;
      const seen: (number | undefined)[] = [];
      const look = async () => seen.push((await store.loadBot(node, botId))?.version);
      await look();
      await store.updateIntegration(userId, integration.id, { enabled: false, at: 2 });
      await look();
      await store.updateReplr(userId, replr.id, { name: 'Vega' }, 2);
      await look();
      const second = await connect(store, replr, { identity: integration.identity, claims: ['c2'] });
      await look();
      await store.deleteIntegration(userId, second.id);
      await look();
      expect(new Set(seen).size).toBe(5);
      const [held] = await store.holdBots(node, TTL_MS, 0);
      expect(held).toMatchObject({ botId, version: seen.at(-1) });
    });

    it('gives nothing when nothing is left to serve', async () => {
      const store = current();
      const world = await makeWorld(store);
      await store.deleteIntegration(world.userId, world.integration.id);
      expect(await store.loadBot(world.node, world.botId)).toBeUndefined();
      expect(await store.holdBots(world.node, TTL_MS, 0)).toEqual([]);
    });
  });

  describe('reportHealth', () => {
    it('shows with every integration of the bot; an old epoch changes nothing', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { userId, integration, botId, epoch } = world;
      expect(integration.health).toEqual({ state: 'connecting', since: 1_000, transport: 'polling' });
      const health = {
        state: 'error',
        code: 'bad_credentials',
        message: 'Paste a new token.',
        fixUrl: 'https://example.org',
        since: 7,
        transport: 'polling',
      } as const;
      await store.reportHealth(botId, epoch - 1, health);
      expect((await store.getIntegration(userId, integration.id))?.health).toEqual(integration.health);
      await store.reportHealth(botId, epoch, health);
      expect((await store.getIntegration(userId, integration.id))?.health).toEqual(health);
      const fresh = await connect(store, world.replr, { identity: integration.identity, claims: ['c2'] });
      expect(fresh.health).toEqual(health);
    });
  });

  it('an integration on a bot that is owned reaches its owner with the cursors it brought', async () => {
    const store = current();
    const world = await makeWorld(store, { cursors: [{ name: 'c1', value: '1' }] });
    const input = integrationFor(world.replr, {
      identity: world.integration.identity,
      claims: [unique('c')],
      cursors: [{ name: 'c2', value: '2' }],
    });
    await store.createIntegration(input);
    expect(Object.fromEntries((await recovered(store, world)).cursors)).toEqual({ c1: '1', c2: '2' });
  });
}
