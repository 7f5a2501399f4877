import { type Kysely, sql } from 'kysely';
import type { BotId } from '../../core/ids.ts';
import type { DialectParts } from '../dialect.ts';
import type { Schema } from '../schema.ts';
import { scopeOf } from './listeners.ts';

/** The nodes that own these bots must look again. */
export async function touchBots(db: Kysely<Schema>, dialect: DialectParts, bots: readonly BotId[]): Promise<void> {
  for (const id of [...new Set(bots)].sort()) {
    await db
      .updateTable('bots')
      .set((eb) => ({ version: eb('version', '+', 1), changed_at: dialect.now }))
      .where('id', '=', id)
      .execute();
  }
  if (bots.length > 0) await dialect.notify(db, bots);
}

export async function botExists(db: Kysely<Schema>, _dialect: DialectParts, id: BotId): Promise<boolean> {
  return (await db.selectFrom('bots').select('id').where('id', '=', id).executeTakeFirst()) !== undefined;
}

/** Later than that of any sibling, whatever the clocks of nodes say: the credential verified last is the bot's. */
export async function newestCredentialAt(db: Kysely<Schema>, botId: BotId, at: number): Promise<number> {
  const { last } = await db
    .selectFrom('integrations')
    .select((eb) => eb.fn.max('credential_at').as('last'))
    .where('bot_id', '=', botId)
    .executeTakeFirstOrThrow();
  return last === null ? at : Math.max(at, Number(last) + 1);
}

/** One bot per platform identity: a known one gets the new profile and keeps the rest. */
export async function putBot(
  db: Kysely<Schema>,
  dialect: DialectParts,
  bot: Pick<Schema['bots'], 'id' | 'platform' | 'identity' | 'profile' | 'health'>,
): Promise<BotId> {
  const { id } = await db
    .insertInto('bots')
    .values({ ...bot, scope: scopeOf(bot.identity), owner: null, epoch: 0, version: 1, changed_at: dialect.now })
    .onConflict((conflict) =>
      conflict.columns(['platform', 'identity']).doUpdateSet((eb) => ({
        profile: eb.ref('excluded.profile'),
        version: eb('bots.version', '+', 1),
        changed_at: dialect.now,
      })),
    )
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** A bot that no integration is left on goes, with its cursors. */
export async function dropIdleBot(db: Kysely<Schema>, id: BotId): Promise<void> {
  await db
    .deleteFrom('bots')
    .where('id', '=', id)
    .where((eb) =>
      eb.not(
        eb.exists(
          eb.selectFrom('integrations').select(sql.lit(1).as('one')).whereRef('integrations.bot_id', '=', 'bots.id'),
        ),
      ),
    )
    .execute();
}
