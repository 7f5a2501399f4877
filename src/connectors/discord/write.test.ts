import { describe, expect, it } from 'vitest';
import type { Block, Item, Run, Table } from '../shared/markdown/blocks.ts';
import { measure, write } from './write.ts';

const p = (...runs: (string | Run)[]): Block => ({
  kind: 'paragraph',
  runs: runs.map((run) => (typeof run === 'string' ? { text: run } : run)),
});
const list = (start: number | null, ...items: (Block[] | Item)[]): Block => ({
  kind: 'list',
  start,
  items: items.map((item) => (Array.isArray(item) ? { blocks: item } : item)),
});
const code = (text: string, language = ''): Block => ({ kind: 'code', language, text });
const quote = (...blocks: Block[]): Block => ({ kind: 'quote', blocks });
const heading = (level: number, text: string): Block => ({ kind: 'heading', level, runs: [{ text }] });
const table = (head: string[], ...rows: string[][]): Table => {
  const cells = (row: string[]) => row.map((text) => (text === '' ? [] : [{ text }]));
  return { kind: 'table', align: head.map(() => 'left'), head: cells(head), rows: rows.map(cells) };
};

const bold = (text: string): Run => ({ text, bold: true });
const italic = (text: string): Run => ({ text, italic: true });
const both = (text: string): Run => ({ text, bold: true, italic: true });
const inline = (text: string): Run => ({ text, code: true });
const url = 'https://a.example/x_y';
const long = `${url}${'z'.repeat(1500)}`;
const link = (text: string, href = url): Run => ({ text, href });

