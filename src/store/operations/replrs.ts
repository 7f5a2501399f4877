import { type Kysely, sql } from 'kysely';
import type { BotId, ReplrId, UserId } from '../../core/ids.ts';
import type { Replr } from '../../core/integration.ts';
import type { Page, ReplrFields } from '../../core/integration-store.ts';
import type { DialectParts } from '../dialect.ts';
import { replrOf } from '../rows.ts';
import type { ReplrRow, Schema } from '../schema.ts';
import { touchBots } from './bots.ts';

interface ReplrRef {
  readonly userId: UserId;
  readonly id: ReplrId;
}

export async function createReplr(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { id, userId, fields, at }: ReplrRef & { fields: ReplrFields; at: number },
): Promise<Replr | 'id_taken'> {
  const row = await db
    .insertInto('replrs')
    .values({
      id,
      user_id: userId,
      name: fields.name,
      instructions: fields.instructions,
      description: fields.description,
      model: fields.model,
      avatar_url: fields.avatarUrl,
      greeting_message: fields.greetingMessage,
      created_at: at,
      updated_at: at,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .returningAll()
    .executeTakeFirst();
  return row ? replrOf(row) : 'id_taken';
}

export async function listReplrs(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, limit, offset }: { userId: UserId; limit: number; offset: number },
): Promise<Page<Replr>> {
  const rows = await db
    .selectFrom('replrs')
    .selectAll()
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .offset(offset)
    .execute();
  const { total } = await db
    .selectFrom('replrs')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return { data: rows.map(replrOf), total };
}

export async function getReplr(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, id }: ReplrRef,
): Promise<Replr | undefined> {
  const row = await db
    .selectFrom('replrs')
    .selectAll()
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row && replrOf(row);
}

export async function updateReplr(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { userId, id, fields, at }: ReplrRef & { fields: Partial<ReplrFields>; at: number },
): Promise<{ readonly replr: Replr; readonly bots: readonly BotId[] } | undefined> {
  const columns: Partial<ReplrRow> = {
    updated_at: at,
    ...(fields.name !== undefined && { name: fields.name }),
    ...(fields.instructions !== undefined && { instructions: fields.instructions }),
    ...(fields.description !== undefined && { description: fields.description }),
    ...(fields.model !== undefined && { model: fields.model }),
    ...(fields.avatarUrl !== undefined && { avatar_url: fields.avatarUrl }),
    ...(fields.greetingMessage !== undefined && { greeting_message: fields.greetingMessage }),
  };
  const row = await db
    .updateTable('replrs')
    .set(columns)
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returningAll()
    .executeTakeFirst();
  if (!row) return undefined;
  const used = await db.selectFrom('integrations').select('bot_id').distinct().where('replr_id', '=', id).execute();
  const bots = used.map((integration) => integration.bot_id);
  await touchBots(db, dialect, bots);
  return { replr: replrOf(row), bots };
}

export async function deleteReplr(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, id }: ReplrRef,
): Promise<'deleted' | 'missing' | 'in_use'> {
  const own = db.selectFrom('replrs').select('id').where('id', '=', id).where('user_id', '=', userId);
  if (!(await own.executeTakeFirst())) return 'missing';
  const used = await db
    .selectFrom('integrations')
    .select(sql.lit(1).as('one'))
    .where('replr_id', '=', id)
    .limit(1)
    .executeTakeFirst();
  if (used) return 'in_use';
  await db.deleteFrom('replrs').where('id', '=', id).where('user_id', '=', userId).execute();
  return 'deleted';
}
