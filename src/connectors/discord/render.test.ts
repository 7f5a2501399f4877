import fc from 'fast-check';
import { expect, it } from 'vitest';
import { render, TEXT_LENGTH } from './render.ts';

it('keeps Markdown as it is', () => {
  const text = '# Title\n**bold** [link](https://example.com)\n```ts\nconst a = 1;\n```';
  expect(render(text)).toEqual([{ text }]);
});

it('makes nothing of nothing', () => {
  for (const answer of ['', ' \n\t', '\u200b\u2060']) expect(render(answer)).toEqual([]);
});

it('makes parts within the limit, none of them blank', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1_500, maxLength: 5_000 }), (answer) => {
      for (const { text } of render(answer)) {
        expect(text.length).toBeLessThanOrEqual(TEXT_LENGTH);
        expect(text.trim()).not.toBe('');
      }
    }),
    { numRuns: 30 },
  );
});
