import type { Block, Item, List } from '../shared/markdown/blocks.ts';
import { type Formatted, settle } from './entities.ts';
import { createPaper, freshLine, indent, mark, type Paper, put } from './paper.ts';
import { writeRuns } from './runs.ts';
import { writeTable } from './tables.ts';

const RULE = '———';
const STEP = '  ';
/** Between paragraphs. */
const GAP = '\n\n';

/** Pure: blocks as plain text with entities. There is nothing to escape in it, and nothing that could fail to parse (F071). */
export function write(blocks: readonly Block[]): Formatted {
  const paper = written(blocks, false);
  return settle(paper.pieces.join(''), paper.entities);
}

export interface Measures {
  /** UTF-16 units of the text. */
  readonly length: number;
  readonly entities: number;
  /** What the entities weigh on the wire, bytes. */
  readonly weight: number;
}

/** Never less than `write` makes of these blocks or of some of them. */
export function measure(blocks: readonly Block[]): Measures {
  let length = 0;
  let entities = 0;
  let weight = 0;
  for (const block of blocks) {
    const one = measureOf(block);
    if (one.length === 0) continue;
    length += one.length + (length > 0 ? GAP.length : 0);
    entities += one.entities;
    weight += one.weight;
  }
  return { length, entities, weight };
}

/** The same blocks are measured many times until they are laid out. */
const known = new WeakMap<Block, Measures>();

function measureOf(block: Block): Measures {
  const before = known.get(block);
  if (before) return before;
  const { length, entities } = written([block], true);
  const weight = entities.reduce(
    (sum, { url, language }) => sum + 16 + 3 * (language?.length ?? 0) + (url?.length ?? 0),
    0,
  );
  const measures = { length, entities: entities.length, weight };
  known.set(block, measures);
  return measures;
}

function written(blocks: readonly Block[], measuring: boolean): Paper {
  const paper = createPaper(measuring);
  writeBlocks(paper, blocks, { prefix: '', quoted: false, gap: GAP });
  return paper;
}

interface Setting {
  /** Stands at the beginning of each line. */
  readonly prefix: string;
  readonly quoted: boolean;
  /** Between two blocks. */
  readonly gap: string;
}

function writeBlocks(paper: Paper, blocks: readonly Block[], setting: Setting): void {
  let begun = false;
  for (const block of blocks) {
    const pieces = paper.pieces.length;
    const { length, fresh } = paper;
    if (begun) put(paper, setting.gap);
    const start = paper.length;
    writeBlock(paper, block, setting);
    if (paper.length > start) begun = true;
    else {
      paper.pieces.length = pieces;
      Object.assign(paper, { length, fresh });
    }
  }
}

function writeBlock(paper: Paper, block: Block, setting: Setting): void {
  const { prefix } = setting;
  switch (block.kind) {
    case 'paragraph':
      writeRuns(paper, block.runs, prefix);
      break;
    case 'heading':
      writeRuns(paper, block.runs, prefix, { bold: true });
      break;
    case 'code':
      writeCode(paper, block.text, block.language);
      break;
    case 'quote':
      writeQuote(paper, block.blocks, setting);
      break;
    case 'list':
      writeList(paper, block, setting);
      break;
    case 'table':
      writeTable(paper, block, prefix);
      break;
    case 'rule':
      indent(paper, prefix);
      put(paper, RULE);
  }
}

/** Nothing stands before its lines, also in a list: it would be copied with them. */
function writeCode(paper: Paper, text: string, language: string): void {
  if (text.trim() === '') return;
  freshLine(paper);
  const offset = paper.length;
  put(paper, text);
  mark(paper, { type: 'pre', offset, ...(language !== '' && { language }) });
}

/** The platform does not nest quotes [T1]: one inside another is marked as in a letter. */
function writeQuote(paper: Paper, blocks: readonly Block[], { prefix, quoted }: Setting): void {
  freshLine(paper);
  const offset = paper.length;
  writeBlocks(paper, blocks, { prefix: quoted ? `${prefix}> ` : '', quoted: true, gap: GAP });
  if (!quoted) mark(paper, { type: 'blockquote', offset });
}

function writeList(paper: Paper, { start, items }: List, setting: Setting): void {
  let number = start;
  items.forEach((item, at) => {
    if (at > 0) freshLine(paper);
    number = item.number ?? number;
    const marker = markerOf(item, number);
    if (number !== null && !item.continued) number++;
    const first = item.blocks[0]?.kind;
    const ownLine = first === 'code' || first === 'quote' || first === 'table';
    if (!ownLine || !item.continued) indent(paper, setting.prefix);
    put(paper, ownLine ? marker.trimEnd() : marker);
    writeBlocks(paper, item.blocks, { ...setting, prefix: setting.prefix + STEP, gap: '\n' });
  });
}

function markerOf({ checked, continued }: Item, number: number | null): string {
  if (continued) return STEP;
  const task = checked === undefined ? '' : checked ? '☑ ' : '☐ ';
  if (number !== null) return `${number}. ${task}`;
  return task || '• ';
}
