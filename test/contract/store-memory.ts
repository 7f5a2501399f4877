import { describe, expect, it } from 'vitest';
import { conversationKey } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import {
  acceptAll,
  accepted,
  answer,
  composed,
  connect,
  deliver,
  hear,
  makeWorld,
  message,
  recovered,
  settled,
} from './store-rig.ts';

/** What the store tells about the past, and how the past moves and goes. */
export function memoryContract(current: () => Store): void {
  describe('recover', () => {
    it('gives parts, turns and nothing else, each in order of acceptance', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turns = [];
      for (let n = 0; n < 5; n++) turns.push(await hear(store, world, { text: `${n}` }));
      const [first, second, third, fourth, fifth] = turns;
      if (!first || !second || !third || !fourth || !fifth) throw new Error('five turns');
      await answer(store, world, fourth, 'd1', 'd2');
      await answer(store, world, second, 'b1', 'b2');
      await deliver(store, world, await answer(store, world, first, 'a1'));
      const { deliveries, turns: waiting } = await recovered(store, world);
      expect(deliveries.map(({ delivery }) => delivery.part.text)).toEqual(['b1', 'b2', 'd1', 'd2']);
      expect(deliveries.map(({ conversation }) => conversation)).toEqual(Array(4).fill(first.conversation));
      expect(waiting).toEqual([third, fifth]);
    });
  });

  describe('history', () => {
    it('tells one conversation, oldest first, with the answers in it', async () => {
      const store = current();
      const world = await makeWorld(store);
      const one = await hear(store, world, { text: 'one' });
      await deliver(store, world, await answer(store, world, one, 'first', 'second'));
      const two = await hear(store, world, { text: 'two', author: { id: 'u2', name: 'Bob', kind: 'person' } });
      await answer(store, world, two, 'on its way');
      const three = await hear(store, world, { text: 'three' });
      await store.settle(settled(world, { kind: 'fate', seq: three.seq, fate: { kind: 'failed', reason: 'x' } }));
      await hear(store, world, { text: 'elsewhere', at: { channel: 'c1', thread: 't2' } });
      const last = await hear(store, world, { text: 'now' });
      await hear(store, world, { text: 'later' });

      const { integrationId, conversation, seq } = last;
      expect(await store.history(integrationId, conversation, seq, 10)).toEqual([
        { from: 'person', name: 'Ada', text: 'one', at: 1_500 },
        { from: 'replr', name: 'Nova', text: 'first\nsecond', at: 3_000 },
        { from: 'person', name: 'Bob', text: 'two', at: 1_500 },
        { from: 'replr', name: 'Nova', text: 'on its way', at: 3_000 },
        { from: 'person', name: 'Ada', text: 'three', at: 1_500 },
      ]);
      const newest = await store.history(integrationId, conversation, seq, 2);
      expect(newest.map((entry) => entry.text)).toEqual(['two', 'on its way', 'three']);
    });

    it('leaves out what was never due a turn and what came while paused', async () => {
      const store = current();
      const world = await makeWorld(store);
      await acceptAll(store, world, [
        accepted(world.integration.id, message(), { kind: 'ignored', reason: 'not_addressed' }),
      ]);
      const paused = await hear(store, world);
      const fate = { kind: 'ignored', reason: 'paused' } as const;
      await store.settle(settled(world, { kind: 'fate', seq: paused.seq, fate }));
      const { integrationId, conversation, seq } = await hear(store, world);
      expect(await store.history(integrationId, conversation, seq, 10)).toEqual([]);
    });

    it('leaves out what a model turned down, also when the person was told so', async () => {
      const store = current();
      const world = await makeWorld(store);
      for (const reason of ['model_refused', 'model_rejected', 'model_timeout']) {
        const fate = { kind: 'failed', reason } as const;
        const silent = await hear(store, world, { text: `${reason} in silence` });
        await store.settle(settled(world, { kind: 'fate', seq: silent.seq, fate }));
        const turn = await hear(store, world, { text: reason });
        const result = await store.compose(composed(world, turn, [{ text: 'sorry' }], { notice: fate }));
        if (!result.ok) throw new Error(result.reason);
        await deliver(store, world, result.deliveries);
      }
      const { integrationId, conversation, seq } = await hear(store, world);
      const told = await store.history(integrationId, conversation, seq, 10);
      expect(told.map(({ text }) => text)).toEqual(['model_timeout in silence', 'model_timeout']);
    });

    it('never mixes integrations', async () => {
      const store = current();
      const [one, two] = [await makeWorld(store), await makeWorld(store)];
      await hear(store, one, { text: 'secret' });
      const turn = await hear(store, two);
      const { conversation } = await hear(store, one);
      expect(await store.history(two.integration.id, conversation, turn.seq + 100, 10)).toEqual([]);
      expect(await store.history(two.integration.id, turn.conversation, turn.seq, 10)).toEqual([]);
    });
  });

  describe('lastPlace', () => {
    it('is where the newest message of this integration stands', async () => {
      const store = current();
      const world = await makeWorld(store);
      expect(await store.lastPlace(world.integration.id)).toBeUndefined();
      await hear(store, world);
      await hear(store, world, { at: { channel: 'c9' } });
      expect(await store.lastPlace(world.integration.id)).toEqual({ channel: 'c9' });
      await hear(store, world, { at: { scope: 'g', channel: 'c1', thread: 't' } });
      expect(await store.lastPlace(world.integration.id)).toEqual({ scope: 'g', channel: 'c1', thread: 't' });
    });
  });

  describe('moveChannel', () => {
    it('takes messages, conversations, unfinished parts and settings along', async () => {
      const store = current();
      const world = await makeWorld(store, { settings: { channel_ids: ['old'] }, claims: [''] });
      const { botId, epoch, integration, userId } = world;
      const said = await hear(store, world, { at: { channel: 'old' }, text: 'before' });
      const inTopic = await hear(store, world, { at: { channel: 'old', thread: 't/1' } });
      const elsewhere = await hear(store, world, { at: { channel: 'other' } });
      await answer(store, world, said, 'a', 'b');
      await answer(store, world, elsewhere, 'c');
      const before = await store.loadBot(world.node, botId);
      const settings = [{ integrationId: integration.id, settings: { channel_ids: ['new'] } }];
      expect(await store.moveChannel({ botId, epoch, from: 'old', to: 'new', settings })).toBe('ok');

      const { deliveries, turns } = await recovered(store, world);
      expect(deliveries.map(({ delivery }) => delivery.to.channel)).toEqual(['new', 'new', 'other']);
      const moved = conversationKey(integration.id, { channel: 'new' });
      expect(deliveries[0]?.conversation).toBe(moved);
      expect(turns).toEqual([
        {
          ...inTopic,
          conversation: conversationKey(integration.id, { channel: 'new', thread: 't/1' }),
          message: { ...inTopic.message, at: { channel: 'new', thread: 't/1' } },
        },
      ]);
      expect((await store.history(integration.id, moved, 2 ** 40, 9))[0]?.text).toBe('before');
      expect((await store.getIntegration(userId, integration.id))?.settings).toEqual({ channel_ids: ['new'] });
      expect((await store.loadBot(world.node, botId))?.version).toBeGreaterThan(before?.version ?? Infinity);
    });
  });

  describe('sweep', () => {
    it('deletes old settled messages with their answers and old requests, and nothing else', async () => {
      const store = current();
      const world = await makeWorld(store);
      const hearAt = async (at: number) => {
        const [due] = await acceptAll(store, world, [accepted(world.integration.id, message({ text: `${at}` }))], at);
        if (!due) throw new Error('due');
        return due;
      };
      const [old, waiting, young] = [await hearAt(10), await hearAt(11), await hearAt(9_000)];
      await deliver(store, world, await answer(store, world, old, 'a'));
      await deliver(store, world, await answer(store, world, young, 'b'));
      const request = { userId: world.userId, key: 'k', fingerprint: 'f', at: 10, staleMs: 1e9 };
      await store.beginRequest(request);
      await store.finishRequest(world.userId, 'k', { status: 200, body: '{}' });

      expect((await store.sweep(500)).messages).toBeGreaterThanOrEqual(1);
      const told = await store.history(old.integrationId, old.conversation, young.seq + 1, 10);
      expect(told.map((entry) => entry.text)).toEqual(['11', '9000', 'b']);
      expect((await recovered(store, world)).turns).toEqual([waiting]);
      expect(await store.compose(composed(world, old, [{ text: 'x' }]))).toEqual({ ok: false, reason: 'gone' });
      expect((await store.beginRequest(request)).kind).toBe('new');
      expect((await connect(store, world.replr)).messageCount).toBe(0);
    });
  });
}
