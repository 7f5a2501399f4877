import type { Cell, Table } from '../shared/markdown/blocks.ts';
import { columns } from '../shared/markdown/columns.ts';
import { emboldened } from '../shared/markdown/runs.ts';
import { type Writing, writeOneLine } from './inline.ts';

/** Narrow enough for a code block on most screens. */
const MAX_COLUMNS = 60;

/** The lines of a code block, aligned; undefined where that would be too wide, or would take links from its cells. */
export function tableText(table: Table): readonly string[] | undefined {
  if ([table.head, ...table.rows].flat(2).some(({ href }) => href !== undefined)) return undefined;
  return columns(table, MAX_COLUMNS);
}

/** Longer than the text of a narrow table with some of these rows: a character may be two units and no column wide. */
export function tableTextLimit({ head, rows }: Table): number {
  const units = (row: readonly Cell[]) => row.flat().reduce((sum, { text }) => sum + text.length, MAX_COLUMNS + 1);
  return [head, ...rows].reduce((sum, row) => sum + units(row), MAX_COLUMNS + 10);
}

/** An item for each row, which its first cell is the heading of, and a line for each other cell. */
export function tableList({ head, rows }: Table, writing: Writing): string[] {
  if (rows.length === 0) return [head.map((cell) => writeOneLine(emboldened(cell), writing, true)).join(' · ')];
  const named = head.map((cell) => (cell.length > 0 ? [...cell, { text: ': ' }] : cell));
  return rows.flatMap((row) => {
    const lines = row.flatMap((cell, column) => {
      if (cell.every(({ text }) => text.trim() === '')) return [];
      const line = [...(named[column] ?? []), ...cell];
      return [writeOneLine(column === 0 ? emboldened(line) : line, writing, true)];
    });
    return lines.map((line, index) => `${index === 0 ? '- ' : '  '}${line}`);
  });
}
