import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import type { Pace } from '../shared/pace.ts';
import { Turns } from './turns.ts';

const pace: Pace = { everyMs: 1_000, burst: 2 };

function setup() {
  const clock = createManualClock();
  const turns = new Turns(clock);
  /** As a caller does it: what it may do now, it does. */
  const go = (holder: string, key = 'C1') => {
    const wait = turns.ask(key, holder, pace);
    if (wait === 0) turns.use(key, holder);
    return wait;
  };
  return { clock, turns, go };
}

describe('turns', () => {
  it('let a burst through, then keep the steady pace, for each key by itself', async () => {
    const { clock, go } = setup();
    expect(['a', 'b', 'c', 'd'].map((holder) => go(holder))).toEqual([0, 0, 1_000, 2_000]);
    expect(go('a', 'C2')).toBe(0);
    await clock.advance(60_000);
    expect(['c', 'd', 'e', 'f', 'g'].map((holder) => go(holder))).toEqual([0, 0, 0, 0, 1_000]);
  });

  it('are kept: nobody who comes later goes first', async () => {
    const { clock, go } = setup();
    expect(['a', 'b', 'c'].map((holder) => go(holder))).toEqual([0, 0, 1_000]);
    await clock.advance(400);
    expect([go('c'), go('d')]).toEqual([600, 1_600]);
    await clock.advance(600);
    expect([go('e'), go('d'), go('c')]).toEqual([2_000, 1_000, 0]);
    await clock.advance(2_000);
    expect([go('e'), go('d')]).toEqual([0, 0]);
  });

  it('last until they are used', () => {
    const { turns, go } = setup();
    for (let round = 0; round < 5; round++) expect(turns.ask('C1', 'a', pace)).toBe(0);
    expect([go('a'), go('b'), go('c')]).toEqual([0, 0, 1_000]);
  });

  it('are moved by a block, in their order and without a burst', async () => {
    const { clock, turns, go } = setup();
    expect(['a', 'b', 'c', 'd'].map((holder) => go(holder))).toEqual([0, 0, 1_000, 2_000]);
    turns.block('C1', 7_000, pace);
    expect([go('e'), go('d'), go('c')]).toEqual([9_000, 8_000, 7_000]);
    expect(turns.blockedMs('C1')).toBe(7_000);
    await clock.advance(7_000);
    expect([turns.blockedMs('C1'), go('c'), go('d')]).toEqual([0, 0, 1_000]);
  });

  it('of those who do not come are forgotten, and there are only so many', async () => {
    const { clock, turns } = setup();
    for (let index = 0; index < 1_000; index++) turns.ask('C1', `gone ${index}`, pace);
    expect(turns.ask('C1', 'late', pace)).toBe(999_000);
    expect(turns.ask('C1', 'later', pace)).toBe(999_000);
    await clock.advance(2_000_000);
    expect(['a', 'b', 'c'].map((holder) => turns.ask('C1', holder, pace))).toEqual([0, 0, 1_000]);
  });
});
