import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../core/log.ts';
import type { Engine } from './engine.ts';
import type { Input, OperationName } from './operations.ts';
import { openSqlite } from './sqlite.ts';

describe('the thread of the embedded store', () => {
  let dataDir: string;
  let engine: Engine;
  let lost: Error[];

  beforeEach(async () => {
    lost = [];
    dataDir = await mkdtemp(join(tmpdir(), 'replr-store-'));
    engine = await openSqlite({ dataDir, exclusive: false, keyCheck: 'k' }, silentLog, (error) => lost.push(error));
  });
  afterEach(async () => {
    await engine.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const user = (n: number) => engine.run('ensureUser', { id: `usr_${n}`, name: `user ${n}`, at: 1 });

  it('ends what is under way before it closes, and takes nothing after', async () => {
    const calls = Promise.all([user(1), user(2)]);
    const closed = engine.close();
    expect(await calls).toEqual(['usr_1', 'usr_2']);
    await closed;
    await expect(user(3)).rejects.toThrow('closed');
    await engine.close();
    expect(lost).toEqual([]);
  });

  it('lets a call that cannot cross over fail alone', async () => {
    const odd = { id: 'usr_9', name: () => {}, at: 1 } as unknown as Input<'ensureUser'>;
    const results = await Promise.allSettled([user(1), engine.run('ensureUser', odd), user(2)]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('rejects what is under way when it dies, and what comes later, at once', async () => {
    const broken = engine.run('no such operation' as OperationName as 'ping', undefined);
    const results = await Promise.allSettled([broken, user(1)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    await expect(user(2)).rejects.toThrow("the store's thread");
    expect(lost).toHaveLength(1);
  });
});
