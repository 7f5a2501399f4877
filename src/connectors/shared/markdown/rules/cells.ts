import type { StateBlock } from 'markdown-it';
import type { BlockRule } from './paragraph.ts';
import { barStandIn } from './stand-ins.ts';

const DELIMITERS = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
/** Rows that are longer, and runs of backticks beyond so many, are read by the letter; UTF-16 units. */
const MOST = 20_000;
const MOST_TICKS = 200;

/**
 * By the letter of GFM a `|` parts cells even within code, and cells beyond the head's are not shown at all. In rows of more
 * cells than the head has code is left whole, and what is still too much goes to the last cell. `table`: the parser's own
 * rule, for which the rows are prepared; it says what a table is.
 */
export const withAllCells =
  (table: BlockRule): BlockRule =>
  (state, from, end, silent) => {
    const columns = columnsBelow(state, from, end);
    if (columns === undefined) return false;
    const { src } = state;
    replaceBars(state, barsIn(state, from, columns, true));
    const isTable = table(state, from, end, true);
    if (!isTable) state.src = src;
    if (!isTable || silent) return isTable;
    const bars: number[] = [];
    for (let line = from + 2, last = rowsEnd(state, line, end); line < last; line++)
      bars.push(...barsIn(state, line, columns, false));
    replaceBars(state, bars);
    return table(state, from, end, false);
  };

/** How many cells the second line has, if it looks like that of a table. */
function columnsBelow(state: StateBlock, from: number, end: number): number | undefined {
  if (from + 2 > end) return undefined;
  const sign = state.src.charAt((state.bMarks[from + 1] ?? 0) + (state.tShift[from + 1] ?? 0));
  if (sign !== '|' && sign !== '-' && sign !== ':') return undefined;
  const delimiters = lineOf(state, from + 1).trim();
  if (!lineOf(state, from).includes('|') || !DELIMITERS.test(delimiters)) return undefined;
  return delimiters.replace(/^\||\|$/g, '').split('|').length;
}

/** As the parser sees it: at a blank line, at what begins another block, at an indent of code or of what is around the table. */
function rowsEnd(state: StateBlock, from: number, end: number): number {
  const ends = state.md.block.ruler.getRules('blockquote');
  const { parentType } = state;
  state.parentType = 'table';
  let line = from;
  for (; line < end && !state.isEmpty(line); line++) {
    const indent = (state.sCount[line] ?? 0) - state.blkIndent;
    const at = line;
    if (indent < 0 || indent >= 4 || ends.some((rule) => rule(state, at, end, true))) break;
  }
  state.parentType = parentType;
  return line;
}

/** One sign for another, so that no position changes. */
function replaceBars(state: StateBlock, bars: readonly number[]): void {
  if (bars.length === 0) return;
  const pieces = bars.map((bar, at) => state.src.slice((bars[at - 1] ?? -1) + 1, bar));
  state.src = [...pieces, state.src.slice((bars.at(-1) ?? 0) + 1)].join(barStandIn(state.env));
}

/** Positions in the source. */
function barsIn(state: StateBlock, line: number, columns: number, isHead: boolean): readonly number[] {
  const start = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
  return surplusBars(lineOf(state, line), columns, isHead).map((bar) => start + bar);
}

const lineOf = (state: StateBlock, line: number): string =>
  state.src.slice((state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0), state.eMarks[line]);

/** Where the bars are that must not part cells, so that there are no more than `columns` of them. */
function surplusBars(row: string, columns: number, isHead: boolean): readonly number[] {
  const all = row.length > MOST ? [] : barsOf(row);
  if (all.length < columns) return [];
  const code = codeOf(row);
  const isWithin = (bar: number) => code.some(({ from, to }) => from < bar && bar < to);
  const within = all.filter(isWithin);
  const others = within.length > 0 ? all.filter((bar) => !isWithin(bar)) : all;
  if (isHead) return others.length === columns - 1 ? within : [];
  return [...within, ...others.slice(columns - 1)].sort((one, other) => one - other);
}

/** Those between two cells of a row. */
function barsOf(row: string): number[] {
  const last = row.trimEnd().length - 1;
  const bars: number[] = [];
  for (let bar = row.indexOf('|', 1); bar !== -1 && bar < last; bar = row.indexOf('|', bar + 1))
    if (row.charAt(bar - 1) !== '\\') bars.push(bar);
  return bars;
}

/** The spans of code in a row. */
function codeOf(row: string): readonly { from: number; to: number }[] {
  const ticks = [...row.matchAll(/`+/g)].slice(0, MOST_TICKS);
  const spans: { from: number; to: number }[] = [];
  for (let at = 0; at < ticks.length; at++) {
    const open = ticks[at];
    const close = ticks.findIndex((tick, index) => index > at && tick[0].length === open?.[0].length);
    if (!open || close === -1 || row.charAt(open.index - 1) === '\\') continue;
    spans.push({ from: open.index, to: ticks[close]?.index ?? 0 });
    at = close;
  }
  return spans;
}
