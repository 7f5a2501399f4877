import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  type PostgresPoolClient,
  PostgresQueryCompiler,
} from 'kysely';
import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { NodeId } from '../core/ids.ts';
import { postgresParts } from './dialect.ts';
import { hot, hotWrite, type Slots } from './hot.ts';
import { pipeliningPool } from './postgres-pool.ts';
import type { Schema } from './schema.ts';

const read = hot((db, { value }: Slots<NodeId>) =>
  db
    .selectFrom('nodes')
    .select('id')
    .where(
      'id',
      '=',
      value((node) => node),
    ),
);
const write = hotWrite((db, { value }: Slots<NodeId>) =>
  db.deleteFrom('nodes').where(
    'id',
    '=',
    value((node) => node),
  ),
);

/** The texts as Kysely hands them to its driver. */
async function texts(): Promise<{ reading: string; writing: string; parameters: readonly unknown[] }> {
  const seen: { sql: string; parameters: readonly unknown[] }[] = [];
  const db = new Kysely<Schema>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (inner) => new PostgresIntrospector(inner),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
    log: ({ query }) => {
      seen.push(query);
    },
  });
  await read(db, postgresParts, 'n1' as NodeId);
  await write(db, postgresParts, 'n2' as NodeId);
  return {
    reading: seen[0]?.sql ?? '',
    writing: seen[1]?.sql ?? '',
    parameters: seen.flatMap((query) => query.parameters),
  };
}

interface Sent {
  readonly text: string;
  readonly name: string | undefined;
  readonly answer: (error?: Error) => void;
}

/** A client that answers when the test says so. */
async function connected(named: boolean): Promise<{ client: PostgresPoolClient; sent: Sent[] }> {
  const sent: Sent[] = [];
  const query = (config: string | { text: string; name?: string }) =>
    new Promise((resolve, reject) => {
      const { text, name } = typeof config === 'string' ? { text: config } : config;
      const answer = (error?: Error) => (error ? reject(error) : resolve({ command: 'SELECT', rowCount: 0, rows: [] }));
      sent.push({ text, name, answer });
    });
  const pool = { options: {}, connect: async () => ({ query, release: () => {} }), end: async () => {} };
  const client = await pipeliningPool(pool as unknown as pg.Pool, { named, settings: '; set local a = b' }).connect();
  return { client, sent };
}

describe('the pool of PostgreSQL connections', () => {
  it('fills the slots of hot statements, and names the statements only when told to', async () => {
    const { reading, parameters } = await texts();
    expect(parameters).toEqual(['n1', 'n2']);
    for (const named of [true, false]) {
      const { client, sent } = await connected(named);
      void client.query(reading, ['n1']);
      void client.query('select 1', []);
      expect(sent.map(({ name }) => name !== undefined)).toEqual([named, false]);
    }
  });

  it('waits only for what has an answer', async () => {
    const { reading, writing } = await texts();
    const { client, sent } = await connected(true);
    await client.query('start transaction', []);
    await client.query(writing, []);
    let answered = false;
    const asked = client.query(reading, []).then(() => {
      answered = true;
    });
    expect(sent.map(({ text }) => text)).toEqual(['start transaction; set local a = b', writing, reading]);
    expect(answered).toBe(false);
    for (const { answer } of sent) answer();
    await asked;
  });

  it('says at the commit what failed before it, and starts afresh after the rollback', async () => {
    const { writing } = await texts();
    const { client, sent } = await connected(true);
    await client.query('start transaction', []);
    await client.query(writing, []);
    const committed = client.query('commit', []);
    const failure = new Error('refused');
    sent[0]?.answer();
    sent[1]?.answer(failure);
    sent[2]?.answer();
    await expect(committed).rejects.toBe(failure);
    const rolledBack = client.query('rollback', []);
    sent[3]?.answer();
    await rolledBack;
    const later = client.query('commit', []);
    sent[4]?.answer();
    await later;
  });

  it('waits for a write outside of a transaction', async () => {
    const { writing } = await texts();
    const { client, sent } = await connected(true);
    const written = client.query(writing, []);
    sent[0]?.answer(new Error('refused'));
    await expect(written).rejects.toThrow('refused');
  });
});
