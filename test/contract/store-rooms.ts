import { describe, expect, it } from 'vitest';
import { MAX_OVERHEARD } from '../../src/core/flow-store.ts';
import { conversationKey, type Place, roomKey } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import { acceptAll, accepted, answer, deliver, hear, makeWorld, message, recovered, type World } from './store-rig.ts';

const unheard = { kind: 'ignored', reason: 'not_addressed' } as const;

/** A channel with all its threads. */
export function roomsContract(current: () => Store): void {
  /** Outside of threads, where an answer would have opened one. */
  const murmur = async (store: Store, world: World, texts: readonly string[], channel = 'c1') => {
    const { id } = world.integration;
    const murmured = texts.map((text) => {
      const inbound = accepted(id, message({ text, at: { channel, thread: `of ${text}` } }), unheard);
      return { ...inbound, conversation: roomKey(id, { channel }), overheard: true };
    });
    await acceptAll(store, world, murmured);
  };
  /** As the next message there would see it. */
  const told = async (store: Store, { integration }: World, at: Place) => {
    const history = await store.history(integration.id, conversationKey(integration.id, at), 2 ** 40, 9);
    return history.map((entry) => entry.text);
  };

  describe('what was overheard where it opened no thread', () => {
    it('is told in each thread of its room, and forgotten but for the newest', async () => {
      const store = current();
      const world = await makeWorld(store);
      const all = Array.from({ length: MAX_OVERHEARD + 3 }, (_, n) => `${n}`);
      await murmur(store, world, all);
      const inThread = accepted(world.integration.id, message({ text: 'in a thread' }), unheard);
      await acceptAll(store, world, [{ ...inThread, overheard: true }]);
      await murmur(store, world, ['last']);
      const newest = [...all.slice(4), 'last'];
      expect(await told(store, world, { channel: 'c1', thread: 'new' })).toEqual(newest);
      expect(await told(store, world, inThread.message.at)).toEqual([...all.slice(4), 'in a thread', 'last']);
      expect(await told(store, world, { channel: 'c2', thread: 'new' })).toEqual([]);
    });
  });

  describe('forget', () => {
    it('takes a channel with all its threads, and no other', async () => {
      const store = current();
      const [world, stranger] = [await makeWorld(store), await makeWorld(store)];
      await murmur(store, world, ['murmur']);
      await murmur(store, world, ['murmur'], 'c1/');
      const inThread = await hear(store, world, { text: 'in a thread', at: { channel: 'c1', thread: 't/9' } });
      await deliver(store, world, await answer(store, world, inThread, 'a'));
      const outside = await hear(store, world, { text: 'outside', at: { channel: 'c1' } });
      await answer(store, world, outside, 'b');
      const waiting = await hear(store, world, { text: 'waiting', at: { channel: 'c1', thread: 'é' } });
      const others = ['c', 'c1 ', 'c10', 'C1', 'c1-x'];
      for (const channel of others) await hear(store, world, { text: channel, at: { channel } });
      await hear(store, stranger, { text: 'there', at: { channel: 'c1' } });
      const turn = await hear(store, world, { text: 'forget it', at: { channel: 'c1' } });
      await hear(store, world, { text: 'later', at: { channel: 'c1' } });

      await store.forget(turn.integrationId, { channel: 'c1' }, turn.seq);
      for (const gone of [inThread, waiting]) expect(await told(store, world, gone.message.at)).toEqual([]);
      expect(await told(store, world, { channel: 'c1' })).toEqual(['forget it', 'later']);
      for (const channel of others) expect(await told(store, world, { channel })).toEqual([channel]);
      expect(await told(store, world, { channel: 'c1/' })).toEqual(['murmur']);
      expect(await told(store, stranger, { channel: 'c1' })).toEqual(['there']);
      // What waits for its answer still gets it.
      expect((await recovered(store, world)).turns.map(({ message: { text } }) => text)).toContain('waiting');
    });
  });
}
