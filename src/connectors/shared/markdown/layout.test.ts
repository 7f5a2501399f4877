import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostileTexts } from '../../../../fuzz/hostile.ts';
import type { Block } from './blocks.ts';
import { layOut } from './layout.ts';
import { plain, words } from './runs.ts';
import { clean } from './source.ts';

const size = (blocks: readonly Block[]): number => words(blocks).length + 2 * blocks.length;
const sheetsOf = async (answer: string, limit: number) => (await layOut(answer, { size, limit })).sheets;
const kinds = (sheet: readonly Block[]) => sheet.map(({ kind }) => kind).join(' ');
const letters = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '');

describe('laying out', () => {
  it('keeps what fits together', async () => {
    expect(await sheetsOf('a\n\nb', 100)).toHaveLength(1);
    expect(await sheetsOf('', 100)).toEqual([]);
    expect(await sheetsOf('\u2800\n\n&#8203;', 100)).toEqual([]);
  });

  it('F072: cuts prose at a sentence, else a word, else a grapheme', async () => {
    const sentences = await sheetsOf('One is here. Two is there. Three is gone.', 32);
    expect(sentences.map(words)).toEqual(['One is here. Two is there.', 'Three is gone.']);
    expect((await sheetsOf('one two three four five', 16)).map(words)).toEqual(['one two three', 'four five']);
    const family = '👨‍👩‍👧‍👦';
    expect((await sheetsOf(family.repeat(10), 40)).map(words)).toEqual(Array(4).fill(family.repeat(3)).fill(family, 3));
  });

  it('leaves no heading behind', async () => {
    const sheets = await sheetsOf(`${'a'.repeat(60)}\n\n# Title\n\n${'b'.repeat(60)}`, 100);
    expect(sheets.map(kinds)).toEqual(['paragraph', 'heading paragraph']);
  });

  it('goes on counting in a list, and marks what goes on in an item', async () => {
    const sheets = await sheetsOf(`7. ${'word '.repeat(30)}\n8. b\n9. c`, 100);
    const lists = sheets.map(([list]) =>
      list?.kind === 'list' ? [list.start, list.items.map((item) => item.continued ?? false)] : list,
    );
    expect(lists).toEqual([
      [7, [false]],
      [8, [true, false, false]],
    ]);
  });

  it('F055: cuts code at lines, and it is code on both sides', async () => {
    const sheets = await sheetsOf(`\`\`\`js\n${'let a = 1;\n'.repeat(20)}\`\`\``, 100);
    expect(sheets.length).toBeGreaterThan(2);
    for (const [code] of sheets)
      expect(code).toMatchObject({ kind: 'code', language: 'js', text: expect.stringMatching(/^let a.*1;$/s) });
  });

  it('repeats the head of a table; a row larger than a sheet becomes paragraphs', async () => {
    const head = '| h | i |\n|---|---|\n';
    const sheets = await sheetsOf(`${head}${'| a | b |\n'.repeat(40)}`, 100);
    for (const [table] of sheets)
      expect(table).toMatchObject({ kind: 'table', head: [[{ text: 'h' }], [{ text: 'i' }]] });
    const large = await sheetsOf(`${head}| ${'word '.repeat(60)} | b |\n| c | d |\n`, 100);
    expect(large.map(kinds).join(' ')).toMatch(/^paragraph .*paragraph table$/);
    expect(words(large.flat())).toContain('i: b');
  });

  it('never leaves a link without where it leads', async () => {
    const source = `${'word '.repeat(14)}[${'words of it '.repeat(5).trim()}](https://evil.example/x)`;
    for (let limit = 40; limit < 160; limit += 7) {
      for (const sheet of await sheetsOf(source, limit)) {
        for (const block of sheet) {
          const linked = 'runs' in block ? block.runs.filter((run) => run.href) : [];
          if (linked.length > 0) expect(plain(linked)).toContain('(evil.example)');
        }
      }
    }
  });

  it('stops when there are as many sheets as wanted', async () => {
    const { sheets, more } = await layOut('word '.repeat(1_000), { size, limit: 100, sheets: 3 });
    expect([sheets.length, more]).toEqual([3, true]);
    expect(await layOut('word', { size, limit: 100, sheets: 1 })).toMatchObject({ more: false });
  });

  it('reads long texts in slices as if they were one', async () => {
    const code = await sheetsOf(`\`\`\`js\n${'let abc = 1;\n'.repeat(4_000)}\`\`\`\n\nend`, 4_000);
    expect(new Set(code.slice(0, -1).map(kinds))).toEqual(new Set(['code']));
    const table = await sheetsOf(`| h |\n|---|\n${'| some words |\n'.repeat(4_000)}`, 4_000);
    expect(new Set(table.map(kinds))).toEqual(new Set(['table']));
    const list = (
      await sheetsOf(Array.from({ length: 3_000 }, (_, index) => `${index + 1}. words of an item`).join('\n'), 4_000)
    ).flat();
    expect(list.every((block) => block.kind === 'list')).toBe(true);
    const word = await sheetsOf('a'.repeat(50_000), 4_000);
    expect(word.map((sheet) => words(sheet)).join('')).toBe('a'.repeat(50_000));
    const breaks = await sheetsOf('words of a line\n'.repeat(3_000), 1e9);
    expect(words(breaks.flat())).toBe('words of a line\n'.repeat(3_000).trimEnd());
    const signs = await sheetsOf('<&> '.repeat(6_000), 1e9);
    expect(words(signs.flat())).toBe('<&> '.repeat(6_000).trimEnd());
    const links = await sheetsOf(`[a](<https://x.example/${'p'.repeat(1_500)}>) `.repeat(12), 1e9);
    expect(words(links.flat())).toBe('a (x.example) '.repeat(12).trimEnd());
    const early = await sheetsOf(`[see][far]\n\n${'word '.repeat(5_000)}\n\n[far]: https://x.example/`, 4_000);
    expect(early[0]?.[0]).toMatchObject({ runs: [{ href: 'https://x.example/' }, {}] });
  });

  it('shows nothing of what nobody can see where it repeats a fence or a head', async () => {
    const hidden = '\u202e\u200b\ud800';
    const code = await sheetsOf(`\`\`\`js${hidden}\n${'let abc = 1;\n'.repeat(4_000)}`, 4_000);
    const table = await sheetsOf(`| h${hidden} |\n|---|\n${'| some words |\n'.repeat(4_000)}`, 4_000);
    expect(table.map(kinds)).toContain('table');
    expect(JSON.stringify([code, table])).not.toMatch(/[\u202e\u200b]|\\ud800/);
  });

  it('loses no letter and keeps the limit, whatever is written', async () => {
    const piece = fc.constantFrom(
      'word ',
      '# ',
      '- ',
      '1. ',
      '> ',
      '\n',
      '\n\n',
      '```\n',
      '| a | b |\n|-|-|\n',
      '**',
      '`',
      '你好。',
      '👍🏽',
      'e\u0301',
      '    ',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 80 }), fc.integer({ min: 60, max: 300 }), async (pieces, limit) => {
        const { sheets } = await layOut(pieces.join(''), { size, limit });
        const { sheets: one } = await layOut(pieces.join(''), { size, limit: 1e9 });
        expect(sheets.every((sheet) => size(sheet) <= limit)).toBe(true);
        const heads = /[ab]/g;
        expect(letters(sheets.map(words).join('')).replace(heads, '')).toBe(
          letters(one.map(words).join('')).replace(heads, ''),
        );
      }),
      { numRuns: 100 },
    );
  });

  it.each([...hostileTexts(40_000)])('survives $name', async ({ text }) => {
    for (const sheet of await sheetsOf(text, 2_000)) expect(size(sheet)).toBeLessThanOrEqual(2_000);
  });
});

describe('cleaning', () => {
  it('is the same in pieces', async () => {
    const text = 'a\u200bb 👩‍💻 🏴󠁧󠁢󠁥󠁮󠁧󠁿 c\r\n\u202ed ';
    const expected = 'ab 👩‍💻 🏴󠁧󠁢󠁥󠁮󠁧󠁿 c\nd ';
    expect(await clean(text.repeat(8_000))).toBe(expected.repeat(8_000));
  });
});
