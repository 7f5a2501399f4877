import type { Kysely } from 'kysely';
import type { BotId } from '../../core/ids.ts';
import type { DialectParts } from '../dialect.ts';
import type { Schema } from '../schema.ts';

/**
 * Transactions lock in one order: claims, bots, integrations, messages; rows of one table by their key. Whoever goes
 * another way waits for somebody who waits for them.
 *
 * The epochs of these bots, held still until the transaction ends: the share lock makes a takeover wait for the commit,
 * and a takeover that came first is seen. Sorted, so that two transactions cannot wait for each other.
 */
export async function epochsOf(
  db: Kysely<Schema>,
  dialect: DialectParts,
  bots: readonly BotId[],
): Promise<ReadonlyMap<BotId, number>> {
  const wanted = dialect.rows<{ id: BotId }>(
    { id: 't' },
    [...new Set(bots)].map((id) => ({ id })),
  );
  const rows = await db
    .selectFrom('bots')
    .select(['id', 'epoch'])
    .where('id', 'in', (eb) => eb.selectFrom(wanted).select('v.id'))
    .orderBy('id')
    .modifyEnd(dialect.forShare)
    .execute();
  return new Map(rows.map((row) => [row.id, row.epoch]));
}
