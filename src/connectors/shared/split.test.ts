import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openFence, split } from './split.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** The parts are the text, in order, but for white space at the cuts. */
function expectNothingLost(text: string, parts: readonly string[]) {
  let at = 0;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    expect(found, `part ${JSON.stringify(part)} in order`).toBeGreaterThanOrEqual(at);
    expect(text.slice(at, found).trim()).toBe('');
    at = found + part.length;
  }
  expect(text.slice(at).trim()).toBe('');
}

/** All but white space and the lines of fences, which a cut may repeat. */
function content(parts: readonly string[]): string {
  const lines = parts.flatMap((part) => part.split('\n'));
  return lines
    .filter((line) => !/^ {0,3}(`{3,}|~{3,})/.test(line))
    .join('')
    .replace(/\s/g, '');
}

describe('split', () => {
  it('leaves a text within the limit whole, also beyond the target', () => {
    const text = 'x'.repeat(4096);
    expect(split(text, 4096, 3900)).toEqual([text]);
    expect(split('', 10)).toEqual([]);
    expect(split(' \n ', 10)).toEqual([]);
  });

  it.each([
    ['a blank line', 'one two.\nthree\n\nfour five six', 18, ['one two.\nthree', 'four five six']],
    ['a newline', 'one two three\nfour five six', 18, ['one two three', 'four five six']],
    ['the end of a sentence', 'One two six. Four five six', 18, ['One two six.', 'Four five six']],
    ['a space', 'one two three four five', 18, ['one two three', 'four five']],
    ['nothing better', 'abcdefghijklmnopqrstuvwxyz', 10, ['abcdefghij', 'klmnopqrst', 'uvwxyz']],
  ])('cuts at %s', (_name, text, limit, parts) => {
    expect(split(text, limit)).toEqual(parts);
  });

  it('keeps the indentation of what follows a cut', () => {
    expect(split('first line here\n    indented line', 22)).toEqual(['first line here', '    indented line']);
  });

  it('F055: closes a fenced block and opens it again with its info string', () => {
    const code = Array.from({ length: 12 }, (_, line) => `  line(${line});`).join('\n');
    const parts = split(`Look:\n\n\`\`\`ts\n${code}\n\`\`\`\n\nDone.`, 80);
    expect(parts.length).toBeGreaterThan(2);
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(80);
      expect(openFence(part)).toBeUndefined();
    }
    expect(parts[1]).toMatch(/^```ts\n {2}line/);
    expect(parts.join('\n').match(/line\(\d+\)/g)).toHaveLength(12);
  });

  it('moves a block that begins late to the next part', () => {
    const text = `${'word '.repeat(14)}\n\`\`\`js\nconst a = 1;\nconst b = 2;\n\`\`\``;
    expect(split(text, 100)).toEqual(['word '.repeat(14).trimEnd(), '```js\nconst a = 1;\nconst b = 2;\n```']);
  });

  it.each([
    ['exclamation marks', '!'.repeat(4096 * 2)],
    ['emoji', '😀'.repeat(5000)],
    ['families', '👨‍👩‍👧‍👦'.repeat(900)],
    ['flags', '🇩🇪'.repeat(2500)],
    ['one endless grapheme', `a${'\u0301'.repeat(9000)}`],
    ['one endless line in a fence', `\`\`\`\n${'x'.repeat(9000)}\n\`\`\``],
    ['white space', `a${' '.repeat(9000)}b`],
    ['an enormous info string', `\`\`\`${'x'.repeat(9000)}\ncode\n\`\`\``],
  ])('survives %s', (_name, text) => {
    const parts = split(text, 4096, 3900);
    for (const part of parts) {
      expect(part.length).toBeLessThanOrEqual(4096);
      expect(part.isWellFormed()).toBe(true);
    }
    if (!text.startsWith('```\n')) expectNothingLost(text, parts);
  });

  it('F055 F072: cuts no grapheme and loses nothing', () => {
    const words = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((word) => !/[`~]/.test(word));
    const glue = fc.constantFrom(' ', ' ', '\n', '\n\n', '. ', '');
    const text = fc.array(fc.tuple(words, glue), { maxLength: 60 }).map((pairs) => pairs.flat().join(''));
    fc.assert(
      fc.property(text, fc.integer({ min: 30, max: 120 }), (value, limit) => {
        const parts = split(value, limit);
        expectNothingLost(value, parts);
        const starts = new Set([...graphemes.segment(value)].map(({ index }) => index));
        let at = 0;
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limit);
          at = value.indexOf(part, at);
          expect(starts.has(at)).toBe(true);
          at += part.length;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('leaves no fence open that was closed, whatever the text', () => {
    const line = fc.oneof(
      fc.constantFrom('```', '```ts', '~~~', '~~~~ md', '', '  indented', '`code`', '````'),
      fc.string({ maxLength: 30 }).filter((value) => !/[`~]/.test(value)),
    );
    const text = fc.array(line, { maxLength: 40 }).map((lines) => lines.join('\n'));
    fc.assert(
      fc.property(text, fc.integer({ min: 60, max: 200 }), (value, limit) => {
        const parts = split(value, limit);
        for (const part of parts) expect(part.length).toBeLessThanOrEqual(limit);
        for (const part of parts.slice(0, -1)) expect(openFence(part)).toBeUndefined();
        expect(content(parts)).toBe(content([value]));
      }),
      { numRuns: 500 },
    );
  });
});
