import { describe, expect, it } from 'vitest';
import { stillClock } from '../../test/support/still-clock.ts';
import { createWindows, rateLimitHeaders } from './rate-limit.ts';

describe('createWindows', () => {
  it('counts down, refuses, and begins anew', () => {
    const clock = stillClock(1_000_000);
    const windows = createWindows(2, clock);
    expect(windows.take('a')).toMatchObject({ allowed: true, remaining: 1, resetAt: 1060, retryAfter: 60 });
    clock.advance(20_500);
    expect(windows.take('a')).toMatchObject({ allowed: true, remaining: 0 });
    expect(windows.take('a')).toMatchObject({ allowed: false, remaining: 0, resetAt: 1060, retryAfter: 40 });
    expect(windows.take('b')).toMatchObject({ allowed: true, remaining: 1 });
    clock.advance(39_500);
    expect(windows.take('a')).toMatchObject({ allowed: true, remaining: 1 });
  });

  it('looks without counting', () => {
    const windows = createWindows(1, stillClock());
    expect(windows.look('a')).toMatchObject({ allowed: true, remaining: 1 });
    expect(windows.look('a')).toMatchObject({ allowed: true, remaining: 1 });
    windows.take('a');
    expect(windows.look('a')).toMatchObject({ allowed: false, remaining: 0 });
  });

  it('forgets the oldest when there are too many, and those that ended', () => {
    const clock = stillClock();
    const windows = createWindows(1, clock, 60_000, 3);
    for (const key of ['a', 'b', 'c', 'd']) windows.take(key);
    expect(windows.look('a').remaining).toBe(1);
    expect(windows.look('b').remaining).toBe(0);
    expect(windows.look('d').remaining).toBe(0);
  });

  it('writes whole numbers into headers', () => {
    const usage = createWindows(600, stillClock(1_500)).take('a');
    expect(rateLimitHeaders(usage)).toEqual({
      'X-RateLimit-Limit': '600',
      'X-RateLimit-Remaining': '599',
      'X-RateLimit-Reset': '62',
    });
  });
});
