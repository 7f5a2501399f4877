import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Block, Item, Run, Table } from '../shared/markdown/blocks.ts';
import { createSize, partOf, render, TEXT_LENGTH } from './render.ts';

const say = (...runs: (string | Run)[]): Block => ({
  kind: 'paragraph',
  runs: runs.map((run) => (typeof run === 'string' ? { text: run } : run)),
});
const item = (...blocks: (string | Block)[]): Item => ({
  blocks: blocks.map((block) => (typeof block === 'string' ? say(block) : block)),
});
const list = (start: number | null, ...items: Item[]): Block => ({ kind: 'list', start, items });
const quote = (...blocks: Block[]): Block => ({ kind: 'quote', blocks });
const code = (text: string): Block => ({ kind: 'code', language: 'js', text });
const table = (head: string[], ...rows: string[][]): Table => ({
  kind: 'table',
  align: head.map((_, column) => (column === 1 ? 'right' : 'left')),
  head: head.map((text) => [{ text }]),
  rows: rows.map((row) => row.map((text) => (text === '' ? [] : [{ text }]))),
});

const section = (...elements: object[]) => ({ type: 'rich_text_section', elements });
const text = (words: string, style?: object) => ({ type: 'text', text: words, ...(style && { style }) });
const rich = (...elements: object[]) => [{ type: 'rich_text', elements }];
const lines = (...words: string[]) => words.map((one) => section(text(one)));
const bullets = (indent: number, words: string[], more: object = {}) => ({
  type: 'rich_text_list',
  style: 'bullet',
  indent,
  ...more,
  elements: lines(...words),
});
const numbers = (indent: number, words: string[], more: object = {}) => ({
  ...bullets(indent, words, more),
  style: 'ordered',
});

const size = createSize();

