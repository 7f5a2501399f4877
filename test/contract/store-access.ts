import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import { connect, ids, makeReplr, makeUser, makeWorld, newReplr, unique } from './store-rig.ts';

const PAGE = { limit: 100, offset: 0 };
const hash = () => ids.delivery().slice(4).padEnd(64, '0');

/** REPLRs, users, keys and idempotent requests. */
export function accessContract(current: () => Store): void {
  describe('REPLRs', () => {
    it('are made, read, changed and listed by their user', async () => {
      const store = current();
      const userId = await makeUser(store);
      const id = ids.replr();
      const fields = { ...newReplr, description: 'd', avatarUrl: 'https://example.org/a.png', greetingMessage: null };
      const made = await store.createReplr(id, userId, fields, 10);
      expect(made).toEqual({ id, userId, ...fields, createdAt: 10, updatedAt: 10 });
      expect(await store.createReplr(id, userId, fields, 11)).toBe('id_taken');
      expect(await store.getReplr(userId, id)).toEqual(made);
      const changed = await store.updateReplr(userId, id, { name: 'Vega', description: null }, 12);
      const now = { id, userId, ...fields, name: 'Vega', description: null, createdAt: 10, updatedAt: 12 };
      expect(changed).toEqual({ replr: now, bots: [] });
      const second = await makeReplr(store, userId);
      expect(await store.listReplrs(userId, PAGE)).toEqual({ data: [second, now], total: 2 });
      expect(await store.listReplrs(userId, { limit: 1, offset: 1 })).toEqual({ data: [now], total: 2 });
    });

    it('tell which bots must look again', async () => {
      const store = current();
      const world = await makeWorld(store);
      await connect(store, world.replr, { identity: world.integration.identity, claims: ['c2'] });
      const other = await connect(store, world.replr);
      const changed = await store.updateReplr(world.userId, world.replr.id, { instructions: 'New.' }, 2);
      expect(changed?.bots.toSorted()).toEqual([world.botId, other.botId].toSorted());
    });

    it('are kept while an integration uses them', async () => {
      const store = current();
      const { userId, replr, integration } = await makeWorld(store);
      expect(await store.deleteReplr(userId, replr.id)).toBe('in_use');
      await store.deleteIntegration(userId, integration.id);
      expect(await store.deleteReplr(userId, replr.id)).toBe('deleted');
      expect(await store.deleteReplr(userId, replr.id)).toBe('missing');
    });

    it('of others are missing ones', async () => {
      const store = current();
      const replr = await makeReplr(store, await makeUser(store));
      const stranger = await makeUser(store);
      expect(await store.getReplr(stranger, replr.id)).toBeUndefined();
      expect(await store.updateReplr(stranger, replr.id, { name: 'x' }, 2)).toBeUndefined();
      expect(await store.deleteReplr(stranger, replr.id)).toBe('missing');
      expect(await store.listReplrs(stranger, PAGE)).toEqual({ data: [], total: 0 });
      expect(await store.getReplr(replr.userId, replr.id)).toEqual(replr);
    });
  });

  describe('users and keys', () => {
    it('a name is one user, also when asked for at once', async () => {
      const store = current();
      const name = unique('user');
      const asked = Array.from({ length: 5 }, () => store.ensureUser(ids.user(), name, 1));
      expect(new Set(await Promise.all(asked)).size).toBe(1);
    });

    it('a key is found by its hash and made once', async () => {
      const store = current();
      const userId = await makeUser(store);
      const key = { id: ids.apiKey(), userId, hash: hash(), at: 1 };
      expect(await store.findApiKey(key.hash)).toBeUndefined();
      expect(await store.createApiKey(key)).toBe(true);
      expect(await store.createApiKey({ ...key, id: ids.apiKey() })).toBe(false);
      expect(await store.findApiKey(key.hash)).toEqual({ id: key.id, userId });
      expect(await store.hasApiKeys()).toBe(true);
    });
  });

  describe('idempotent requests', () => {
    it('run once and hand out the stored answer', async () => {
      const store = current();
      const userId = await makeUser(store);
      const request = { userId, key: 'k', fingerprint: 'f', at: 1_000, staleMs: 500 };
      const begun = await Promise.all([1, 2, 3].map(() => store.beginRequest(request)));
      expect(begun.map((result) => result.kind).toSorted()).toEqual(['new', 'running', 'running']);
      expect(await store.beginRequest({ ...request, fingerprint: 'g' })).toEqual({ kind: 'different' });
      await store.finishRequest(userId, 'k', { status: 201, body: '{"id":"int_1"}' });
      const done = { kind: 'done', status: 201, body: '{"id":"int_1"}' };
      expect(await store.beginRequest({ ...request, at: 99_000 })).toEqual(done);
      expect(await store.beginRequest({ ...request, fingerprint: 'g' })).toEqual({ kind: 'different' });
      await store.abandonRequest(userId, 'k');
      expect(await store.beginRequest(request)).toEqual(done);
    });

    it('begin anew when abandoned or stale', async () => {
      const store = current();
      const userId = await makeUser(store);
      const request = { userId, key: 'k', fingerprint: 'f', at: 1_000, staleMs: 500 };
      await store.beginRequest(request);
      await store.abandonRequest(userId, 'k');
      expect(await store.beginRequest(request)).toEqual({ kind: 'new' });
      expect(await store.beginRequest({ ...request, at: 1_500 })).toEqual({ kind: 'running' });
      expect(await store.beginRequest({ ...request, at: 1_501 })).toEqual({ kind: 'new' });
      expect(await store.beginRequest({ ...request, at: 1_600 })).toEqual({ kind: 'running' });
    });

    it('belong to their user', async () => {
      const store = current();
      const request = { key: 'k', fingerprint: 'f', at: 1_000, staleMs: 500 };
      const [one, two] = [await makeUser(store), await makeUser(store)];
      expect((await store.beginRequest({ ...request, userId: one })).kind).toBe('new');
      expect((await store.beginRequest({ ...request, userId: two })).kind).toBe('new');
      await store.finishRequest(two, 'k', { status: 200, body: 'two' });
      expect((await store.beginRequest({ ...request, userId: one })).kind).toBe('running');
    });
  });
}
