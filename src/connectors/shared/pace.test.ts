import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { createPacer, type Pace } from './pace.ts';

const pace: Pace = { everyMs: 1_000, burst: 3, most: { count: 20, perMs: 60_000 } };

describe('pacer', () => {
  it('lets a burst through, then keeps the steady pace', async () => {
    const clock = createManualClock();
    const pacer = createPacer(clock);
    expect([1, 2, 3, 4].map(() => pacer.take('a', pace))).toEqual([0, 0, 0, 1_000]);
    expect(pacer.take('b', pace)).toBe(0);
    await clock.advance(1_000);
    expect([1, 2].map(() => pacer.take('a', pace))).toEqual([0, 1_000]);
    await clock.advance(60_000);
    expect([1, 2, 3, 4].map(() => pacer.take('a', pace))).toEqual([0, 0, 0, 1_000]);
  });

  it('keeps the count of a minute, wherever the minute begins', async () => {
    const clock = createManualClock();
    const pacer = createPacer(clock);
    const times: number[] = [];
    while (times.length < 100) {
      const wait = pacer.take('a', pace);
      if (wait === 0) times.push(clock.elapsed());
      else await clock.advance(wait);
    }
    for (const from of times)
      expect(times.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(20);
  });

  it('waits as long as it was told, and bursts no more right after', async () => {
    const clock = createManualClock();
    const pacer = createPacer(clock);
    expect(pacer.take('a', pace)).toBe(0);
    pacer.block('a', 7_000, pace);
    expect(pacer.take('a', pace)).toBe(7_000);
    expect(pacer.blockedMs('a')).toBe(7_000);
    await clock.advance(7_000);
    expect([1, 2].map(() => pacer.take('a', pace))).toEqual([0, 1_000]);
    expect(pacer.blockedMs('a')).toBe(0);
  });

  it('forgets the key that rested longest', () => {
    const pacer = createPacer(createManualClock(), 2);
    for (const key of ['a', 'a', 'a', 'b', 'c']) expect(pacer.take(key, pace)).toBe(0);
    expect(pacer.take('a', pace)).toBe(0);
  });
});
