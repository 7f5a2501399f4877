import type { Random } from '../../sim/world/random.ts';
import type { Piece, Promised } from './promises.ts';

export interface Specimen {
  readonly text: string;
  readonly promised: readonly Promised[];
}

type Pair = readonly [string, string];

/** A short answer of things that parsers read wrongly; what must become of each is known from how it is made. */
export function specimens(random: Random): Specimen {
  const all = Array.from({ length: random.between(1, 6) }, (_, index) =>
    random.pick([wideBold, latinBold, address, mathsBlock, mathsInLine, sources, citations] as const)(random, index),
  );
  return {
    text: all.map(({ text }) => text).join('\n\n'),
    promised: all.flatMap(({ promised }) => promised),
  };
}

const styled = (pieces: readonly Piece[]): Specimen => ({
  text: pieces.map(({ text, bold }) => (bold ? `**${text}**` : text)).join(''),
  promised: [{ kind: 'looks', pieces }],
});

/** Labels with punctuation at their ends between words without spaces. */
function wideBold(random: Random): Specimen {
  const word = () => random.pick(['注意', '日本の首都', '한국어', '重点', 'カタカナ', '价格', '𠮷野'] as const);
  const [open, close] = random.pick<Pair>([
    ['', '：'],
    ['', '。'],
    ['', '！'],
    ['', ':'],
    ['“', '”'],
    ['「', '」'],
    ['(', ')'],
    ['《', '》'],
    ['', '(a)'],
    ['', '%'],
  ]);
  const pieces = Array.from({ length: random.between(1, 3) }, () => [
    { text: random.pick(['', '、', '，'] as const) + word() },
    { text: `${open}${word()}${close}`, bold: true },
  ]).flat();
  return styled([...(random.chance(0.5) ? pieces.slice(1) : pieces), { text: word() }]);
}

/** Labels after which the space was forgotten. */
function latinBold(random: Random): Specimen {
  const label = () => random.pick(['Warning', 'Note well', 'Schritt 2', 'Étape']);
  const pieces = Array.from({ length: random.between(1, 3) }, () => [
    { text: label() + random.pick(['!', ':', '.', '?', ' (a)', '…'] as const), bold: true },
    { text: random.pick(['Do not ', 'then go, ', '7 more; ', 'über '] as const) },
  ]).flat();
  return styled([...pieces, { text: 'end' }]);
}

const pathOf = (random: Random, segments: readonly [string, ...string[]]): string =>
  Array.from({ length: random.between(1, 4) }, () => random.pick(segments)).join('/');

function address(random: Random, index: number): Specimen {
  const rest = pathOf(random, ['__init__.py', '_user_', 'a_b_c', 'x_(y)_z', '?d=_e_&f=__g__', 'src', '__x__']);
  const signs = pathOf(random, ['?q=a*b*c', '*a*b', 'a**b**c', '~~a~~b', '~me', '**kw', rest]);
  const calm = `https://h${index}.example/${rest}`;
  const wild = `https://h${index}.example/${signs}/x`;
  const [text, url] = random.pick<Pair>([
    [`See ${wild} and *more* of _it_.`, wild],
    [`- ${wild}\n- b`, wild],
    [`> ${wild}`, wild],
    [`| a | b |\n|---|---|\n| ${wild} | c |`, wild],
    [`[${wild}](${wild})`, wild],
    [`(${wild})`, wild],
    [`见${wild}。**好**`, wild],
    [`${wild}에서 *확인*`, wild],
    [`${random.pick(['а ', '• ', '。'] as const)}${calm}—it is`, calm],
    [`→${wild}🎉 and ${calm}→`, wild],
    [`**${calm}**`, calm],
    [`**Docs: ${calm}** and on`, calm],
    [`*see ${calm}*, **b**`, calm],
    [`~~${calm}~~ gone`, calm],
  ]);
  const link: Promised = { kind: 'link', url };
  return { text, promised: [link, { kind: 'shown', text: url }] };
}

function mathsBlock(random: Random): Specimen {
  const [open, close] = random.pick<Pair>([
    ['$$', '$$'],
    ['\\[', '\\]'],
  ]);
  const line = () =>
    random.pick([
      'a + b',
      '=',
      '---',
      '- 4x',
      '# 2',
      '1. y',
      '+ z',
      'x\\,dx',
      '\\{ a \\}',
      'a_1*b*c_2',
      'a &= b \\\\',
      '| c |',
      '> 7',
    ] as const);
  const text = [open, ...Array.from({ length: random.between(1, 6) }, line), close].join('\n');
  const before = random.pick(['', '- item\n  ', '> ', 'The sum\n'] as const);
  const indent = before.startsWith('-') ? '  ' : before.startsWith('>') ? before : '';
  return { text: before + text.replaceAll('\n', `\n${indent}`), promised: [{ kind: 'shown', text }] };
}

function mathsInLine(random: Random): Specimen {
  const text = random.pick([
    '$a*b*c$',
    '$\\{x\\,dx\\}$',
    '$$a \\\\ b_1*c*d_2$$',
    '\\(e^{i\\pi}*a*b\\)',
    '\\[ x\\,y = *z* \\]',
    '2**10=1024, 3**2=9',
    '2*3*4',
    '$5 and $10',
  ] as const);
  const [before, after] = random.pick<Pair>([
    ['So ', ' holds.'],
    ['**so** ', ''],
    ['_it is ', '._'],
    ['这是', '。'],
    ['- ', ' is *it*'],
  ]);
  return { text: before + text + after, promised: [{ kind: 'shown', text }] };
}

function sources(random: Random, index: number): Specimen {
  const lines = Array.from({ length: random.between(1, 3) }, (_, number) => {
    const title = random.pick(['', ' "The paper"', " 'of 2020'"] as const);
    return `[s${index}-${number}]: https://s${index}.example/${number}_a_${title}`;
  });
  const promised = lines.map((text): Promised => ({ kind: 'shown', text, times: 1 }));
  return { text: [...(random.chance(0.5) ? ['Sources:\n'] : []), ...lines].join('\n'), promised };
}

function citations(random: Random, index: number): Specimen {
  const numbers = Array.from({ length: random.between(2, 4) }, (_, at) => index * 10 + at + 1);
  const text = `Paris is big ${numbers.map((number) => `[${number}]`).join('')}.`;
  const defined = numbers.map((number) => `[${number}]: https://c${number}.example/a`);
  return {
    text: `${text}\n\n${defined.join('\n')}`,
    promised: numbers.flatMap((number): Promised[] => [
      { kind: 'shown', text: `[${number} (c${number}.example)]`, times: 1 },
      { kind: 'shown', text: `[${number}]:`, times: 1 },
    ]),
  };
}
