import createParser from 'markdown-it';

const parser = createParser();
const DELIMITERS = /^[\s>|]*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
/** Marks of quotes and items before a row. */
const BEFORE = /^(?:[\s>]|[-*+]\s|\d+[.)]\s)*/;
const CODE = /(?<![`\\])(`+)(?!`)(.*?[^`])\1(?!`)/g;

/**
 * The tables of an answer with as many cells in each row as their heads have: a parser would leave out the others, but people
 * want to read them. Only signs change.
 */
export function withoutSurplus(answer: string): string {
  const lines = answer.split('\n').map(withWholeCode);
  for (const { type, map } of parser.parse(lines.join('\n'), {})) {
    if (type !== 'table_open' || !map) continue;
    const columns = cellsOf(bare(lines[map[0] + 1])).length;
    for (let row = map[0] + 2; row < map[1]; row++) lines[row] = fitted(lines[row], columns);
  }
  return lines.join('\n');
}

/** Code in a head parts no cells, if that makes it one. */
function withWholeCode(line: string, at: number, lines: readonly string[]): string {
  const delimiters = lines[at + 1] ?? '';
  if (!line.includes('`') || !line.includes('|') || !DELIMITERS.test(delimiters)) return line;
  const head = whole(line);
  // What the head has more of `>` than the line below is no mark of a quote.
  const quotes = (/^[\s>]*/.exec(delimiters)?.[0].match(/>/g) ?? []).length;
  const own = head.replace(new RegExp(`^(?:\\s*>){0,${quotes}}(?:\\s|[-*+]\\s|\\d+[.)]\\s)*`), '').trim();
  return cellsOf(own).length === cellsOf(bare(delimiters)).length ? head : line;
}

/** Without the bars in its code. */
const whole = (row: string): string => row.replace(CODE, (code) => code.replaceAll('|', ' '));

const bare = (line = ''): string => line.replace(BEFORE, '').trim();

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/);

function fitted(line = '', columns: number): string {
  const row = bare(line);
  if (cellsOf(row).length <= columns) return line;
  const cells = cellsOf(whole(row));
  const last = cells.slice(columns - 1).join('\\|');
  return `${BEFORE.exec(line)?.[0] ?? ''}| ${[...cells.slice(0, columns - 1), last].join(' | ')} |`;
}
