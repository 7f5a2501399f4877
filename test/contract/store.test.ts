import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, inject, it, vi } from 'vitest';
import { MAX_OVERHEARD, type TurnDue } from '../../src/core/flow-store.ts';
import { defaultOptions } from '../../src/core/options.ts';
import { StoreInUseError, StoreKeyError } from '../../src/store/errors.ts';
import { openStore } from '../../src/store/store.ts';
import { createDatabase, execute } from '../support/postgres.ts';
import { storeContract } from './store.ts';
import { openPostgresStore, openSqliteStore, storeBasics } from './store-engines.ts';
import {
  acceptAll,
  accepted,
  answer,
  connect,
  deliver,
  hear,
  ids,
  makeReplr,
  makeUser,
  makeWorld,
  message,
  recovered,
  TTL_MS,
} from './store-rig.ts';

const openOnPostgres = () => openPostgresStore(inject('postgres'), inject('template'));

storeContract('sqlite', openSqliteStore);
storeContract('postgres', openOnPostgres);

describe.each([
  ['sqlite', openSqliteStore],
  ['postgres', openOnPostgres],
] as const)('what is not kept, on %s', (_, open) => {
  it('is no longer in the tables, however it went', async () => {
    const opened = await open();
    const { store } = opened;
    const silent = { ...defaultOptions, storeContent: false };
    const [keeping, never, switched] = [
      await makeWorld(store),
      await makeWorld(store, { options: silent }),
      await makeWorld(store),
    ];
    const ignored = { kind: 'ignored', reason: 'not_addressed' } as const;
    const all = [];
    for (const world of [keeping, never, switched]) {
      const turn = await hear(store, world, { text: 'asked', quote: { name: 'Bob', text: 'quoted' } });
      await deliver(store, world, await answer(store, world, turn, 'answered'));
      const inbound = Array.from({ length: MAX_OVERHEARD + 1 }, () => ({
        ...accepted(world.integration.id, message({ text: 'overheard' }), ignored),
        overheard: true,
      }));
      await acceptAll(store, world, inbound);
      all.push(turn);
    }
    await store.updateIntegration(switched.userId, switched.integration.id, { options: silent, at: 5 });
    // All that was said, whatever the store would tell.
    await opened.execute('update integrations set store_content = 1');
    await opened.execute(`update messages set due = 1, overheard = 0, fate_kind = 'answered'`);
    const texts = async ({ integrationId, conversation }: TurnDue) =>
      (await store.history(integrationId, conversation, 2 ** 40, 99)).map(({ text }) => text).filter(Boolean);
    const [kept, ...gone] = all;
    if (!kept) throw new Error('three turns');
    expect(await texts(kept)).toEqual(['asked', 'answered', ...Array(MAX_OVERHEARD).fill('overheard')]);
    for (const turn of gone) expect(await texts(turn)).toEqual([]);
    await store.forget(kept.integrationId, { conversation: kept.conversation }, 2 ** 40);
    await opened.execute('update messages set due = 1');
    expect(await texts(kept)).toEqual([]);
    // A quote would clash with the name that is there.
    await opened.execute(`insert into meta select 'key_check', quote from messages where quote is not null`);
    await opened.close();
  });
});

