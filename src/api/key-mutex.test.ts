import { expect, it } from 'vitest';
import { createKeyMutex } from './key-mutex.ts';

it('runs one after another for a key, side by side for others, and goes on after a failure', async () => {
  const alone = createKeyMutex();
  const seen: string[] = [];
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = alone('a', async () => {
    seen.push('a1 begins');
    await gate;
    seen.push('a1 fails');
    throw new Error('no');
  });
  const second = alone('a', async () => seen.push('a2'));
  await alone('b', async () => seen.push('b'));
  open();
  await expect(first).rejects.toThrow('no');
  await second;
  expect(seen).toEqual(['a1 begins', 'b', 'a1 fails', 'a2']);
});
