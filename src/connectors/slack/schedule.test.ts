import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { Budget, budgetOf, choose, pollEveryMs, type ReadMethod, type Task } from './schedule.ts';

const HISTORY: ReadMethod = 'conversations.history';
const REPLIES: ReadMethod = 'conversations.replies';

function setup() {
  const clock = createManualClock();
  const budget = new Budget(clock);
  /** Calls as often as it may, for so long; returns how many there were. */
  const spend = async (method: ReadMethod, ms: number) => {
    let calls = 0;
    for (const end = clock.elapsed() + ms; ; ) {
      const wait = budget.waitMs(method);
      if (clock.elapsed() + wait > end) break;
      await clock.advance(wait);
      budget.use(method);
      calls += 1;
    }
    return calls;
  };
  return { clock, budget, spend };
}

const task = (everyMs: number, readAt: number, method: ReadMethod = HISTORY): Task => ({
  method,
  everyMs,
  readAt,
  notBefore: 0,
});

describe('the budget', () => {
  it('stays below 50 calls in any minute, and 40 in the long run, for each method by itself', async () => {
    const { budget, spend } = setup();
    const first = await spend(HISTORY, 60_000);
    expect(first).toBeGreaterThan(30);
    expect(first).toBeLessThan(50);
    expect(await spend(HISTORY, 60_000)).toBeLessThanOrEqual(40);
    expect(budget.waitMs(REPLIES)).toBe(0);
  });

  it('waits exactly as long as it is told', async () => {
    const { clock, budget, spend } = setup();
    await spend(HISTORY, 30_000);
    budget.limited(HISTORY, 17_000);
    expect(budget.waitMs(HISTORY)).toBe(17_000);
    expect(budget.waitMs(REPLIES)).toBe(0);
    await clock.advance(17_000);
    expect(budget.waitMs(HISTORY)).toBe(0);
    expect(budget.capped).toBe(false);
  });

  it('knows the capped class by a long wait after few calls, and another one after that', async () => {
    const { clock, budget, spend } = setup();
    budget.use(HISTORY);
    budget.use(HISTORY);
    budget.limited(HISTORY, 58_000);
    expect([budget.capped, budget.pageSize]).toEqual([false, 200]);
    await clock.advance(58_000);
    budget.use(HISTORY);
    budget.use(HISTORY);
    budget.limited(HISTORY, 60_000);
    expect([budget.capped, budget.pageSize]).toEqual([true, 15]);
    await clock.advance(60_000);
    expect(await spend(HISTORY, 5 * 60_000)).toBeLessThanOrEqual(6);
    expect(budget.waitMs('users.conversations')).toBe(0);
    // The class can be left: it is tried again, and where it holds, later.
    await clock.advance(10 * 60_000);
    expect([budget.capped, budget.pageSize]).toEqual([false, 200]);
    budget.noticed(200, 15, true);
    await clock.advance(15 * 60_000);
    expect(budget.capped).toBe(true);
    await clock.advance(5 * 60_000);
    expect(budget.capped).toBe(false);
  });

  it('knows it at once where nobody can have called before', () => {
    const { budget } = setup();
    budget.isNew();
    budget.saw(HISTORY);
    expect(budget.waitMs(HISTORY)).toBe(0);
    budget.use(HISTORY);
    budget.limited(HISTORY, 59_000);
    expect(budget.capped).toBe(true);
  });

  it('does not take the end of a long beginning for it', async () => {
    const { clock, budget } = setup();
    budget.isNew();
    for (let call = 0; call < 20; call++) budget.saw(HISTORY);
    budget.use(HISTORY);
    budget.limited(HISTORY, 59_000);
    expect(budget.capped).toBe(false);
    await clock.advance(59_000);
    expect(budget.waitMs(HISTORY)).toBe(0);
  });

  it('knows it by a page of exactly 15, and by nothing less', () => {
    const { budget } = setup();
    budget.noticed(200, 15, false);
    budget.noticed(200, 14, true);
    budget.noticed(200, 16, true);
    expect(budget.capped).toBe(false);
    budget.use(HISTORY);
    budget.noticed(200, 15, true);
    expect(budget.capped).toBe(true);
    expect(budget.waitMs(HISTORY)).toBe(60_000);
  });

  it('does not take a short wait, or one after many calls, for it', async () => {
    const { budget, spend } = setup();
    budget.use(HISTORY);
    budget.limited(HISTORY, 5_000);
    await spend(REPLIES, 20_000);
    budget.limited(REPLIES, 60_000);
    expect(budget.capped).toBe(false);
  });
});