describe('write', () => {
  it.each<[string, Block[], string[]]>([
    ['nothing', [], ['']],
    ['paragraphs', [p('one\ntwo'), p('three')], ['one', 'two', '', 'three']],
    ['headings', [p('a'), heading(2, 'Tea'), p('b')], ['a', '## Tea', 'b']],
    ['a deep heading', [heading(4, 'Tea')], ['**Tea**']],
    ['a heading that ends with the sign of one', [heading(1, 'In C#')], ['**In C#**']],
    ['a heading like a list', [heading(1, '1. Tea')], ['# 1. Tea']],
    ['a rule', [p('a'), { kind: 'rule' }, p('b')], ['a', '———', 'b']],
    ['code', [p('a'), code('x\n\ny', 'js'), p('b')], ['a', '```js', 'x', '', 'y', '```', 'b']],
    ['code with a fence in it', [code('```\n````')], ['```', '``\u200B`', '``\u200B``', '```']],
    ['code of nothing', [code('\n')], ['```', ' ', '```']],
    ['a language the platform does not know', [code('x', 'ü')], ['```', 'x', '```']],
    ['quotes in quotes', [quote(p('a'), quote(p('b')), p('c'))], ['> a', '> ', '> b', '> ', '> c']],
    ['two quotes', [quote(p('a')), quote(p('b'))], ['> a', '', '> b']],
    ['code in a quote', [quote(code('x\n\ny'))], ['> ```', '> x', '> ', '> y', '> ```']],
    [
      'lists in lists',
      [list(null, [p('a'), list(9, [p('b')], [p('c')])], [p('d')])],
      ['- a', '  9. b', '  10. c', '- d'],
    ],
    [
      'tasks',
      [list(null, { checked: true, blocks: [p('a')] }, { checked: false, blocks: [p('b')] })],
      ['- ☑ a', '- ☐ b'],
    ],
    ['a list that goes on', [list(3, { continued: true, blocks: [p('a')] }, [p('b')])], ['a', '3. b']],
    ['code in a list', [list(1, [p('a'), code('x\n\ny')])], ['1. a', '   ```', '   x', '    ', '   y', '   ```']],
    [
      'code in a list in a list in a quote',
      [quote(list(null, [list(9, [p('a')], [code('x\n\ny')])]))],
      ['> - ', '>   9. a', '>   10. ```', '>      x', '>       ', '>      y', '>      ```'],
    ],
    [
      'code in a list whose numbers do not count on',
      [list(3, [p('a')], { number: 2, blocks: [p('b'), code('x\n\ny'), list(null, [p('c')]), p('d')] })],
      ['3\\. a', '2\\. b', '```', 'x', '', 'y', '```', '    - c', 'd'],
    ],
    ['a list that begins at 0', [list(0, [p('a')], [p('b')])], ['0\\. a', '1\\. b']],
    [
      'a list beside a list in an item',
      [list(null, [p('a'), list(1, [p('b')]), list(null, [p('c')])])],
      ['- a', '  1. b', '  \u200B', '  - c'],
    ],
    [
      'two lists in an item that is text to the apps, which take no indent from them',
      [list(9, [p('a')], { number: 8, blocks: [list(1, [p('b')]), list(null, [p('c')])] })],
      ['9\\. a', '8\\. ', '    1. b', '\u200B', '    - c'],
    ],
    [
      'text markers in an item with one',
      [list(9, [p('a')], { number: 8, blocks: [p('b'), list(0, [p('c')], [list(null, [p('d')])])] })],
      ['9\\. a', '8\\. b', '0\\. c', '1\\. ', '    - d'],
    ],
    [
      'two lists after a quote in an item',
      [list(null, [p('a'), quote(p('b')), list(null, [p('c')]), list(1, [p('d')])])],
      ['- a', '> b', '  - c', '\u200B', '  1. d'],
    ],
    [
      'a quote in a list in a list, as text',
      [list(null, [list(null, [p('a'), quote(p('b'))], [p('c')])])],
      ['- ', '  - a', '    b', '  - c'],
    ],
    ['an item of a quote alone', [list(null, [quote(quote(code('a')))])], ['- \u200B', '> ```', '> a', '> ```']],
    [
      'a list in an item that goes on',
      [list(3, { continued: true, blocks: [list(null, [p('a')])] }, [p('b')])],
      ['- a', '', '3. b'],
    ],
    [
      'a quote in a list, which ends it',
      [list(1, [p('a'), quote(p('q')), code('x\n\ny'), list(null, [p('b')]), p('c')], [p('d')])],
      ['1. a', '> q', '```', 'x', '', 'y', '```', '   - b', 'c', '2. d'],
    ],
    ['a quote and nothing else in an item', [list(1, [quote(p('q'))])], ['1. q']],
    ['a list in a quote', [quote(list(null, [p('a'), quote(p('b'))]))], ['> - a', '>   b']],
    ['a heading in a list', [list(null, [heading(1, 'a')])], ['- **a**']],
    ['a table', [table(['a', 'bc'], ['1', '2'])], ['```', 'a  bc', '-  --', '1  2', '```']],
    [
      'a wide table',
      [table(['a', ''], ['x'.repeat(50), '1. y'.repeat(5)], ['', '- z'])],
      [`- **a: ${'x'.repeat(50)}**`, `  1\\. y${'1. y'.repeat(4)}`, '- \\- z'],
    ],
    [
      'a table without rows',
      [table(['a'.repeat(40), 'b'.repeat(40)])],
      [`**${'a'.repeat(40)}** · **${'b'.repeat(40)}**`],
    ],
  ])('%s', (_name, blocks, lines) => {
    expect(write(blocks).split('\n')).toEqual(lines);
    expect(measure(blocks)).toBeGreaterThanOrEqual(write(blocks).length);
  });

  it.each<[string, (string | Run)[], string]>([
    ['one look inside another', [bold('a '), both('b')], '**a _b_**'],
    ['one look beside another', [bold('a'), italic('b')], '**a**_b_'],
    ['a look that has no mark there', [bold('a'), italic('b'), 'c'], '**a**bc'],
    ['a look inside a word', ['un', italic('believ'), 'able'], 'un*believ*able'],
    ['white space at the edges of a look', ['a', bold(' b '), 'c'], 'a **b** c'],
    ['lines', [bold('a\nb')], '**a**\n**b**'],
    ['struck out', [{ text: '~x~', strike: true }], '~~\\~x\\~~~'],
    ['code', [inline('a_*'), ' ', inline('a`b'), ' ', inline('`')], '`a_*` ``a`b`` `` ` ``'],
    ['code beside code', [inline('a'), inline('b')], '`ab`'],
    ['code for which there is no fence', [inline('a`b``c')], 'a\\`b\\`\\`c'],
    ['a link', [link('words'), link(' (a.example)')], `[words (a.example)](<${url}>)`],
    [
      'a link with a look',
      [{ ...link('words'), bold: true }, link(' (a.example)')],
      `[**words** (a.example)](<${url}>)`,
    ],
    ['an address', ['see ', link(url)], `see <${url}>`],
    ['a link with brackets', [link('[1] (a.example)')], `[1] (a.example) <${url}>`],
    [
      'a link whose words are another',
      [link('http://b.example'), link(' (a.example)')],
      `http:\\//b.example (a.example) <${url}>`,
    ],
    [
      'an address with brackets',
      [link('a.example', 'https://a.example/(x)*')],
      '[a.example](<https://a.example/%28x%29%2A>)',
    ],
    [
      'a long address',
      [bold('see '), link('words', long), link(' (a.example)', long)],
      `**see** words (a.example) <${long}>`,
    ],
    ['an address too long for a message', [link('words', `${long}${'z'.repeat(400)}`)], 'words'],
  ])('%s', (_name, runs, text) => {
    expect(write([p(...runs)])).toBe(text);
  });

  it.each([
    ['snake_case', 'snake_case'],
    ['_a_ a_ __b__ a__b', '\\_a\\_ a\\_ \\_\\_b\\_\\_ a\\_\\_b'],
    ['2 * 3 **b** *', '2 * 3 \\*\\*b\\*\\* *'],
    ['~5 ~~x~~ a|b a||b', '~5 \\~\\~x\\~\\~ a|b a\\|\\|b'],
    ['`a`', '\\`a\\`'],
    ['C:\\Users\\_x \\', 'C:\\Users\\\\\\_x \\'],
    ['[a](b) [c]', '[a]\\(b) [c]'],
    ['@everyone', '\\@everyone'],
    ['all:', 'all:'],
    ['@everyone <@here @ann', '\\@everyone <\\@here @ann'],
    [
      '<@1> <@&2> <#3> <:a:4> <a:b:5> <t:6:R> </c:7> <id:home>',
      '<\\@1> <\\@&2> <\\#3> \\<\\:a:4> \\<a\\:b:5> \\<t:6:R> \\</c:7> \\<id:home>',
    ],
    ['a < b <b>c</b> <br/>', 'a < b <b>c</b> <br/>'],
    ['<ann@a.example> <+49301>', '\\<ann@a.example> \\<+49301>'],
    [':smile: 12:30:45 a: b:', '\\:smile: 12:30:45 a: b:'],
    ['discord.gg/a1, Discord.com/invite/a1.', 'discord\\.gg/a1, Discord\\.com/invite/a1.'],
    [
      'discordapp.com/invite/a discord.gift/a discord.com/a',
      'discordapp\\.com/invite/a discord\\.gift/a discord.com/a',
    ],
    ['https://[ and http://', 'https:\\//[ and http:\\//'],
    ['# a\n### b\n#c\n#### d', '\\# a\n\\### b\n#c\n#### d'],
    ['> a\n>>> b\n>c', '\\> a\n\\>>> b\n>c'],
    ['- a\n+ b\n* c\n-# d\n-e', '\\- a\n\\+ b\n\\* c\n\\-# d\n-e'],
    ['1. a\n12. b\n1.5\n2) c', '1\\. a\n12\\. b\n1.5\n2) c'],
  ])('shows %j as it is', (text, written) => {
    expect(write([p(text)])).toBe(written);
  });

  it('lets no token form where a look that has no mark begins', () => {
    expect(write([p(bold('a'), italic('b'), '@every', italic('one'))])).toBe('**a**_b_\\@every*one*');
    expect(write([p('x@every', bold('one'), ' :smi', bold('le:'), ' <', bold('@1>'), ' a@')])).toBe(
      'x\\@every**one** :smi**le:** \\<**@1>** a@',
    );
    expect(write([p('a :', italic('s:'), bold('b'))])).toBe('a \\:_s:_**b**');
    expect(write([p(bold('a'), italic(':s'), ':')])).toBe('**a**_\\:s_:');
    expect(write([p(bold('Tip:'), ' a', italic(':'), 's')])).toBe('**Tip:** a*:*s');
  });

  it('is never measured shorter than it is, nor with more blocks', () => {
    const wide = table(['a', 'b'], ['x'.repeat(50), 'y'.repeat(20)]);
    const narrow = table(['a', 'b'], ['1', '`_'], ['[2]', '3']);
    const blocks = [
      p('my_var [1]', link('words', 'https://a.example/(x)'), link(' (a.example)', 'https://a.example/(x)')),
      list(1, [p('a'), narrow, list(null, [wide], [quote(narrow)])], [p('b_c')]),
      p(inline('x_ y')),
      narrow,
      code('x_'),
      p(inline('](http://b.example)')),
      wide,
    ];
    let before = 0;
    for (let count = 1; count <= blocks.length; count++) {
      const some = blocks.slice(0, count);
      expect(measure(some)).toBeGreaterThanOrEqual(Math.max(before, write(some).length));
      before = measure(some);
    }
  });

  it('is never measured shorter with more items, rows or lines', () => {
    const items: Item[] = [
      { blocks: [p('a'), code('x\n\ny\nz')] },
      { blocks: [p('b'), quote(p('q')), code('x\n\ny')] },
      { number: 7, blocks: [p('c'), list(null, [code('x\n\ny')])] },
      { blocks: [p('d')] },
    ];
    const rows = [
      ['1', '2'],
      ['3', '4'],
      ['x'.repeat(50), 'y'.repeat(20)],
      ['5', '6'],
    ];
    for (const [most, blocksOf] of [
      [items.length, (count: number) => [list(3, ...items.slice(0, count))]],
      [rows.length, (count: number) => [list(3, [table(['a', 'b'], ...rows.slice(0, count))])]],
      [8, (count: number) => [list(3, [p('a'), code('x\n\n\ny\n\nz'.slice(0, count))])]],
    ] as const) {
      const sizes = Array.from({ length: most }, (_, index) => measure(blocksOf(index + 1)));
      expect(sizes).toEqual(sizes.toSorted((one, other) => one - other));
    }
  });

  it('lets nothing in a text begin what code or a mark ends', () => {
    expect(write([p('my_var or ', inline('_x_'))])).toBe('my\\_var or `_x_`');
    expect(write([p('my_var or ', inline('x_y'))])).toBe('my_var or `x_y`');
    expect(write([p('my_var'), code('x_ = 1')])).toBe('my\\_var\n```\nx_ = 1\n```');
    expect(write([p('[', inline('](http://a.example)'))])).toBe('\\[`](http://a.example)`');
    expect(write([p('[1]', inline('a[0]'))])).toBe('[1]`a[0]`');
    const before = p(link('words'), link(' (a.example)'));
    expect(write([before, p(inline('](http://b.example)'))])).toBe(
      `words (a.example) <${url}>\n\n\`](http://b.example)\``,
    );
  });
});
