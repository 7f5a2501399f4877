import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { connect, makeReplr, makeUser } from './store-rig.ts';

const TODAY = new Date().toISOString().slice(0, 10);
const nothing = { person: 0, integration: 0, user: 0 };

/** What was used, by whom. */
export function usageContract(current: () => Store): void {
  const twoOfOneUser = async (store: Store) => {
    const replr = await makeReplr(store, await makeUser(store));
    return { replr, one: (await connect(store, replr)).id, two: (await connect(store, replr)).id };
  };

  describe('usage', () => {
    it('adds up by person, by integration and by user, each day anew', async () => {
      const store = current();
      const { one, two } = await twoOfOneUser(store);
      const { one: foreign } = await twoOfOneUser(store);
      expect(await store.spent(one, 'ada', TODAY)).toEqual(nothing);
      const used = (integrationId: typeof one, person: string, tokens: number, day = TODAY) =>
        ({ integrationId, person, day, tokens }) as const;
      await store.spend([used(one, 'ada', 10), used(two, 'ada', 1_000), used(one, 'ada', 1), used(one, 'bob', 100)]);
      await store.spend([used(one, 'ada', 2), used(foreign, 'ada', 7), used(one, 'ada', 5, '2999-01-01')]);
      await store.spend([]);
      expect(await store.spent(one, 'ada', TODAY)).toEqual({ person: 13, integration: 113, user: 1_113 });
      expect(await store.spent(two, 'bob', TODAY)).toEqual({ person: 0, integration: 1_000, user: 1_113 });
      expect(await store.spent(foreign, 'ada', TODAY)).toEqual({ person: 7, integration: 7, user: 7 });
      expect(await store.spent(one, 'ada', '2999-01-01')).toEqual({ person: 5, integration: 5, user: 5 });
    });

    it('loses nothing of what is used at once, and a bad call among it fails alone', async () => {
      const store = current();
      const { one, two } = await twoOfOneUser(store);
      const calls = Array.from({ length: 40 }, (_, n) =>
        store.spend([
          { integrationId: n % 2 ? one : two, person: 'ada', day: TODAY, tokens: n === 7 ? Number.NaN : 1 },
          { integrationId: n % 2 ? two : one, person: 'bob', day: TODAY, tokens: 1 },
        ]),
      );
      const failed = (await Promise.allSettled(calls)).flatMap(({ status }, n) => (status === 'rejected' ? [n] : []));
      expect(failed).toEqual([7]);
      expect(await store.spent(one, 'ada', TODAY)).toEqual({ person: 19, integration: 39, user: 78 });
    });

    it('goes with its integration, but for what its user has used', async () => {
      const store = current();
      const { replr, one, two } = await twoOfOneUser(store);
      const spending = { person: 'ada', day: TODAY, tokens: 5 };
      await store.spend([one, two].map((integrationId) => ({ integrationId, ...spending })));
      await store.deleteIntegration(replr.userId, one);
      expect(await store.spent(two, 'ada', TODAY)).toEqual({ person: 5, integration: 5, user: 10 });
      // A turn that ended after its integration did.
      await store.spend([{ integrationId: one, ...spending }]);
      expect(await store.spent(one, 'ada', TODAY)).toEqual(nothing);
    });

    it('is swept when nobody asks for it any more', async () => {
      const store = current();
      const { one } = await twoOfOneUser(store);
      const tokens = 5;
      await store.spend(['2020-02-29', TODAY].map((day) => ({ integrationId: one, person: 'ada', day, tokens })));
      await store.sweep(0);
      expect(await store.spent(one, 'ada', '2020-02-29')).toEqual(nothing);
      expect((await store.spent(one, 'ada', TODAY)).person).toBe(5);
    });
  });
}
