import type { Kysely } from 'kysely';
import type { IntegrationId, UserId } from '../../core/ids.ts';
import type { Integration } from '../../core/integration.ts';
import type { Page } from '../../core/integration-store.ts';
import type { DialectParts } from '../dialect.ts';
import { integrationOf, parse } from '../rows.ts';
import type { Schema } from '../schema.ts';

/** Sealed values by field name. */
export type Secrets = Readonly<Record<string, string>>;

export const withHealth = (db: Kysely<Schema>, userId: UserId) =>
  db
    .selectFrom('integrations')
    .innerJoin('bots', 'bots.id', 'integrations.bot_id')
    .selectAll('integrations')
    .select(['bots.identity', 'bots.health'])
    .where('integrations.user_id', '=', userId);

export async function listIntegrations(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, limit, offset }: { userId: UserId; limit: number; offset: number },
): Promise<Page<Integration>> {
  const rows = await withHealth(db, userId)
    .orderBy('integrations.connected_at')
    .orderBy('integrations.id')
    .limit(limit)
    .offset(offset)
    .execute();
  const { total } = await db
    .selectFrom('integrations')
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow();
  return { data: rows.map(integrationOf), total };
}

export async function getIntegration(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, id }: { userId: UserId; id: IntegrationId },
): Promise<Integration | undefined> {
  const row = await withHealth(db, userId).where('integrations.id', '=', id).executeTakeFirst();
  return row && integrationOf(row);
}

export async function getSecrets(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { userId, id }: { userId: UserId; id: IntegrationId },
): Promise<Secrets | undefined> {
  const row = await db
    .selectFrom('integrations')
    .select('secrets')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .executeTakeFirst();
  return row && parse(row.secrets);
}
