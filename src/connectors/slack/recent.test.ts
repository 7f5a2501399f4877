import { expect, it } from 'vitest';
import { recent } from './recent.ts';

it('makes again only what was not asked for lately', () => {
  const made: object[] = [];
  const lengthOf = recent((key: { length: number }) => {
    made.push(key);
    return key.length;
  });
  const [first, asked] = [{ length: 0 }, { length: 0 }];
  const others = Array.from({ length: 20_000 }, (_, length) => ({ length }));

  expect([lengthOf(first), lengthOf(first), lengthOf(asked)]).toEqual([0, 0, 0]);
  for (const one of others) expect(lengthOf(one) + lengthOf(asked)).toBe(one.length);
  expect(made).toHaveLength(20_002);

  lengthOf(first);
  expect(made.at(-1)).toBe(first);
  expect(made).toHaveLength(20_003);
});
