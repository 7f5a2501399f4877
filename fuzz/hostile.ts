/** Texts that are hard on a parser, or on what follows it: each repeated to the length asked for, UTF-16 units. */
const PATTERNS: Readonly<Record<string, string | ((length: number) => string)>> = {
  quotes: '>',
  'quotes in lines': '> > > > > > > > > > > > a\n',
  'quotes, deeper by the line': (length) => deeper('>', length),
  brackets: '[',
  'brackets that close': '[]',
  'links without end': '[a](',
  'links in angles': '[a](<b',
  'images in images': '![',
  'nested images': (length) => nested('![', '](x)', length),
  'nested links': (length) => nested('[', '](http://x)', length),
  emphasis: '*a_ ',
  'emphasis that opens': '*a **a ',
  'emphasis that closes': 'a** ',
  'emphasis of both signs': '_*',
  'short words, each emphasised': '_a_ ',
  'short words, emphasised in turn': '*a* _b_ ',
  'short words, emphasised twice': '**_a_** ',
  stars: '*',
  underscores: '_',
  tildes: '~~a',
  backticks: (length) => ticks(length),
  'backticks alone': '`',
  'lists in lists': '+ ',
  'lists, deeper by the line': (length) => deeper('  ', length, '- a'),
  'numbers in lists': '1. ',
  'items in lines': '* a\n',
  'table of bars': '|',
  table: (length) => `| a | b |\n|---|---|\n${'| c | d |\n'.repeat(length / 10)}`,
  'table, wide': (length) => `${'|a'.repeat(3_000)}|\n${'|-'.repeat(3_000)}|\n${'|b|\n'.repeat((length - 12_000) / 4)}`,
  'table with a large head': (length) => `|${'h'.repeat(7_000)}|\n|-|\n${'|b|\n'.repeat((length - 7_000) / 4)}`,
  'one word': 'a',
  'one word of emoji': '😀',
  joiners: '\u200d',
  'families of emoji': '👨‍👩‍👧‍👦',
  'joined without end': '👩\u200d',
  'marks without end': (length) => `a${'\u0301'.repeat(length - 1)}`,
  flags: '🇩🇪',
  'tag characters': '\u{E0061}',
  overrides: '\u202e',
  entities: '&amp;',
  'entities of what cannot be seen': '&#x202e;&#8203;',
  'entities without end': '&a',
  'html that opens': '<a ',
  'html comments': '<!--',
  autolinks: '<http://',
  addresses: 'http://a.b ',
  'addresses in one': 'http://',
  'addresses in brackets': 'http://a((((',
  definitions: '[a]: b\n',
  footnotes: '[^1]: b\n',
  fences: '```\na\n',
  'fence without end': (length) => `\`\`\`js\n${'let a = 1;\n'.repeat(length / 11)}`,
  'fence in one line': (length) => `\`\`\`\n${'a'.repeat(length)}`,
  'blank lines': '\n',
  'short lines': 'a\n',
  'short lines, each emphasised': '_a_\n',
  spaces: ' ',
  tabs: '\t',
  'line ends of all kinds': '\r\n\r\u2028',
  backslashes: '\\',
  'hard breaks': 'a  \n',
  headings: '# a\n',
  'headings by underline': 'a\n-\n',
  rules: '---\n',
  'lone surrogates': '\ud800',
  chinese: '你好世界',
};

const nested = (open: string, close: string, length: number): string => {
  const depth = Math.floor(length / (open.length + close.length));
  return open.repeat(depth) + close.repeat(depth);
};

/** One more sign in front of each line, up to 200. */
function deeper(sign: string, length: number, words = 'a'): string {
  const lines: string[] = [];
  for (let size = 0, depth = 0; size < length; depth++) {
    const line = `${sign.repeat(depth % 200)}${words}\n`;
    lines.push(line);
    size += line.length;
  }
  return lines.join('');
}

/** Runs of backticks of ever other lengths: none closes another. */
function ticks(length: number): string {
  const runs: string[] = [];
  for (let size = 0, count = 1; size < length; count++) {
    const run = `${'`'.repeat(count % 1_500)} a `;
    runs.push(run);
    size += run.length;
  }
  return runs.join('');
}

export interface Hostile {
  readonly name: string;
  readonly text: string;
}

export function* hostileTexts(length: number): Generator<Hostile> {
  for (const [name, pattern] of Object.entries(PATTERNS)) {
    const text = typeof pattern === 'string' ? pattern.repeat(Math.ceil(length / pattern.length)) : pattern(length);
    yield { name, text: text.slice(0, length) };
  }
}
