import type { Block, Cell, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { plain } from '../shared/markdown/runs.ts';
import { addressOf, escapeTokens } from './mrkdwn.ts';
import { recent } from './recent.ts';
import { gridOf, NARROW } from './tables.ts';

/**
 * What something takes at most, wherever it stands; it only grows with what is added. A sheet is measured again and again
 * while it fills, so nothing is written for it, and what has been measured is known.
 */
export interface Measure {
  /** As mrkdwn, UTF-16 units. */
  readonly text: number;
  /** Line breaks in that: whatever is around it may indent them. */
  readonly lines: number;
  /** As blocks, characters of JSON, without what is around it. */
  readonly json: number;
}

/** Of JSON: an element of text, its style; a list; a section or the like, with what parts it from the one before. */
const ELEMENT = 26;
const STYLE = 54;
const LIST = 115;
export const FRAME = 80;

/** The parts of what is measured, each of them known for a while. */
interface Measures {
  readonly block: (block: Block) => Measure;
  readonly item: (item: Item) => Measure;
  readonly row: (row: readonly Cell[]) => RowMeasure;
  readonly head: (head: readonly Cell[]) => RowMeasure;
}

/** For one answer: what it knows goes with it. */
export function createMeasure(): (block: Block) => Measure {
  const measures: Measures = {
    block: recent((block) => measured(block, measures)),
    item: recent((item) => itemMeasure(item, measures)),
    row: recent((row) => rowMeasure(row, false)),
    head: recent((head) => rowMeasure(head, true)),
  };
  return measures.block;
}

function measured(block: Block, measures: Measures): Measure {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return runsMeasure(block.runs, block.kind === 'heading');
    case 'code': {
      const text = escapeTokens(block.text);
      const lines = count(text, '\n') + 2;
      return { text: text.length + count(text, '```') + 8, lines, json: json(block.text) + ELEMENT };
    }
    case 'quote': {
      const inner = joined(block.blocks.map(measures.block), 2, FRAME + ELEMENT + 6);
      return { ...inner, text: inner.text + 2 * (inner.lines + 1), json: inner.json + 2 * (inner.lines + 1) };
    }
    case 'list':
      return listMeasure(block, measures);
    case 'table':
      return tableMeasure(block, measures);
    case 'rule':
      return { text: 3, lines: 0, json: ELEMENT };
  }
}

/** One after another, with so many line breaks between two. */
function joined(all: readonly Measure[], breaks: number, frame: number): Measure {
  let text = 0;
  let lines = 0;
  let json = 0;
  for (const one of all) {
    text += one.text + breaks;
    lines += one.lines + breaks;
    json += one.json + frame;
  }
  const last = all.length > 0 ? breaks : 0;
  return { text: text - last, lines: lines - last, json };
}

function listMeasure(list: List, { item }: Measures): Measure {
  const all = joined(list.items.map(item), 1, 0);
  const highest = list.items.reduce((most, { number = 0 }) => Math.max(most, number), list.start ?? 0);
  const number = String(highest + list.items.length).length;
  return { ...all, text: all.text + (number + 2) * list.items.length, json: all.json + LIST };
}

function itemMeasure(item: Item, { block }: Measures): Measure {
  const all = joined(item.blocks.map(block), 1, item.blocks.length > 1 ? ELEMENT + 4 : 0);
  // Whatever is no line interrupts the list, which begins anew after it.
  const apart = item.blocks.filter(({ kind }) => kind !== 'paragraph' && kind !== 'heading').length;
  const begins = item.continued || item.number !== undefined;
  const own = 50 + (item.checked === undefined ? 0 : ELEMENT) + (begins ? FRAME + LIST : 0);
  return {
    text: all.text + 4 * all.lines + 2,
    lines: all.lines,
    json: all.json + own + apart * (FRAME + ELEMENT + LIST),
  };
}

/** A row more may turn the lines of a table into a list, and the list may be shorter: both are looked at. */
function tableMeasure(table: Table, measures: Measures): Measure {
  const { head, rows } = table;
  const names = measures.head(head);
  const lined = rows.map(measures.row);
  const cells = joined(lined, 0, 0);
  const many = Math.max(1, rows.length);
  const ticks = lined.reduce((sum, row) => sum + row.ticks, names.ticks);
  const grid = cells.text + names.text + ticks + (rows.length + 2) * (NARROW + 1) + 8;
  const list = cells.text + (names.text + head.length * 7 + 2) * many + 4 * cells.lines + 4 * names.lines * many;
  const lines = cells.lines + (names.lines + head.length) * many + 3;
  const native = lined.reduce((sum, row) => sum + row.native, names.native + head.length * 45 + 80);
  // Where it is longer than a message anyhow, its columns need not be counted.
  const isGrid = grid < 20_000 && gridOf(table) !== undefined;
  const asList = cells.json + names.json * many + (head.length * 2 * ELEMENT + 60) * many;
  return { text: Math.max(grid, list), lines, json: Math.max(native, (isGrid ? grid + lines : asList) + LIST) };
}

interface RowMeasure extends Measure {
  /** As a row of a table block. */
  readonly native: number;
  /** Signs that could end the monospaced block. */
  readonly ticks: number;
}

function rowMeasure(row: readonly Cell[], isHead: boolean): RowMeasure {
  const cells = row.map((cell, at) => runsMeasure(cell, isHead || at === 0));
  const native = row.reduce((sum, cell, at) => sum + (isPlain(cell) ? 35 : 120) + (cells[at]?.json ?? 0), 3);
  const ticks = row.reduce((sum, cell) => sum + count(plain(cell), '`'), 0);
  return { ...joined(cells, 0, 0), native, ticks };
}

function isPlain(cell: Cell): boolean {
  return cell.every((run) => !run.bold && !run.italic && !run.strike && !run.code && run.href === undefined);
}

function runsMeasure(runs: readonly Run[], bold: boolean): Measure {
  let text = 0;
  let lines = 0;
  let length = 0;
  for (const run of runs) {
    const breaks = count(run.text, '\n');
    const marks = Number(bold || run.bold === true) + Number(run.italic === true) + Number(run.strike === true);
    const signs = 2 * (marks + Number(run.code === true)) * (breaks + 1);
    const href = run.href === undefined ? undefined : addressOf(run.href);
    text += escapeTokens(run.text).length + signs + (href === undefined ? 0 : href.length + 3);
    lines += breaks;
    length += json(run.text) + ELEMENT + (signs > 0 ? STYLE : 0) + (run.href === undefined ? 0 : json(run.href) + 8);
  }
  return { text, lines, json: length };
}

function json(text: string): number {
  return JSON.stringify(text).length;
}

function count(text: string, part: string): number {
  let found = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found++;
  return found;
}
