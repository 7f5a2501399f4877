import { type Kysely, sql } from 'kysely';
import type { BotId } from '../../core/ids.ts';
import type { DialectParts } from '../dialect.ts';
import type { Schema } from '../schema.ts';

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
