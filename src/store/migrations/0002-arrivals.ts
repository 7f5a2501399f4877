import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DialectParts } from '../dialect.ts';

/** What nodes do for each other's bots: messages that another one received, and links that only one may run. */
export const arrivals = (parts: DialectParts): Migration => ({
  up: async (db: Kysely<unknown>) => {
    const { schema } = db;
    const int = parts.integer;

    await schema.alterTable('bots').addColumn('scope', 'text').execute();
    await schema.createIndex('bots_of_scope').on('bots').columns(['platform', 'scope']).execute();

    await schema
      .alterTable('messages')
      .addColumn('arrived', int, (c) => c.notNull().defaultTo(0))
      .execute();
    await schema
      .createIndex('messages_arrived')
      .on('messages')
      .columns(['bot_id', 'seq'])
      .where(sql.ref('arrived'), '=', sql.lit(1))
      .where(sql.ref('fate_kind'), 'is', null)
      .execute();

    await schema
      .createTable('leases')
      .modifyEnd(parts.tableEnd)
      .addColumn('name', 'text', (c) => c.primaryKey().notNull())
      .addColumn('owner', 'text', (c) => c.notNull())
      .addColumn('health', 'text')
      .execute();
    await schema.createIndex('leases_of_owner').on('leases').column('owner').execute();
  },
});
