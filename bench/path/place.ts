import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from '../../src/config.ts';
import { startPostgres } from '../../test/support/postgres.ts';

export const storeNames = ['sqlite', 'postgresql'] as const;
export type StoreName = (typeof storeNames)[number];

/** Where the server under test keeps its data. */
export interface Place {
  readonly folder: string;
  readonly env: Environment;
  /** For people: how durable a commit is here. */
  readonly durability: string;
  remove(): Promise<void>;
}

export async function makePlace(store: StoreName): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'replr-bench-'));
  const removeFolder = () => rm(folder, { recursive: true, force: true });
  if (store === 'sqlite') {
    return { folder, env: {}, durability: 'SQLite, WAL, synchronous=FULL', remove: removeFolder };
  }
  const server = await startPostgres();
  return {
    folder,
    env: { DATABASE_URL: server.url },
    durability: 'PostgreSQL as the tests start it, fsync=off; its own CPU is not counted',
    remove: async () => {
      await server.stop();
      await removeFolder();
    },
  };
}
