import { type Kysely, sql } from 'kysely';
import type { ApiKeyId, UserId } from '../../core/ids.ts';
import type { AccessStore } from '../../core/store.ts';
import type { DialectParts } from '../dialect.ts';
import type { Schema } from '../schema.ts';

export async function ensureUser(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { id, name, at }: { id: UserId; name: string; at: number },
): Promise<UserId> {
  await db
    .insertInto('users')
    .values({ id, name, created_at: at })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  const user = await db.selectFrom('users').select('id').where('name', '=', name).executeTakeFirstOrThrow();
  return user.id;
}

export async function createApiKey(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { id, userId, hash, at }: Parameters<AccessStore['createApiKey']>[0],
): Promise<boolean> {
  const made = await db
    .insertInto('api_keys')
    .values({ id, user_id: userId, hash, created_at: at })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .returning('id')
    .executeTakeFirst();
  return made !== undefined;
}

export async function findApiKey(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  hash: string,
): Promise<{ readonly id: ApiKeyId; readonly userId: UserId } | undefined> {
  return await db
    .selectFrom('api_keys')
    .select(['id', 'user_id as userId'])
    .where('hash', '=', hash)
    .executeTakeFirst();
}

export async function hasApiKeys(db: Kysely<Schema>): Promise<boolean> {
  return (await db.selectFrom('api_keys').select(sql.lit(1).as('one')).limit(1).executeTakeFirst()) !== undefined;
}

export type BegunRequest = Awaited<ReturnType<AccessStore['beginRequest']>>;

export async function beginRequest(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { userId, key, fingerprint, at, staleMs }: Parameters<AccessStore['beginRequest']>[0],
): Promise<BegunRequest> {
  const begun = await db
    .insertInto('requests')
    .values({ user_id: userId, key, fingerprint, begun_at: at, status: null, body: null })
    .onConflict((conflict) => conflict.columns(['user_id', 'key']).doNothing())
    .returning('key')
    .executeTakeFirst();
  if (begun) return { kind: 'new' };
  const known = await db
    .selectFrom('requests')
    .selectAll()
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .modifyEnd(dialect.forUpdate)
    .executeTakeFirst();
  // Abandoned while we looked: the caller may come again.
  if (!known) return { kind: 'running' };
  if (known.status === null && at - known.begun_at > staleMs) {
    await db
      .updateTable('requests')
      .set({ fingerprint, begun_at: at })
      .where('user_id', '=', userId)
      .where('key', '=', key)
      .execute();
    return { kind: 'new' };
  }
  if (known.fingerprint !== fingerprint) return { kind: 'different' };
  if (known.status === null || known.body === null) return { kind: 'running' };
  return { kind: 'done', status: known.status, body: known.body };
}

export async function finishRequest(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, key, status, body }: { userId: UserId; key: string; status: number; body: string },
): Promise<void> {
  await db.updateTable('requests').set({ status, body }).where('user_id', '=', userId).where('key', '=', key).execute();
}

export async function abandonRequest(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, key }: { userId: UserId; key: string },
): Promise<void> {
  await db
    .deleteFrom('requests')
    .where('user_id', '=', userId)
    .where('key', '=', key)
    .where('status', 'is', null)
    .execute();
}
