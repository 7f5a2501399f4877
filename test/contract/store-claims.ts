import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { ids, integrationFor, makeReplr, makeUser, makeWorld, unique } from './store-rig.ts';

const PAGE = { limit: 100, offset: 0 };
const FOR_MS = 60_000;

/** Who may speak where. */
export function claimsContract(current: () => Store): void {
  const claimOn = (identity: string, ...places: string[]) => ({ platform: 'chat', identity, places });

  describe('claims', () => {
    it('are reserved for one id, may be repeated, refuse the whole on any overlap, and are released', async () => {
      const store = current();
      const user = await makeUser(store);
      const [one, two] = [ids.integration(), ids.integration()];
      const identity = unique('identity');
      const reserve = (id: typeof one, ...places: string[]) =>
        store.reserveClaim(id, user, claimOn(identity, ...places), FOR_MS);
      expect(await reserve(one, 'b', 'a')).toEqual({ ok: true });
      expect(await reserve(one, 'a', 'b')).toEqual({ ok: true });
      expect(await reserve(two, 'c', 'b')).toEqual({ ok: false, reason: 'claimed' });
      expect(await reserve(one, 'c')).toEqual({ ok: true });
      await store.releaseClaim(one);
      expect(await reserve(two, 'c', 'b')).toEqual({ ok: true });
    });

    it('differ by platform and by bot; the empty place is the whole bot', async () => {
      const store = current();
      const user = await makeUser(store);
      const identity = unique('identity');
      const reserve = (platform: string, of: string, place: string) =>
        store.reserveClaim(ids.integration(), user, { platform, identity: of, places: [place] }, FOR_MS);
      expect((await reserve('chat', identity, '')).ok).toBe(true);
      expect((await reserve('chat', identity, 'x')).ok).toBe(false);
      expect((await reserve('talk', identity, 'x')).ok).toBe(true);
      expect((await reserve('talk', identity, '')).ok).toBe(false);
      expect((await reserve('chat', unique('identity'), 'x')).ok).toBe(true);
    });

    it('run out by the clock of the database', async () => {
      const store = current();
      const user = await makeUser(store);
      const claim = claimOn(unique('identity'), 'a');
      await store.reserveClaim(ids.integration(), user, claim, 30);
      expect((await store.reserveClaim(ids.integration(), user, claim, FOR_MS)).ok).toBe(false);
      await sleep(50);
      expect((await store.reserveClaim(ids.integration(), user, claim, FOR_MS)).ok).toBe(true);
    });

    it('name the integration in the way to its own user only', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { id, identity } = world.integration;
      const claim = claimOn(identity, 'c1');
      const own = await store.reserveClaim(ids.integration(), world.userId, claim, FOR_MS);
      expect(own).toEqual({ ok: false, reason: 'claimed', integrationId: id });
      const foreign = await store.reserveClaim(ids.integration(), await makeUser(store), claim, FOR_MS);
      expect(foreign).toEqual({ ok: false, reason: 'claimed' });
    });

    it('of two that race one wins', async () => {
      const store = current();
      const user = await makeUser(store);
      const identity = unique('identity');
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, n) =>
          store.reserveClaim(ids.integration(), user, claimOn(identity, ...(n % 2 ? ['a', 'b'] : ['b', 'a'])), FOR_MS),
        ),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(1);
    });

    it('of two creations that race one wins, and the loser leaves nothing behind', async () => {
      const store = current();
      const replr = await makeReplr(store, await makeUser(store));
      const identity = unique('identity');
      const inputs = Array.from({ length: 4 }, () => integrationFor(replr, { identity, claims: ['a'] }));
      const results = await Promise.all(inputs.map((input) => store.createIntegration(input)));
      expect(results.filter((result) => result.ok)).toHaveLength(1);
      expect((await store.listIntegrations(replr.userId, PAGE)).total).toBe(1);
    });

    it('stay when a reservation for the same integration is released or runs out', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { id, identity } = world.integration;
      await store.reserveClaim(id, world.userId, claimOn(identity, 'c1', 'c2'), 20);
      await store.releaseClaim(id);
      await store.reserveClaim(id, world.userId, claimOn(identity, 'c1', 'c2'), 20);
      await sleep(40);
      const take = (place: string) =>
        store.reserveClaim(ids.integration(), world.userId, claimOn(identity, place), FOR_MS);
      expect((await take('c1')).ok).toBe(false);
      expect((await take('c2')).ok).toBe(true);
    });
  });
}
