import type { Cell, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { columns } from '../shared/markdown/columns.ts';
import { emboldened, merged } from '../shared/markdown/runs.ts';

/** Columns of a monospaced block that a window beside a sidebar shows without scrolling. */
export const NARROW = 60;

/** The table as aligned lines; undefined where it is too wide for that, or would lose where its links lead. */
export function gridOf(table: Table): string | undefined {
  if ([table.head, ...table.rows].some((row) => row.some((cell) => cell.some(isMasked)))) return undefined;
  return columns(table, NARROW)?.join('\n');
}

/** The table as a list: each row with the names of its columns, and its first cell as the heading of the others. */
export function listOf(table: Table): List {
  const { head } = table;
  const named = table.rows.map((row) => row.map((cell, column) => namedCell(head[column] ?? [], cell, column === 0)));
  const rows = table.rows.length > 0 ? named : [head];
  const items = rows.map((row): Item => {
    const cells = row.filter((cell) => cell.length > 0);
    return { blocks: [{ kind: 'paragraph', runs: cells.flatMap((cell, at) => (at === 0 ? cell : [BREAK, ...cell])) }] };
  });
  return { kind: 'list', start: null, items };
}

const BREAK: Run = { text: '\n' };

function namedCell(head: Cell, cell: Cell, isHeading: boolean): Cell {
  if (cell.length === 0) return cell;
  const named = head.length === 0 ? cell : [...head, { text: ': ' }, ...cell];
  return merged(isHeading ? emboldened(named) : named);
}

/** Its words do not tell the whole address. */
function isMasked({ href, text }: Run): boolean {
  return href !== undefined && href !== text;
}
