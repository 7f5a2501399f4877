import type { Align, Table } from './blocks.ts';
import { plain } from './runs.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Two columns wide in a font of one width: East Asian wide and full-width characters, and emoji. */
const WIDE =
  /^[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\u9FFF\uA000-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\p{Emoji}\uFE0F|^\p{Regional_Indicator}/u;

/** How many columns a text takes in a font of one width. */
export function width(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of graphemes.segment(text))
    columns += WIDE.test(segment) ? 2 : /^[\p{M}\p{Cf}]+$/u.test(segment) ? 0 : 1;
  return columns;
}

/** A cell as one line of plain text. */
const line = (cell: Table['head'][number]): string => plain(cell).replaceAll('\n', ' ');

/**
 * A table in lines for a font of one width: `a  b`, a line of dashes under the head, cells aligned. Undefined if it is wider
 * than `most` columns. Links in it are words only.
 */
export function columns(table: Table, most: number): readonly string[] | undefined {
  const lines = [table.head, ...table.rows].map((row) => row.map(line));
  const widths = table.head.map(() => 0);
  for (const cells of lines) {
    for (const [column, cell] of cells.entries()) {
      // Longer than the whole may be: no need to count it.
      if (cell.length > most * 8) return undefined;
      widths[column] = Math.max(widths[column] ?? 0, width(cell));
    }
    if (widths.reduce((sum, one) => sum + one + 2, -2) > most) return undefined;
  }
  const written = lines.map((cells) =>
    cells
      .map((cell, column) => aligned(cell, widths[column] ?? 0, table.align[column]))
      .join('  ')
      .trimEnd(),
  );
  const [head = '', ...rows] = written;
  return [head, widths.map((columns) => '-'.repeat(columns)).join('  '), ...rows];
}

function aligned(cell: string, columns: number, align: Align | undefined): string {
  const room = columns - width(cell);
  const before = align === 'right' ? room : align === 'center' ? Math.floor(room / 2) : 0;
  return ' '.repeat(before) + cell + ' '.repeat(room - before);
}
