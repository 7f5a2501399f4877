import type { Random } from '../../sim/world/random.ts';

type Choice = readonly [string, ...string[]];

const LATIN: Choice = [
  'the',
  'answer',
  'is',
  'forty-two',
  'I',
  'a',
  'don’t',
  'naïve',
  'straße',
  'x1',
  '3.14',
  'e.g.',
  'snake_case',
  '2*3',
  'C++',
  'über',
];
const OTHER: Choice = [
  '你好世界',
  '日本語です。',
  '안녕',
  'مرحبا',
  'שלום',
  'नमस्ते',
  'สวัสดี',
  'ไม่',
  'Привет',
  'क्षत्रिय',
  'நன்றி',
  'می‌خواهم',
  'e\u0301\u0323',
  'Z\u0351\u0343\u0344',
];
const EMOJI: Choice = ['😀', '👨‍👩‍👧‍👦', '🇩🇪', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '👍🏽', '❤️', '1️⃣', '🧑🏿‍💻', '🏳️‍🌈', '☺', '✔️'];
const MENTIONS: Choice = [
  '@everyone',
  '@here',
  '<@&1>',
  '<@123456789012345678>',
  '<@!1>',
  '<#123>',
  '<!channel>',
  '<!here>',
  '<!everyone>',
  '<!subteam^S1>',
  '<@U123>',
  '<#C1|x>',
  '</cmd:1>',
  '<id:home>',
  '<t:1700000000:R>',
  '<:smile:123>',
  '<a:b:1>',
  '[x](tg://user?id=1)',
  'tg://user?id=1',
  '<tg://user?id=1>',
  '@channel',
  '[@everyone](http://x.y)',
  '**@every**one',
  '@\u200beveryone',
  '@every\\one',
  '&#64;everyone',
  '<\\@&1>',
  '&lt;!channel&gt;',
  '<@&1​>',
  '`<!here>`',
];
const LINKS: Choice = [
  'https://example.com/a_b_c',
  '<https://example.com>',
  '[words](https://evil.example/path?q=1&r=2#f)',
  '[https://google.com](https://evil.example)',
  'https://google.com@evil.example',
  '[a](javascript:alert(1))',
  '[b](data:text/html,x)',
  '[c](file:///etc/passwd)',
  '[d](mailto:me@example.com)',
  '![picture](https://example.com/p.png)',
  '![](https://example.com/q.png)',
  '[![badge](https://i.example/b.png)](https://d.example)',
  '(https://en.wikipedia.org/wiki/X_(y))',
  'http://xn--e1afmkfd.example',
  'https://пример.example/ж',
  '[ref]',
  '[ref][1]',
  '[^1]',
  '[**bold** `code`](https://x.example "title")',
  '[]( https://empty.example )',
  'http://',
  'https://[::1]/x',
  'www.example.com',
  '[w](www.example.com)',
  'ftp://x.example/f',
  '[x](https://a.example/\\))',
  'discord.gg/abc123',
  'https://discord.com/invite/abc',
];
const SIGNS: Choice = [
  '*',
  '**',
  '_',
  '__',
  '~',
  '~~',
  '`',
  '``',
  '```',
  '|',
  '||',
  '>',
  '>>>',
  '#',
  '##',
  '-',
  '-#',
  '+',
  '1.',
  '1)',
  '\\',
  '\\*',
  '[',
  ']',
  '(',
  ')',
  '!',
  '![',
  '<',
  '&',
  '&amp;',
  '&lt;',
  '&nbsp;',
  '&#x200B;',
  '&#8238;',
  '&eacute;',
  '&copy',
  '<b>',
  '</b>',
  '<br>',
  '<!-- x -->',
  '<script>alert(1)</script>',
  '$x^2$',
  ':',
  '::',
  ':smile:',
  '~~~',
  '---',
  '===',
  '***',
  '[ ]',
  '[x]',
  '\t',
  '||spoiler||',
];
const HIDDEN: Choice = [
  '\u200b',
  '\u200d',
  '\u202e',
  '\u2066',
  '\ufeff',
  '\u00ad',
  '\u{E0041}',
  '\ufe0f',
  '\u200f\u200f',
  '\u0000',
  '\u0007',
  '\ud83d',
  '\ude00',
  '\u2028',
  '\r',
  '\u2800',
  '\u3164',
  '\u034f',
  '\u180e',
  '\u{E0100}',
];

/** Something of about one word. `wild`, 0–1: how much of it is out of the ordinary. */
export function word(random: Random, wild: number): string {
  if (random.chance(wild))
    return random.pick(random.pick([OTHER, EMOJI, MENTIONS, LINKS, SIGNS, SIGNS, HIDDEN] as const));
  return random.chance(0.05) ? random.pick(LINKS) : random.chance(0.05) ? random.pick(EMOJI) : random.pick(LATIN);
}

/** Words that follow one another with or without a space, styled here and there. */
export function prose(random: Random, count: number, wild: number): string {
  let text = '';
  for (let left = count; left > 0; left--) {
    text += styled(random, word(random, wild), wild);
    text += random.chance(wild / 3)
      ? ''
      : random.chance(0.08)
        ? '. '
        : random.chance(0.04)
          ? random.pick(['\n', '  \n', '\\\n'])
          : ' ';
  }
  return text.trimEnd();
}

const STYLES: readonly [Style, ...Style[]] = [
  ['**', '**'],
  ['*', '*'],
  ['_', '_'],
  ['__', '__'],
  ['~~', '~~'],
  ['`', '`'],
  ['***', '***'],
  ['`` ', ' ``'],
  ['[', '](https://link.example/x)'],
];
type Style = readonly [string, string];

function styled(random: Random, text: string, wild: number): string {
  if (!random.chance(0.15)) return text;
  const [open, close] = random.pick(STYLES);
  return open + text + (random.chance(wild / 4) ? '' : close);
}

/** Long ones without a place to cut. */
export function monster(random: Random): string {
  const piece = random.pick([
    'a',
    '😀',
    '👨‍👩‍👧‍👦',
    '🇩🇪',
    'e\u0301',
    '你',
    '👍🏽',
    '\u0301',
    '@everyone',
    'क्ष',
    '\\*',
    '&amp;',
    '`',
    '*',
    'ﷺ',
    'https://x.example/',
    '❤️',
  ] as const);
  return piece.repeat(random.between(1, Math.ceil(9_000 / piece.length)));
}
