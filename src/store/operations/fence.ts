import type { Kysely } from 'kysely';
import type { BotId } from '../../core/ids.ts';
import type { DialectParts } from '../dialect.ts';
import { hot, type Slots } from '../hot.ts';
import type { Schema } from '../schema.ts';

const selectEpochs = hot((db, { rows }: Slots<readonly BotId[]>, dialect) =>
  db
    .selectFrom('bots')
    .select(['id', 'epoch'])
    .where('id', 'in', (eb) =>
      eb.selectFrom(rows<{ id: BotId }>({ id: 't' }, (bots) => bots.map((id) => ({ id })))).select('v.id'),
    )
    .orderBy('id')
    .modifyEnd(dialect.forShare),
);

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
  const rows = await selectEpochs(db, dialect, [...new Set(bots)]);
  return new Map(rows.map((row) => [row.id, row.epoch]));
}
