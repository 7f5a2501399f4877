import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { sqliteParts } from './dialect.ts';
import { StoreInUseError, StoreKeyError, storeErrorOf } from './errors.ts';
import { forgetNodes } from './operations/owners.ts';
import { operationOf } from './operations.ts';
import { prepare } from './prepare.ts';
import { kyselyOn, openDatabase } from './sqlite-driver.ts';
import { type Call, type Outcome, runGroup } from './sqlite-group.ts';

/**
 * The thread that owns the SQLite file: a sync to disk blocks it and nobody else. Its other side is `sqlite.ts`.
 */
export interface WorkerOptions {
  readonly dataDir: string;
  readonly exclusive: boolean;
  readonly keyCheck: string;
}

export type NumberedCall = Call & { readonly id: number };
export type ToWorker = { readonly kind: 'calls'; readonly calls: readonly NumberedCall[] } | { readonly kind: 'close' };

/** Errors lose their class and fields on the way between threads. */
export interface SentError {
  readonly kind: 'store' | 'key' | 'in_use';
  readonly message: string;
  readonly code: string | undefined;
}
export type SentOutcome =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: SentError };
export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'refused'; readonly error: SentError }
  | { readonly kind: 'answers'; readonly answers: readonly SentOutcome[] };

const port = parentPort;
if (port)
  await serve(
    workerData as WorkerOptions,
    (message) => port.postMessage(message),
    (receive) => port.on('message', receive),
  );

async function serve(
  options: WorkerOptions,
  send: (message: FromWorker) => void,
  onMessage: (receive: (message: ToWorker) => void) => void,
): Promise<void> {
  try {
    const opened = await open(options);
    let waiting: NumberedCall[] = [];
    let closing = false;
    let busy = false;
    const drain = async () => {
      while (waiting.length > 0) {
        const calls = waiting;
        waiting = [];
        const reads = calls.filter((call) => isRead(call));
        const writes = calls.filter((call) => !isRead(call));
        // Reads are answered first: they need not wait for the sync of the writes.
        if (reads.length > 0) send(answersOf(reads, await runGroup(opened.database, opened.db, 'begin', reads)));
        if (writes.length > 0) {
          const outcomes = await runGroup(opened.database, opened.db, 'begin immediate', writes);
          if (writes.some((call) => call.name === 'deleteIntegration')) forgetOldPages(opened.database);
          send(answersOf(writes, outcomes));
        }
      }
      busy = false;
      if (closing) {
        opened.close();
        port?.close();
      }
    };
    onMessage((message) => {
      if (message.kind === 'close') closing = true;
      else waiting.push(...message.calls);
      if (busy) return;
      busy = true;
      // Not at once: what lies in the port already belongs to the same group.
      setImmediate(() => void drain());
    });
    send({ kind: 'ready' });
  } catch (error) {
    send({ kind: 'refused', error: sentError(error) });
  }
}

function isRead({ name }: Call): boolean {
  const { kind } = operationOf(name);
  return kind === 'read' || kind === 'select';
}

async function open({ dataDir, exclusive, keyCheck }: WorkerOptions) {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  chmodSync(dataDir, 0o700);
  const lock = exclusive ? lockOut(dataDir) : undefined;
  const file = join(dataDir, 'store.db');
  createPrivate(file);
  const database = openDatabase(file);
  const db = kyselyOn(database);
  const close = () => {
    database.close();
    lock?.close();
  };
  try {
    database.exec('begin immediate');
    await prepare(db, sqliteParts, keyCheck);
    if (exclusive) await forgetNodes(db);
    database.exec('commit');
  } catch (error) {
    close();
    throw error;
  }
  return { database, db, close };
}

/** A lock of the operating system's, held as long as this process lives, on a file that holds nothing. */
function lockOut(dataDir: string): DatabaseSync {
  const file = join(dataDir, 'lock.db');
  createPrivate(file);
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
    return lock;
  } catch {
    lock.close();
    throw new StoreInUseError(dataDir);
  }
}

/** An existing file is not touched: closing any handle on it would drop this process's locks on it. */
function createPrivate(file: string): void {
  if (!existsSync(file)) writeFileSync(file, '', { mode: 0o600, flag: 'wx' });
}

/** Old versions of pages, and so deleted secrets, live on in the log until it is written back and cut. */
function forgetOldPages(database: DatabaseSync): void {
  try {
    database.exec('pragma wal_checkpoint(truncate)');
  } catch {
    // Somebody reads; the next checkpoint does it.
  }
}

function answersOf(calls: readonly NumberedCall[], outcomes: readonly Outcome[]): FromWorker {
  const answers = calls.map(({ id }, index): SentOutcome => {
    const outcome = outcomes[index];
    if (outcome?.ok) return { id, ok: true, value: outcome.value };
    return { id, ok: false, error: sentError(outcome?.error) };
  });
  return { kind: 'answers', answers };
}

function sentError(error: unknown): SentError {
  const { message, code } = storeErrorOf(error);
  const kind = error instanceof StoreKeyError ? 'key' : error instanceof StoreInUseError ? 'in_use' : 'store';
  return { kind, message, code };
}
