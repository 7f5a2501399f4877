import { describe, expect, it } from 'vitest';
import type { Block, Run, Table } from '../shared/markdown/blocks.ts';
import { measure, write } from './writer.ts';

const p = (...runs: (string | Run)[]): Block => ({
  kind: 'paragraph',
  runs: runs.map((run) => (typeof run === 'string' ? { text: run } : run)),
});
const list = (start: number | null, ...items: Block[][]): Block => ({
  kind: 'list',
  start,
  items: items.map((blocks) => ({ blocks })),
});
const code = (text: string, language = ''): Block => ({ kind: 'code', language, text });
const quote = (...blocks: Block[]): Block => ({ kind: 'quote', blocks });
const table = (head: string[], ...rows: string[][]): Table => {
  const cells = (row: string[]) => row.map((text) => (text === '' ? [] : [{ text }]));
  return { kind: 'table', align: head.map(() => 'left'), head: cells(head), rows: rows.map(cells) };
};

/** Each entity as its kind and words, which shows its place better than numbers do. */
function shown(blocks: readonly Block[]): { text: string; looks: string[] } {
  const { text, entities } = write(blocks);
  const looks = entities.map(({ type, offset, length, url, language }) =>
    [type, url ?? language, text.slice(offset, offset + length)].filter((it) => it !== undefined).join(' '),
  );
  return { text, looks };
}

const url = 'https://a.example/x';