describe('a sheet', () => {
  it.each<[string, Block[], string, object[]]>([
    [
      'paragraphs in one section, with their looks',
      [say('a ', { text: 'b', bold: true }, ' c'), say({ text: 'd', italic: true }, ' ', { text: 'e<', code: true })],
      'a *b* c\n\n_d_ `e&lt;`',
      rich(
        section(
          ...[text('a '), text('b', { bold: true }), text(' c'), text('\n\n')],
          ...[text('d', { italic: true }), text(' '), text('e<', { code: true })],
        ),
      ),
    ],
    [
      'a mark in the middle of a word is none',
      [say('a', { text: 'b', bold: true }, 'c ', { text: '2*3', bold: true }, ' ', { text: 'x\ny', strike: true })],
      'abc 2*3 ~x~\n~y~',
      rich(
        section(
          ...[text('a'), text('b', { bold: true }), text('c '), text('2*3', { bold: true }), text(' ')],
          text('x\ny', { strike: true }),
        ),
      ),
    ],
    [
      'headings, bold',
      [{ kind: 'heading', level: 2, runs: [{ text: 'Title' }] }, say('x')],
      '*Title*\n\nx',
      rich(section(text('Title', { bold: true }), text('\n\n'), text('x'))),
    ],
    [
      'links',
      [
        say(
          ...[
            { text: 'here', href: 'https://a.test/?x=1&y=|' },
            { text: ' (a.test)', href: 'https://a.test/?x=1&y=|' },
          ],
          ...[' ', { text: 'https://b.test/', href: 'https://b.test/', bold: true } as const],
        ),
      ],
      '<https://a.test/?x=1&amp;y=%7C|here><https://a.test/?x=1&amp;y=%7C| (a.test)> *<https://b.test/>*',
      rich(
        section(
          { type: 'link', url: 'https://a.test/?x=1&y=|', text: 'here' },
          { type: 'link', url: 'https://a.test/?x=1&y=|', text: ' (a.test)' },
          text(' '),
          { type: 'link', url: 'https://b.test/', style: { bold: true } },
        ),
      ),
    ],
    [
      'code, whose fences the text cannot hold',
      [code('if (a < b) {\n```\n}')],
      '```\nif (a &lt; b) {\n`` `\n}\n```',
      rich({ type: 'rich_text_preformatted', elements: [text('if (a < b) {\n```\n}')] }),
    ],
    [
      'lists in lists, which go on with their numbers',
      [list(3, item('three', list(null, item('x'), item('y'))), item('four'))],
      '3. three\n    • x\n    • y\n4. four',
      rich(numbers(0, ['three'], { offset: 2 }), bullets(1, ['x', 'y']), numbers(0, ['four'], { offset: 3 })),
    ],
    [
      'a list that begins at nothing, code in it, tasks, and what an earlier message began',
      [
        list(0, item('zero'), item('one', code('x'), say('more'))),
        list(null, { checked: true, blocks: [say('done')] }, { checked: false, blocks: [say('open')] }),
        list(7, { continued: true, blocks: [say('rest')] }, item('seven')),
      ],
      '0. zero\n1. one\n    ```\n    x\n    ```\n    more\n\n• ☑ done\n• ☐ open\n\nrest\n7. seven',
      rich(
        section(text('0. '), text('zero')),
        numbers(0, ['one']),
        { type: 'rich_text_preformatted', elements: [text('x')] },
        section(text('more')),
        { ...bullets(0, []), elements: [section(text('☑ '), text('done')), section(text('☐ '), text('open'))] },
        section(text('rest')),
        numbers(0, ['seven'], { offset: 6 }),
      ),
    ],
    [
      'quotes, with what is in them',
      [quote(say('a\nb'), quote(say('c\nd')), list(null, item('e')), code('f'))],
      '> a\n> b\n> \n> > c\n> > d\n> \n> • e\n> \n> ```\n> f\n> ```',
      rich(
        { type: 'rich_text_quote', elements: [text('a\nb'), text('\n\n'), text('> '), text('c\n> d')] },
        bullets(0, ['e'], { border: 1 }),
        { type: 'rich_text_preformatted', elements: [text('f')], border: 1 },
      ),
    ],
    [
      'rules',
      [say('a'), { kind: 'rule' }, say('b')],
      'a\n\n———\n\nb',
      [...rich(section(text('a'))), { type: 'divider' }, ...rich(section(text('b')))],
    ],
    [
      'a table',
      [table(['Name', 'Age'], ['Ada', '36'], ['日本', ''])],
      '```\nName  Age\n----  ---\nAda    36\n日本\n```',
      [
        {
          type: 'table',
          rows: [
            ['Name', 'Age'],
            ['Ada', '36'],
            ['日本', ' '],
          ].map((row) => row.map((words) => ({ type: 'raw_text', text: words }))),
          column_settings: [
            { align: 'left', is_wrapped: true },
            { align: 'right', is_wrapped: true },
          ],
        },
      ],
    ],
    [
      'a wide table in a quote, as a list',
      [quote(table(['Name', 'What is known'], ['Ada', 'x'.repeat(70)]))],
      `> • *Name: Ada*\n>     What is known: ${'x'.repeat(70)}`,
      rich({
        ...bullets(0, [], { border: 1 }),
        elements: [section(text('Name: Ada', { bold: true }), text('\n'), text(`What is known: ${'x'.repeat(70)}`))],
      }),
    ],
  ])('has %s', (_name, blocks, words, format) => {
    expect(partOf(blocks)).toEqual({ text: words, format: { blocks: format } });
  });

  it.each<[string, Block[]]>([
    ['two of them', [table(['a'], ['b']), table(['a'], ['b'])]],
    ['more than 100 rows', [table(['a'], ...Array.from({ length: 100 }, () => ['b']))]],
    ['more than 20 columns', [table(Array.from({ length: 21 }, () => 'a'))]],
  ])('writes tables as text where the platform does not take %s', (_name, blocks) => {
    const { blocks: made } = partOf(blocks).format as { blocks: { type: string; elements: { type: string }[] }[] };
    expect(made.map(({ type }) => type)).toEqual(['rich_text']);
    expect(made[0]?.elements.every(({ type }) => /_(preformatted|list)$/.test(type))).toBe(true);
  });

  it('knows styles in cells', () => {
    const styled: Table = { ...table(['A']), rows: [[[{ text: 'x', bold: true }]]] };
    expect(partOf([styled]).format).toMatchObject({
      blocks: [{ rows: [[{ type: 'raw_text' }], rich(section(text('x', { bold: true })))] }],
    });
  });
});

describe('the size', () => {
  it.each<[string, Block[], boolean]>([
    ['2,000 letters', [say('x'.repeat(2_000))], true],
    ['4,000 letters', [say('x'.repeat(4_000))], false],
    ['1,000 letters that are escaped', [say('<'.repeat(1_000))], false],
    [
      'an address that is too long for the text',
      [say({ text: 'x', href: `https://a.test/?${'&'.repeat(2_000)}` })],
      true,
    ],
    ['24 rules', Array.from({ length: 24 }, () => ({ kind: 'rule' })), true],
    ['25 rules', Array.from({ length: 25 }, () => ({ kind: 'rule' })), false],
    ['1,000 items of a letter', [list(null, ...Array.from({ length: 1_000 }, () => item('x')))], false],
  ])('of %s', (_name, blocks, fits) => {
    expect(size(blocks) <= TEXT_LENGTH).toBe(fits);
  });

  it('only grows with the rows of a table, however it is written', () => {
    const narrow = Array.from({ length: 20 }, () => ['a', 'b']);
    const sizes = [19, 20].map((rows) => size([table(['a', 'b'], ...narrow.slice(0, rows))]));
    const wide = size([table(['a', 'b'], ...narrow, ['x'.repeat(70), 'y'])]);
    expect([...sizes, wide].toSorted((one, other) => one - other)).toEqual([...sizes, wide]);
  });
});

