import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import type { Environment } from '../../src/config.ts';
import { createDatabase } from './postgres.ts';

/** A store of its own for one test, as settings of the server. */
export interface StorePlace {
  readonly env: Environment;
  drop(): Promise<void>;
}

export const storeKinds = ['sqlite', 'postgresql'] as const;
export type StoreKind = (typeof storeKinds)[number];

/** Both in the long run. Otherwise one, where what is tested is above the store and takes long. */
export const someStoreKinds: readonly StoreKind[] = process.env['REPLR_LONG'] === '1' ? storeKinds : ['sqlite'];

export async function makeStore(kind: StoreKind): Promise<StorePlace> {
  const REPLR_SECRET_KEY = randomBytes(32).toString('base64');
  if (kind === 'postgresql') {
    const database = await createDatabase(inject('postgres'), inject('template'));
    return { env: { DATABASE_URL: database.url, REPLR_SECRET_KEY }, drop: () => database.drop() };
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'replr-test-'));
  return {
    env: { REPLR_DATA_DIR: dataDir, REPLR_SECRET_KEY },
    drop: () => rm(dataDir, { recursive: true, force: true }),
  };
}
