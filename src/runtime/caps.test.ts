import { describe, expect, it } from 'vitest';
import { Caps } from './caps.ts';

const MINUTE = 60_000;
const a = { key: 'a', perMinute: 6 };
const b = { key: 'b', perMinute: 600 };

describe('caps', () => {
  const takeAll = (caps: Caps, cap: typeof a, now: number) => {
    for (let count = 0; ; count++) if (caps.take([cap], now)) return count;
  };

  it('saves up ten minutes, closes for one, and gives what time has made up for', () => {
    const caps = new Caps(10);
    expect(takeAll(caps, a, 0)).toBe(60);
    expect(caps.take([a], 59_999)).toEqual({ cap: a, until: MINUTE });
    expect(takeAll(caps, a, MINUTE)).toBe(6);
    expect(takeAll(caps, a, 20 * MINUTE)).toBe(60);
  });

  it('takes from all or from none', () => {
    const caps = new Caps(10);
    takeAll(caps, a, 0);
    expect(caps.take([b, a], 1)?.cap).toBe(a);
    expect(takeAll(caps, b, 1)).toBe(6_000);
  });

  it('a limit that is raised or lowered is in force at once', () => {
    const caps = new Caps(10);
    for (let count = 0; count < 50; count++) expect(caps.take([a], 0)).toBeUndefined();
    expect(caps.take([{ ...a, perMinute: 5 }], 0)).toBeDefined();
    expect(takeAll(caps, { ...a, perMinute: 12 }, MINUTE)).toBeGreaterThan(70);
  });

  it('who was turned away is not kept waiting by a limit that was raised', () => {
    const caps = new Caps(10);
    takeAll(caps, a, 0);
    expect(caps.take([a], 1_000)).toBeDefined();
    expect(caps.take([{ ...a, perMinute: 60 }], 1_000)).toBeUndefined();
  });

  it('forgets who has been quiet, and never knows more than some ten thousand', () => {
    const caps = new Caps(10);
    for (let person = 0; person < 30_000; person++) caps.take([{ key: `${person}`, perMinute: 1 }], 0);
    expect(caps.size).toBe(20_000);
    for (let person = 0; person < 20_000; person++) caps.take([{ key: 'one', perMinute: 60_000 }], 2 * MINUTE);
    expect(caps.size).toBe(1);
  });
});
