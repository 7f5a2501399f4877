import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Health } from '../../src/core/health.ts';
import type { Store } from '../../src/core/store.ts';
import {
  accepted,
  connect,
  ids,
  makeReplr,
  makeUser,
  makeWorld,
  message,
  recovered,
  settled,
  TTL_MS,
  unique,
} from './store-rig.ts';

/** What nodes do for bots that they do not own, and what only one of them may do. */
export function arrivalsContract(current: () => Store): void {
  describe('accept without owning the bot', () => {
    it('leaves the turn to the owner, who finds it among the arrivals', async () => {
      const store = current();
      const world = await makeWorld(store);
      const inbound = message();
      const batch = { botId: world.botId, epoch: null, messages: [accepted(world.integration.id, inbound)], at: 2_000 };
      const result = await store.accept({ ...batch, cursors: [{ name: 'seen', value: '7' }] });
      expect(result).toEqual({ ok: true, due: [], stored: [inbound.id] });
      const { turns, cursors } = await recovered(store, world);
      expect(turns.map((turn) => turn.message.id)).toEqual([inbound.id]);
      expect(cursors.get('seen')).toBe('7');
      const seq = turns[0]?.seq ?? 0;
      expect(await store.arrivals(world.node)).toEqual([world.botId]);
      expect(await store.arrivals(ids.node())).toEqual([]);
      await store.settle(settled(world, { kind: 'fate', seq, fate: { kind: 'failed', reason: 'why' } }));
      expect(await store.arrivals(world.node)).toEqual([]);
    });

    it('is adopted once, by the owner alone, and is recovered all the same', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { botId, epoch } = world;
      const messages = [accepted(world.integration.id, message()), accepted(world.integration.id, message())];
      const cursors = [{ name: 'seen', value: '7' }];
      await store.accept({ botId, epoch: null, messages, cursors, at: 2_000 });
      expect(await store.adopt(botId, epoch - 1)).toBe('fenced');
      const adopted = await store.adopt(botId, epoch);
      if (adopted === 'fenced') throw new Error('fenced');
      expect(adopted.turns.map((turn) => turn.message.id)).toEqual(messages.map((one) => one.message.id));
      expect(adopted.cursors).toEqual(new Map([['seen', '7']]));
      expect(await store.adopt(botId, epoch)).toMatchObject({ turns: [] });
      expect(await store.arrivals(world.node)).toEqual([]);
      expect((await recovered(store, world)).turns).toHaveLength(2);
    });

    it('knows a message that the owner has, and the other way round', async () => {
      const store = current();
      const world = await makeWorld(store);
      const one = accepted(world.integration.id, message());
      const { botId, epoch, node } = world;
      const rest = { botId, cursors: [], at: 2_000 };
      const owners = await store.accept({ ...rest, epoch, messages: [one] });
      expect(owners.ok && owners.due).toHaveLength(1);
      await store.accept({ ...rest, epoch: null, messages: [one] });
      expect(await store.arrivals(node)).toEqual([]);
      const two = accepted(world.integration.id, message());
      await store.accept({ ...rest, epoch: null, messages: [two] });
      expect(await store.accept({ ...rest, epoch, messages: [two] })).toEqual({ ok: true, due: [], stored: [] });
      expect(await store.arrivals(node)).toHaveLength(1);
      expect((await recovered(store, world)).turns).toHaveLength(2);
    });

    it('comes back once, however much its owner accepts at a time', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { botId, epoch, integration } = world;
      const batch = () => ({ botId, messages: [accepted(integration.id, message())], cursors: [], at: 2_000 });
      await store.accept({ ...batch(), epoch: null });
      const results = await Promise.all([1, 2, 3].map(() => store.accept({ ...batch(), epoch })));
      const adopted = await store.adopt(botId, epoch);
      if (adopted === 'fenced') throw new Error('fenced');
      const came = [...results.flatMap((result) => (result.ok ? result.due : [])), ...adopted.turns];
      expect(came.map(({ seq }) => seq).sort((a, b) => a - b)).toEqual(
        (await recovered(store, world)).turns.map(({ seq }) => seq),
      );
    });

    it('comes back with the next message of the owner, in order', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { botId, epoch } = world;
      const [one, two] = [accepted(world.integration.id, message()), accepted(world.integration.id, message())];
      await store.accept({ botId, epoch: null, messages: [one], cursors: [], at: 2_000 });
      const [opened] = await recovered(store, world).then(({ turns }) => turns);
      const result = await store.accept({ botId, epoch, messages: [two], cursors: [], at: 2_001 });
      const due = result.ok ? result.due.map((turn) => turn.message.id) : [];
      // On an engine for one node nothing can have come in elsewhere: there the owner adopts it when it opens the bot.
      expect([[two.message.id], [one.message.id, two.message.id]]).toContainEqual(due);
      expect(opened?.message.id).toBe(one.message.id);
    });

    it('counts what is due a turn, and nothing that has its fate', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { id } = world.integration;
      const messages = [
        accepted(id, message()),
        accepted(id, message(), { kind: 'ignored', reason: 'paused' } as const),
      ];
      await store.accept({ botId: world.botId, epoch: null, messages, cursors: [], at: 2_000 });
      expect(await store.getIntegration(world.userId, id)).toMatchObject({ messageCount: 1 });
      expect(await store.arrivals(world.node)).toHaveLength(1);
    });

    it('takes nothing for a bot that is gone', async () => {
      const store = current();
      expect(await store.accept({ botId: ids.bot(), epoch: null, messages: [], cursors: [], at: 1 })).toMatchObject({
        ok: false,
      });
    });

    it('a channel that moves is followed by whoever hears of it', async () => {
      const store = current();
      const world = await makeWorld(store);
      await store.accept({
        botId: world.botId,
        epoch: null,
        messages: [accepted(world.integration.id, message())],
        cursors: [],
        at: 2_000,
      });
      const move = { botId: world.botId, epoch: null, from: 'c1', to: 'c9', settings: [] };
      expect(await store.moveChannel(move)).toBe('ok');
      expect((await recovered(store, world)).turns[0]?.message.at.channel).toBe('c9');
      expect(await store.moveChannel({ ...move, botId: ids.bot() })).toBe('fenced');
    });
  });

  describe('findListeners', () => {
    it('by id, by identity, and all of a scope', async () => {
      const store = current();
      const replr = await makeReplr(store, await makeUser(store));
      const scope = unique('T');
      const one = await connect(store, replr, {
        identity: `${scope}/U1`,
        credential: { bot_token: 'secret one' },
        cursors: [{ name: 'offset', value: '5' }],
      });
      const two = await connect(store, replr, { identity: `${scope}/U2` });
      await connect(store, replr, { identity: `${scope}X/U3` });
      const [found] = await store.findListeners({ botId: one.botId });
      expect(found).toMatchObject({
        bot: { id: one.botId, platform: 'chat', identity: `${scope}/U1` },
        credential: { bot_token: 'secret one' },
        routes: [{ id: one.id, identity: `${scope}/U1`, enabled: true }],
      });
      expect(found?.cursors).toEqual(new Map([['offset', '5']]));
      expect(await store.findListeners({ platform: 'chat', identity: `${scope}/U1` })).toEqual([found]);
      const both = await store.findListeners({ platform: 'chat', scope });
      expect(both.map(({ bot }) => bot.id).toSorted()).toEqual([one.botId, two.botId].toSorted());
      expect(await store.findListeners({ platform: 'other', scope })).toEqual([]);
      expect(await store.findListeners({ botId: ids.bot() })).toEqual([]);
    });
  });

  describe('leases', () => {
    const said: Health = { state: 'connected', transport: 'socket', since: 5 };

    it('one node has it, the others hear what that one says', async () => {
      const store = current();
      const [one, two] = [await livingNode(store), await livingNode(store)];
      const name = unique('lease');
      expect(await store.holdLease(name, one, TTL_MS, undefined)).toEqual({ held: true, health: undefined });
      expect(await store.holdLease(name, one, TTL_MS, said)).toMatchObject({ held: true });
      expect(await store.holdLease(name, two, TTL_MS, undefined)).toEqual({ held: false, health: said });
      // Renewing without news forgets nothing.
      await store.holdLease(name, one, TTL_MS, undefined);
      expect(await store.holdLease(name, two, TTL_MS, { ...said, state: 'error' })).toEqual({
        held: false,
        health: said,
      });
    });

    it('goes to another at once when it is dropped, and by its holder alone', async () => {
      const store = current();
      const [one, two] = [await livingNode(store), await livingNode(store)];
      const name = unique('lease');
      await store.holdLease(name, one, TTL_MS, said);
      await store.dropLease(name, two);
      expect(await store.holdLease(name, two, TTL_MS, undefined)).toMatchObject({ held: false });
      await store.dropLease(name, one);
      expect(await store.holdLease(name, two, TTL_MS, undefined)).toEqual({ held: true, health: undefined });
    });

    it('goes to another when its holder is dead or has released all it had', async () => {
      const store = current();
      const [one, two, three] = [await livingNode(store), await livingNode(store), await livingNode(store)];
      const name = unique('lease');
      await store.holdLease(name, one, TTL_MS, said);
      await sleep(60);
      expect(await store.holdLease(name, two, 50, undefined)).toEqual({ held: true, health: undefined });
      expect(await store.holdLease(name, one, TTL_MS, undefined)).toMatchObject({ held: false });
      await store.releaseBots(two);
      expect(await store.holdLease(name, three, TTL_MS, undefined)).toMatchObject({ held: true });
    });

    it('of many who reach for it at once one gets it', async () => {
      const store = current();
      const name = unique('lease');
      const nodes = await Promise.all(Array.from({ length: 8 }, () => livingNode(store)));
      const answers = await Promise.all(nodes.map((node) => store.holdLease(name, node, TTL_MS, undefined)));
      expect(answers.filter(({ held }) => held)).toHaveLength(1);
    });
  });
}

async function livingNode(store: Store) {
  const node = ids.node();
  await store.holdBots(node, TTL_MS, 0);
  return node;
}
