import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/log.ts';
import type { Store } from '../../src/core/store.ts';
import { openStore } from '../../src/store/store.ts';
import { createDatabase, execute } from '../support/postgres.ts';
import type { Opened } from './store-rig.ts';

export const storeBasics = {
  secretKey: new Uint8Array(32).fill(1),
  clock: systemClock,
  random: (count: number) => randomBytes(count),
  log: silentLog,
};

type Basics = typeof storeBasics;

async function openedOn(
  openOn: (basics: Basics) => Promise<Store>,
  statement: (sql: string) => Promise<void>,
  remove: () => Promise<void>,
): Promise<Opened> {
  const others: Store[] = [];
  const opened = {
    store: await openOn(storeBasics),
    reopen: async () => {
      await opened.store.close();
      opened.store = await openOn(storeBasics);
      return opened.store;
    },
    beside: async (options: Partial<Basics> = {}) => {
      const other = await openOn({ ...storeBasics, ...options });
      others.push(other);
      return other;
    },
    execute: statement,
    close: async () => {
      await Promise.all([opened.store, ...others].map((store) => store.close()));
      await remove();
    },
  };
  return opened;
}

export async function openSqliteStore(): Promise<Opened & { dataDir: string }> {
  const dataDir = await mkdtemp(join(tmpdir(), 'replr-store-'));
  const opened = await openedOn(
    (basics) => openStore({ ...basics, dataDir }),
    async (sql) => {
      const database = new DatabaseSync(join(dataDir, 'store.db'), { timeout: 5_000 });
      database.exec(sql);
      database.close();
    },
    () => rm(dataDir, { recursive: true, force: true }),
  );
  return Object.assign(opened, { dataDir });
}

export async function openPostgresStore(serverUrl: string, template: string): Promise<Opened & { url: string }> {
  const { url, drop } = await createDatabase(serverUrl, template);
  const opened = await openedOn(
    (basics) => openStore({ ...basics, databaseUrl: url }),
    (sql) => execute(url, sql),
    drop,
  );
  return Object.assign(opened, { url });
}