describe('what is no sign of the capped class', () => {
  it('a long wait that somebody else’s calls brought: a restart, or the beginning of many channels', async () => {
    const { clock, budget, spend } = setup();
    // The others have used up the minute; the very first call of ours is one too many.
    budget.use(HISTORY);
    budget.limited(HISTORY, 59_000);
    expect(await spend(HISTORY, 120_000)).toBeGreaterThan(30);
    budget.limited(HISTORY, 40_000);
    expect(budget.capped).toBe(false);
    // And again, with hours between.
    for (let round = 0; round < 3; round++) {
      await clock.advance(3_600_000);
      budget.use(HISTORY);
      budget.limited(HISTORY, 59_000);
    }
    expect(budget.capped).toBe(false);
  });

  it('many calls around the turn of a minute', async () => {
    const { clock, budget, spend } = setup();
    budget.use(HISTORY);
    budget.limited(HISTORY, 59_000);
    await clock.advance(59_000);
    await spend(HISTORY, 61_000);
    budget.use(HISTORY);
    budget.limited(HISTORY, 59_000);
    expect(budget.capped).toBe(false);
  });

  it('two refusals in one wait', () => {
    const { budget } = setup();
    for (let call = 0; call < 2; call++) {
      budget.use(HISTORY);
      budget.limited(HISTORY, 59_000);
    }
    expect(budget.capped).toBe(false);
  });
});

describe('a budget', () => {
  it('is one for all receivers of a bot, one after another', () => {
    const clock = createManualClock();
    const budget = budgetOf('xoxb-1', clock);
    while (budget.waitMs(HISTORY) === 0) budget.use(HISTORY);
    expect(budgetOf('xoxb-1', clock).waitMs(HISTORY)).toBeGreaterThan(0);
    expect(budgetOf('xoxb-2', clock).waitMs(HISTORY)).toBe(0);
    expect(budgetOf('xoxb-1', createManualClock()).waitMs(HISTORY)).toBe(0);
  });
});

describe('what to read', () => {
  it('is what is most late in proportion; nothing before its time', () => {
    const { budget } = setup();
    const [busy, quiet, fresh] = [task(1_000, 0), task(10_000, -3_000), task(5_000, 9_000)];
    expect(choose([quiet, busy, fresh], budget, 10_000)).toBe(busy);
    expect(choose([quiet, task(1_000, 9_500), fresh], budget, 10_000)).toBe(quiet);
    expect(choose([fresh, task(10_000, 8_000)], budget, 10_000)).toBe(4_000);
    expect(choose([], budget, 0)).toBe(Number.POSITIVE_INFINITY);
  });

  it('waits for a method that is used up, and takes another meanwhile', () => {
    const { budget } = setup();
    budget.limited(HISTORY, 10_000);
    const replies = task(5_000, -5_000, REPLIES);
    expect(choose([task(1_000, -9_000), replies], budget, 0)).toBe(replies);
    expect(choose([task(1_000, -9_000)], budget, 0)).toBe(10_000);
  });

  it('is plainly everyone’s turn in the capped class', () => {
    const { budget } = setup();
    budget.noticed(200, 15, true);
    const [busy, quiet] = [task(1_500, -20_000), task(45_000, -60_000)];
    expect(choose([busy, quiet], budget, 0)).toBe(quiet);
  });

  it('is read more often where people talk', () => {
    expect([0, 119_000, 121_000, 11 * 60_000, 2 * 3_600_000].map(pollEveryMs)).toEqual([
      1_500, 1_500, 5_000, 15_000, 45_000,
    ]);
  });
});
