import { describe, expect, it } from 'vitest';
import { compareTs, isTs, newestTs, tsBefore, tsEarlier, tsMs } from './ts.ts';

describe('time stamps', () => {
  it('are told apart where numbers could not', () => {
    // As floats both are the same.
    expect(compareTs('9007199254.740993', '9007199254.740992')).toBeGreaterThan(0);
    expect(compareTs('1790000000.000100', '1790000000.0001')).toBe(0);
    expect(compareTs('999999999.999999', '1790000000.000000')).toBeLessThan(0);
  });

  it('are of one form', () => {
    expect(['1790000000.000100', '0.000000'].every(isTs)).toBe(true);
    for (const other of ['1790000000', '', '-1.0', '1.2.3', 'NaN', '1e9.0', 1.5, undefined])
      expect(isTs(other)).toBe(false);
  });

  it('name the newest and its milliseconds', () => {
    expect(newestTs('1.000001', undefined, '2.000000', 'x', '1.999999')).toBe('2.000000');
    expect(newestTs()).toBeUndefined();
    expect(tsMs('1790000000.123456')).toBe(1_790_000_000_123);
  });

  it('have neighbours', () => {
    expect(['1790000000.000100', '1790000000.1', '1790000000.000000', '0.000000'].map(tsBefore)).toEqual([
      '1790000000.000099',
      '1790000000.099999',
      '1789999999.999999',
      '0.000000',
    ]);
    expect(tsEarlier('1790000000.000100', 60)).toBe('1789999940.000100');
    expect(tsEarlier('30.000100', 60)).toBe('0.000100');
  });
});
