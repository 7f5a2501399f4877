import { expect, test } from 'vitest';
import { slices } from './source.ts';

const lengths = (answer: string) => [...slices(answer)].map(({ source }) => source.length);

test.each(['_a_ ', 'a\n', '*a* _b_ ', '**_a_** '])('reads little at once of %j without end', (piece) => {
  const [longest = 0] = lengths(piece.repeat(10_000)).sort((one, other) => other - one);
  expect(longest).toBeLessThanOrEqual(2_000);
});

test('does not cut what people read: prose, lists, a table', () => {
  const prose =
    'Some words, **some** of them [linked](https://a.example), and `code`.\n\n- an item\n- another\n\n'.repeat(120);
  const table = '| a | b |\n|---|---|\n| c | d |\n| e | f |\n\n'.repeat(20);
  expect(lengths(prose + table)).toHaveLength(1);
});

test('a flood of signs after prose is not read along with it', () => {
  const found = lengths('Some words without any signs. '.repeat(330) + '_a_ '.repeat(5_000));
  expect(found[0]).toBeLessThanOrEqual(12_000);
  expect(found.slice(1).every((length) => length <= 2_000)).toBe(true);
});
