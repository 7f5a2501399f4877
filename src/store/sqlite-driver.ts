import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, SqliteDialect } from 'kysely';
import type { Schema } from './schema.ts';

/** How long a write waits for another process to end its own, ms; reads never wait. */
const BUSY_MS = 2_000;
/** Query texts are few and constant; this is a bound, not a working size. */
const MAX_STATEMENTS = 500;

/** WAL with a sync at every commit: what is committed survives the machine. */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_MS });
  database.exec('pragma journal_mode = wal');
  database.exec('pragma synchronous = full');
  database.exec('pragma foreign_keys = on');
  // Journals of savepoints would each be a file on disk for what is gone in a millisecond.
  database.exec('pragma temp_store = memory');
  // Deleted secrets are overwritten, not only unlinked.
  database.exec('pragma secure_delete = on');
  return database;
}

/** Kysely on a connection whose transactions are opened and ended by somebody else. */
export function kyselyOn(database: DatabaseSync): Kysely<Schema> {
  const statements = new Map<string, ReturnType<typeof adapted>>();
  const prepare = (sql: string) => {
    const known = statements.get(sql);
    if (known) return known;
    if (statements.size >= MAX_STATEMENTS) statements.clear();
    const statement = adapted(database.prepare(sql));
    statements.set(sql, statement);
    return statement;
  };
  return new Kysely<Schema>({ dialect: new SqliteDialect({ database: { prepare, close: () => database.close() } }) });
}

/** The shape that Kysely calls. Values are text, numbers and null only, so that nothing needs conversion. */
const adapted = (statement: StatementSync) => ({
  reader: statement.columns().length > 0,
  all: (values: readonly unknown[]): unknown[] => statement.all(...(values as SQLInputValue[])),
  run: (values: readonly unknown[]) => statement.run(...(values as SQLInputValue[])),
  iterate: (values: readonly unknown[]): IterableIterator<unknown> => statement.iterate(...(values as SQLInputValue[])),
});
