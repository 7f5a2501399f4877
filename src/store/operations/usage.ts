import { type Kysely, sql } from 'kysely';
import type { Spending } from '../../core/flow-store.ts';
import type { IntegrationId } from '../../core/ids.ts';
import type { Columns, DialectParts } from '../dialect.ts';
import { hot, hotWrite, type Slots } from '../hot.ts';
import type { Schema, UsageRow } from '../schema.ts';

const usageColumns: Columns<UsageRow> = { integration_id: 't', day: 't', person: 't', tokens: 'i' };
/** What stands for everybody in the column `person`: sums need not be made anew for each question. */
const ALL = '';

/** Before the rows that refer to them, as a delete does. */
const lockIntegrations = hotWrite((db, { rows }: Slots<readonly UsageRow[]>, dialect) =>
  db
    .selectFrom('integrations')
    .select('id')
    .where('id', 'in', (eb) => eb.selectFrom(rows(usageColumns, (used) => used)).select('v.integration_id'))
    .orderBy('id')
    .modifyEnd(dialect.forKeyShare),
);

const addUsage = hotWrite((db, { rows }: Slots<readonly UsageRow[]>) =>
  db
    .insertInto('usage')
    .columns(['integration_id', 'day', 'person', 'tokens'])
    .expression((eb) =>
      eb
        .selectFrom(rows(usageColumns, (used) => used))
        .select(['integration_id', 'day', 'person', 'tokens'])
        .where((inner) =>
          inner.exists(
            inner
              .selectFrom('integrations')
              .select(sql.lit(1).as('one'))
              .whereRef('integrations.id', '=', 'v.integration_id'),
          ),
        )
        .orderBy('v.integration_id')
        .orderBy('v.day')
        .orderBy('v.person'),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['integration_id', 'day', 'person'])
        .doUpdateSet((eb) => ({ tokens: eb('usage.tokens', '+', eb.ref('excluded.tokens')) })),
    ),
);

/** What a user has used stays when one of its integrations goes: a new one is no fresh start. */
const addUserUsage = hotWrite((db, { rows }: Slots<readonly UsageRow[]>) =>
  db
    .insertInto('user_usage')
    .columns(['user_id', 'day', 'tokens'])
    .expression((eb) =>
      eb
        .selectFrom(rows(usageColumns, (used) => used))
        .innerJoin('integrations', 'integrations.id', 'v.integration_id')
        .select(['integrations.user_id', 'v.day', sql<number>`cast(sum(v.tokens) as bigint)`.as('tokens')])
        .where('v.person', '=', sql.lit(ALL))
        .groupBy(['integrations.user_id', 'v.day'])
        .orderBy('integrations.user_id')
        .orderBy('v.day'),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'day'])
        .doUpdateSet((eb) => ({ tokens: eb('user_usage.tokens', '+', eb.ref('excluded.tokens')) })),
    ),
);

/** One row for each person and one for everybody, sorted, so that no two transactions wait for each other. */
export async function spend(
  db: Kysely<Schema>,
  dialect: DialectParts,
  calls: readonly (readonly Spending[])[],
): Promise<undefined[]> {
  const used = new Map<string, UsageRow>();
  for (const { integrationId, person, day, tokens } of calls.flat()) {
    for (const of of new Set([person, ALL])) {
      const key = JSON.stringify([integrationId, day, of]);
      const row = used.get(key) ?? { integration_id: integrationId, day, person: of, tokens: 0 };
      row.tokens += tokens;
      used.set(key, row);
    }
  }
  const rows = [...used.values()];
  if (rows.length > 0) {
    if (dialect.locks) await lockIntegrations(db, dialect, rows);
    await addUsage(db, dialect, rows);
    await addUserUsage(db, dialect, rows);
  }
  return calls.map(() => undefined);
}

export interface SpentInput {
  readonly integrationId: IntegrationId;
  readonly person: string;
  readonly day: string;
}

const selectSpent = hot((db, { value }: Slots<SpentInput>) => {
  const id = value(({ integrationId }) => integrationId);
  const day = value(({ day: of }) => of);
  const person = value(({ person: of }) => of);
  const of = (who: typeof person) =>
    sql<number>`coalesce((select tokens from usage where integration_id = ${id} and day = ${day} and person = ${who}), 0)`;
  const ofUser = sql<number>`coalesce((
    select tokens from user_usage
    where user_id = (select user_id from integrations where id = ${id}) and day = ${day}
  ), 0)`;
  return db.selectNoFrom([of(person).as('person'), of(sql.lit(ALL)).as('integration'), ofUser.as('user')]);
});

export async function spent(db: Kysely<Schema>, dialect: DialectParts, input: SpentInput) {
  const [row] = await selectSpent(db, dialect, input);
  return row ?? { person: 0, integration: 0, user: 0 };
}