describe('sqlite alone', { timeout: 10_000 }, () => {
  it('lets one server in, commands beside it, and the next server after it', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'replr-store-'));
    const server = await openStore({ ...storeBasics, dataDir, exclusive: true });
    await expect(openStore({ ...storeBasics, dataDir, exclusive: true })).rejects.toBeInstanceOf(StoreInUseError);
    const command = await openStore({ ...storeBasics, dataDir });
    await makeUser(command);
    await command.close();
    await expect(openStore({ ...storeBasics, dataDir, exclusive: true })).rejects.toBeInstanceOf(StoreInUseError);
    const world = await makeWorld(server);
    await server.close();

    const next = await openStore({ ...storeBasics, dataDir, exclusive: true });
    // The former owner is dead by definition: no heartbeat to wait for.
    const node = ids.node();
    expect(await next.holdBots(node, TTL_MS, 10)).toMatchObject([{ botId: world.botId, epoch: world.epoch + 1 }]);
    await next.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('keeps its files to itself', async () => {
    const opened = await openSqliteStore();
    await makeWorld(opened.store);
    expect((await stat(opened.dataDir)).mode & 0o777).toBe(0o700);
    for (const file of await readdir(opened.dataDir)) {
      expect((await stat(join(opened.dataDir, file))).mode & 0o777).toBe(0o600);
    }
    await opened.close();
  });

  it('holds no secret in the clear, and no ciphertext of what was deleted', async () => {
    const opened = await openSqliteStore();
    // Read by another process: closing a file here would drop this process's locks on it.
    const found = (text: string) => {
      const files = `cat ${opened.dataDir}/store.db*`;
      return execFileSync('/bin/sh', ['-c', files], { maxBuffer: 1e8 }).includes(text);
    };
    const replr = await makeReplr(opened.store, await makeUser(opened.store));
    const { id } = await connect(opened.store, replr, { credential: { bot_token: 'canary-token-4711' } });
    expect(found('canary-token-4711')).toBe(false);
    expect(found('v1.')).toBe(true);
    await opened.store.deleteIntegration(replr.userId, id);
    expect(found('v1.')).toBe(false);
    await opened.close();
  });

  it('F030: refuses another key before it writes anything', async () => {
    const opened = await openSqliteStore();
    await opened.store.close();
    const before = await stat(join(opened.dataDir, 'store.db'));
    const secretKey = new Uint8Array(32).fill(2);
    await expect(opened.beside({ secretKey })).rejects.toBeInstanceOf(StoreKeyError);
    expect((await stat(join(opened.dataDir, 'store.db'))).size).toBe(before.size);
    await opened.reopen();
    await opened.close();
  });

  it('says no to a folder that it cannot have', async () => {
    await expect(openStore({ ...storeBasics, dataDir: '/dev/null/data' })).rejects.toThrow();
  });
});

