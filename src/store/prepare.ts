import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { DialectParts } from './dialect.ts';
import { StoreKeyError } from './errors.ts';
import { first } from './migrations/0001-first.ts';
import { arrivals } from './migrations/0002-arrivals.ts';
import { options } from './migrations/0003-options.ts';
import type { Schema } from './schema.ts';

/** A new migration is a file and a line here. Names never change. */
const migrations = (parts: DialectParts) => ({
  '0001-first': first(parts),
  '0002-arrivals': arrivals(parts),
  '0003-options': options(parts),
});

const KEY_CHECK = 'key_check';

/**
 * Brings the store's tables up to date, inside a transaction that its caller opened. With a key check it first makes sure
 * that the store's secrets were sealed with this key, so that another key changes nothing at all.
 */
export async function prepare(db: Kysely<Schema>, parts: DialectParts, keyCheck?: string): Promise<void> {
  const tables = await db.introspection.getTables();
  const known = tables.some((table) => table.name === 'meta') ? await keyCheckOf(db) : undefined;
  if (keyCheck !== undefined && known !== undefined && known !== keyCheck) throw new StoreKeyError();
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations(parts) } });
  const { error } = await migrator.migrateToLatest();
  if (error) throw error;
  if (keyCheck !== undefined && known === undefined) {
    await db.insertInto('meta').values({ key: KEY_CHECK, value: keyCheck }).execute();
  }
}

async function keyCheckOf(db: Kysely<Schema>): Promise<string | undefined> {
  const row = await db.selectFrom('meta').select('value').where('key', '=', KEY_CHECK).executeTakeFirst();
  return row?.value;
}
