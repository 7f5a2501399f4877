import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hashApiKey } from './api/auth.ts';
import { type Config, ConfigError, isLoopback } from './config.ts';
import { type Clock, systemClock } from './core/clock.ts';
import { createIds, type Ids } from './core/ids.ts';
import type { Log } from './core/log.ts';
import type { AccessStore } from './core/store.ts';
import { openStore } from './store/store.ts';

/** The user that the first key belongs to. */
export const FIRST_USER = 'owner';

export interface SecretKey {
  readonly key: Uint8Array;
  /** Set when it was made just now: where it lies. */
  readonly madeAt?: string;
}

/**
 * The key that seals secrets at rest. Only where nobody but this machine can reach the server, and the data lie in a
 * folder beside it, is one made unasked; elsewhere a key that nobody chose would be a key that nobody keeps.
 */
export async function resolveSecretKey(config: Config): Promise<SecretKey> {
  if (config.secretKey) return { key: config.secretKey };
  if (config.databaseUrl || !isLoopback(config.host)) {
    throw new ConfigError(
      'REPLR_SECRET_KEY is required with PostgreSQL or a HOST that others can reach; make one with: openssl rand -base64 32',
    );
  }
  const path = join(config.dataDir, 'secret.key');
  const found = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (found !== undefined) {
    const key = Buffer.from(found.trim(), 'base64');
    if (key.length !== 32)
      throw new ConfigError(`${path} does not hold 32 bytes in base64; restore it from your backup`);
    return { key };
  }
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const key = randomBytes(32);
  // `wx`: two first starts at once must not end with two keys.
  await writeFile(path, `${key.toString('base64')}\n`, { mode: 0o600, flag: 'wx' });
  return { key, madeAt: path };
}

/** A new API key: 256 random bits behind the published prefix. */
export const newApiKey = (): string => `sk_live_${randomBytes(32).toString('base64url')}`;

/** Gives the user, made if need be, a further key. `false`: that key exists already. */
export async function addApiKey(
  store: AccessStore,
  ids: Ids,
  clock: Clock,
  user: string,
  key: string,
): Promise<boolean> {
  const at = clock.now();
  const userId = await store.ensureUser(ids.user(), user, at);
  return store.createApiKey({ id: ids.apiKey(), userId, hash: hashApiKey(key), at });
}

/** Opens the store beside a running server and adds a key; the key. */
export async function createKey(config: Config, log: Log, user: string): Promise<string> {
  const { key: secretKey } = await resolveSecretKey(config);
  const place = config.databaseUrl ? { databaseUrl: config.databaseUrl } : { dataDir: config.dataDir };
  const store = await openStore({ ...place, secretKey, clock: systemClock, random: randomBytes, log });
  try {
    const key = newApiKey();
    await addApiKey(store, createIds(randomBytes), systemClock, user, key);
    return key;
  } finally {
    await store.close();
  }
}

/** Makes sure that somebody can call the API. Returns the key only if it was made just now. */
export async function ensureFirstKey(
  store: AccessStore,
  ids: Ids,
  clock: Clock,
  configured: string | undefined,
): Promise<string | undefined> {
  if (configured) {
    await addApiKey(store, ids, clock, FIRST_USER, configured);
    return undefined;
  }
  if (await store.hasApiKeys()) return undefined;
  const key = newApiKey();
  await addApiKey(store, ids, clock, FIRST_USER, key);
  return key;
}
