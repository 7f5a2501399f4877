import { describe, expect, it } from 'vitest';
import type { Block, Run } from '../blocks.ts';
import { read } from '../read.ts';

const runs = (source: string): readonly Run[] =>
  read(source).flatMap((block) => ('runs' in block ? block.runs : [{ text: block.kind }]));
const plain = (text: string): Block => ({ kind: 'paragraph', runs: [{ text }] });
const bold = (text: string): Run => ({ text, bold: true });

describe('emphasis', () => {
  it.each<[string, readonly Run[]]>([
    [
      '**注意：**请先备份。这是**“重点”**的内容。',
      [bold('注意：'), { text: '请先备份。这是' }, bold('“重点”'), { text: '的内容。' }],
    ],
    ['**日本の首都。**そして', [bold('日本の首都。'), { text: 'そして' }]],
    ['**한국어(韓國語)**는', [bold('한국어(韓國語)'), { text: '는' }]],
    ['字**𠮷。**𠮷', [{ text: '字' }, bold('𠮷。'), { text: '𠮷' }]],
    ['~~旧（价）~~新', [{ text: '旧（价）', strike: true }, { text: '新' }]],
    ['**Warning!**Do not', [bold('Warning!'), { text: 'Do not' }]],
    ['**(a)**b', [bold('(a)'), { text: 'b' }]],
    ['**One.**two **three**', [bold('One.'), { text: 'two ' }, bold('three')]],
    ['**a "**b**" c**', [bold('a "b" c')]],
    ['a!**b**', [{ text: 'a!' }, bold('b')]],
    ['**a**：**b**', [bold('a'), { text: '：' }, bold('b')]],
    [
      'นี่คือ**หมายเหตุ:**โปรดอ่าน และ**คำเตือน!**ห้าม',
      [{ text: 'นี่คือ' }, bold('หมายเหตุ:'), { text: 'โปรดอ่าน และ' }, bold('คำเตือน!'), { text: 'ห้าม' }],
    ],
    ['text**bold.**text**b.**x', [{ text: 'text' }, bold('bold.'), { text: 'text' }, bold('b.'), { text: 'x' }]],
    [
      '_**a** b.**c**_',
      [
        { text: 'a', bold: true, italic: true },
        { text: ' b.', italic: true },
        { text: 'c', bold: true, italic: true },
      ],
    ],
    ['**Emoji 🎉**next', [bold('Emoji 🎉'), { text: 'next' }]],
    ['***Important!***Read this', [{ text: 'Important!', bold: true, italic: true }, { text: 'Read this' }]],
  ])('%s', (source, expected) => {
    expect(runs(source)).toEqual(expected);
  });

  it.each([
    'Use **kwargs in def f(**kwargs).',
    'f(*args, **kwargs) and then g(**kwargs)',
    'dict(**a, **b) and call(**c)',
  ])('does not begin in %s', (source) => {
    expect(runs(source)).toEqual([{ text: source }]);
  });
});

