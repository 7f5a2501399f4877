import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { render, TEXT_LENGTH } from './render.ts';

const decode = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

describe('render', () => {
  it.each([
    ['<!channel> <!here> <!everyone>', '&lt;!channel&gt; &lt;!here&gt; &lt;!everyone&gt;'],
    ['<@U0BOT> <!subteam^S1>', '&lt;@U0BOT&gt; &lt;!subteam^S1&gt;'],
    ['<https://evil.test|bank.test>', '&lt;https://evil.test|bank.test&gt;'],
    ['&lt;!here&gt;', '&amp;lt;!here&amp;gt;'],
    ['`a < b`', '`a &lt; b`'],
    ['a\u202eb\u{e0041}', 'ab'],
  ])('makes no token of what a model wrote: %s', (answer, text) => {
    expect(render(answer)).toEqual([{ text }]);
  });

  it.each(['', ' \n', '\u200b\u2800'])('sends nothing that nobody would see: %j', (answer) => {
    expect(render(answer)).toEqual([]);
  });

  it('counts what is escaped as it is sent', () => {
    const parts = render('<&> '.repeat(3_000)).map(({ text }) => text);
    expect(Math.max(...parts.map((text) => text.length))).toBeLessThanOrEqual(TEXT_LENGTH);
    const words = parts.map(decode).join(' ').trim().split(' ');
    expect(words).toHaveLength(3_000);
    expect(new Set(words)).toEqual(new Set(['<&>']));
  });

  it('keeps every part within the limit and well escaped', () => {
    const piece = fc.constantFrom('<', '>', '&', 'word ', '\n\n', '```\n', '😀', 'x'.repeat(800), '&amp;', '<@U1>');
    const answer = fc.array(piece, { maxLength: 400 }).map((pieces) => pieces.join(''));
    fc.assert(
      fc.property(answer, (value) => {
        for (const { text } of render(value)) {
          expect(text.length).toBeLessThanOrEqual(TEXT_LENGTH);
          expect(text).not.toMatch(/[<>]|&(?!(?:amp|lt|gt);)/);
          expect(text.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  });
});
