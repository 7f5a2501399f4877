import type { Align, Cell, Run, Table } from '../shared/markdown/blocks.ts';
import { freshLine, indent, mark, type Paper, put } from './paper.ts';
import { writeRuns } from './runs.ts';

/** Fixed-width columns that a telephone held upright shows without breaking the line. */
const NARROW = 34;

/**
 * The platform has no tables: a narrow one is a block of code in columns, any other a list. So is one with links, which code
 * cannot contain [T1].
 */
export function writeTable(paper: Paper, table: Table, prefix: string): void {
  freshLine(paper);
  const linked = [table.head, ...table.rows].some((row) => row.some((cell) => cell.some((run) => run.href)));
  const columns = linked ? undefined : columnsOf(table);
  const before = paper.length;
  if (columns === undefined || paper.measuring) writeList(paper, table, prefix);
  if (columns !== undefined && !paper.measuring) {
    put(paper, columns);
    mark(paper, { type: 'pre', offset: before });
  }
  if (!paper.measuring) return;
  const bound = columns?.length ?? longestColumns(table);
  put(paper, ' '.repeat(Math.max(0, bound - (paper.length - before))));
}

function plain(cell: Cell): string {
  return cell.map(({ text }) => text.replace(/\s+/g, ' ')).join('');
}

/** Absent when it is not narrow. */
function columnsOf({ head, rows, align }: Table): string | undefined {
  const lines = [head, ...rows].map((row) => row.map(plain));
  const widths = head.map((_cell, column) => Math.max(1, ...lines.map((line) => widthOf(line[column] ?? ''))));
  if (widths.reduce((sum, width) => sum + width + 3, -3) > NARROW) return undefined;
  const written = lines.map((line) =>
    widths
      .map((width, column) => pad(line[column] ?? '', width, align[column] ?? 'left'))
      .join(' | ')
      .trimEnd(),
  );
  written.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('-+-'));
  return written.join('\n');
}

/** No table in columns is longer that has some of these rows. */
function longestColumns({ head, rows }: Table): number {
  const units = (row: readonly Cell[]) => row.reduce((sum, cell) => sum + plain(cell).length, NARROW + 1);
  return [head, ...rows].reduce((sum, row) => sum + units(row), NARROW + 1);
}

function pad(text: string, width: number, align: Align): string {
  const missing = width - widthOf(text);
  const left = align === 'right' ? missing : align === 'center' ? Math.floor(missing / 2) : 0;
  return ' '.repeat(left) + text + ' '.repeat(missing - left);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Emoji and the scripts whose letters take two columns. */
const WIDE =
  /\p{Emoji_Presentation}|\uFE0F|[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]/u;

function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text) || text.length > NARROW * 16) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += WIDE.test(segment) ? 2 : 1;
  return width;
}

/** A row is an item: "**head**: cell" line by line. */
function writeList(paper: Paper, { head, rows }: Table, prefix: string): void {
  if (rows.length === 0) writeRuns(paper, joined(head), prefix, { bold: true });
  for (const row of rows) {
    freshLine(paper);
    indent(paper, prefix);
    put(paper, '• ');
    let begun = false;
    row.forEach((cell, column) => {
      const label = head[column] ?? [];
      if (isEmpty(label) && isEmpty(cell)) return;
      if (begun) put(paper, '\n');
      indent(paper, `${prefix}  `);
      begun = true;
      if (!isEmpty(label)) {
        writeRuns(paper, label, prefix, { bold: true });
        put(paper, ': ');
      }
      writeRuns(paper, cell, `${prefix}  `);
    });
  }
}

function isEmpty(cell: Cell): boolean {
  return cell.every(({ text }) => text.trim() === '');
}

function joined(cells: readonly Cell[]): Run[] {
  return cells.flatMap((cell, at) => (at === 0 ? cell : [{ text: ' | ' }, ...cell]));
}
