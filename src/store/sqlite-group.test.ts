import type { DatabaseSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sqliteParts } from './dialect.ts';
import { prepare } from './prepare.ts';
import type { Schema } from './schema.ts';
import { kyselyOn, openDatabase } from './sqlite-driver.ts';
import { type Call, runGroup } from './sqlite-group.ts';

const user = (n: number | string, name: unknown = `user ${n}`): Call => ({
  name: 'ensureUser',
  input: { id: `usr_${n}`, name, at: 1 },
});

describe('group commit', () => {
  let database: DatabaseSync;
  let db: Kysely<Schema>;

  beforeEach(async () => {
    database = openDatabase(':memory:');
    db = kyselyOn(database);
    await prepare(db, sqliteParts);
  });
  afterEach(() => database.close());

  const run = async (calls: readonly Call[]) => await runGroup(database, db, 'begin immediate', calls);
  const statusOf = async (calls: readonly Call[]) => (await run(calls)).map((outcome) => outcome.ok);
  const users = () => database.prepare('select count(*) as n from users').get()?.['n'];

  it('keeps the good calls of a group with bad ones in it', async () => {
    expect(await statusOf([user(1), user(2, { not: 'text' }), user(3), user(3, 'id taken'), user(4)])).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    expect(users()).toBe(3);
  });

  it('F013: promises nothing when the disk is full, and serves again when it is not', async () => {
    await run([user(0)]);
    const { page_count } = database.prepare('pragma page_count').get() as { page_count: number };
    database.exec(`pragma max_page_count = ${page_count}`);
    const outcomes = await run(Array.from({ length: 50 }, (_, n) => user(n + 1, `${n}`.padStart(9_000, '-'))));
    for (const outcome of outcomes.filter(({ ok }) => !ok)) expect(outcome).toMatchObject({ error: { errcode: 13 } });
    expect(outcomes.some(({ ok }) => !ok)).toBe(true);
    // What was promised is there, and what is there was promised.
    expect(users()).toBe(1 + outcomes.filter(({ ok }) => ok).length);
    database.exec('pragma max_page_count = 100000');
    expect(await statusOf([user(99)])).toEqual([true]);
  });

  it('takes back the whole group when the commit fails', async () => {
    // A deferred constraint is judged at the commit.
    database.exec(`create table late (id text references users(id) deferrable initially deferred) strict`);
    database.exec(`create trigger breaks after insert on users when new.name = 'breaker'
      begin insert into late values ('nobody'); end`);
    const outcomes = await run([user(1), user(2, 'breaker'), user(3)]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(users()).toBe(0);
    expect(database.isTransaction).toBe(false);
    expect(await statusOf([user(1), user(3)])).toEqual([true, true]);
  });

  it('takes back the whole group when the database ended the transaction by itself', async () => {
    database.exec(`create trigger breaks before insert on users when new.name = 'breaker'
      begin select raise(rollback, 'gone'); end`);
    const outcomes = await run([user(1), user(2, 'breaker'), user(3)]);
    expect(outcomes.map(({ ok }) => ok)).toEqual([false, false, false]);
    expect(users()).toBe(0);
    expect(await statusOf([user(1)])).toEqual([true]);
  });
});
