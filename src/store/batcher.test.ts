import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBatcher } from './batcher.ts';

class Blame extends Error {}
const blamesInput = (error: unknown) => error instanceof Blame;
const pause = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Answers each number with its double; refuses a flight with a negative number in it. */
function counting(max = 100) {
  const flights: number[][] = [];
  const batcher = createBatcher<number, number>({
    run: async (inputs) => {
      flights.push([...inputs]);
      await pause();
      if (inputs.some((input) => input < 0)) throw new Blame('negative');
      return inputs.map((input) => input * 2);
    },
    max,
    blamesInput,
  });
  return { batcher, flights };
}

describe('batcher', () => {
  it('takes the calls of one tick along and collects others during the flight', async () => {
    const { batcher, flights } = counting();
    const first = [batcher.add(1), batcher.add(2)];
    await Promise.resolve();
    await Promise.resolve();
    const second = [batcher.add(3), batcher.add(4)];
    expect(await Promise.all([...first, ...second])).toEqual([2, 4, 6, 8]);
    expect(flights).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  it('carries no more than it may', async () => {
    const { batcher, flights } = counting(2);
    expect(await Promise.all([1, 2, 3, 4, 5].map((n) => batcher.add(n)))).toEqual([2, 4, 6, 8, 10]);
    expect(flights.map((flight) => flight.length)).toEqual([2, 2, 1]);
  });

  it('lets bad inputs fail alone, wherever they stand', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: -5, max: 50 }), { maxLength: 40 }), async (inputs) => {
        const { batcher } = counting(16);
        const results = await Promise.allSettled(inputs.map((input) => batcher.add(input)));
        const told = results.map((result) => (result.status === 'fulfilled' ? result.value : 'refused'));
        expect(told).toEqual(inputs.map((input) => (input < 0 ? 'refused' : input * 2)));
      }),
    );
  });

  it('finds one bad input among many in few tries', async () => {
    const { batcher, flights } = counting(256);
    await Promise.allSettled(Array.from({ length: 256 }, (_, n) => batcher.add(n === 200 ? -1 : n)));
    expect(flights.length).toBeLessThanOrEqual(17);
  });

  it('does not try again what no input is to blame for', async () => {
    let flights = 0;
    const batcher = createBatcher<number, number>({
      run: async () => {
        flights++;
        throw new Error('connection lost');
      },
      max: 10,
      blamesInput,
    });
    const results = await Promise.allSettled([batcher.add(1), batcher.add(2)]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected']);
    expect(flights).toBe(1);
  });

  it('flies again after a failure and after a rest', async () => {
    const { batcher, flights } = counting();
    await expect(batcher.add(-1)).rejects.toThrow('negative');
    expect(await batcher.add(1)).toBe(2);
    await pause();
    expect(await batcher.add(2)).toBe(4);
    expect(flights).toEqual([[-1], [1], [2]]);
  });
});
