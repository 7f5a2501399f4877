import { describe, expect, it } from 'vitest';
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
  unique,
} from './store-rig.ts';

/** From an answer to its last part. */
export function answersContract(current: () => Store): void {
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

    it('F103: takes one answer per message, also when two come at once', async () => {
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

    it('gives back the stored answer when the same one comes again, and nothing for another', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world);
      const same = composed(world, turn, [{ text: 'a' }, { text: 'b' }]);
      const first = await store.compose(same);
      expect(first.ok).toBe(true);
      expect(await store.compose(same)).toEqual(first);
      const shorter = { ...same, parts: same.parts.slice(0, 1) };
      expect(await store.compose(shorter)).toEqual({ ok: false, reason: 'settled' });
      if (first.ok) await deliver(store, world, first.deliveries);
      expect(await store.compose(same)).toEqual({ ok: false, reason: 'settled' });
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

    it('is not answered while an earlier part is still under way', async () => {
      const store = current();
      const world = await makeWorld(store);
      const [one, two] = await answer(store, world, await hear(store, world), 'a', 'b');
      if (!one || !two) throw new Error('two parts');
      await store.settle(settled(world, { kind: 'sending', delivery: two.id, attempts: 0, maybeDuplicate: false }));
      await deliver(store, world, [two]);
      expect((await countOf(store, world)).messageCount).toBe(1);
      await deliver(store, world, [one]);
      expect((await countOf(store, world)).messageCount).toBe(2);
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
      await store.settle(settled(world, { kind: 'sending', delivery, attempts: 0, maybeDuplicate: false }));
      expect(await only()).toMatchObject({ state: 'sending', maybeDuplicate: false });
      await store.settle(settled(world, { kind: 'sending', delivery, attempts: 1, maybeDuplicate: true }));
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
