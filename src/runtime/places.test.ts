import { describe, expect, it } from 'vitest';
import { MAX_WAITING } from '../core/policy.ts';
import { Places } from './places.ts';

describe('places', () => {
  const full = () => {
    const places = new Places();
    for (let seq = 1; seq <= MAX_WAITING; seq++) places.hold('c1', seq <= 150 ? 'mallory' : 'bob', seq);
    return places;
  };

  it('are there for one who is alone, all of them', () => {
    const places = new Places();
    for (let seq = 1; seq <= MAX_WAITING; seq++) {
      expect(places.admits('c1', 'mallory')).toBe(true);
      expect(places.makeRoom('c1', 'mallory')).toBeUndefined();
      places.hold('c1', 'mallory', seq);
    }
    expect(places.admits('c1', 'mallory')).toBe(false);
    expect(places.makeRoom('c1', 'mallory')).toBe('full');
    expect(places.admits('c2', 'mallory')).toBe(true);
  });

  it('are given up, the newest first, by who holds most of them, for somebody who holds fewer', () => {
    const places = full();
    expect(places.admits('c1', 'ada')).toBe(true);
    expect(places.makeRoom('c1', 'ada')).toBe(150);
    places.hold('c1', 'ada', 201);
    expect(places.holds('c1', 'mallory', 150)).toBe(false);
    expect(places.holds('c1', 'ada', 201)).toBe(true);
    expect(places.makeRoom('c1', 'mallory')).toBe('full');
  });

  it('are free again once left', () => {
    const places = full();
    places.leave('c1', 'mallory', 1);
    places.leave('c1', 'mallory', 1);
    expect(places.makeRoom('c1', 'mallory')).toBeUndefined();
    places.hold('c1', 'mallory', 201);
    expect(places.makeRoom('c1', 'mallory')).toBe('full');
  });
});
