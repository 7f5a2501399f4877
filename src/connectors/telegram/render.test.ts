import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { render, TEXT_LENGTH } from './render.ts';

describe('render', () => {
  it.each(['', '  \n', '\u200B\u2060', '\u2800', '\u202E\u0000'])('makes nothing of %j', (answer) => {
    expect(render(answer)).toEqual([]);
  });

  it('keeps an answer within the limit in one part', () => {
    expect(render('*Hi* <b>there</b> _'.repeat(10))).toHaveLength(1);
    expect(render('!'.repeat(TEXT_LENGTH))).toEqual([{ text: '!'.repeat(TEXT_LENGTH) }]);
  });

  it('F072: keeps every part within the limit, well-formed and visible', () => {
    const piece = fc.oneof(
      fc.constantFrom('😀'.repeat(700), '👨‍👩‍👧‍👦'.repeat(90), '\n\n', '```js\n', '```\n', '\u2800'.repeat(4200), ' '),
      fc.lorem({ maxCount: 200 }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        for (const { text } of render(pieces.join(''))) {
          expect(text.length).toBeLessThanOrEqual(TEXT_LENGTH);
          expect(text.isWellFormed()).toBe(true);
          expect(text.trim()).not.toBe('');
        }
      }),
    );
  });
});
