import type { StateBlock } from 'markdown-it';
import type { BlockRule } from './paragraph.ts';
import { barStandIn } from './stand-ins.ts';

const DELIMITERS = /^\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
/** Rows that are longer, and runs of backticks beyond so many, are read by the letter; UTF-16 units. */
const MOST = 20_000;
const MOST_TICKS = 200;

/**
 * By the letter of GFM a `|` parts cells even within code, and cells beyond the head's are not shown at all. In rows of more
 * cells than the head has code is left whole, and what is still too much goes to the last cell. The rule begins no block: it
 * prepares the rows of a table for the one that does.
 */
export const cells: BlockRule = (state, from, end) => {
  if (from + 2 > end) return false;
  const sign = state.src.charAt((state.bMarks[from + 1] ?? 0) + (state.tShift[from + 1] ?? 0));
  if (sign !== '|' && sign !== '-' && sign !== ':') return false;
  const delimiters = lineOf(state, from + 1).trim();
  if (!lineOf(state, from).includes('|') || !DELIMITERS.test(delimiters)) return false;
  const columns = delimiters.replace(/^\||\|$/g, '').split('|').length;
  const head = lineOf(state, from);
  // A head of another number of cells is none, and what is below it no row.
  if (barsOf(head).length !== columns - 1 && surplusBars(head, columns, true).length === 0) return false;
  const pieces: string[] = [];
  let done = 0;
  for (let line = from; line < end && !state.isEmpty(line); line++) {
    const row = line === from + 1 ? '' : lineOf(state, line);
    const bars = surplusBars(row, columns, line === from);
    const start = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
    for (const bar of bars) {
      pieces.push(state.src.slice(done, start + bar), barStandIn(state.env));
      done = start + bar + 1;
    }
  }
  if (done > 0) state.src = pieces.join('') + state.src.slice(done);
  return false;
};

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