describe('addresses', () => {
  const link = (text: string, look: object = {}): Run => ({ text, ...look, href: text });
  it.each([
    'https://github.com/foo/bar/blob/main/src/__init__.py',
    'https://x.com/_user_',
    'https://ex.com/?q=a*b*c&d=_e_',
    'https://ex.com/~~a~~b',
    'https://ex.com/a_(b)_c_',
  ])('%s is whole', (address) => {
    expect(runs(address)).toEqual([link(address)]);
    expect(runs(`[${address}](${address})`)).toEqual([link(address)]);
    expect(runs(`<b>${address}</b>`)).toEqual([{ text: '<b>' }, link(address), { text: '</b>' }]);
    expect(runs(`**${address}**`)).toEqual([link(address, { bold: true })]);
    expect(read(`| a |\n|---|\n| ${address} |`)).toMatchObject([{ rows: [[[link(address)]]] }]);
  });

  it.each<[string, readonly Run[]]>([
    ['**https://ex.com/bold**Next', [link('https://ex.com/bold', { bold: true }), { text: 'Next' }]],
    ['*see https://ex.com/x*', [{ text: 'see ', italic: true }, link('https://ex.com/x', { italic: true })]],
    ['_see https://ex.com/a_b_', [{ text: 'see ', italic: true }, link('https://ex.com/a_b', { italic: true })]],
    ['__https://ex.com/__init__.py__', [link('https://ex.com/__init__.py', { bold: true })]],
    ['请看**https://ex.com/a**谢谢', [{ text: '请看' }, link('https://ex.com/a', { bold: true }), { text: '谢谢' }]],
    ['https://ex.com/\\_user\\_', [link('https://ex.com/_user_')]],
    ['https://ex.com/?b=1&amp;c=_d_', [link('https://ex.com/?b=1&c=_d_')]],
    [
      'https://ex.com[ex.com](https://ex.com/a)',
      [
        { text: 'https://ex.com', href: 'https://ex.com/' },
        { text: 'ex.com', href: 'https://ex.com/a' },
      ],
    ],
    ['http://[ex.com](https://ex.com/a)', [{ text: 'http://' }, { text: 'ex.com', href: 'https://ex.com/a' }]],
    ['https://ex.com/a&nbsp;**b**', [link('https://ex.com/a'), { text: '\u00a0' }, bold('b')]],
  ])('%s', (source, expected) => {
    expect(runs(source)).toEqual(expected);
  });
});

describe('the end of an address', () => {
  it.each([
    ['https://www.example.com', '에서 확인하세요'],
    ['https://example.com/docs', '—it’s all there'],
    ['https://example.com', '، ثم'],
    ['https://example.com', '🎉'],
    ['https://example.com/page', '।'],
    ['https://example.com/th', 'นะ'],
    ['https://example.com/page', '✨.'],
    ['https://example.com/a', '。'],
    ['https://example.com/wiki/Москва', ', да'],
    ['https://example.com/wiki/القاهرة', '؟'],
    ['https://example.com/wiki/Café', ' noir'],
    ['https://example.com/wiki/می\u200cخواهم', '…'],
    ['https://example.com/हिन्दी/2', ' x'],
  ])('%s is before %s', (address, rest) => {
    expect(runs(`${address}${rest}`)).toMatchObject([{ text: address, href: expect.any(String) }, { text: rest }]);
  });

  it.each(['→', '• ', '・'])('is before %s and another one', (sign) => {
    const [one, two] = ['https://example.com/a', 'https://example.org/b'];
    expect(runs(`${one}${sign}${two}`)).toEqual([{ text: one, href: one }, { text: sign }, { text: two, href: two }]);
  });
});

