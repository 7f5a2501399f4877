import { Worker } from 'node:worker_threads';
import type { Log } from '../core/log.ts';
import type { Engine } from './engine.ts';
import { StoreError, StoreInUseError, StoreKeyError, storeErrorOf } from './errors.ts';
import type { Input, OperationName, Output } from './operations.ts';
import type { FromWorker, NumberedCall, SentError, ToWorker, WorkerOptions } from './sqlite-worker.ts';

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The main thread's side of `sqlite-worker.ts`: calls of one tick go over as one message, answers of one group come back as one. */
export async function openSqlite(options: WorkerOptions, log: Log, lost?: (error: Error) => void): Promise<Engine> {
  const worker = new Worker(new URL('./sqlite-worker.ts', import.meta.url), { workerData: options, execArgv: [] });
  const pending = new Map<number, Pending>();
  const post = (message: ToWorker) => worker.postMessage(message);
  let ended: Error | undefined;
  let closing = false;
  let gathered: NumberedCall[] = [];
  let calls = 0;

  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  let serving = false;
  const end = (error: Error) => {
    if (serving && !closing && !ended) lost?.(error);
    ended ??= error;
    for (const { reject } of pending.values()) reject(ended);
    pending.clear();
  };

  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') return resolve();
      if (message.kind === 'refused') return reject(received(message.error, options.dataDir));
      for (const answer of message.answers) {
        const call = pending.get(answer.id);
        pending.delete(answer.id);
        if (answer.ok) call?.resolve(answer.value);
        else call?.reject(received(answer.error, options.dataDir));
      }
    });
    worker.on('error', (error) => {
      log.error('store_worker_failed', { message: error.message });
      end(new StoreError(`the store's thread failed: ${error.message}`));
      reject(error);
    });
    worker.on('exit', () => {
      end(new StoreError(closing ? 'the store is closed' : "the store's thread ended"));
      reject(new StoreError("the store's thread ended"));
    });
  }).catch(async (error: unknown) => {
    await worker.terminate();
    throw error;
  });

  serving = true;

  const flush = () => {
    const group = gathered;
    gathered = [];
    if (ended) return;
    try {
      post({ kind: 'calls', calls: group });
    } catch {
      // One of them holds what cannot be copied to another thread: it must not take the others along.
      for (const call of group) postAlone(call);
    }
  };
  const postAlone = (call: NumberedCall) => {
    try {
      post({ kind: 'calls', calls: [call] });
    } catch (error) {
      pending.get(call.id)?.reject(storeErrorOf(error));
      pending.delete(call.id);
    }
  };

  return {
    run: <N extends OperationName>(name: N, input: Input<N>) =>
      new Promise<Output<N>>((resolve, reject) => {
        if (ended || closing) return reject(ended ?? new StoreError('the store is closed'));
        const id = ++calls;
        pending.set(id, { resolve: (value) => resolve(value as Output<N>), reject });
        gathered.push({ id, name, input });
        if (gathered.length === 1) queueMicrotask(flush);
      }),
    watch: async () => async () => {},
    close: async () => {
      if (!closing) {
        closing = true;
        // After the calls of this tick.
        queueMicrotask(() => post({ kind: 'close' }));
      }
      await exited;
    },
  };
}

function received({ kind, message, code }: SentError, dataDir: string): Error {
  if (kind === 'key') return new StoreKeyError();
  if (kind === 'in_use') return new StoreInUseError(dataDir);
  return new StoreError(message, code);
}
