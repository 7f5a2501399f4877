import type { Cell, Run, Table } from '../shared/markdown/blocks.ts';
import { columns } from '../shared/markdown/columns.ts';
import { plain } from '../shared/markdown/runs.ts';
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
  const inColumns = linked ? undefined : columns(table, NARROW)?.join('\n');
  const before = paper.length;
  if (inColumns === undefined || paper.measuring) writeList(paper, table, prefix);
  else put(paper, inColumns);
  if (paper.measuring) {
    const bound = inColumns?.length ?? longestColumns(table);
    put(paper, ' '.repeat(Math.max(0, bound - (paper.length - before))));
  }
  if (inColumns !== undefined || paper.measuring) mark(paper, { type: 'pre', offset: before });
}

/** No table in columns is longer that has some of these rows. */
function longestColumns({ head, rows }: Table): number {
  const units = (row: readonly Cell[]) => row.reduce((sum, cell) => sum + plain(cell).length, NARROW + 1);
  return [head, ...rows].reduce((sum, row) => sum + units(row), NARROW + 1);
}

/** A row is an item: its first cell is the heading, "head: cell" are the lines below. */
function writeList(paper: Paper, { head, rows }: Table, prefix: string): void {
  if (rows.length === 0) writeRuns(paper, joined(head), prefix, { bold: true });
  for (const row of rows) {
    freshLine(paper);
    indent(paper, prefix);
    put(paper, '• ');
    let begun = false;
    row.forEach((cell, column) => {
      const label = head[column] ?? [];
      if (isEmpty(cell)) return;
      if (begun) put(paper, '\n');
      indent(paper, `${prefix}  `);
      begun = true;
      const named = isEmpty(label) ? cell : [...label, { text: ': ' }, ...cell];
      writeRuns(paper, named, `${prefix}  `, column === 0 ? { bold: true } : {});
    });
  }
}

function isEmpty(cell: Cell): boolean {
  return cell.every(({ text }) => text.trim() === '');
}

function joined(cells: readonly Cell[]): Run[] {
  return cells.flatMap((cell, at) => (at === 0 ? cell : [{ text: ' | ' }, ...cell]));
}
