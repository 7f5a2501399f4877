import { describe, expect, it } from 'vitest';
import type { Block, Run } from './blocks.ts';
import { read } from './read.ts';
import { words } from './runs.ts';

const runs = (source: string): readonly Run[] => {
  const [block] = read(source);
  return block && 'runs' in block ? block.runs : [];
};
const text = (source: string): string => words(read(source));

describe('reading', () => {
  it.each<[string, string, readonly Run[]]>([
    [
      'looks',
      'a **b *c*** ~~d~~ `e`',
      [
        { text: 'a ' },
        { text: 'b ', bold: true },
        { text: 'c', bold: true, italic: true },
        { text: ' ' },
        { text: 'd', strike: true },
        { text: ' ' },
        { text: 'e', code: true },
      ],
    ],
    ['neighbours of one look', '**a**__b__', [{ text: 'ab', bold: true }]],
    ['soft and hard breaks', 'a\nb  \nc\\\nd', [{ text: 'a\nb\nc\nd' }]],
    ['HTML', '<b>x</b> &lt;y&gt;', [{ text: '<b>x</b> <y>' }]],
    ['the tag of a line break', 'a<br>b<BR />c', [{ text: 'a\nb\nc' }]],
    ['references to what nobody sees', 'a&#x200B;b&#8238;c&#10;d &amp; e', [{ text: 'abc d & e' }]],
    ['footnotes', 'a[^1]', [{ text: 'a[^1]' }]],
    ['products', '2*3*4, a*2*b, 5*x', [{ text: '2*3*4, a*2*b, 5*x' }]],
    ['a product in bold words', '**5*x*2**', [{ text: '5*x*2', bold: true }]],
    ['a digit after italic words', '*x*2', [{ text: 'x', italic: true }, { text: '2' }]],
  ])('%s', (_, source, expected) => {
    expect(runs(source)).toEqual(expected);
  });

  it('takes no line of a footnote for a list, unless it begins one', () => {
    expect(read('[^1]: Mix.\n3. Bake.\n5. Eat.').map(({ kind }) => kind)).toEqual(['paragraph']);
    expect(read('[^1]: Mix.\n1. Bake.\n2. Eat.').map(({ kind }) => kind)).toEqual(['paragraph', 'list']);
  });

  it('reads rules in a row as one', () => {
    expect(read('a\n\n---\n***\n\n___\nb\n\n> ---\n> ---').map(({ kind }) => kind)).toEqual([
      'paragraph',
      'rule',
      'paragraph',
      'quote',
    ]);
    expect(read('> ---\n> ---')).toEqual([{ kind: 'quote', blocks: [{ kind: 'rule' }] }]);
  });

  const href = 'https://x.example/a';
  it.each<[string, string, readonly Run[]]>([
    [
      'words that say something else',
      `[w](${href})`,
      [
        { text: 'w', href },
        { text: ' (x.example)', href },
      ],
    ],
    ['words that are the address', `[${href}](${href})`, [{ text: href, href }]],
    ['words that are the host', `[x.example](${href})`, [{ text: 'x.example', href }]],
    ['a host with a sign of Markdown', '[w](http://a`b/)', [{ text: 'w (http://a`b/)' }]],
    [
      'words that are another address',
      '[https://a.example](https://b.example/)',
      [
        { text: 'https://a.example', href: 'https://b.example/' },
        { text: ' (b.example)', href: 'https://b.example/' },
      ],
    ],
    [
      'a name before the host',
      'https://a.example@b.example',
      [
        { text: 'https://a.example@b.example', href: 'https://b.example/' },
        { text: ' (b.example)', href: 'https://b.example/' },
      ],
    ],
    [
      'letters that look like others',
      '[https://аpple.example](https://аpple.example)',
      [
        { text: 'https://аpple.example', href: 'https://xn--pple-43d.example/' },
        { text: ' (xn--pple-43d.example)', href: 'https://xn--pple-43d.example/' },
      ],
    ],
    [
      'a bare address in brackets',
      `(${href}_(b)).`,
      [{ text: '(' }, { text: `${href}_(b)`, href: `${href}_(b)` }, { text: ').' }],
    ],
    ['a bare address in Chinese', `见${href}。好`, [{ text: '见' }, { text: href, href }, { text: '。好' }]],
    [
      'an image',
      `![w](${href})`,
      [
        { text: 'w', href },
        { text: ' (x.example)', href },
      ],
    ],
    ['an image without words', `![](${href})`, [{ text: 'x.example', href }]],
    [
      'an image in a link',
      `[![w](https://i.example)](${href})`,
      [
        { text: 'w', href },
        { text: ' (x.example)', href },
      ],
    ],
    ['a mail address', '[w](mailto:a@b.example)', [{ text: 'w (a@b.example)' }]],
  ])('link: %s', (_, source, expected) => {
    expect(runs(source)).toEqual(expected);
  });

  it.each([
    'javascript:alert(1)',
    'JAVASCRIPT:x',
    'data:text/html,x',
    'tg://user?id=1',
    'file:///x',
    'slack://open',
    '/x',
    '#x',
    'https://',
    'vbscript:x',
  ])('only the words stay of a link to %s', (address) => {
    expect(runs(`[w](<${address}>)`)).toEqual([{ text: 'w' }]);
  });

  const paragraph = (words: string): Block => ({ kind: 'paragraph', runs: [{ text: words }] });
  it.each<[string, string, readonly Block[]]>([
    [
      'tasks',
      '- [ ] a\n- [x] b',
      [
        {
          kind: 'list',
          start: null,
          items: [
            { checked: false, blocks: [paragraph('a')] },
            { checked: true, blocks: [paragraph('b')] },
          ],
        },
      ],
    ],
    [
      'numbers after an item without content',
      '3. a\n4.\n5. c',
      [{ kind: 'list', start: 3, items: [{ blocks: [paragraph('a')] }, { number: 5, blocks: [paragraph('c')] }] }],
    ],
    [
      'numbers as they are written',
      '3. a\n2. b\n1. c\n2. d',
      [
        {
          kind: 'list',
          start: 3,
          items: [
            { blocks: [paragraph('a')] },
            { number: 2, blocks: [paragraph('b')] },
            { number: 1, blocks: [paragraph('c')] },
            { blocks: [paragraph('d')] },
          ],
        },
      ],
    ],
    [
      'numbers that are all the same',
      '1. a\n1. b',
      [{ kind: 'list', start: 1, items: [{ blocks: [paragraph('a')] }, { blocks: [paragraph('b')] }] }],
    ],
    ['code', '```c++ {1}\na\n\n```', [{ kind: 'code', language: 'c++', text: 'a\n' }]],
    ['a language that is none', '```<@&1>\na\n```', [{ kind: 'code', language: '', text: 'a' }]],
    [
      'a table',
      '| a | b |\n|:-:|--:|\n| c |',
      [
        {
          kind: 'table',
          align: ['center', 'right'],
          head: [[{ text: 'a' }], [{ text: 'b' }]],
          rows: [[[{ text: 'c' }], []]],
        },
      ],
    ],
    ['nothing', '# \n\n- \n\n> \n\n```\n```', []],
    ['footnotes', '[^1]: word\n[^2]: two words', [paragraph('[^1]: word'), paragraph('[^2]: two words')]],
  ])('%s', (_, source, expected) => {
    expect(read(source)).toEqual(expected);
  });

  it.each([
    ['quotes', `${'>'.repeat(300)} deep`],
    ['items', `${'+ '.repeat(300)}deep`],
    ['brackets', `${'['.repeat(300)}deep${']'.repeat(300)}`],
    ['images', `${'!['.repeat(300)}deep${'](https://x.example)'.repeat(300)}`],
    ['looks', `${'*_'.repeat(300)}deep${'_*'.repeat(300)}`],
    ['quotes of several lines', `${'> '.repeat(60)}a\n${'> '.repeat(60)}\n${'> '.repeat(60)}deep`],
  ])('nothing is lost in %s without end', (_, source) => {
    expect(text(source)).toContain('deep');
  });
});
