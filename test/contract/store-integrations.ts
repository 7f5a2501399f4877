import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/core/store.ts';
import {
  answer,
  connect,
  countOf,
  hear,
  ids,
  integrationFor,
  makeReplr,
  makeUser,
  makeWorld,
  recovered,
  unique,
} from './store-rig.ts';

const PAGE = { limit: 100, offset: 0 };
const FOR_MS = 60_000;

export function integrationsContract(current: () => Store): void {
  const claimOn = (identity: string, ...places: string[]) => ({ platform: 'chat', identity, places });

  describe('createIntegration', () => {
    it('turns its own reservation into a claim and refuses that of another', async () => {
      const store = current();
      const replr = await makeReplr(store, await makeUser(store));
      const input = integrationFor(replr, { autoRespond: false });
      const claim = claimOn(input.identity, 'c1');
      await store.reserveClaim(input.id, replr.userId, claim, FOR_MS);
      const other = { ...input, id: ids.integration() };
      expect(await store.createIntegration(other)).toEqual({ ok: false, reason: 'claimed' });
      const made = await store.createIntegration(input);
      expect(made).toMatchObject({ ok: true, integration: { id: input.id, enabled: true, autoRespond: false } });
      await store.releaseClaim(input.id);
      expect(await store.createIntegration(other)).toMatchObject({ reason: 'claimed', integrationId: input.id });
    });

    it('refuses a taken id, and an unknown or foreign replr, without a trace', async () => {
      const store = current();
      const world = await makeWorld(store);
      const foreign = await makeReplr(store, await makeUser(store));
      const attempt = async (over: Parameters<typeof integrationFor>[1]) => {
        const result = await store.createIntegration(integrationFor(world.replr, over));
        return result.ok ? 'ok' : result.reason;
      };
      const identity = unique('identity');
      expect(await attempt({ id: world.integration.id, identity })).toBe('id_taken');
      expect(await attempt({ replrId: foreign.id, identity })).toBe('replr_missing');
      expect(await attempt({ replrId: ids.replr(), identity })).toBe('replr_missing');
      const claim = claimOn(identity, 'c1');
      expect((await store.reserveClaim(ids.integration(), foreign.userId, claim, FOR_MS)).ok).toBe(true);
    });

    it('shares the bot of the same identity', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { identity } = world.integration;
      const other = await makeReplr(store, await makeUser(store));
      const second = await connect(store, other, { identity, claims: ['c2'], profile: { username: 'renamed' } });
      expect(second.botId).toBe(world.botId);
      expect((await store.loadBot(world.node, world.botId))?.bot.profile).toEqual({ username: 'renamed' });
    });
  });

  describe('reading', () => {
    it('lists by time and id, in pages, with the total of this user alone', async () => {
      const store = current();
      const replr = await makeReplr(store, await makeUser(store));
      await makeWorld(store);
      const made = [];
      for (const at of [30, 10, 20, 20]) made.push(await connect(store, replr, { at }));
      const order = made.toSorted((a, b) => a.connectedAt - b.connectedAt || (a.id < b.id ? -1 : 1));
      const all = await store.listIntegrations(replr.userId, PAGE);
      expect(all).toEqual({ data: order, total: 4 });
      const page = await store.listIntegrations(replr.userId, { limit: 2, offset: 1 });
      expect(page).toEqual({ data: order.slice(1, 3), total: 4 });
      expect(await store.listIntegrations(await makeUser(store), PAGE)).toEqual({ data: [], total: 0 });
    });

    it('treats a foreign integration as a missing one, everywhere', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { id } = world.integration;
      const stranger = await makeUser(store);
      expect(await store.getIntegration(stranger, id)).toBeUndefined();
      expect(await store.getCredential(stranger, id)).toBeUndefined();
      const update = await store.updateIntegration(stranger, id, { enabled: false, at: 2 });
      expect(update).toEqual({ ok: false, reason: 'missing' });
      expect(await store.deleteIntegration(stranger, id)).toEqual({ ok: false, bots: [] });
      expect(await store.getIntegration(world.userId, id)).toEqual(world.integration);
    });

    it('hands out its own credential', async () => {
      const store = current();
      const credential = { bot_token: 'sécret \u{1F511}', signing_secret: 's' };
      const world = await makeWorld(store, { credential });
      expect(await store.getCredential(world.userId, world.integration.id)).toEqual(credential);
    });
  });

  describe('updateIntegration', () => {
    it('changes what is given and nothing else', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { userId, integration, botId } = world;
      const vega = await makeReplr(store, userId, 'Vega');
      const update = {
        autoRespond: false,
        replrId: vega.id,
        settings: { channel_ids: ['c1', 'c9'] },
        cursors: [{ name: 'c9', value: '5' }],
        at: 9,
      };
      const result = await store.updateIntegration(userId, integration.id, update);
      const { autoRespond, settings } = update;
      expect(result).toEqual({
        ok: true,
        integration: { ...integration, autoRespond, replrId: vega.id, settings },
        bots: [botId],
      });
      expect(Object.fromEntries((await recovered(store, world)).cursors)).toEqual({ c9: '5' });
      const foreign = await makeReplr(store, await makeUser(store));
      const refused = await store.updateIntegration(userId, integration.id, { replrId: foreign.id, at: 9 });
      expect(refused).toEqual({ ok: false, reason: 'replr_missing' });
    });

    it('replaces credential, notices and claims of the same identity as a whole', async () => {
      const store = current();
      const world = await makeWorld(store, { claims: ['c1', 'c2'] });
      const { userId, integration, botId } = world;
      const { identity, id } = integration;
      const notices = [{ code: 'quiet', message: 'Less than it could be.' }];
      const verified = { credential: { bot_token: 'new' }, identity, profile: { n: 2 }, claims: ['c2', 'c3'], notices };
      const result = await store.updateIntegration(userId, id, { verified, at: 9 });
      expect(result).toMatchObject({ ok: true, integration: { id, botId, notices }, bots: [botId] });
      expect(await store.getCredential(userId, id)).toEqual({ bot_token: 'new' });
      const isFree = async (place: string) => {
        const other = ids.integration();
        const { ok } = await store.reserveClaim(other, userId, claimOn(identity, place), FOR_MS);
        await store.releaseClaim(other);
        return ok;
      };
      expect([await isFree('c1'), await isFree('c2'), await isFree('c3')]).toEqual([true, false, false]);
    });

    it('changes nothing when a claim is in the way', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { userId, integration } = world;
      const { identity, id } = integration;
      const neighbour = await connect(store, world.replr, { identity, claims: ['c2'] });
      const verified = { credential: { bot_token: 'x' }, identity, profile: {}, claims: ['c1', 'c2'], notices: [] };
      const result = await store.updateIntegration(userId, id, { enabled: false, verified, at: 9 });
      expect(result).toEqual({ ok: false, reason: 'claimed', integrationId: neighbour.id });
      expect(await store.getIntegration(userId, id)).toEqual(integration);
      expect(await store.getCredential(userId, id)).not.toEqual({ bot_token: 'x' });
    });

    it('moves to another identity: counts and history stay, what the old bot owed ends', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { userId, integration, botId } = world;
      const waiting = await hear(store, world, { text: 'kept' });
      await answer(store, world, await hear(store, world), 'half');
      const identity = unique('identity');
      const verified = { credential: { bot_token: 'b' }, identity, profile: {}, claims: ['c1'], notices: [] };
      const result = await store.updateIntegration(userId, integration.id, { verified, at: 9 });
      if (!result.ok) throw new Error(result.reason);
      const moved = result.integration;
      expect(moved).toMatchObject({ identity, messageCount: 2, health: { state: 'connecting', transport: 'polling' } });
      expect(moved.botId).not.toBe(botId);
      expect(new Set(result.bots)).toEqual(new Set([botId, moved.botId]));
      expect(await store.loadBot(world.node, botId)).toBeUndefined();
      expect(await store.recover(botId, world.epoch)).toBe('fenced');
      const history = await store.history(integration.id, waiting.conversation, 2 ** 40, 9);
      expect(history[0]?.text).toBe('kept');
      // The old identity is free again, with a clean start.
      const again = await connect(store, world.replr, { identity: integration.identity });
      expect(again.botId).not.toBe(botId);
    });
  });

  describe('deleteIntegration', () => {
    it('removes it with all that is its own, and the bot with the last one', async () => {
      const store = current();
      const world = await makeWorld(store, { cursors: [{ name: 'a', value: '1' }] });
      const { userId, integration, botId } = world;
      const { identity } = integration;
      const second = await connect(store, world.replr, { identity, claims: ['c2'] });
      const turn = await hear(store, world);
      await answer(store, world, turn, 'a');
      expect(await store.deleteIntegration(userId, integration.id)).toEqual({ ok: true, bots: [botId] });
      expect(await store.getIntegration(userId, integration.id)).toBeUndefined();
      expect(await store.getCredential(userId, integration.id)).toBeUndefined();
      expect(await store.history(integration.id, turn.conversation, 2 ** 40, 9)).toEqual([]);
      const left = await recovered(store, world);
      expect([left.deliveries, left.turns, left.cursors.size]).toEqual([[], [], 1]);
      expect((await store.loadBot(world.node, botId))?.routes.map((route) => route.integration.id)).toEqual([
        second.id,
      ]);
      const claim = claimOn(identity, 'c1');
      expect((await store.reserveClaim(ids.integration(), await makeUser(store), claim, FOR_MS)).ok).toBe(true);

      expect(await store.botExists(botId)).toBe(true);
      await store.deleteIntegration(userId, second.id);
      expect(await store.botExists(botId)).toBe(false);
      expect(await store.recover(botId, world.epoch)).toBe('fenced');
      expect(await store.deleteIntegration(userId, second.id)).toEqual({ ok: false, bots: [] });
      expect(await countOf(store, world)).toEqual({});
    });
  });
}
