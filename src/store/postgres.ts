import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { BotId, RandomBytes } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import { type Batcher, createBatcher } from './batcher.ts';
import { postgresParts } from './dialect.ts';
import type { Engine } from './engine.ts';
import { StoreError, StoreKeyError, storeErrorOf } from './errors.ts';
import { Refusal } from './operations/refusal.ts';
import { type Input, type OperationName, type Output, operationOf, operations } from './operations.ts';
import { listen } from './postgres-listener.ts';
import { pipeliningPool } from './postgres-pool.ts';
import { prepare } from './prepare.ts';
import type { Schema } from './schema.ts';

export interface PostgresPort {
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
}

/** The flow and the API have connections of their own, so that slow API calls cannot starve heartbeats and messages. */
const FLOW_CONNECTIONS = 6;
const API_CONNECTIONS = 6;
const CONNECT_MS = 5_000;
/** The server gives up on a statement. */
const STATEMENT_MS = 30_000;
/** The client gives up on a server that does not even say so: the link is dead. */
const ANSWER_MS = 35_000;
/** Most calls in one flight of a hot operation. */
const MAX_FLIGHT = 500;
/**
 * The flow looks up rows by key, always. The planner, who takes every row set for 100 rows, would rather read a table of
 * some thousand messages from end to end, and a prepared statement keeps the plan of a day when the table was small.
 */
const FLOW_SETTINGS = ['seqscan', 'hashjoin', 'mergejoin'].map((way) => `; set local enable_${way} = off`).join('');
/**
 * PgBouncer in transaction mode follows prepared statements since 1.21, given `max_prepared_statements` (and
 * `ignore_startup_parameters = statement_timeout`); with an older one, this in the URL goes without them.
 */
const UNPREPARED = /[?&]prepared_statements=off\b/;
const TRIES = 5;
const RETRY = { baseMs: 10, capMs: 200 };
/**
 * Serialization failure, deadlock, and a row that was referred to but went away meanwhile: looking again decides anew.
 */
const PASSING = new Set(['40001', '40P01', '23503']);
/** Key of the advisory lock under which one process migrates and the others wait. */
const MIGRATION_LOCK = 7_346_021;

export async function openPostgres(
  { databaseUrl, keyCheck }: { databaseUrl: string; keyCheck?: string },
  { clock, random, log }: PostgresPort,
): Promise<Engine> {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, safeInteger);
  const config: pg.ClientConfig = {
    connectionString: databaseUrl,
    types,
    application_name: 'replr-integrations',
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_MS,
  };
  const named = !UNPREPARED.test(databaseUrl);
  const connect = (max: number, settings: string) => {
    const pool = new pg.Pool({
      ...config,
      pipeline: true,
      max,
      statement_timeout: STATEMENT_MS,
      query_timeout: ANSWER_MS,
    });
    const lost = (error: Error) => log.warn('store_connection_lost', { message: error.message });
    pool.on('error', lost);
    // A connection in use tells its loss by itself too; unheard, that would end the process.
    pool.on('connect', (client) => client.on('error', () => {}));
    return new Kysely<Schema>({ dialect: new PostgresDialect({ pool: pipeliningPool(pool, { named, settings }) }) });
  };
  const flow = connect(FLOW_CONNECTIONS, FLOW_SETTINGS);
  const api = connect(API_CONNECTIONS, '');
  const fraction = () => Buffer.from(random(4)).readUInt32LE() / 2 ** 32;

  const transact = async (name: OperationName, work: (db: Kysely<Schema>) => Promise<unknown>): Promise<unknown> => {
    const { kind, flow: hurried } = operationOf(name);
    const db = hurried ? flow : api;
    const read = kind !== 'write' && kind !== 'batch';
    for (let attempt = 1; ; attempt++) {
      try {
        if (kind === 'select') return await work(db);
        return await db
          .transaction()
          .setIsolationLevel(read ? 'repeatable read' : 'read committed')
          .setAccessMode(read ? 'read only' : 'read write')
          .execute(work);
      } catch (error) {
        if (error instanceof Refusal) return error.answer;
        const failure = storeErrorOf(error);
        if (attempt >= TRIES || !PASSING.has(failure.code ?? '')) throw failure;
        await clock.sleep(backoffMs(attempt, RETRY, fraction));
      }
    }
  };

  const batchers = new Map<OperationName, Batcher<unknown, unknown>>();
  for (const name of Object.keys(operations) as OperationName[]) {
    const operation = operationOf(name);
    if (operation.kind !== 'batch') continue;
    const run = async (inputs: readonly unknown[]) =>
      (await transact(name, (db) => operation.run(db, postgresParts, inputs))) as unknown[];
    batchers.set(name, createBatcher({ run, max: MAX_FLIGHT, blamesInput }));
  }
  const runOne = async (name: OperationName, input: unknown): Promise<unknown> => {
    const batcher = batchers.get(name);
    if (batcher) return await batcher.add(input);
    const operation = operationOf(name);
    if (operation.kind === 'batch') throw new StoreError(`no batcher for ${name}`);
    return await transact(name, (db) => operation.run(db, postgresParts, input));
  };

  const destroy = () => Promise.all([flow.destroy(), api.destroy()]);
  try {
    await flow.transaction().execute(async (db) => {
      await sql`select pg_advisory_xact_lock(${sql.lit(MIGRATION_LOCK)})`.execute(db);
      await prepare(db, postgresParts, keyCheck);
    });
  } catch (error) {
    await destroy();
    throw error instanceof StoreKeyError ? error : storeErrorOf(error);
  }

  const watches = new Set<() => Promise<void>>();
  const underWay = new Set<Promise<unknown>>();
  let closed = false;
  return {
    run: async <N extends OperationName>(name: N, input: Input<N>) => {
      if (closed) throw new StoreError('the store is closed');
      const call = runOne(name, input);
      underWay.add(call);
      try {
        return (await call) as Output<N>;
      } finally {
        underWay.delete(call);
      }
    },
    watch: async (node, changed) => {
      const stop = await listen(node, (payload) => changed(payload as BotId), { config, clock, random: fraction, log });
      watches.add(stop);
      return async () => {
        watches.delete(stop);
        await stop();
      };
    },
    close: async () => {
      if (closed) return;
      closed = true;
      await Promise.allSettled([...underWay, ...[...watches].map((stop) => stop())]);
      await destroy();
    },
  };
}

/** Data exceptions and violated constraints: the classes that speak of what was handed in. */
const blamesInput = (error: unknown): boolean => error instanceof StoreError && /^(22|23)/.test(error.code ?? '');

function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new StoreError('an integer in the database is too large to be read exactly');
  return value;
}