describe('write', () => {
  it.each<[string, Block[], string, string[]]>([
    ['nothing', [], '', []],
    ['paragraphs', [p('one\ntwo'), p(''), p('three')], 'one\ntwo\n\nthree', []],
    ['a heading', [{ kind: 'heading', level: 3, runs: [{ text: 'Tea' }] }, p('now')], 'Tea\n\nnow', ['bold Tea']],
    [
      'code in a heading',
      [{ kind: 'heading', level: 1, runs: [{ text: 'Run ' }, { text: 'it', code: true }] }],
      'Run it',
      ['bold Run', 'code it'],
    ],
    ['a rule', [p('a'), { kind: 'rule' }, p('b')], 'a\n\n———\n\nb', []],
    [
      'one look inside another',
      [p({ text: 'a ', bold: true }, { text: 'b', bold: true, italic: true })],
      'a b',
      ['bold a b', 'italic b'],
    ],
    [
      'looks that overlap',
      [p({ text: 'a ', bold: true }, { text: 'b', bold: true, strike: true }, { text: ' c', strike: true })],
      'a b c',
      ['bold a b', 'strikethrough b', 'strikethrough c'],
    ],
    [
      'a link that is whole whatever its words look like',
      [p({ text: 'see ', bold: true }, { text: 'this', bold: true, href: url }, { text: ' (a.example)', href: url })],
      'see this (a.example)',
      ['bold see', `text_link ${url} this (a.example)`, 'bold this'],
    ],
    ['code that is a link', [p({ text: 'f()', code: true, href: url })], 'f()', [`text_link ${url} f()`]],
    [
      'white space at the ends of a look',
      [p('a', { text: ' b ', bold: true }, 'c', { text: ' ', italic: true }, 'd')],
      'a b c d',
      ['bold b'],
    ],
    ['a surrogate pair and more', [p('😀 ', { text: '👍🏽', bold: true })], '😀 👍🏽', ['bold 👍🏽']],
    ['a look that begins within a grapheme', [p('e', { text: '\u0301 so', bold: true })], 'e\u0301 so', ['bold so']],
    ['a look within one grapheme', [p('👩', { text: '\u200D', bold: true }, '🚀')], '👩\u200D🚀', []],
    ['code', [p('Run'), code('  a = 1\nb', 'py')], 'Run\n\n  a = 1\nb', ['pre py   a = 1\nb']],
    ['code at both ends', [code('  a\n'), code('b')], '  a\n\n\nb', ['pre   a', 'pre b']],
    ['indented code in a quote', [quote(code('  a'), p('b'))], '  a\n\nb', ['blockquote   a\n\nb', 'pre   a']],
    ['code of nothing', [p('a'), code(' \n'), p('b')], 'a\n\nb', []],
    ['a list', [p('So:'), list(null, [p('a\nb')], [p('c')])], 'So:\n\n• a\n  b\n• c', []],
    ['numbers', [list(9, [p('a')], [p('b')])], '9. a\n10. b', []],
    ['lists in lists', [list(1, [p('a'), list(null, [p('b'), p('c')])], [p('d')])], '1. a\n  • b\n    c\n2. d', []],
    [
      'a list of code and quotes',
      [list(1, [code('x')], [p('do'), code('y')], [quote(p('z'))])],
      '1.\nx\n2. do\ny\n3.\nz',
      ['pre x', 'pre y', 'blockquote z'],
    ],
    [
      'a list that goes on',
      [{ kind: 'list', start: 3, items: [{ continued: true, blocks: [p('rest')] }, { blocks: [p('next')] }] }],
      'rest\n3. next',
      [],
    ],
    [
      'tasks',
      [
        {
          kind: 'list',
          start: null,
          items: [
            { checked: true, blocks: [p('done')] },
            { checked: false, blocks: [p('open')] },
          ],
        },
      ],
      '☑ done\n☐ open',
      [],
    ],
    [
      'a quote',
      [p('He said:'), quote(p('so'), p('and so')), p('Fine')],
      'He said:\n\nso\n\nand so\n\nFine',
      ['blockquote so\n\nand so'],
    ],
    ['a quote in a quote', [quote(p('a'), quote(p('b\nc')))], 'a\n\n> b\n> c', ['blockquote a\n\n> b\n> c']],
    [
      'code and a list in a quote',
      [quote(code('x'), list(null, [p({ text: 'y', bold: true })]))],
      'x\n\n• y',
      ['blockquote x\n\n• y', 'pre x', 'bold y'],
    ],
    [
      'a narrow table',
      [table(['Name', 'Age'], ['Ada', '36'], ['茶', ''])],
      'Name  Age\n----  ---\nAda   36\n茶',
      ['pre Name  Age\n----  ---\nAda   36\n茶'],
    ],
    [
      'a wide table',
      [table(['Name', 'What it is'], ['Oolong', 'between green and black tea'], ['', 'water'])],
      '• Name: Oolong\n  What it is: between green and black tea\n• What it is: water',
      ['bold Name: Oolong'],
    ],
    [
      'a table with a link',
      [{ ...table(['At']), rows: [[[{ text: url, href: url }]]] }],
      `• At: ${url}`,
      ['bold At:', `text_link ${url} ${url}`, `bold ${url}`],
    ],
  ])('%s', (_name, blocks, text, looks) => {
    expect(shown(blocks)).toEqual({ text, looks });
  });

  it('aligns columns as the table says', () => {
    const aligned = { ...table(['L', 'Right', 'Mid'], ['a', '1', 'x']), align: ['left', 'right', 'center'] as const };
    expect(write([aligned]).text.split('\n')).toEqual(['L  Right  Mid', '-  -----  ---', 'a      1   x']);
  });
});

describe('measure', () => {
  it('grows with the table, also where that is no longer narrow', () => {
    const narrow = Array.from({ length: 9 }, () => ['a', 'b']);
    const wide = [...narrow, ['a'.repeat(20), 'b'], ['a', 'b'.repeat(30)]];
    const lengths = wide.map((_row, at) => measure([table(['H', ''], ...wide.slice(0, at + 1))]).length);
    expect(lengths).toEqual(lengths.toSorted((a, b) => a - b));
    for (const at of wide.keys()) {
      expect(write([table(['H', ''], ...wide.slice(0, at + 1))]).text.length).toBeLessThanOrEqual(lengths[at] ?? 0);
    }
  });
});
