import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import type { Spending } from '../core/flow-store.ts';
import { silentLog } from '../core/log.ts';
import { Meter } from './meter.ts';

const whose = { id: 'int_1', userId: 'usr_1' } as const;
const DAY = 24 * 3_600_000;

function rig() {
  // Noon.
  const clock = createManualClock(Date.UTC(2026, 10, 23, 12));
  const written: Spending[][] = [];
  const log: string[] = [];
  const world = { away: false, held: undefined as Promise<void> | undefined, reads: 0, refuses: '', awayAt: '' };
  const has = (spendings: readonly Spending[], whom: string) => spendings.some(({ person }) => person === whom);
  const stored = { person: 0, integration: 0, user: 0 };
  const store = {
    spend: async (spendings: readonly Spending[]) => {
      await world.held;
      if (has(spendings, world.refuses)) throw Object.assign(new Error('not a whole number'), { away: false });
      if (world.away || has(spendings, world.awayAt)) throw new Error('away');
      written.push([...spendings]);
      for (const { tokens } of spendings) {
        stored.person += tokens;
        stored.integration += tokens;
        stored.user += tokens;
      }
    },
    spent: async () => {
      world.reads++;
      if (world.away) throw new Error('away');
      return { ...stored };
    },
  };
  const noted = { ...silentLog, error: (event: string) => void log.push(event) };
  return { clock, written, world, stored, log, meter: new Meter({ store, clock, log: noted }) };
}

describe('the meter', () => {
  const alike = (tokens: number) => ({ person: tokens, integration: tokens, user: tokens });

  it('counts at once what is spent here, and what others spent after ten seconds at most', async () => {
    const { meter, stored, clock, world } = rig();
    Object.assign(stored, { person: 1, integration: 10, user: 100 });
    expect(await meter.spent(whose, 'ada')).toEqual({ person: 1, integration: 10, user: 100 });
    meter.add(whose, 'ada', 5);
    expect(await meter.spent(whose, 'ada')).toEqual({ person: 6, integration: 15, user: 105 });
    stored.user += 1_000;
    await clock.advance(9_999);
    expect((await meter.spent(whose, 'ada')).user).toBe(105);
    expect(world.reads).toBe(1);
    await clock.advance(1);
    expect(await meter.spent(whose, 'ada')).toEqual({ person: 6, integration: 15, user: 1_105 });
  });

  it('tells nobody that nothing was spent while it is still asking', async () => {
    const { meter, stored, world } = rig();
    Object.assign(stored, alike(7));
    expect(await Promise.all([meter.spent(whose, 'ada'), meter.spent(whose, 'ada')])).toEqual([alike(7), alike(7)]);
    expect(world.reads).toBe(1);
  });

  it('writes what comes while it writes in one go, and never counts it twice', async () => {
    const { meter, written, world } = rig();
    const held = Promise.withResolvers<void>();
    world.held = held.promise;
    meter.add(whose, 'ada', 1);
    for (let count = 0; count < 10; count++) meter.add(whose, 'ada', 10);
    meter.add(whose, 'bob', 5);
    expect(await meter.spent(whose, 'ada')).toMatchObject({ person: 101, integration: 106 });
    held.resolve();
    await meter.close();
    expect(written.map((batch) => batch.map(({ person, tokens }) => [person, tokens]))).toEqual([
      [['ada', 1]],
      [
        ['ada', 100],
        ['bob', 5],
      ],
    ]);
    expect(written[0]?.[0]).toEqual({ integrationId: 'int_1', person: 'ada', day: '2026-11-23', tokens: 1 });
  });

  it('a store that is away is asked seldom, and told when it is back', async () => {
    const { meter, written, world } = rig();
    world.away = true;
    for (let count = 0; count < 5; count++) expect(await meter.spent(whose, 'ada')).toEqual(alike(0));
    expect(world.reads).toBe(1);
    meter.add(whose, 'ada', 7);
    await meter.close();
    expect(await meter.spent(whose, 'ada')).toEqual(alike(7));
    world.away = false;
    meter.add(whose, 'ada', 3);
    await meter.close();
    expect(written).toEqual([[expect.objectContaining({ tokens: 10 })]]);
  });

  it('one row that the store will never take is dropped, and stops none of the others', async () => {
    const { meter, written, world, log } = rig();
    const held = Promise.withResolvers<void>();
    world.held = held.promise;
    meter.add(whose, 'first', 1);
    for (const person of ['ada', 'cursed', 'bob']) meter.add(whose, person, 5);
    world.refuses = 'cursed';
    held.resolve();
    await meter.close();
    expect(written.flat().map(({ person }) => person)).toEqual(['first', 'ada', 'bob']);
    expect(log).toEqual(['spending_dropped']);
    meter.add(whose, 'bob', 5);
    await meter.close();
    expect(written.at(-1)).toEqual([expect.objectContaining({ person: 'bob', tokens: 5 })]);
  });

  it('a store that goes away among them loses nothing', async () => {
    const { meter, written, world } = rig();
    const held = Promise.withResolvers<void>();
    world.held = held.promise;
    meter.add(whose, 'first', 1);
    for (const person of ['ada', 'cursed', 'bob', 'eve']) meter.add(whose, person, 5);
    world.refuses = 'cursed';
    world.awayAt = 'bob';
    held.resolve();
    await meter.close();
    world.awayAt = '';
    meter.add(whose, 'ada', 1);
    await meter.close();
    expect(written.flat().map(({ person, tokens }) => [person, tokens])).toEqual([
      ...[
        ['first', 1],
        ['ada', 5],
        ['bob', 5],
        ['eve', 5],
        ['ada', 1],
      ],
    ]);
  });

  it('begins anew at midnight UTC, and takes no nonsense from a provider', async () => {
    const { meter, clock, stored } = rig();
    meter.add(whose, 'ada', 7);
    for (const nonsense of [0, -5, Number.NaN, Number.POSITIVE_INFINITY]) meter.add(whose, 'ada', nonsense);
    expect(await meter.spent(whose, 'ada')).toEqual(alike(7));
    await meter.close();
    Object.assign(stored, alike(0));
    await clock.advance(DAY / 2);
    expect(await meter.spent(whose, 'ada')).toEqual(alike(0));
  });

  it('takes what no request can have used for the most that one can, in whole numbers', async () => {
    const { meter, written } = rig();
    meter.add(whose, 'ada', 1e20);
    meter.add(whose, 'bob', 1.5);
    expect(await meter.spent(whose, 'ada')).toMatchObject({ person: 10_000_000, integration: 10_000_002 });
    await meter.close();
    expect(written.flat().map(({ tokens }) => tokens)).toEqual([10_000_000, 2]);
  });
});
