import { type AliasedRawBuilder, type ColumnDefinitionBuilder, type Kysely, type RawBuilder, sql } from 'kysely';
import type { BotId } from '../core/ids.ts';
import type { Schema } from './schema.ts';

/** Columns of a row set, each with its type: `t` text, `i` integer. */
export type Columns<R> = { readonly [K in keyof R]-?: 't' | 'i' };

/** All in which the two engines differ, as far as queries and migrations are concerned. */
export interface DialectParts {
  readonly name: 'sqlite' | 'postgres';
  /** Holds a millisecond, a count or a flag. */
  readonly integer: 'integer' | 'bigint';
  readonly ownId: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  /** After a table's closing bracket. SQLite checks column types only when told to. */
  readonly tableEnd: RawBuilder<unknown>;
  /** The database's clock, ms since 1970: the judge of heartbeats and reservations, since the clocks of nodes differ. */
  readonly now: RawBuilder<number>;
  /**
   * Rows handed over as one parameter, the text of a JSON array, to insert from or to join with, as a table named `v`.
   * The text of the query is the same for any number of rows, so that it is prepared once, and no limit on parameters
   * applies.
   */
  readonly rows: <R extends object>(columns: Columns<R>, json: unknown) => AliasedRawBuilder<R, 'v'>;
  /** SQLite has one writer and needs no row locks: a select that only takes some is left out there. */
  readonly locks: boolean;
  /** Row locks, put at the end of a select. */
  readonly forShare: RawBuilder<unknown>;
  readonly forUpdate: RawBuilder<unknown>;
  /** As `forUpdate`, but leaves out what another transaction holds, and so waits for nobody. */
  readonly forUpdateSkipLocked: RawBuilder<unknown>;
  /** As `forUpdate`, but does not hinder inserts that refer to the row. */
  readonly forNoKeyUpdate: RawBuilder<unknown>;
  /** Keeps rows from being deleted, and no more. */
  readonly forKeyShare: RawBuilder<unknown>;
  /** Locks rows of `messages` that were found by a join. */
  readonly forUpdateOfMessages: RawBuilder<unknown>;
  /** Locks rows of `bots` and leaves out those that another transaction holds. */
  readonly forUpdateOfBotsSkipLocked: RawBuilder<unknown>;
  /** Tells the owners of these bots, when the transaction commits, that they changed. */
  readonly notify: (db: Kysely<Schema>, bots: readonly BotId[]) => Promise<void>;
}

const nothing = sql``;

export const sqliteParts: DialectParts = {
  name: 'sqlite',
  integer: 'integer',
  ownId: (column) => column.primaryKey().autoIncrement(),
  tableEnd: sql`strict`,
  now: sql<number>`cast(unixepoch('subsec') * 1000 as integer)`,
  rows: <R extends object>(columns: Columns<R>, json: unknown) => {
    const list = Object.keys(columns).map((name) => sql`value ->> ${sql.lit(name)} as ${sql.ref(name)}`);
    return sql<R>`(select ${sql.join(list)} from json_each(${json}))`.as<'v'>(sql.ref('v'));
  },
  locks: false,
  forShare: nothing,
  forUpdate: nothing,
  forUpdateSkipLocked: nothing,
  forNoKeyUpdate: nothing,
  forKeyShare: nothing,
  forUpdateOfMessages: nothing,
  forUpdateOfBotsSkipLocked: nothing,
  notify: async () => {},
};

export const postgresParts: DialectParts = {
  name: 'postgres',
  integer: 'bigint',
  ownId: (column) => column.generatedAlwaysAsIdentity().primaryKey(),
  tableEnd: nothing,
  now: sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`,
  rows: <R extends object>(columns: Columns<R>, json: unknown) => {
    const list = Object.entries(columns).map(
      ([name, type]) => sql`${sql.ref(name)} ${type === 't' ? sql`text` : sql`bigint`}`,
    );
    return sql<R>`json_to_recordset(${json}::json)`.as<'v'>(sql`v(${sql.join(list)})`);
  },
  locks: true,
  forShare: sql`for share`,
  forUpdate: sql`for update`,
  forUpdateSkipLocked: sql`for update skip locked`,
  forNoKeyUpdate: sql`for no key update`,
  forKeyShare: sql`for key share`,
  forUpdateOfMessages: sql`for update of messages`,
  forUpdateOfBotsSkipLocked: sql`for update of bots skip locked`,
  notify: async (db, bots) => {
    await db
      .selectFrom('bots')
      .select(sql`pg_notify(owner, id)`.as('sent'))
      .where('id', 'in', [...bots])
      .where('owner', 'is not', null)
      .execute();
  },
};
