import { type Kysely, sql } from 'kysely';
import type { DialectParts } from '../dialect.ts';
import type { Schema } from '../schema.ts';

export async function ping(db: Kysely<Schema>): Promise<void> {
  await db.selectFrom('meta').select('key').limit(1).execute();
}

/**
 * One bite of the old messages, so that no other transaction waits long. Answers how many went. They are taken by age and not in
 * the order in which others lock messages, so what somebody holds is left to the next time.
 */
export async function sweepMessages(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { before, limit }: { before: number; limit: number },
): Promise<number> {
  const gone = await db
    .deleteFrom('messages')
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom('messages')
        .select('seq')
        .where('received_at', '<', before)
        .where('fate_kind', 'is not', null)
        .orderBy('received_at')
        .limit(limit)
        .modifyEnd(dialect.forUpdateSkipLocked),
    )
    .returning('seq')
    .execute();
  return gone.length;
}

/** What else is past its use: there is little of it. */
export async function sweepRest(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { before, usageBefore }: { before: number; usageBefore: string },
): Promise<void> {
  for (const table of ['usage', 'user_usage'] as const) {
    await db.deleteFrom(table).where('day', '<', usageBefore).execute();
  }
  await db.deleteFrom('requests').where('begun_at', '<', before).execute();
  await db.deleteFrom('claims').where('reserved_until', '<', dialect.now).execute();
  await db
    .deleteFrom('nodes')
    .where('heartbeat_at', '<', before)
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom('bots').select(sql.lit(1).as('one')).whereRef('owner', '=', 'nodes.id'))),
    )
    .execute();
  // After their nodes: nobody can take a lease whose owner has no heartbeat.
  await db
    .deleteFrom('leases')
    .where((eb) =>
      eb.not(eb.exists(eb.selectFrom('nodes').select(sql.lit(1).as('one')).whereRef('nodes.id', '=', 'leases.owner'))),
    )
    .execute();
}