/** Any tree, small enough to look at when it fails. */
const trees = fc.letrec<{ block: Block; item: Item }>((tie) => {
  const look = {
    bold: fc.constant(true as const),
    italic: fc.constant(true as const),
    strike: fc.constant(true as const),
  };
  const words = fc.array(fc.constantFrom('a', ' ', '*', '_', '<', '&', '\n', '`', '```', '😀', 'word', '日'), {
    minLength: 1,
  });
  const href = fc.constantFrom('https://a.test/', `https://b.test/?${'&'.repeat(300)}`);
  const run = fc
    .record({ text: words.map((all) => all.join('')), ...look, href }, { requiredKeys: ['text'] })
    .chain((one) => fc.constantFrom<Run>(one, { text: one.text, code: true }));
  const runs = fc.array(run, { minLength: 1, maxLength: 4 });
  const grid = fc.integer({ min: 1, max: 22 }).chain((width) =>
    fc.record({
      kind: fc.constant('table' as const),
      align: fc.constant([]),
      head: fc.array(runs, { minLength: width, maxLength: width }),
      rows: fc.array(fc.array(runs, { minLength: width, maxLength: width }), { maxLength: 3 }),
    }),
  );
  const blocks = fc.array(tie('block'), { minLength: 1, maxLength: 3 });
  return {
    block: fc.oneof(
      { depthSize: 'small' },
      fc.record({ kind: fc.constant('paragraph' as const), runs }),
      fc.record({
        kind: fc.constant('code' as const),
        language: fc.constant(''),
        text: words.map((all) => all.join('')),
      }),
      fc.constant<Block>({ kind: 'rule' }),
      grid,
      fc.record({ kind: fc.constant('quote' as const), blocks }),
      fc.record({
        kind: fc.constant('list' as const),
        start: fc.constantFrom(null, 0, 1, 99),
        items: fc.array(tie('item'), { minLength: 1, maxLength: 4 }),
      }),
    ),
    item: fc.record(
      { blocks, checked: fc.boolean(), continued: fc.constant(true as const) },
      { requiredKeys: ['blocks'] },
    ),
  };
});

describe('any sheet', () => {
  it('has no more text than its size tells, nor more blocks, and grows with each block', () => {
    fc.assert(
      fc.property(fc.array(trees.block, { minLength: 1, maxLength: 4 }), (blocks) => {
        const part = partOf(blocks);
        const full = size(blocks);
        const length = JSON.stringify(part.format ?? '').length - '{"blocks":[]}'.length;
        expect(part.text.length).toBeLessThanOrEqual(full);
        expect(length / 12_000).toBeLessThanOrEqual(full / TEXT_LENGTH);
        expect(full).toBeGreaterThanOrEqual(size(blocks.slice(1)));
        expect(full).toBeGreaterThanOrEqual(size(blocks.slice(0, -1)));
        expect(part.text).not.toMatch(/<(?!https:\/\/[ab]\.test)/);
      }),
      { numRuns: 300 },
    );
  });
});

describe('render', () => {
  it.each([
    ['<!channel> <!here> <!everyone>', '&lt;!channel&gt; &lt;!here&gt; &lt;!everyone&gt;'],
    ['<@U0BOT> <!subteam^S1>', '&lt;@U0BOT&gt; &lt;!subteam^S1&gt;'],
    ['`a < b`', '`a &lt; b`'],
    ['a\u202eb\u{e0041}', 'ab'],
  ])('makes no token of what a model wrote: %s', async (answer, words) => {
    expect((await render(answer)).map((part) => part.text)).toEqual([words]);
  });

  it.each(['', ' \n', '\u200b\u2800'])('sends nothing that nobody would see: %j', async (answer) => {
    expect(await render(answer)).toEqual([]);
  });

  it('counts what is escaped as it is sent', async () => {
    const parts = (await render('<&> '.repeat(900))).map((part) => part.text);
    expect(Math.max(...parts.map((words) => words.length))).toBeLessThanOrEqual(TEXT_LENGTH);
    expect(parts.join(' ').trim().split(' ')).toEqual(Array(900).fill('&lt;&amp;&gt;'));
  });
});
