import { describe, expect, it } from 'vitest';
import { conversationKey } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import {
  acceptAll,
  accepted,
  answer,
  composed,
  connect,
  countOf,
  deliver,
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

  describe('compose', () => {
    it('stores the parts in order: the first is on its way, the others wait', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      const parts = [{ text: 'a', format: [{ bold: true }] }, { text: 'b' }, { text: 'c' }];
      const result = await store.compose(composed(world, turn, parts));
      if (!result.ok) throw new Error(result.reason);
      expect(result.deliveries.map(({ state, index, part }) => ({ state, index, part }))).toEqual([
        { state: 'sending', index: 0, part: parts[0] },
        { state: 'pending', index: 1, part: parts[1] },
        { state: 'pending', index: 2, part: parts[2] },
      ]);
      expect(result.deliveries[0]).toMatchObject({
        botId: world.botId,
        integrationId: world.integration.id,
        inboxSeq: turn.seq,
        to: turn.message.at,
        replyTo: turn.message.id,
        operation: 'create',
        revision: 0,
        attempts: 0,
        nextAttemptAt: 3_000,
        createdAt: 3_000,
        maybeDuplicate: false,
      });
      expect(result.deliveries[1]).not.toHaveProperty('replyTo');
      const { deliveries, turns } = await recovered(store, world);
      expect(deliveries).toEqual(result.deliveries.map((delivery) => ({ conversation: turn.conversation, delivery })));
      expect(turns).toEqual([]);
    });

    it('takes one answer per message, also when two come at once', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      const both = await Promise.all([
        store.compose(composed(world, turn, [{ text: 'a' }])),
        store.compose(composed(world, turn, [{ text: 'b' }])),
      ]);
      expect(both.filter((result) => result.ok)).toHaveLength(1);
      expect(await store.compose(composed(world, turn, [{ text: 'c' }]))).toEqual({ ok: false, reason: 'settled' });
      const decided = await hear(store, world);
      await store.settle(settled(world, { kind: 'fate', seq: decided.seq, fate: { kind: 'failed', reason: 'x' } }));
      expect(await store.compose(composed(world, decided, [{ text: 'd' }]))).toEqual({ ok: false, reason: 'settled' });
    });

    it('settles the message of a paused integration as ignored', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      await store.updateIntegration(world.userId, world.integration.id, { enabled: false, at: 5 });
      expect(await store.compose(composed(world, turn, [{ text: 'a' }]))).toEqual({ ok: false, reason: 'paused' });
      expect((await recovered(store, world)).turns).toEqual([]);
      await store.updateIntegration(world.userId, world.integration.id, { enabled: true, at: 6 });
      expect(await store.compose(composed(world, turn, [{ text: 'a' }]))).toEqual({ ok: false, reason: 'settled' });
    });

    it('says gone when message or integration are', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      const gone = { ok: false, reason: 'gone' };
      expect(await store.compose(composed(world, { ...turn, seq: 2 ** 40 }, [{ text: 'a' }]))).toEqual(gone);
      const another = await connect(store, world.replr);
      const misplaced = composed(world, turn, [{ text: 'a' }], { integrationId: another.id });
      expect(await store.compose(misplaced)).toEqual(gone);
      const kept = await connect(store, world.replr, { identity: world.integration.identity, claims: ['c2'] });
      expect(kept.botId).toBe(world.botId);
      await store.deleteIntegration(world.userId, world.integration.id);
      expect(await store.compose(composed(world, turn, [{ text: 'a' }]))).toEqual(gone);
      await store.deleteIntegration(world.userId, kept.id);
      expect(await store.compose(composed(world, turn, [{ text: 'a' }]))).toEqual(gone);
    });

    it('lets concurrent answers of many conversations pass, one bad among them alone failing', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turns = await acceptAll(
        store,
        world,
        Array.from({ length: 20 }, () => accepted(world.integration.id, message({ at: { channel: unique('c') } }))),
      );
      const results = await Promise.allSettled(
        turns.map((turn, index) =>
          store.compose(composed(world, turn, [{ text: 'a' }], index === 7 ? { at: Number.NaN } : {})),
        ),
      );
      expect(results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []))).toEqual([7]);
      const { deliveries, turns: left } = await recovered(store, world);
      expect([deliveries.length, left.length]).toEqual([19, 1]);
    });
  });

  describe('settle', () => {
    it('goes through the parts and answers the message after the last, counted once', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      const [one, two] = await answer(store, world, turn, 'a', 'b');
      if (!one || !two) throw new Error('two parts');
      await deliver(store, world, [one]);
      expect(await countOf(store, world)).toEqual({ messageCount: 1, lastMessageAt: 2_000 });
      const { deliveries } = await recovered(store, world);
      expect(deliveries.map(({ delivery }) => [delivery.id, delivery.state])).toEqual([[two.id, 'sending']]);
      await deliver(store, world, [two], 7_000);
      expect(await countOf(store, world)).toEqual({ messageCount: 2, lastMessageAt: 7_000 });
      expect((await recovered(store, world)).deliveries).toEqual([]);
      await deliver(store, world, [one, two], 9_000);
      expect(await countOf(store, world)).toEqual({ messageCount: 2, lastMessageAt: 7_000 });
    });

    it('fails this part and the later ones', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      const [one, two, three] = await answer(store, world, turn, 'a', 'b', 'c');
      if (!one || !two || !three) throw new Error('three parts');
      await deliver(store, world, [one]);
      await store.settle(settled(world, { kind: 'failed', delivery: two.id, reason: 'gone', attempts: 3 }));
      expect((await recovered(store, world)).deliveries).toEqual([]);
      await deliver(store, world, [two, three]);
      expect(await countOf(store, world)).toEqual({ messageCount: 1, lastMessageAt: 2_000 });
      const [said, replied] = await store.history(turn.integrationId, turn.conversation, turn.seq + 1, 5);
      expect([said?.text, replied?.text]).toEqual(['hello', 'a']);
    });

    it('postpones a part and sends it again', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      const [part] = await answer(store, world, turn, 'a');
      if (!part) throw new Error('one part');
      const only = async () => (await recovered(store, world)).deliveries[0]?.delivery;
      const { id: delivery } = part;
      await store.settle(settled(world, { kind: 'postponed', delivery, attempts: 1, nextAttemptAt: 8_000 }));
      expect(await only()).toEqual({ ...part, state: 'pending', attempts: 1, nextAttemptAt: 8_000 });
      // An illegal move: what is pending was surely not sent.
      await deliver(store, world, [part]);
      expect((await only())?.state).toBe('pending');
      await store.settle(settled(world, { kind: 'sending', delivery, maybeDuplicate: false }));
      expect(await only()).toMatchObject({ state: 'sending', maybeDuplicate: false });
      await store.settle(settled(world, { kind: 'sending', delivery, maybeDuplicate: true }));
      expect(await only()).toMatchObject({ state: 'sending', maybeDuplicate: true });
      await deliver(store, world, [part]);
      expect(await only()).toBeUndefined();
    });

    it('ends a turn without an answer; the first outcome stays', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      await store.settle(settled(world, { kind: 'fate', seq: turn.seq, fate: { kind: 'expired', reason: 'age' } }));
      await store.settle(settled(world, { kind: 'fate', seq: turn.seq, fate: { kind: 'answered' } }));
      expect((await recovered(store, world)).turns).toEqual([]);
      expect(await countOf(store, world)).toEqual({ messageCount: 1, lastMessageAt: 2_000 });
    });

    it('leaves nothing to send for a message that has its outcome', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      await answer(store, world, turn, 'a', 'b');
      const fate = { kind: 'ignored', reason: 'paused' } as const;
      await store.settle(settled(world, { kind: 'fate', seq: turn.seq, fate }));
      expect((await recovered(store, world)).deliveries).toEqual([]);
    });

    it('applies changes that come at once one after the other', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turns = await acceptAll(
        store,
        world,
        Array.from({ length: 30 }, () => accepted(world.integration.id, message())),
      );
      const answers = await Promise.all(turns.map((turn) => answer(store, world, turn, 'a', 'b')));
      await Promise.all(answers.map((parts) => deliver(store, world, parts)));
      expect(await countOf(store, world)).toEqual({ messageCount: 60, lastMessageAt: 4_000 });
      expect((await recovered(store, world)).deliveries).toEqual([]);
    });

    it('is a no-op for what is deleted, unknown or of another bot', async () => {
      const store = current();
      const [world, other] = [await makeWorld(store), await makeWorld(store)];
      const turn = await hear(store, world);
      const [part] = await answer(store, world, turn, 'a');
      if (!part) throw new Error('one part');
      await deliver(store, other, [part]);
      await store.settle(settled(other, { kind: 'fate', seq: turn.seq, fate: { kind: 'answered' } }));
      expect((await recovered(store, world)).deliveries).toHaveLength(1);
      await deliver(store, world, [{ id: ids.delivery() }]);
      await store.deleteIntegration(world.userId, world.integration.id);
      await deliver(store, world, [part]);
    });
  });
}
