import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { DialectParts } from '../dialect.ts';

export const first = (parts: DialectParts): Migration => ({
  up: async (db: Kysely<unknown>) => {
    const { schema } = db;
    const int = parts.integer;
    const table = (name: string) => schema.createTable(name).modifyEnd(parts.tableEnd);

    await table('meta')
      .addColumn('key', 'text', (c) => c.primaryKey().notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .execute();

    await table('users')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('name', 'text', (c) => c.notNull().unique())
      .addColumn('created_at', int, (c) => c.notNull())
      .execute();

    await table('api_keys')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
      .addColumn('hash', 'text', (c) => c.notNull().unique())
      .addColumn('created_at', int, (c) => c.notNull())
      .execute();

    await table('replrs')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('instructions', 'text', (c) => c.notNull())
      .addColumn('description', 'text')
      .addColumn('model', 'text', (c) => c.notNull())
      .addColumn('avatar_url', 'text')
      .addColumn('greeting_message', 'text')
      .addColumn('created_at', int, (c) => c.notNull())
      .addColumn('updated_at', int, (c) => c.notNull())
      .execute();
    await schema.createIndex('replrs_of_user').on('replrs').columns(['user_id', 'created_at', 'id']).execute();

    await table('nodes')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('heartbeat_at', int, (c) => c.notNull())
      .execute();

    await table('bots')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('platform', 'text', (c) => c.notNull())
      .addColumn('identity', 'text', (c) => c.notNull())
      .addColumn('profile', 'text', (c) => c.notNull())
      .addColumn('owner', 'text')
      .addColumn('epoch', int, (c) => c.notNull())
      .addColumn('version', int, (c) => c.notNull())
      .addColumn('changed_at', int, (c) => c.notNull())
      .addColumn('health', 'text', (c) => c.notNull())
      .addUniqueConstraint('bots_identity', ['platform', 'identity'])
      .execute();
    await schema.createIndex('bots_of_owner').on('bots').column('owner').execute();

    await table('cursors')
      .addColumn('bot_id', 'text', (c) => c.notNull().references('bots.id').onDelete('cascade'))
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('value', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('cursors_key', ['bot_id', 'name'])
      .execute();

    await table('integrations')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
      .addColumn('replr_id', 'text', (c) => c.notNull().references('replrs.id'))
      .addColumn('bot_id', 'text', (c) => c.notNull().references('bots.id'))
      .addColumn('platform', 'text', (c) => c.notNull())
      .addColumn('settings', 'text', (c) => c.notNull())
      .addColumn('secrets', 'text', (c) => c.notNull())
      .addColumn('credential_at', int, (c) => c.notNull())
      .addColumn('notices', 'text', (c) => c.notNull())
      .addColumn('enabled', int, (c) => c.notNull())
      .addColumn('auto_respond', int, (c) => c.notNull())
      .addColumn('message_count', int, (c) => c.notNull())
      .addColumn('last_message_at', int)
      .addColumn('connected_at', int, (c) => c.notNull())
      .execute();
    await schema
      .createIndex('integrations_of_user')
      .on('integrations')
      .columns(['user_id', 'connected_at', 'id'])
      .execute();
    await schema.createIndex('integrations_of_bot').on('integrations').column('bot_id').execute();
    await schema.createIndex('integrations_of_replr').on('integrations').column('replr_id').execute();

    await table('claims')
      .addColumn('platform', 'text', (c) => c.notNull())
      .addColumn('identity', 'text', (c) => c.notNull())
      .addColumn('place', 'text', (c) => c.notNull())
      .addColumn('integration_id', 'text', (c) => c.notNull())
      .addColumn('user_id', 'text', (c) => c.notNull())
      .addColumn('reserved_until', int)
      .addPrimaryKeyConstraint('claims_key', ['platform', 'identity', 'place'])
      .execute();
    await schema.createIndex('claims_of_integration').on('claims').column('integration_id').execute();

    await table('messages')
      .addColumn('seq', int, parts.ownId)
      .addColumn('bot_id', 'text', (c) => c.notNull())
      .addColumn('message_id', 'text', (c) => c.notNull())
      .addColumn('integration_id', 'text', (c) => c.notNull().references('integrations.id').onDelete('cascade'))
      .addColumn('conversation', 'text', (c) => c.notNull())
      .addColumn('scope', 'text')
      .addColumn('channel', 'text', (c) => c.notNull())
      .addColumn('thread', 'text')
      .addColumn('author_id', 'text', (c) => c.notNull())
      .addColumn('author_name', 'text', (c) => c.notNull())
      .addColumn('author_kind', 'text', (c) => c.notNull())
      .addColumn('text', 'text', (c) => c.notNull())
      .addColumn('sent_at', int, (c) => c.notNull())
      .addColumn('received_at', int, (c) => c.notNull())
      .addColumn('reply_to', 'text')
      .addColumn('addressed', int, (c) => c.notNull())
      .addColumn('addressed_elsewhere', int, (c) => c.notNull())
      .addColumn('due', int, (c) => c.notNull())
      .addColumn('fate_kind', 'text')
      .addColumn('fate_reason', 'text')
      .addColumn('fate_at', int)
      .addUniqueConstraint('messages_once', ['bot_id', 'message_id'])
      .execute();
    await schema
      .createIndex('messages_waiting')
      .on('messages')
      .columns(['bot_id', 'seq'])
      .where(sql.ref('fate_kind'), 'is', null)
      .execute();
    await schema
      .createIndex('messages_history')
      .on('messages')
      .columns(['integration_id', 'conversation', 'seq'])
      .where(sql.ref('due'), '=', sql.lit(1))
      .execute();
    await schema.createIndex('messages_of_integration').on('messages').columns(['integration_id', 'seq']).execute();

    await schema.createIndex('messages_by_age').on('messages').column('received_at').execute();

    await table('deliveries')
      .addColumn('id', 'text', (c) => c.primaryKey().notNull())
      .addColumn('bot_id', 'text', (c) => c.notNull())
      .addColumn('inbox_seq', int, (c) => c.notNull().references('messages.seq').onDelete('cascade'))
      .addColumn('idx', int, (c) => c.notNull())
      .addColumn('place', 'text', (c) => c.notNull())
      .addColumn('reply_to', 'text')
      .addColumn('part', 'text', (c) => c.notNull())
      .addColumn('operation', 'text', (c) => c.notNull())
      .addColumn('message_id', 'text')
      .addColumn('revision', int, (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('attempts', int, (c) => c.notNull())
      .addColumn('next_attempt_at', int, (c) => c.notNull())
      .addColumn('created_at', int, (c) => c.notNull())
      .addColumn('maybe_duplicate', int, (c) => c.notNull())
      .addColumn('reason', 'text')
      .addUniqueConstraint('deliveries_in_order', ['inbox_seq', 'idx'])
      .execute();
    await schema
      .createIndex('deliveries_unfinished')
      .on('deliveries')
      .columns(['bot_id', 'inbox_seq', 'idx'])
      .where(sql.ref('state'), 'in', [sql.lit('pending'), sql.lit('sending')])
      .execute();

    await table('requests')
      .addColumn('user_id', 'text', (c) => c.notNull().references('users.id'))
      .addColumn('key', 'text', (c) => c.notNull())
      .addColumn('fingerprint', 'text', (c) => c.notNull())
      .addColumn('begun_at', int, (c) => c.notNull())
      .addColumn('status', int)
      .addColumn('body', 'text')
      .addPrimaryKeyConstraint('requests_key', ['user_id', 'key'])
      .execute();
  },
});
