import type { Align, Cell, Item, List, Run, Table } from '../shared/markdown/blocks.ts';

/** Columns of a monospaced block that a window beside a sidebar shows without scrolling. */
export const NARROW = 60;

/** Of a `table` block [S-table]: rows with the head, cells of a row. */
export const MOST_ROWS = 100;
export const MOST_COLUMNS = 20;

const GAP = '  ';

/**
 * The table as aligned lines, for a monospaced block; undefined where it is too wide for one, or would lose where its
 * links lead.
 */
export function gridOf(table: Table): string | undefined {
  const rows = [table.head, ...table.rows];
  if (rows.some((row) => row.some((cell) => cell.some(isMasked)))) return undefined;
  const texts = rows.map((row) => row.map(wordsOf));
  const widths = table.head.map((_, column) => Math.max(...texts.map((row) => columnsOf(row[column] ?? ''))));
  if (sum(widths) + GAP.length * (widths.length - 1) > NARROW) return undefined;
  const lines = texts.map((row) => row.map((text, column) => padded(text, widths[column] ?? 0, table.align[column])));
  const ruler = widths.map((width) => '─'.repeat(width));
  return [lines[0] ?? [], ruler, ...lines.slice(1)].map((line) => line.join(GAP).trimEnd()).join('\n');
}

/** No grid of these rows is longer, and with more rows it only grows: for the measure of what may still be added. */
export function longestGrid(table: Table): number {
  const rows = [table.head, ...table.rows].map((row) => row.map(wordsOf));
  const units = sum(rows.flat().map((text) => text.length));
  return units + (rows.length + 1) * (NARROW + 1);
}

/** The table as a list, each row with the names of its columns. */
export function listOf(table: Table): List {
  const { head } = table;
  const named = table.rows.map((row) => row.map((cell, column) => namedCell(head[column] ?? [], cell)));
  const rows = table.rows.length > 0 ? named : [head];
  const items = rows.map((row): Item => {
    const cells = row.filter((cell) => cell.length > 0);
    return { blocks: [{ kind: 'paragraph', runs: cells.flatMap((cell, at) => (at === 0 ? cell : [BREAK, ...cell])) }] };
  });
  return { kind: 'list', start: null, items };
}

const BREAK: Run = { text: '\n' };

function namedCell(head: Cell, cell: Cell): Cell {
  if (cell.length === 0 || head.length === 0) return cell;
  const name = head.map((run): Run => (run.code ? run : { ...run, bold: true }));
  return [...name, { text: ': ' }, ...cell];
}

/** Its words do not tell the whole address. */
function isMasked({ href, text }: Run): boolean {
  return href !== undefined && href !== text;
}

export function wordsOf(cell: Cell): string {
  return cell
    .map(({ text }) => text)
    .join('')
    .replaceAll('\n', ' ');
}

function padded(text: string, width: number, align: Align | undefined): string {
  const room = width - columnsOf(text);
  if (align === 'right') return ' '.repeat(room) + text;
  const left = align === 'center' ? Math.floor(room / 2) : 0;
  return ' '.repeat(left) + text + ' '.repeat(room - left);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const WIDE =
  /^[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

/** How wide monospaced type shows it: an East Asian letter and an emoji take two columns. */
function columnsOf(text: string): number {
  if (/^[ -~]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += WIDE.test(segment) ? 2 : 1;
  return columns;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
