import { expect, it } from 'vitest';
import { silentLog } from '../../core/log.ts';
import { Comeback } from './comeback.ts';
import type { End } from './link.ts';

const end = (why: NonNullable<End['why']>): End => ({ code: 4000, opened: true, why });

it('F047: two thousand bots that are sent away in one second come back spread, each by resuming', () => {
  let seed = 1;
  const random = () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed / 2_147_483_647;
  };
  const clock = { now: () => 0, elapsed: () => 60_000, sleep: async () => {} };
  const waits = Array.from({ length: 2_000 }, () => {
    const verdict = new Comeback({ clock, random, log: silentLog }).judge(end('reconnect'), {
      resuming: false,
      readyAt: 0,
    });
    expect(verdict.next).toBe('resume');
    return verdict.next === 'resume' ? (verdict.waitMs ?? 0) : 0;
  });
  expect(Math.max(...waits)).toBeLessThanOrEqual(500);
  // In no fiftieth of a second more than an even spread would bring, and half as many again.
  const slots = Array.from({ length: 25 }, (_, slot) => waits.filter((ms) => Math.floor(ms / 20) === slot).length);
  expect(Math.max(...slots)).toBeLessThan(1.5 * (2_000 / 25));
});

it('F047: who fails to come back waits ever longer, up to a minute', () => {
  const clock = { now: () => 0, elapsed: () => 60_000, sleep: async () => {} };
  const comeback = new Comeback({ clock, random: () => 0.999, log: silentLog });
  const waits = Array.from({ length: 12 }, () => {
    const verdict = comeback.judge({ code: 1006, opened: false }, { resuming: true, readyAt: undefined });
    return verdict.next === 'stop' ? 0 : (verdict.waitMs ?? 0);
  });
  expect(waits).toEqual(waits.toSorted((a, b) => a - b));
  expect(waits.at(-1)).toBeGreaterThan(30_000);
  expect(waits.at(-1)).toBeLessThanOrEqual(60_000);
});
