import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { BotId } from '../../core/ids.ts';
import type { Cursor } from '../../core/message.ts';
import type { DialectParts } from '../dialect.ts';
import { hotWrite, type Slots } from '../hot.ts';
import type { Schema } from '../schema.ts';

const upsertCursors = hotWrite((db, { rows }: Slots<readonly Schema['cursors'][]>) =>
  db
    .insertInto('cursors')
    .columns(['bot_id', 'name', 'value'])
    .expression((eb) =>
      eb
        .selectFrom(rows<Schema['cursors']>({ bot_id: 't', name: 't', value: 't' }, (cursors) => cursors))
        .select(['bot_id', 'name', 'value'])
        .where(sql.lit(true)),
    )
    .onConflict((conflict) =>
      conflict.columns(['bot_id', 'name']).doUpdateSet((eb) => ({ value: eb.ref('excluded.value') })),
    ),
);

export async function cursorsOf(db: Kysely<Schema>, botId: BotId): Promise<ReadonlyMap<string, string>> {
  const cursors = await db.selectFrom('cursors').select(['name', 'value']).where('bot_id', '=', botId).execute();
  return new Map(cursors.map(({ name, value }) => [name, value]));
}

/** Later ones of the same name win. */
export async function moveCursors(
  db: Kysely<Schema>,
  dialect: DialectParts,
  moves: readonly (Cursor & { readonly botId: BotId })[],
): Promise<void> {
  const last = new Map(moves.map((move) => [`${move.botId} ${move.name}`, move]));
  const kept: Schema['cursors'][] = [];
  const forgotten: { bot_id: BotId; name: string }[] = [];
  for (const { botId, name, value } of last.values()) {
    if (value === null) forgotten.push({ bot_id: botId, name });
    else kept.push({ bot_id: botId, name, value });
  }
  // Sorted: several nodes may move the same cursors, and must not wait for each other.
  if (kept.length > 0) await upsertCursors(db, dialect, kept.sort(byKey));
  for (const { bot_id, name } of forgotten.sort(byKey)) {
    await db.deleteFrom('cursors').where('bot_id', '=', bot_id).where('name', '=', name).execute();
  }
}

function byKey(a: { bot_id: BotId; name: string }, b: { bot_id: BotId; name: string }): number {
  const [one, two] = [`${a.bot_id} ${a.name}`, `${b.bot_id} ${b.name}`];
  return one < two ? -1 : one > two ? 1 : 0;
}
