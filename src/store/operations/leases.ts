import { type Kysely, sql } from 'kysely';
import type { Health } from '../../core/health.ts';
import type { NodeId } from '../../core/ids.ts';
import type { DialectParts } from '../dialect.ts';
import { parse } from '../rows.ts';
import type { Schema } from '../schema.ts';

export interface LeaseInput {
  readonly name: string;
  readonly node: NodeId;
  readonly ttlMs: number;
  readonly health: Health | undefined;
}

/** One statement decides, so that of two nodes that reach for it at once one gets it. The heartbeat is the caller's affair. */
export async function holdLease(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { name, node, ttlMs, health }: LeaseInput,
): Promise<{ readonly held: boolean; readonly health: Health | undefined }> {
  const before = await leaseOf(db, name);
  if (before?.owner === node && health === undefined) return answer(before, node);
  const text = health === undefined ? null : JSON.stringify(health);
  await db
    .insertInto('leases')
    .values({ name, owner: node, health: text })
    .onConflict((conflict) =>
      conflict
        .column('name')
        .doUpdateSet((eb) => ({
          owner: node,
          // A new holder says nothing yet, and what the old one said is no longer so.
          health: eb
            .case()
            .when('leases.owner', '=', node)
            .then(eb.fn.coalesce(eb.ref('excluded.health'), eb.ref('leases.health')))
            .else(eb.ref('excluded.health'))
            .end(),
        }))
        .where((eb) =>
          eb.or([
            eb('leases.owner', '=', node),
            // As with bots, an owner without a heartbeat has just come.
            eb.exists(
              eb
                .selectFrom('nodes')
                .select(sql.lit(1).as('one'))
                .whereRef('nodes.id', '=', 'leases.owner')
                .where('nodes.heartbeat_at', '<', sql<number>`${dialect.now} - ${sql.lit(Math.trunc(ttlMs))}`),
            ),
          ]),
        ),
    )
    .execute();
  return answer(await leaseOf(db, name), node);
}

const leaseOf = (db: Kysely<Schema>, name: string) =>
  db.selectFrom('leases').selectAll().where('name', '=', name).executeTakeFirst();

const answer = (lease: Schema['leases'] | undefined, node: NodeId) => ({
  held: lease?.owner === node,
  health: lease?.health ? parse<Health>(lease.health) : undefined,
});

export async function dropLease(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { name, node }: { name: string; node: NodeId },
): Promise<void> {
  await db.deleteFrom('leases').where('name', '=', name).where('owner', '=', node).execute();
}
