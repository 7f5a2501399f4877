import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DialectParts } from '../dialect.ts';

/** How each integration answers, what it used, and what its conversations remember beside questions and answers. */
export const options = (parts: DialectParts): Migration => ({
  up: async (db: Kysely<unknown>) => {
    const { schema } = db;
    const int = parts.integer;

    await schema
      .alterTable('integrations')
      .addColumn('options', 'text', (c) => c.notNull().defaultTo('{}'))
      .execute();
    await schema
      .alterTable('integrations')
      .addColumn('store_content', int, (c) => c.notNull().defaultTo(1))
      .execute();

    await schema.alterTable('messages').addColumn('quote', 'text').execute();
    for (const flag of ['direct', 'overheard']) {
      await schema
        .alterTable('messages')
        .addColumn(flag, int, (c) => c.notNull().defaultTo(0))
        .execute();
    }
    await schema.alterTable('messages').addColumn('notice_kind', 'text').execute();
    await schema.alterTable('messages').addColumn('notice_reason', 'text').execute();
    await schema
      .createIndex('messages_overheard')
      .on('messages')
      .columns(['integration_id', 'conversation', 'seq'])
      .where(sql.ref('overheard'), '=', sql.lit(1))
      .execute();

    await schema
      .createTable('usage')
      .modifyEnd(parts.tableEnd)
      .addColumn('integration_id', 'text', (c) => c.notNull().references('integrations.id').onDelete('cascade'))
      .addColumn('day', 'text', (c) => c.notNull())
      .addColumn('person', 'text', (c) => c.notNull())
      .addColumn('tokens', int, (c) => c.notNull())
      .addPrimaryKeyConstraint('usage_key', ['integration_id', 'day', 'person'])
      .execute();
    await schema
      .createTable('user_usage')
      .modifyEnd(parts.tableEnd)
      .addColumn('user_id', 'text', (c) => c.notNull().references('users.id').onDelete('cascade'))
      .addColumn('day', 'text', (c) => c.notNull())
      .addColumn('tokens', int, (c) => c.notNull())
      .addPrimaryKeyConstraint('user_usage_key', ['user_id', 'day'])
      .execute();
    await schema.createIndex('user_usage_by_day').on('user_usage').column('day').execute();
    await schema.createIndex('usage_by_day').on('usage').column('day').execute();
  },
});
