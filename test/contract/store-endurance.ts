import { describe, expect, it } from 'vitest';
import { conversationKey } from '../../src/core/message.ts';
import type { Store } from '../../src/core/store.ts';
import { StoreKeyError } from '../../src/store/errors.ts';
import { SealError } from '../../src/store/seal.ts';
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
  integrationFor,
  makeReplr,
  makeUser,
  makeWorld,
  message,
  type Opened,
  recovered,
  TTL_MS,
  unique,
} from './store-rig.ts';

/** Odd text, bad neighbours, many at once, and what is left after a restart. */
export function enduranceContract(current: () => Store, opened: () => Opened): void {
  describe('text', () => {
    const NASTY = 'a\0b\uD800c\uDC00d\u{1F600}\u202E\'"\\%_\r\n{}[]\\u0000';
    const CLEAN = 'a\uFFFDb\uFFFDc\uFFFDd\u{1F600}\u202E\'"\\%_\r\n{}[]\\u0000';

    it('of any kind goes through the flow', async () => {
      const store = current();
      const world = await makeWorld(store);
      const at = { scope: NASTY, channel: NASTY, thread: NASTY };
      const nasty = message({
        id: unique(NASTY),
        at,
        author: { id: NASTY, name: NASTY, kind: 'person' },
        text: NASTY,
        replyTo: NASTY,
      });
      const { botId, epoch, integration } = world;
      const conversation = conversationKey(integration.id, { channel: CLEAN, thread: CLEAN });
      const inbound = { ...accepted(integration.id, message()), conversation, message: nasty };
      const result = await store.accept({
        botId,
        epoch,
        messages: [inbound],
        cursors: [{ name: NASTY, value: NASTY }],
        at: 2_000,
      });
      const turn = result.ok ? result.due[0] : undefined;
      if (!turn) throw new Error('nothing is due');
      expect(turn.message).toMatchObject({
        at: { scope: CLEAN, channel: CLEAN, thread: CLEAN },
        author: { id: CLEAN, name: CLEAN },
        text: CLEAN,
        replyTo: CLEAN,
      });
      expect(await acceptAll(store, world, [inbound])).toEqual([]);
      const before = await recovered(store, world);
      expect(before.turns).toEqual([turn]);
      expect(Object.fromEntries(before.cursors)).toEqual({ [CLEAN]: CLEAN });
      const parts = [{ text: NASTY, format: { [NASTY]: [NASTY] } }];
      const result2 = await store.compose(composed(world, turn, parts, { to: at, replyTo: NASTY }));
      if (!result2.ok) throw new Error(result2.reason);
      const [part] = result2.deliveries;
      expect(part).toMatchObject({ part: { text: CLEAN, format: { [CLEAN]: [CLEAN] } }, replyTo: CLEAN });
      expect((await recovered(store, world)).deliveries[0]?.delivery).toEqual(part);
      const change = { kind: 'failed', delivery: part?.id ?? 'dlv_', reason: NASTY, attempts: 1 } as const;
      expect(await store.settle({ botId, epoch, at: 1, change })).toBe('ok');
      expect((await store.history(integration.id, conversation, 2 ** 40, 9))[0]).toMatchObject({
        name: CLEAN,
        text: CLEAN,
      });
      expect(await store.lastPlace(integration.id)).toEqual({ scope: CLEAN, channel: CLEAN, thread: CLEAN });
    });

    it('of any kind goes through everything else', async () => {
      const store = current();
      const userId = await store.ensureUser(ids.user(), unique(NASTY), 1);
      const replr = await makeReplr(store, userId, NASTY);
      expect(replr.name).toBe(CLEAN);
      const updated = await store.updateReplr(userId, replr.id, { instructions: NASTY }, 2);
      expect(updated?.replr.instructions).toBe(CLEAN);
      const notices = [{ code: 'c', message: NASTY }];
      const input = integrationFor(replr, {
        identity: unique(NASTY),
        profile: { [NASTY]: NASTY },
        settings: { [NASTY]: [NASTY] },
        credential: { bot_token: NASTY },
        claims: [NASTY],
        notices,
        cursors: [{ name: NASTY, value: NASTY }],
      });
      const claim = { platform: 'chat', identity: input.identity, places: [NASTY] };
      expect(await store.reserveClaim(input.id, userId, claim, TTL_MS)).toEqual({ ok: true });
      const made = await store.createIntegration(input);
      if (!made.ok) throw new Error(made.reason);
      expect(made.integration.settings).toEqual({ [CLEAN]: [CLEAN] });
      expect(made.integration.notices).toEqual([{ code: 'c', message: CLEAN }]);
      expect(await store.getCredential(userId, input.id)).toEqual({ bot_token: CLEAN });
      const request = { userId, key: NASTY, fingerprint: NASTY, at: 1, staleMs: 1 };
      expect((await store.beginRequest(request)).kind).toBe('new');
      await store.finishRequest(userId, NASTY, { status: 200, body: NASTY });
      expect(await store.beginRequest(request)).toEqual({ kind: 'done', status: 200, body: CLEAN });
    });
  });

  describe('many at once', () => {
    it('500 concurrent accepts with duplicates: each message once', async () => {
      const store = current();
      const worlds = await Promise.all([makeWorld(store), makeWorld(store), makeWorld(store), makeWorld(store)]);
      const messages = Array.from({ length: 125 }, () => message());
      const calls = worlds.flatMap((world) =>
        Array.from({ length: 125 }, (_, n) => {
          // Each call repeats two messages of its neighbours.
          const some = [messages[n], messages[(n + 1) % 125], messages[(n + 60) % 125]];
          const inbound = some.flatMap((one) => (one ? [accepted(world.integration.id, one)] : []));
          return acceptAll(store, world, inbound);
        }),
      );
      const due = (await Promise.all(calls)).flat();
      expect(due).toHaveLength(500);
      expect(new Set(due.map((turn) => turn.seq)).size).toBe(500);
      for (const world of worlds) expect((await countOf(store, world)).messageCount).toBe(125);
    });

    it('a bad call among them fails alone, whatever it is', async () => {
      const store = current();
      const world = await makeWorld(store);
      const { botId, epoch, integration } = world;
      const call = (n: number) =>
        store.accept({
          botId,
          epoch,
          messages: [accepted(integration.id, message())],
          cursors: [],
          at: n === 13 ? Number.NaN : 2_000,
        });
      const results = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => call(n)));
      expect(results.flatMap((result, n) => (result.status === 'rejected' ? [n] : []))).toEqual([13]);
      expect(await countOf(store, world)).toEqual({ messageCount: 39, lastMessageAt: 2_000 });

      const turns = (await recovered(store, world)).turns;
      const settles = turns.map((turn, n) =>
        store.settle({
          botId,
          epoch,
          at: n === 5 ? Number.NaN : 1.5e12,
          change: { kind: 'fate', seq: n === 6 ? Number.NaN : turn.seq, fate: { kind: 'failed', reason: 'x' } },
        }),
      );
      const failed = (await Promise.allSettled(settles)).filter((result) => result.status === 'rejected');
      expect(failed.length).toBeLessThanOrEqual(2);
      expect((await recovered(store, world)).turns.length).toBeLessThanOrEqual(2);
    });

    it('an integration may go while its messages come: nobody gets an error for it', async () => {
      const store = current();
      for (let round = 0; round < 15; round++) {
        const world = await makeWorld(store);
        const turns = await Promise.all([1, 2, 3, 4].map(() => hear(store, world)));
        const { botId, epoch, userId, integration, replr } = world;
        const inbound = () => accepted(integration.id, message());
        const answered = turns.map((turn) => composed(world, turn, [{ text: 'a' }]));
        const results = await Promise.all([
          store.accept({ botId, epoch, messages: [inbound(), inbound()], cursors: [{ name: 'a', value: '1' }], at: 1 }),
          ...answered.slice(0, 2).map((one) => store.compose(one)),
          store.deleteIntegration(userId, integration.id),
          ...answered.slice(2).map((one) => store.compose(one)),
          store.accept({ botId, epoch, messages: [inbound()], cursors: [{ name: 'a', value: '2' }], at: 1 }),
          store.deleteReplr(userId, replr.id),
        ]);
        expect(results[3]).toEqual({ ok: true, bots: [botId] });
        expect(await store.recover(botId, epoch)).toBe('fenced');
      }
    });

    it('all kinds of calls of one tick live side by side', async () => {
      const store = current();
      const world = await makeWorld(store);
      const turns = await acceptAll(
        store,
        world,
        Array.from({ length: 20 }, () => accepted(world.integration.id, message())),
      );
      const user = await makeUser(store);
      await Promise.all([
        ...turns.map(async (turn) => deliver(store, world, await answer(store, world, turn, 'a', 'b', 'c'))),
        ...turns.map(() => hear(store, world)),
        ...turns.map(() => makeReplr(store, user)),
        ...turns.map(() => store.listReplrs(user, { limit: 5, offset: 0 })),
        ...turns.map(() => store.holdBots(world.node, TTL_MS, 0)),
        ...turns.map((_, n) => store.updateReplr(world.userId, world.replr.id, { name: `n${n}` }, n)),
        ...turns.map((turn) => store.history(turn.integrationId, turn.conversation, turn.seq, 10)),
      ]);
      expect((await countOf(store, world)).messageCount).toBe(60);
      expect((await store.listReplrs(user, { limit: 1, offset: 0 })).total).toBe(20);
    });
  });

  describe('after a restart', () => {
    it('all that was acknowledged is there', async () => {
      const world = await makeWorld(current());
      const turn = await hear(current(), world);
      const [part] = await answer(current(), world, await hear(current(), world), 'a', 'b');
      await current().accept({
        botId: world.botId,
        epoch: world.epoch,
        messages: [],
        cursors: [{ name: 'a', value: '1' }],
        at: 1,
      });
      const store = await opened().reopen();
      const { deliveries, turns, cursors } = await recovered(store, world);
      expect(turns).toEqual([turn]);
      expect(deliveries[0]?.delivery).toEqual(part);
      expect(cursors.get('a')).toBe('1');
      expect(await acceptAll(store, world, [accepted(world.integration.id, turn.message)])).toEqual([]);
      const { bot_token } = (await store.getCredential(world.userId, world.integration.id)) ?? {};
      expect(bot_token).toMatch(/^token-/);
    });

    it('F030: a store that was sealed with another key is refused', async () => {
      const world = await makeWorld(current());
      const secretKey = new Uint8Array(32).fill(9);
      await expect(opened().beside({ secretKey })).rejects.toBeInstanceOf(StoreKeyError);
      expect(await current().getCredential(world.userId, world.integration.id)).toBeDefined();
    });
  });

  describe('secrets', () => {
    it('that were moved to another row do not open', async () => {
      const store = current();
      const replr = await makeReplr(store, await makeUser(store));
      const [one, two] = [await connect(store, replr), await connect(store, replr)];
      await opened().execute(
        `update integrations set secrets = (select secrets from integrations where id = '${one.id}') where id = '${two.id}'`,
      );
      await expect(store.getCredential(replr.userId, two.id)).rejects.toBeInstanceOf(SealError);
      expect(await store.getCredential(replr.userId, one.id)).toBeDefined();
    });
  });

  it('answers to ping, and to nothing once closed', async () => {
    await current().ping();
    const other = await opened().beside();
    await other.ping();
    await other.close();
    await expect(other.ping()).rejects.toThrow();
    await expect(other.hasApiKeys()).rejects.toThrow();
  });
}
