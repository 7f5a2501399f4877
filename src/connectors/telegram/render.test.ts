import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { render, TEXT_LENGTH } from './render.ts';

describe('render', () => {
  it.each(['', '  \n', '\u200B\u2060', '\u2800', '\u202E\u0000'])('makes nothing of %j', async (answer) => {
    expect(await render(answer)).toEqual([]);
  });

  it('keeps an answer within the limit in one part', async () => {
    expect(await render('Hi there. '.repeat(10))).toHaveLength(1);
    expect(await render('!'.repeat(TEXT_LENGTH))).toEqual([{ text: '!'.repeat(TEXT_LENGTH) }]);
  });

  it('F071: sends plain text with entities, and no format where there is none', async () => {
    expect(await render('**Hi**, 1 < 2 & _so_ [on](https://a.example/x)')).toEqual([
      {
        text: 'Hi, 1 < 2 & so on (a.example)',
        format: {
          entities: [
            { type: 'bold', offset: 0, length: 2 },
            { type: 'italic', offset: 12, length: 2 },
            { type: 'text_link', offset: 15, length: 14, url: 'https://a.example/x' },
          ],
        },
      },
    ]);
    expect(await render('a_b * c <b>d</b>')).toEqual([{ text: 'a_b * c <b>d</b>' }]);
  });

  it('makes no mention and no link of other schemes', async () => {
    expect(await render('[me](tg://user?id=5) and [it](javascript:x)')).toEqual([{ text: 'me and it' }]);
  });

  it('begins a new message where the platform would stop to show how things look', async () => {
    const parts = await render('**a** b '.repeat(150));
    expect(parts.length).toBeGreaterThan(1);
    const counts = parts.map(({ format }) => (format as { entities: unknown[] }).entities.length);
    expect(Math.max(...counts)).toBeLessThanOrEqual(100);
    expect(counts.reduce((sum, count) => sum + count)).toBe(150);
  });

  it('begins a new message where addresses weigh too much', async () => {
    const long = `https://a.example/${'x'.repeat(1_500)}`;
    const parts = await render(`[a](${long}) `.repeat(9));
    const weights = parts.map(({ format }) => JSON.stringify(format).length);
    expect(parts.length).toBeGreaterThan(1);
    expect(Math.max(...weights)).toBeLessThan(9_500);
    expect(parts.map(({ text }) => text).join(' ')).toBe('a (a.example) '.repeat(9).trim());
  });

  it('puts what is too long for a chat into a file, whole', async () => {
    const answer = 'One more sentence.\u200B '.repeat(2_000);
    const parts = await render(answer);
    expect(parts).toHaveLength(5);
    expect(parts.map(({ file }) => file !== undefined)).toEqual([false, false, false, false, true]);
    const content = answer.replaceAll('\u200B', '');
    expect(parts[4]).toEqual({
      text: 'The answer is too long for a chat: all of it is in the file.',
      file: { name: 'answer.md', content },
    });
  });

  it('F072: keeps every part within the limit, well-formed and visible', async () => {
    const piece = fc.oneof(
      fc.constantFrom('😀'.repeat(700), '👨‍👩‍👧‍👦'.repeat(90), '\n\n', '```js\n', '```\n', '\u2800'.repeat(4200), ' '),
      fc.constantFrom(
        '- a\n  1. b\n',
        '> q\n> > r\n',
        '| a | b |\n|--|--|\n| 1 | 2 |\n',
        '**x',
        '_y_',
        '[l](http://h.example)',
      ),
      fc.lorem({ maxCount: 200 }),
      fc.string({ unit: 'binary' }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        for (const { text } of await render(pieces.join(''))) {
          expect(text.length).toBeLessThanOrEqual(TEXT_LENGTH);
          expect(text.isWellFormed()).toBe(true);
          expect(text.trim()).not.toBe('');
        }
      }),
    );
  });
});