describe('maths', () => {
  it.each([
    '$$\na + b\n=\nc\n$$',
    '$$\ny = 3\n- 4x\n$$',
    '\\[\n# x\n1. y\n\\]',
    '\\[\n1. y\n\\]',
    '$$\n\\begin{aligned}\na &= b \\\\\n&= c\n\\end{aligned}\n$$',
    '$a*b*c$ and $\\{x\\,dx\\}$',
    '$$a \\\\ b$$, \\(e^{i\\pi}_1*a*b\\) and \\[ x\\,y \\]',
  ])('%j is as it is written', (source) => {
    expect(read(source)).toEqual([plain(source)]);
  });

  it('stands in quotes, in items and after words', () => {
    expect(read('> $$\n> a\n> =\n> $$')).toEqual([{ kind: 'quote', blocks: [plain('$$\na\n=\n$$')] }]);
    expect(read('- $$\n  - a\n  $$')).toMatchObject([{ kind: 'list', items: [{ blocks: [plain('$$\n- a\n$$')] }] }]);
    expect(read('The sum\n$$\na\n=\nb\n$$')).toEqual([plain('The sum'), plain('$$\na\n=\nb\n$$')]);
    expect(read('$$\n\na &lt; b\n\n$$')).toEqual([plain('$$\na < b\n$$')]);
  });

  it.each<[string, readonly Run[]]>([
    [
      '*$5* and $10, *$6* or *7$*',
      [
        { text: '$5', italic: true },
        { text: ' and $10, ' },
        { text: '$6', italic: true },
        { text: ' or ' },
        { text: '7$', italic: true },
      ],
    ],
    [
      'The basic plan costs 10$, the *premium* plan 25$, the rest',
      [{ text: 'The basic plan costs 10$, the ' }, { text: 'premium', italic: true }, { text: ' plan 25$, the rest' }],
    ],
    [
      '10$/mois, *sans*, ou 100$/an',
      [{ text: '10$/mois, ' }, { text: 'sans', italic: true }, { text: ', ou 100$/an' }],
    ],
    [
      'costs $3 (*sale*), now 4$ only',
      [{ text: 'costs $3 (' }, { text: 'sale', italic: true }, { text: '), now 4$ only' }],
    ],
    ['USD$5, _or_ CAD$, ok', [{ text: 'USD$5, ' }, { text: 'or', italic: true }, { text: ' CAD$, ok' }]],
    ['设$x*y*z$为 $x*y*z = 4$', [{ text: '设$x*y*z$为 $x*y*z = 4$' }]],
    ['($$), **b** ($$$), $$', [{ text: '($$), ' }, bold('b'), { text: ' ($$$), $$' }]],
    ['$$open\n- a', [{ text: '$$open' }, { text: 'list' }]],
    ['\\[1\\] \\(see *this*\\)', [{ text: '[1] (see ' }, { text: 'this', italic: true }, { text: ')' }]],
    ['\\[Your_Name\\] \\[e-mail\\] \\[x\\]', [{ text: '[Your_Name] [e-mail] [x]' }]],
    ['\\(2021\\), call \\(555\\) 123-4567, \\[A-Z0-9\\]', [{ text: '(2021), call (555) 123-4567, [A-Z0-9]' }]],
    [
      '[Dune \\(2021\\)](https://d.example)',
      [
        { text: 'Dune (2021)', href: 'https://d.example/' },
        { text: ' (d.example)', href: 'https://d.example/' },
      ],
    ],
    ['$$ - Mid-range\n- b\n$$$ - Fine', [{ text: '$$ - Mid-range' }, { text: 'list' }]],
    ['$$ - Mid\n- **b**\n\n$$ - Mid', [{ text: '$$ - Mid' }, { text: 'list' }, { text: '$$ - Mid' }]],
    ['\\(n\\), \\[a_1*b*c\\]', [{ text: '\\(n\\), \\[a_1*b*c\\]' }]],
  ])('%j', (source, expected) => {
    expect(runs(source)).toEqual(expected);
  });
});

describe('citations', () => {
  const cited = (number: number): Run[] => [
    { text: `${number}`, href: `https://${number}.example/` },
    { text: ` (${number}.example)`, href: `https://${number}.example/` },
  ];
  const definitions = '\n\n[1]: https://1.example\n[2]: https://2.example';

  it('that are neighbours lead to a source each', () => {
    const both = [{ text: 'big [' }, ...cited(1), { text: '] [' }, ...cited(2), { text: '].' }];
    expect(runs(`big [1][2].${definitions}`).slice(0, both.length)).toEqual(both);
    const one = [{ text: 'big [' }, ...cited(1), { text: '] [3].' }];
    expect(runs(`big [1][3].${definitions}`).slice(0, one.length)).toEqual(one);
    expect(runs(`**[1]**${definitions}`).slice(0, 1)).toEqual([bold('[')]);
  });

  it('are links to one source where the words are no number', () => {
    expect(runs(`[big][2]${definitions}`).slice(0, 1)).toEqual([{ text: 'big', href: 'https://2.example/' }]);
  });
});