describe('postgres alone', { timeout: 20_000 }, () => {
  it('is migrated by one of several that start at once', async () => {
    const { url, drop } = await createDatabase(inject('postgres'));
    const stores = await Promise.all([1, 2, 3, 4].map(() => openStore({ ...storeBasics, databaseUrl: url })));
    await Promise.all(stores.map((store) => makeWorld(store)));
    await Promise.all(stores.map((store) => store.close()));
    await drop();
  });

  it('of two first starts with different keys one is refused', async () => {
    const { url, drop } = await createDatabase(inject('postgres'));
    const keys = [1, 2].map((n) => new Uint8Array(32).fill(n));
    const results = await Promise.allSettled(
      keys.map((secretKey) => openStore({ ...storeBasics, secretKey, databaseUrl: url })),
    );
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toBeInstanceOf(StoreKeyError);
    for (const result of results) if (result.status === 'fulfilled') await result.value.close();
    await drop();
  });

  it('serves on after all its connections were cut, listener included', async () => {
    const opened = await openOnPostgres();
    const { store } = opened;
    const world = await makeWorld(store);
    const changed = vi.fn();
    const stop = await store.watchBots(world.node, changed);
    await execute(
      inject('postgres'),
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${new URL(opened.url).pathname.slice(1)}'`,
    );
    await vi.waitFor(() => store.ping());
    await vi.waitFor(() => hear(store, world));
    const other = await opened.beside();
    await vi.waitFor(
      async () => {
        await other.updateIntegration(world.userId, world.integration.id, { autoRespond: false, at: 9 });
        expect(changed).toHaveBeenCalledWith(world.botId);
      },
      { timeout: 8_000, interval: 300 },
    );
    await stop();
    await opened.close();
  });

  it('rolls back, and says why, when a write fails that nobody waited for', async () => {
    const opened = await openOnPostgres();
    const { store } = opened;
    const world = await makeWorld(store);
    await hear(store, world);
    await opened.execute('alter table integrations add constraint one check (message_count < 2)');
    const inbound = message();
    await expect(hear(store, world, inbound)).rejects.toMatchObject({ code: '23514' });
    await opened.execute('alter table integrations drop constraint one');
    expect((await hear(store, world, inbound)).message.id).toBe(inbound.id);
    await opened.close();
  });

  it('serves without prepared statements where the URL says so', async () => {
    const opened = await openOnPostgres();
    const url = new URL(opened.url);
    url.searchParams.set('prepared_statements', 'off');
    const store = await openStore({ ...storeBasics, databaseUrl: url.href });
    const world = await makeWorld(store);
    const turn = await hear(store, world);
    const { integrationId, conversation, seq } = turn;
    expect(await store.history(integrationId, conversation, seq + 1, 10)).toHaveLength(1);
    await store.close();
    await opened.close();
  });

  it('loses no call that it promised while connections are cut under load', async () => {
    const opened = await openOnPostgres();
    const { store } = opened;
    const world = await makeWorld(store);
    const { botId, epoch, integration } = world;
    const database = new URL(opened.url).pathname.slice(1);
    let cutting = true;
    let [promised, refused] = [0, 0];
    const callers = Array.from({ length: 20 }, async () => {
      while (cutting) {
        const messages = [accepted(integration.id, message())];
        await store.accept({ botId, epoch, messages, cursors: [], at: 1 }).then(
          () => promised++,
          () => refused++,
        );
      }
    });
    for (let cut = 0; cut < 10; cut++) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      await execute(
        inject('postgres'),
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}'`,
      );
    }
    cutting = false;
    await Promise.all(callers);
    const stored = await vi.waitFor(async () => (await recovered(store, world)).turns.length);
    expect(promised).toBeGreaterThan(100);
    expect(stored).toBeGreaterThanOrEqual(promised);
    expect(stored).toBeLessThanOrEqual(promised + refused);
    await opened.close();
  });

  it('tells the owner, and nobody else, what another process changed', async () => {
    const opened = await openOnPostgres();
    const { store } = opened;
    const [mine, foreign] = [await makeWorld(store), await makeWorld(store)];
    const [toMe, toOther] = [vi.fn(), vi.fn()];
    const stop = await store.watchBots(mine.node, toMe);
    await store.watchBots(foreign.node, toOther);
    const other = await opened.beside();
    await other.updateIntegration(mine.userId, mine.integration.id, { enabled: false, at: 9 });
    await vi.waitFor(() => expect(toMe).toHaveBeenCalledTimes(1));
    expect(toMe).toHaveBeenCalledWith(mine.botId);
    await connect(other, mine.replr, { identity: mine.integration.identity, claims: ['c2'] });
    await vi.waitFor(() => expect(toMe).toHaveBeenCalledTimes(2));
    await other.updateReplr(mine.userId, mine.replr.id, { name: 'x' }, 9);
    await vi.waitFor(() => expect(toMe).toHaveBeenCalledTimes(3));
    await other.deleteIntegration(mine.userId, mine.integration.id);
    await vi.waitFor(() => expect(toMe).toHaveBeenCalledTimes(4));
    await stop();
    await other.updateReplr(mine.userId, mine.replr.id, { name: 'y' }, 9);
    expect(toMe).toHaveBeenCalledTimes(4);
    expect(toOther).not.toHaveBeenCalled();
    await opened.close();
  });

  it('a takeover waits for a commit under way and fences what comes after it', async () => {
    const opened = await openOnPostgres();
    const [one, two] = [opened.store, await opened.beside()];
    for (let round = 0; round < 10; round++) {
      const world = await makeWorld(one);
      const { botId, epoch, integration } = world;
      const accepts = Array.from({ length: 20 }, () =>
        one.accept({ botId, epoch, messages: [accepted(integration.id, message())], cursors: [], at: 1 }),
      );
      const heir = ids.node();
      await one.releaseBots(world.node);
      const held = await two.takeBot(heir, TTL_MS, botId);
      const seen = (await recovered(two, { ...world, epoch: held?.epoch ?? 0 })).turns.length;
      const results = await Promise.all(accepts);
      // Whatever was acknowledged as owner, the heir saw.
      expect(results.filter((result) => result.ok)).toHaveLength(seen);
    }
    await opened.close();
  });
});
