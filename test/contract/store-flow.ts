import { describe, expect, it } from 'vitest';
import { conversationKey } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import {
  acceptAll,
  accepted,
  answer,
  composed,
  countOf,
  hear,
  ids,
  makeWorld,
  message,
  recovered,
  settled,
  TTL_MS,
  unique,
  type World,
} from './store-rig.ts';

/** The three commits and what recovers them. */
export function flowContract(current: () => Store): void {
  const takeOver = async (store: Store, world: World): Promise<World> => {
    await store.releaseBots(world.node);
    const node = ids.node();
    const held = await store.takeBot(node, TTL_MS, world.botId);
    if (!held) throw new Error('not taken');
    return { ...world, node, epoch: held.epoch };
  };

  describe('accept', () => {
    it('hands out what is due a turn once, in order, as it was', async () => {
      const store = current();
      const world = await makeWorld(store);
      const first = message({ text: 'one' });
      const second = message({ text: 'two', at: { channel: 'c1' } });
      const { replyTo: _, ...third } = message({ text: 'three' });
      const messages = [first, second, third].map((inbound) => accepted(world.integration.id, inbound));
      const due = await acceptAll(store, world, messages);
      expect(due.map((turn) => turn.message)).toEqual([first, second, third]);
      expect(due.map((turn) => turn.seq)).toEqual(due.map((turn) => turn.seq).toSorted((a, b) => a - b));
      expect(due[1]).toMatchObject({
        botId: world.botId,
        integrationId: world.integration.id,
        conversation: conversationKey(world.integration.id, { channel: 'c1' }),
      });
      expect(await acceptAll(store, world, messages)).toEqual([]);
      expect((await recovered(store, world)).turns).toEqual(due);
    });

    it('passes over a message that comes twice in one batch', async () => {
      const store = current();
      const world = await makeWorld(store);
      const twice = accepted(world.integration.id, message());
      expect(await acceptAll(store, world, [twice, twice])).toHaveLength(1);
      expect(await countOf(store, world)).toEqual({ messageCount: 1, lastMessageAt: 2_000 });
    });

    it('takes the same message id from another bot for another message', async () => {
      const store = current();
      const [one, two] = [await makeWorld(store), await makeWorld(store)];
      const same = message();
      expect(await acceptAll(store, one, [accepted(one.integration.id, same)])).toHaveLength(1);
      expect(await acceptAll(store, two, [accepted(two.integration.id, same)])).toHaveLength(1);
    });

    it('stores what is judged already without a turn and without counting it', async () => {
      const store = current();
      const world = await makeWorld(store);
      const inbound = accepted(world.integration.id, message(), { kind: 'ignored', reason: 'not_addressed' });
      expect(await acceptAll(store, world, [inbound])).toEqual([]);
      expect(await countOf(store, world)).toEqual({ messageCount: 0, lastMessageAt: null });
      expect(await acceptAll(store, world, [{ ...inbound, fate: null }])).toEqual([]);
    });

    it('passes over messages of integrations that do not exist and keeps the others', async () => {
      const store = current();
      const world = await makeWorld(store);
      const due = await acceptAll(store, world, [
        accepted(ids.integration(), message()),
        accepted(world.integration.id, message()),
      ]);
      expect(due).toHaveLength(1);
    });

    it('moves cursors in the same commit: new, changed, forgotten', async () => {
      const store = current();
      const world = await makeWorld(store, { cursors: [{ name: 'start', value: 's' }] });
      const { botId, epoch } = world;
      const move = (cursors: { name: string; value: string | null }[], of = epoch) =>
        store.accept({ botId, epoch: of, messages: [], cursors, at: 1 });
      await move([
        { name: 'a', value: '1' },
        { name: 'b', value: '1' },
      ]);
      await move([
        { name: 'a', value: '2' },
        { name: 'b', value: null },
        { name: 'c', value: '1' },
        { name: 'c', value: '3' },
      ]);
      expect(await move([{ name: 'a', value: 'old' }], epoch - 1)).toEqual({ ok: false, reason: 'fenced' });
      const { cursors } = await recovered(store, world);
      expect(Object.fromEntries(cursors)).toEqual({ start: 's', a: '2', c: '3' });
    });

    it('is whole or not at all: a bad message takes its batch with it, cursors included', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { botId, epoch } = world;
      const bad = accepted(world.integration.id, message({ sentAt: Number.NaN }));
      const good = accepted(world.integration.id, message());
      const cursors = [{ name: 'a', value: '1' }];
      await expect(store.accept({ botId, epoch, messages: [good, bad], cursors, at: 1 })).rejects.toThrow();
      const { turns, cursors: moved } = await recovered(store, world);
      expect([turns.length, moved.size]).toEqual([0, 0]);
    });

    it('is whole also when it breaks late: a bad cursor takes the messages with it', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { botId, epoch } = world;
      const call = (value: unknown) =>
        store.accept({
          botId,
          epoch,
          messages: [accepted(world.integration.id, message())],
          cursors: [{ name: unique('cursor'), value: value as string }],
          at: 1,
        });
      const results = await Promise.allSettled([call('1'), call(Number.NaN), call('1')]);
      expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      await expect(call(Number.NaN)).rejects.toThrow();
      expect((await recovered(store, world)).turns).toHaveLength(2);
      expect((await countOf(store, world)).messageCount).toBe(2);
    });

    it('counts the newest time whatever the order of arrival', async () => {
      const store = current();
      const world = await makeWorld(store);
      await acceptAll(store, world, [accepted(world.integration.id, message())], 9_000);
      await acceptAll(store, world, [accepted(world.integration.id, message())], 5_000);
      expect(await countOf(store, world)).toEqual({ messageCount: 2, lastMessageAt: 9_000 });
    });
  });

  describe('fencing', () => {
    it('refuses every commit of the flow from a former owner', async () => {
      const store = current();
      const old = await makeWorld(store);
      const [waiting, answered] = [await hear(store, old), await hear(store, old)];
      const [part] = await answer(store, old, answered, 'hi');
      const now = await takeOver(store, old);
      expect(now.epoch).toBeGreaterThan(old.epoch);

      const { botId, epoch } = old;
      const inbound = accepted(old.integration.id, message());
      expect(await store.accept({ botId, epoch, messages: [inbound], cursors: [], at: 1 })).toEqual({
        ok: false,
        reason: 'fenced',
      });
      expect(await store.compose(composed(old, waiting, [{ text: 'x' }]))).toEqual({ ok: false, reason: 'fenced' });
      const failure = { kind: 'failed', delivery: part?.id ?? 'dlv_', reason: 'late', attempts: 1 } as const;
      expect(await store.settle(settled(old, failure))).toBe('fenced');
      expect(await store.recover(botId, epoch)).toBe('fenced');
      const move = { botId, epoch, from: 'c1', to: 'c2', settings: [] };
      expect(await store.moveChannel(move)).toBe('fenced');

      const { deliveries, turns } = await recovered(store, now);
      expect(deliveries.map(({ delivery }) => delivery)).toEqual([part]);
      expect(turns).toEqual([waiting]);
      expect(await acceptAll(store, now, [inbound])).toHaveLength(1);
    });

    it('fences single calls of one tick and not their neighbours', async () => {
      const store = current();
      const worlds = await Promise.all([makeWorld(store), makeWorld(store), makeWorld(store)]);
      const results = await Promise.all(
        worlds.map((world, index) =>
          store.accept({
            botId: world.botId,
            epoch: index === 1 ? world.epoch + 1 : world.epoch,
            messages: [accepted(world.integration.id, message())],
            cursors: [],
            at: 1,
          }),
        ),
      );
      expect(results.map((result) => result.ok)).toEqual([true, false, true]);
    });
  });
}
