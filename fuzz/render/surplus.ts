const DELIMITERS = /^\s*(?:\|\s*)?:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*$/;
/** Marks of quotes and items before a row. */
const BEFORE = /^(?:[\s>]|[-*+]\s|\d+[.)]\s)*/;
const CODE = /(?<![`\\])(`+)(?!`)(.*?[^`])\1(?!`)/g;

/**
 * The tables of an answer with as many cells in each row as their heads have: a parser would leave out the others, but people
 * want to read them. Only signs change, and so it does no harm to what is no table.
 */
export function withoutSurplus(answer: string): string {
  const lines = answer.split('\n');
  for (let at = 0; at + 1 < lines.length; at++) {
    const delimiters = bare(lines[at + 1]);
    if (!DELIMITERS.test(delimiters) || !lines[at]?.includes('|')) continue;
    const columns = cellsOf(delimiters).length;
    const head = (lines[at] ?? '').replace(CODE, (code) => code.replaceAll('|', ' '));
    if (cellsOf(bare(head)).length === columns) lines[at] = head;
    for (let row = at + 2; row < lines.length && bare(lines[row]) !== ''; row++)
      lines[row] = fitted(lines[row], columns);
  }
  return lines.join('\n');
}

const bare = (line = ''): string => line.replace(BEFORE, '').trim();

const cellsOf = (row: string): string[] =>
  row
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/);

function fitted(line = '', columns: number): string {
  const row = bare(line);
  const cells = cellsOf(row);
  if (cells.length <= columns) return line;
  const last = cells.slice(columns - 1).join(' ');
  return `${BEFORE.exec(line)?.[0] ?? ''}| ${[...cells.slice(0, columns - 1), last].join(' | ')} |`;
}
