import type { Random } from '../../sim/world/random.ts';
import { type Specimen, specimens } from './specimens.ts';
import { monster, prose, word } from './words.ts';

/** An answer that nobody has seen before; of a few it is known what must become of them. */
export function generate(random: Random, samples: readonly string[]): Specimen {
  return random.chance(0.15) ? specimens(random) : { text: unknown(random, samples), promised: [] };
}

/** A tree written out, an answer of a model with faults in it, or noise. */
function unknown(random: Random, samples: readonly string[]): string {
  const kind = random.next();
  if (kind < 0.45) return document(random);
  if (kind < 0.8) return mutated(random, samples);
  if (kind < 0.9)
    return [prose(random, random.between(0, 40), 0.5), monster(random), prose(random, 5, 0.3)].join(
      random.pick(['', ' ', '\n', '\n\n']),
    );
  return noise(random);
}

function document(random: Random): string {
  const wild = random.pick([0, 0.05, 0.2, 0.6] as const);
  // Most answers are short, a few need several messages, and some a file.
  const size = random.pick([2, 4, 8, 8, 20, 60] as const);
  const text = blocks(random, random.between(1, size), wild, 0);
  return random.chance(0.2)
    ? `${text}\n\n[ref]: https://ref.example/x\n[1]: <https://one.example> "t"\n[^1]: a note`
    : text;
}

function blocks(random: Random, count: number, wild: number, depth: number): string {
  const parts = Array.from({ length: count }, () => block(random, wild, depth));
  return parts.join(random.chance(0.1) ? '\n' : '\n\n');
}

function block(random: Random, wild: number, depth: number): string {
  const some = (most: number) => random.between(1, most);
  switch (random.between(depth > 5 ? 5 : 0, 11)) {
    case 0:
      return quoted(blocks(random, some(3), wild, depth + 1), random);
    case 1:
    case 2:
      return list(random, wild, depth);
    case 3:
      return list(random, wild, depth, random.pick([1, 1, 0, 7, 98, 999_999_998] as const));
    case 4:
      return table(random, wild);
    case 5:
      return random.chance(0.5)
        ? `${'#'.repeat(some(7))} ${prose(random, some(8), wild)}`
        : `${prose(random, some(5), wild)}\n${random.pick(['---', '==='] as const)}`;
    case 6:
    case 7:
      return code(random, wild);
    case 8:
      return random.pick(['---', '***', '_ _ _', '- - -'] as const);
    default:
      return prose(random, some(random.chance(0.1) ? 800 : 60), wild);
  }
}

const quoted = (text: string, random: Random): string =>
  text.replaceAll('\n', random.chance(0.9) ? '\n> ' : '\n').replace(/^/, random.chance(0.8) ? '> ' : '>');

function list(random: Random, wild: number, depth: number, start?: number): string {
  const bullet = random.pick(['-', '*', '+'] as const);
  const after = random.pick(['.', ')'] as const);
  const loose = random.chance(0.2);
  const items = Array.from({ length: random.between(1, random.chance(0.1) ? 60 : 6) }, (_, index) => {
    const marker = start === undefined ? bullet : `${start + (random.chance(0.5) ? index : 0)}${after}`;
    const task = random.chance(0.15) ? random.pick(['[ ] ', '[x] ', '[X] '] as const) : '';
    const inner = random.chance(0.2)
      ? `\n${loose ? '\n' : ''}${blocks(random, random.between(1, 2), wild, depth + 1)}`
      : '';
    const indent = ' '.repeat(marker.length + 1);
    return `${marker} ${task}${`${prose(random, random.between(0, 25), wild)}${inner}`.replaceAll('\n', `\n${indent}`)}`;
  });
  return items.join(loose ? '\n\n' : '\n');
}

function table(random: Random, wild: number): string {
  const columns = random.between(1, random.chance(0.1) ? 14 : 4);
  const most = random.chance(0.05) ? 400 : random.chance(0.3) ? 12 : 3;
  const words = () => prose(random, random.between(0, most), wild).replace(/[\n|\r\u2028]/g, ' ');
  const cell = () =>
    random.chance(0.05) ? random.pick(['`a | b`', '`||`', '``x|`|y``', 'c \\| d', '`', '|'] as const) : words();
  const row = (cells = columns) => `| ${Array.from({ length: cells }, cell).join(' | ')} |`;
  const ragged = () => row(random.chance(0.1) ? columns + random.between(-1, 3) : columns);
  const delimiters = Array.from({ length: columns }, () => random.pick(['---', ':--', '--:', ':-:'] as const)).join(
    '|',
  );
  return [
    row(),
    `|${delimiters}|`,
    ...Array.from({ length: random.between(0, random.chance(0.1) ? 60 : 6) }, ragged),
  ].join('\n');
}

function code(random: Random, wild: number): string {
  const fence = random.pick(['```', '```', '~~~', '`````'] as const);
  const lines = Array.from(
    { length: random.between(0, random.chance(0.1) ? 300 : 8) },
    () => ' '.repeat(random.between(0, 6)) + prose(random, random.between(0, 10), wild),
  );
  if (random.chance(0.1)) return lines.map((line) => `    ${line}`).join('\n');
  const language = random.pick(['', 'js', 'python', 'c++', 'diff', 'js {1,2}', '@everyone', '<x>'] as const);
  return `${fence}${language}\n${lines.join('\n')}${random.chance(wild / 4) ? '' : `\n${fence}`}`;
}

/** A real answer, of which pieces are missing, doubled, exchanged, or of another kind. */
function mutated(random: Random, samples: readonly string[]): string {
  const [first = '', ...others] = samples;
  let text = random.pick([first, ...others]);
  if (random.chance(0.3)) text += `\n\n${random.pick([first, ...others])}`;
  for (let left = random.between(0, 12); left > 0; left--) {
    const from = random.between(0, text.length);
    const to = Math.min(text.length, from + random.between(0, random.chance(0.2) ? 400 : 12));
    const piece = text.slice(from, to);
    text =
      text.slice(0, from) +
      random.pick([
        () => '',
        () => piece + piece,
        () => word(random, 1),
        () => word(random, 1) + piece,
        () => piece.replaceAll('\n', ' '),
        () => piece.replaceAll(' ', '\n'),
        () => `${piece}\n\n`,
        () => (random.chance(0.1) ? monster(random) : '\n'),
      ] as const)() +
      text.slice(to);
  }
  return text;
}

function noise(random: Random): string {
  const wild = random.pick([0.7, 0.9, 1] as const);
  let text = '';
  for (let left = random.between(1, random.chance(0.1) ? 2_000 : 80); left > 0; left--) {
    text += word(random, wild) + random.pick(['', '', ' ', '\n', '\n\n', '\n    ', '\n> ', '\n- '] as const);
  }
  return text;
}
