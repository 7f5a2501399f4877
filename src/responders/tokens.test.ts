import { describe, expect, it } from 'vitest';
import { estimateTokens, lengthWithin } from './tokens.ts';

describe('tokens', () => {
  it.each([
    ['', 0],
    ['a', 0.25],
    ['four', 1],
    ['The quick brown fox jumps over it.', 8.5],
    ['привет', 3],
    ['你好世界', 4],
    ['こんにちは', 5],
    ['👍', 2],
  ])('%j are about %d', (text, tokens) => {
    expect(estimateTokens(text)).toBe(tokens);
  });

  it.each(['abcdefgh'.repeat(50), '你好'.repeat(100), 'aя你👍'.repeat(40)])(
    'the length within a budget is the longest that costs no more (%#)',
    (text) => {
      for (const budget of [1, 7, 50]) {
        const length = lengthWithin(text, budget);
        expect(estimateTokens(text.slice(0, length))).toBeLessThanOrEqual(budget);
        expect(estimateTokens(text.slice(0, length + 1))).toBeGreaterThan(budget);
      }
      expect(lengthWithin(text, 10_000)).toBe(text.length);
    },
  );
});
