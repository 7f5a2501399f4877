import { createHash } from 'node:crypto';
import { type AliasedRawBuilder, type CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely';
import type { Columns, DialectParts } from './dialect.ts';
import type { Schema } from './schema.ts';

/** Places in a statement for what each run of it hands in. */
export interface Slots<I> {
  readonly value: <T extends string | number | null>(read: (input: I) => T) => RawBuilder<T>;
  /** Rows as one JSON parameter, a table named `v`, as `DialectParts.rows`. */
  readonly rows: <R extends object>(columns: Columns<R>, read: (input: I) => readonly R[]) => AliasedRawBuilder<R, 'v'>;
}

export type HotStatement<I, O> = (db: Kysely<Schema>, dialect: DialectParts, input: I) => Promise<O[]>;

export interface HotTraits {
  /** Names the prepared statement: the same text has the same name in every process and version. */
  readonly name: string;
  /** Nobody looks at what it returns, so that it need not be waited for: the commit tells whether it worked. */
  readonly unanswered: boolean;
}

/** What stands in the compiled parameters where a slot is. */
interface Slot<I> {
  readonly read: (input: I) => unknown;
}

const traits = new Map<string, HotTraits>();

/** Of a statement that `hot` or `hotWrite` compiled; undefined for all other text. */
export const hotTraits = (text: string): HotTraits | undefined => traits.get(text);

/**
 * A statement of the hot path. It is built and compiled once per dialect, at its first use: to build it anew costs
 * several times what running it does. Whatever differs between runs must go through a slot.
 */
export function hot<I, O>(
  build: (db: Kysely<Schema>, slots: Slots<I>, dialect: DialectParts) => { compile(): CompiledQuery<O> },
): HotStatement<I, O> {
  return compiledOnce(build, false);
}

/** As `hot`, for what only changes rows. */
export function hotWrite<I>(
  build: (db: Kysely<Schema>, slots: Slots<I>, dialect: DialectParts) => { compile(): CompiledQuery<unknown> },
): HotStatement<I, unknown> {
  return compiledOnce(build, true);
}

function compiledOnce<I, O>(
  build: (db: Kysely<Schema>, slots: Slots<I>, dialect: DialectParts) => { compile(): CompiledQuery<O> },
  unanswered: boolean,
): HotStatement<I, O> {
  const known = new Map<DialectParts, CompiledQuery<O>>();
  const compile = (db: Kysely<Schema>, dialect: DialectParts): CompiledQuery<O> => {
    const compiled = build(db, slotsOf(dialect), dialect).compile();
    known.set(dialect, compiled);
    const name = `hot_${createHash('sha256').update(compiled.sql).digest('hex').slice(0, 20)}`;
    traits.set(compiled.sql, { name, unanswered });
    return compiled;
  };
  return async (db, dialect, input) => {
    const compiled = known.get(dialect) ?? compile(db, dialect);
    const parameters = compiled.parameters.map((value) => (isSlot<I>(value) ? value.read(input) : value));
    return (await db.executeQuery<O>({ ...compiled, parameters })).rows;
  };
}

const slotsOf = <I>(dialect: DialectParts): Slots<I> => ({
  value: <T>(read: (input: I) => T) => sql<T>`${{ read } satisfies Slot<I>}`,
  rows: <R extends object>(columns: Columns<R>, read: (input: I) => readonly R[]) =>
    dialect.rows(columns, { read: (input: I) => JSON.stringify(read(input)) } satisfies Slot<I>),
});

const isSlot = <I>(value: unknown): value is Slot<I> => typeof value === 'object' && value !== null && 'read' in value;
