import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../test/support/postgres.ts';
import type { StoreKind, StorePlace } from '../test/support/stores.ts';

/** A store of its own outside the tests. */
export async function makePlace(store: StoreKind): Promise<StorePlace> {
  const REPLR_SECRET_KEY = randomBytes(32).toString('base64');
  if (store === 'postgresql') {
    const server = await startPostgres();
    return { env: { DATABASE_URL: server.url, REPLR_SECRET_KEY }, drop: server.stop };
  }
  const folder = await mkdtemp(join(tmpdir(), 'replr-chaos-'));
  return {
    env: { REPLR_DATA_DIR: folder, REPLR_SECRET_KEY },
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}
