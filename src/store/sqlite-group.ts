import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { sqliteParts } from './dialect.ts';
import { Refusal } from './operations/refusal.ts';
import type { OperationName } from './operations.ts';
import { operationOf } from './operations.ts';
import type { Schema } from './schema.ts';

export interface Call {
  readonly name: OperationName;
  readonly input: unknown;
}

export type Outcome = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly error: unknown };

/** The transaction of the group is gone, and with it what its members did. */
class GroupLost extends Error {}

/**
 * Group commit: all calls that wait share one transaction and so one sync to disk. Each runs under a savepoint of its
 * own, so that a bad one fails alone; if the commit fails they all do, and nothing was promised to anybody.
 */
export async function runGroup(
  database: DatabaseSync,
  db: Kysely<Schema>,
  begin: 'begin' | 'begin immediate',
  calls: readonly Call[],
): Promise<Outcome[]> {
  const outcomes = new Map<Call, Outcome>();
  try {
    database.exec(begin);
    for (const members of [...gathered(calls)]) {
      if (members.length > 1 && (await runMerged(database, db, members, outcomes))) continue;
      for (const call of members) outcomes.set(call, await runOne(database, db, call));
    }
    database.exec('commit');
    return calls.map((call) => outcomes.get(call) ?? { ok: false, error: new Error('the call was lost') });
  } catch (error) {
    if (database.isTransaction) database.exec('rollback');
    const cause = error instanceof GroupLost ? error.cause : error;
    return calls.map(() => ({ ok: false, error: cause }));
  }
}

/** Calls of one hot operation run as one; the others one by one. Calls that wait together promise no order. */
function gathered(calls: readonly Call[]): Iterable<readonly Call[]> {
  const byName = Map.groupBy(calls, (call, index) =>
    operationOf(call.name).kind === 'batch' ? call.name : `${index}`,
  );
  return byName.values();
}

async function runMerged(
  database: DatabaseSync,
  db: Kysely<Schema>,
  members: readonly Call[],
  outcomes: Map<Call, Outcome>,
): Promise<boolean> {
  const operation = operationOf(members[0]?.name ?? 'ping');
  if (operation.kind !== 'batch') return false;
  const inputs = members.map((call) => call.input);
  const merged = await guarded(database, () => operation.run(db, sqliteParts, inputs));
  if (!merged.ok) return false;
  const values = merged.value as unknown[];
  members.forEach((call, index) => {
    outcomes.set(call, { ok: true, value: values[index] });
  });
  return true;
}

async function runOne(database: DatabaseSync, db: Kysely<Schema>, { name, input }: Call): Promise<Outcome> {
  const operation = operationOf(name);
  return await guarded(database, async () =>
    operation.kind === 'batch'
      ? (await operation.run(db, sqliteParts, [input]))[0]
      : await operation.run(db, sqliteParts, input),
  );
}

async function guarded(database: DatabaseSync, work: () => Promise<unknown>): Promise<Outcome> {
  database.exec('savepoint one');
  try {
    const value = await work();
    database.exec('release one');
    return { ok: true, value };
  } catch (error) {
    // A full disk or an I/O error ends the whole transaction by itself.
    if (!database.isTransaction) throw new GroupLost('the transaction was rolled back', { cause: error });
    database.exec('rollback to one');
    database.exec('release one');
    return error instanceof Refusal ? { ok: true, value: error.answer } : { ok: false, error };
  }
}
