import { describe, expect, it } from 'vitest';
import { newest, Positions, positionOf, threadOf } from './positions.ts';

const GUILD = '1200000000000000001';

describe('positions', () => {
  it.each([
    [{ scope: GUILD, channel: '2' }, 'ch:2'],
    [{ scope: GUILD, channel: '2', thread: '3' }, 'th:2:3'],
    [{ channel: '4' }, 'dm:4'],
  ])('have a name each: %j', (at, name) => {
    expect(positionOf(at)).toBe(name);
  });

  it('compare as numbers, whatever their length', () => {
    expect(newest('999', '1000', null, undefined, 'x')).toBe('1000');
    expect(newest(undefined, 'x')).toBeUndefined();
    expect(threadOf('th:1:x')).toBeUndefined();
  });

  it('count when the events are done with, and not when these come again', () => {
    const positions = new Positions({ cursors: new Map() });
    positions.reached({ scope: GUILD, channel: '2' }, '100');
    positions.discard();
    expect(positions.cursors()).toEqual([]);
    positions.reached({ scope: GUILD, channel: '2' }, '100');
    positions.keep();
    positions.reached({ scope: GUILD, channel: '2' }, '101');
    expect(positions.cursors()).toEqual([{ name: 'ch:2', value: '101' }]);
    positions.discard();
    expect(positions.cursors()).toEqual([{ name: 'ch:2', value: '100' }]);
    positions.stored(positions.cursors());
    expect(positions.cursors()).toEqual([]);
    expect(positions.pending).toBe(false);
  });

  it('never go back', () => {
    const positions = new Positions({ cursors: new Map([['ch:2', '100']]) });
    positions.reached({ scope: GUILD, channel: '2' }, '99');
    expect(positions.cursors()).toEqual([]);
  });

  it('keep what changed while it was being stored', () => {
    const positions = new Positions({ cursors: new Map() });
    positions.set('ch:2', '100');
    const storing = positions.cursors();
    positions.set('ch:2', '101');
    positions.stored(storing);
    expect(positions.cursors()).toEqual([{ name: 'ch:2', value: '101' }]);
  });

  it('of the 200 threads talked in last are kept', () => {
    const cursors = new Map(Array.from({ length: 200 }, (_, index) => [`th:2:${index}`, String(1_000 + index)]));
    const positions = new Positions({ cursors });
    positions.reached({ scope: GUILD, channel: '2', thread: '77' }, '5000');
    expect(positions.cursors()).toEqual([{ name: 'th:2:77', value: '5000' }]);
    positions.reached({ scope: GUILD, channel: '2', thread: '900' }, '5001');
    expect(positions.cursors()).toContainEqual({ name: 'th:2:0', value: null });
    expect(positions.cursors()).toHaveLength(3);
  });
});
