import { describe, expect, it } from 'vitest';
import { MAX_OVERHEARD } from '../../src/core/flow-store.ts';
import { defaultOptions, type Options, type OptionsChange } from '../../src/core/options.ts';
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
  makeWorld,
  message,
  recovered,
  settled,
  type World,
} from './store-rig.ts';

const unheard = { kind: 'ignored', reason: 'not_addressed' } as const;
const notice = { kind: 'failed', reason: 'model_timeout' } as const;
const silent: Options = { ...defaultOptions, storeContent: false };

/** What of what people say is kept, for whom, and how it goes. */
export function contentContract(current: () => Store, beside: () => Promise<Store>): void {
  const overhear = async (store: Store, world: World, text: string) => {
    const inbound = accepted(world.integration.id, message({ text }), unheard);
    await acceptAll(store, world, [{ ...inbound, overheard: true }]);
  };
  /** As the next message of the conversation would see it. */
  const told = async (store: Store, { integration }: World, limit = 50) => {
    const { conversation } = accepted(integration.id, message());
    return (await store.history(integration.id, conversation, 2 ** 40, limit)).map((entry) => entry.text);
  };
  const ended = (store: Store, world: World, seq: number) =>
    store.settle(settled(world, { kind: 'fate', seq, fate: { kind: 'failed', reason: 'x' } }));

  describe('a message', () => {
    it('keeps its quote and that it is direct, wherever it comes out', async () => {
      const store = current();
      const world = await makeWorld(store);
      const said = { quote: { name: 'Bob', text: 'so\u0000 so' }, direct: true };
      const turn = await hear(store, world, said);
      expect(turn.message).toMatchObject({ quote: { name: 'Bob', text: 'so\uFFFD so' }, direct: true });
      expect((await recovered(store, world)).turns).toEqual([turn]);

      const { botId, epoch, integration } = world;
      const inbound = accepted(integration.id, message(said));
      await store.accept({ botId, epoch: null, messages: [inbound], cursors: [], at: 2_000 });
      const adopted = await store.adopt(botId, epoch);
      expect(adopted).toMatchObject({ turns: [{ message: { ...turn.message, id: inbound.message.id } }] });
    });
  });

  describe('what was overheard', () => {
    it('is told in its place, and never due', async () => {
      const store = current();
      const world = await makeWorld(store);
      await overhear(store, world, 'before');
      await deliver(store, world, await answer(store, world, await hear(store, world, { text: 'q' }), 'a'));
      await overhear(store, world, 'between');
      await acceptAll(store, world, [accepted(world.integration.id, message({ text: 'not kept' }), unheard)]);
      const turn = await hear(store, world, { text: 'now' });
      const history = await store.history(turn.integrationId, turn.conversation, turn.seq, 10);
      expect(history.map(({ from, text }) => [from, text])).toEqual([
        ['person', 'before'],
        ['person', 'q'],
        ['replr', 'a'],
        ['person', 'between'],
      ]);
      // No older than the oldest message that is told.
      expect(await told(store, world, 2)).toEqual(['q', 'a', 'between', 'now']);
      expect((await recovered(store, world)).turns).toEqual([turn]);
      expect(await countOf(store, world)).toMatchObject({ messageCount: 3 });
    });

    it('is forgotten but for the newest of each conversation', async () => {
      const store = current();
      const world = await makeWorld(store);
      const elsewhere = accepted(world.integration.id, message({ at: { channel: 'c9' }, text: 'there' }), unheard);
      await acceptAll(store, world, [{ ...elsewhere, overheard: true }]);
      const many = Array.from({ length: MAX_OVERHEARD + 3 }, (_, n) => ({
        ...accepted(world.integration.id, message({ text: `${n}` }), unheard),
        overheard: true,
      }));
      await acceptAll(store, world, many);
      const numbers = (from: number) => Array.from({ length: MAX_OVERHEARD }, (_, n) => `${from + n}`);
      expect(await told(store, world)).toEqual(numbers(3));
      await overhear(store, world, `${MAX_OVERHEARD + 3}`);
      expect(await told(store, world)).toEqual(numbers(4));
      const there = await store.history(world.integration.id, elsewhere.conversation, 2 ** 40, 9);
      expect(there.map((entry) => entry.text)).toEqual(['there']);
    });
  });

  describe('a notice', () => {
    it.each(['delivered', 'refused'])('gives its own fate when it is %s, is not counted and not told', async (how) => {
      const store = current();
      const world = await makeWorld(store);
      const turn = await hear(store, world, { text: 'q' });
      const input = composed(world, turn, [{ text: 'sorry' }, { text: 'so sorry' }], { notice });
      const [first, second] =
        ((await store.compose(input)) as { deliveries?: { id: `dlv_${string}` }[] }).deliveries ?? [];
      if (!first || !second) throw new Error('two parts');
      // The same once more, as after a commit whose answer got lost.
      expect(await store.compose(input)).toMatchObject({ ok: true, deliveries: [{ id: first.id }, { id: second.id }] });
      expect(await told(store, world)).toEqual(['q']);
      const { deliveries } = await recovered(store, world);
      expect(deliveries.map(({ delivery, notice: of }) => [delivery.id, of])).toEqual([
        [first.id, notice],
        [second.id, notice],
      ]);
      if (how === 'delivered') await deliver(store, world, [first, second]);
      else {
        const change = { kind: 'failed', delivery: first.id, reason: 'forbidden', attempts: 1 } as const;
        await store.settle(settled(world, change));
      }
      expect(await recovered(store, world)).toMatchObject({ deliveries: [], turns: [] });
      expect(await store.compose(input)).toEqual({ ok: false, reason: 'settled' });
      expect(await told(store, world)).toEqual(['q']);
      expect(await countOf(store, world)).toMatchObject({ messageCount: 1 });
    });
  });

  describe('forget', () => {
    it('takes everything said before, in this conversation and no other', async () => {
      const store = current();
      const world = await makeWorld(store);
      await overhear(store, world, 'murmur');
      await deliver(store, world, await answer(store, world, await hear(store, world, { text: 'q' }), 'a'));
      const other = await hear(store, world, { text: 'there', at: { channel: 'c9' } });
      const waiting = await hear(store, world, { text: 'waiting' });
      const turn = await hear(store, world, { text: 'forget it' });
      await hear(store, world, { text: 'later' });

      await store.forget(turn.integrationId, { conversation: turn.conversation }, turn.seq);
      expect(await told(store, world)).toEqual(['forget it', 'later']);
      const there = await store.history(other.integrationId, other.conversation, 2 ** 40, 9);
      expect(there.map((entry) => entry.text)).toEqual(['there']);
      // What waits for its answer still gets it, and goes with it.
      expect((await recovered(store, world)).turns.map(({ message: { text } }) => text)).toContain('waiting');
      await deliver(store, world, await answer(store, world, waiting, 'late'));
      expect(await told(store, world)).toEqual(['forget it', 'later']);
    });

    it('finds nothing where there is nothing', async () => {
      const store = current();
      const world = await makeWorld(store);
      await store.forget(world.integration.id, { conversation: 'nowhere' }, 1);
      await store.forget(world.integration.id, { channel: 'nowhere' }, 1);
      await store.forget('int_000000000000', { conversation: 'nowhere' }, 1);
    });
  });

  describe('content that is not stored', () => {
    it('stays until the answer has arrived and is told to nobody', async () => {
      const store = current();
      const world = await makeWorld(store, { options: silent });
      await overhear(store, world, 'murmur');
      const turn = await hear(store, world, { text: 'q', quote: { name: 'Bob', text: 'so' } });
      const parts = await answer(store, world, turn, 'a', 'b');
      expect((await recovered(store, world)).deliveries.map(({ delivery }) => delivery.part.text)).toEqual(['a', 'b']);
      expect(await told(store, world)).toEqual([]);
      await deliver(store, world, parts);
      const failing = await hear(store, world, { text: 'second' });
      await ended(store, world, failing.seq);
      expect(await countOf(store, world)).toMatchObject({ messageCount: 3 });

      // Stored from now on, and nothing of before comes back.
      const options = { ...silent, storeContent: true };
      await store.updateIntegration(world.userId, world.integration.id, { options, at: 5 });
      expect(await told(store, world)).toEqual([]);
      await hear(store, world, { text: 'fresh' });
      expect(await told(store, world)).toEqual(['fresh']);
    });

    it('goes at once when it is switched off, but for what is under way', async () => {
      const store = current();
      const world = await makeWorld(store);
      await overhear(store, world, 'murmur');
      await deliver(store, world, await answer(store, world, await hear(store, world, { text: 'q' }), 'a'));
      const waiting = await hear(store, world, { text: 'waiting' });
      const { userId, integration } = world;
      await store.updateIntegration(userId, integration.id, { options: silent, at: 5 });
      expect((await recovered(store, world)).turns).toEqual([waiting]);
      await store.updateIntegration(userId, integration.id, { options: defaultOptions, at: 6 });
      expect(await told(store, world)).toEqual(['waiting']);
    });
  });

  describe('options', () => {
    const chosen: Options = {
      errorReply: 'silent',
      storeContent: false,
      contextTokens: 500,
      limits: { ...defaultOptions.limits, turnsPerMinute: 1, tokensPerDay: 1e12 },
    };

    it('are the defaults unless said otherwise, and change', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { userId, integration } = world;
      expect(integration.options).toEqual(defaultOptions);
      const update = await store.updateIntegration(userId, integration.id, { options: chosen, at: 5 });
      expect(update.ok && update.integration.options).toEqual(chosen);
      const loaded = await store.loadBot(world.node, world.botId);
      expect(loaded?.routes[0]?.integration.options).toEqual(chosen);
      await store.updateIntegration(userId, integration.id, { enabled: false, at: 6 });
      expect((await store.getIntegration(userId, integration.id))?.options).toEqual(chosen);
      await store.updateIntegration(userId, integration.id, { options: defaultOptions, at: 7 });
      expect((await store.listIntegrations(userId, { limit: 1, offset: 0 })).data[0]?.options).toEqual(defaultOptions);
      expect((await connect(store, world.replr, { options: chosen })).options).toEqual(chosen);
    });

    it('change one by one: what is not given stays, each limit for itself', async () => {
      const store = current();
      const { userId, integration } = await makeWorld(store);
      const change = async (options: OptionsChange) => {
        const update = await store.updateIntegration(userId, integration.id, { options, at: 5 });
        return update.ok && update.integration.options;
      };
      const first = { ...defaultOptions, storeContent: false };
      expect(await change({ storeContent: false })).toEqual(first);
      const second = { ...first, errorReply: 'silent', limits: { ...defaultOptions.limits, turnsPerMinute: 7 } };
      expect(await change({ errorReply: 'silent', limits: { turnsPerMinute: 7 } })).toEqual(second);
      expect(await change({ contextTokens: 500, limits: {} })).toEqual({ ...second, contextTokens: 500 });
      const limits = { ...second.limits, turnsPerMinute: defaultOptions.limits.turnsPerMinute, tokensPerDay: 8 };
      const back = { turnsPerMinute: limits.turnsPerMinute, tokensPerDay: 8 };
      expect(await change({ limits: back })).toEqual({ ...second, contextTokens: 500, limits });
    });

    it('lose nothing when different ones are changed at once, from two nodes', async () => {
      const stores = [current(), await beside()];
      const { userId, integration } = await makeWorld(current());
      const changes: OptionsChange[] = [
        ...[{ storeContent: false }, { errorReply: 'silent' as const }, { contextTokens: 501 }],
        ...[{ limits: { turnsPerMinute: 1 } }, { limits: { tokensPerDay: 2 } }, { limits: { concurrentTurns: 3 } }],
      ];
      const update = (options: OptionsChange, index: number) =>
        stores[index % 2]?.updateIntegration(userId, integration.id, { options, at: 5 });
      await Promise.all(changes.map(update));
      expect((await current().getIntegration(userId, integration.id))?.options).toEqual({
        ...{ errorReply: 'silent', storeContent: false, contextTokens: 501 },
        limits: { ...defaultOptions.limits, turnsPerMinute: 1, tokensPerDay: 2, concurrentTurns: 3 },
      });
    });
  });
}
