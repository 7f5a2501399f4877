import type { Align, Block, Cell, Item, Run } from './blocks.ts';
import { readInline } from './inline.ts';
import { type Definitions, parse, type Token } from './parser.ts';
import { plain } from './runs.ts';
import { keepUnused } from './unused.ts';

/** Head times rows, UTF-16 units: platforms without tables repeat the head in each row. */
const LARGEST_TABLE = 200_000;

/** Markdown to its tree. For texts of bounded length: reading is one step, in which nothing else goes on. */
export function read(source: string, definitions: Definitions = {}): Block[] {
  const tokens = parse(source, definitions);
  keepUnused(tokens, source, definitions);
  return blocksUntil({ tokens, at: 0, definitions }, undefined);
}

interface Reader {
  readonly tokens: readonly Token[];
  readonly definitions: Definitions;
  at: number;
}

/** Blocks up to the token of this type, which is passed. */
function blocksUntil(reader: Reader, end: string | undefined): Block[] {
  const blocks: Block[] = [];
  for (let token = next(reader); token && token.type !== end; token = next(reader)) {
    // Rules in a row part no more than one.
    if (token.type === 'hr' && blocks.at(-1)?.kind === 'rule') continue;
    blocks.push(...readBlock(reader, token));
  }
  return blocks;
}

const next = (reader: Reader): Token | undefined => reader.tokens[reader.at++];

function readBlock(reader: Reader, token: Token): readonly Block[] {
  switch (token.type) {
    case 'inline':
      return paragraph(readInline(token));
    case 'heading_open': {
      const runs = blocksUntil(reader, 'heading_close').flatMap((block) =>
        block.kind === 'paragraph' ? block.runs : [],
      );
      return runs.length > 0 ? [{ kind: 'heading', level: Number(token.tag.slice(1)), runs }] : [];
    }
    case 'fence':
    case 'code_block': {
      const text = token.content.replace(/\n$/, '');
      return text.trim() === '' ? [] : [{ kind: 'code', language: language(token.info), text }];
    }
    case 'blockquote_open': {
      const blocks = blocksUntil(reader, 'blockquote_close');
      return blocks.length > 0 ? [{ kind: 'quote', blocks }] : [];
    }
    case 'bullet_list_open':
      return list(items(reader, 'bullet_list_close').map(({ item }) => item));
    case 'ordered_list_open':
      return numberedList(items(reader, 'ordered_list_close'));
    case 'table_open':
      return table(reader);
    case 'hr':
      return [{ kind: 'rule' }];
    case 'reference_definition':
      return token.content === '' ? [] : read(token.content, reader.definitions);
    default:
      // What nobody here knows is still to be read.
      return token.content.trim() === '' ? [] : paragraph([{ text: token.content.trim() }]);
  }
}

function paragraph(runs: readonly Run[]): readonly Block[] {
  return runs.length > 0 ? [{ kind: 'paragraph', runs }] : [];
}

function language(info: string): string {
  return /^[\w+#.-]{1,32}/.exec(info.trim())?.[0] ?? '';
}

interface Read {
  readonly item: Item;
  /** As it was written. */
  readonly number: number;
}

function items(reader: Reader, end: string): Read[] {
  const found: Read[] = [];
  for (let token = next(reader); token && token.type !== end; token = next(reader)) {
    if (token.type !== 'list_item_open') continue;
    found.push({ item: task({ blocks: blocksUntil(reader, 'list_item_close') }), number: Number(token.info) });
  }
  return found;
}

/** `[ ]` and `[x]` before the words of an item. */
function task(item: Item): Item {
  const [first, ...others] = item.blocks;
  if (first?.kind !== 'paragraph') return item;
  const [run, ...runs] = first.runs;
  const box = run && lookless(run) ? /^\[([ xX])\][ \n]+/.exec(run.text) : null;
  if (!run || !box) return item;
  const text = run.text.slice(box[0].length);
  const rest = text === '' ? runs : [{ ...run, text }, ...runs];
  if (rest.length === 0) return item;
  return { checked: box[1] !== ' ', blocks: [{ kind: 'paragraph', runs: rest }, ...others] };
}

function lookless({ bold, italic, strike, code, href }: Run): boolean {
  return !bold && !italic && !strike && !code && href === undefined;
}

/** Items without content go. */
function list(all: readonly Item[]): Block[] {
  const kept = all.filter(({ blocks }) => blocks.length > 0);
  return kept.length > 0 ? [{ kind: 'list', start: null, items: kept }] : [];
}

/**
 * With the numbers that were written: by the letter of CommonMark only the first of them counts, and a list that counts down
 * would count up. All the same mean that somebody should count.
 */
function numberedList(all: readonly Read[]): Block[] {
  const first = all[0]?.number ?? 1;
  const same = all.every(({ number }) => number === first);
  const kept = all
    .map(({ item, number }, index) => ({ item, number: same ? first + index : number }))
    .filter(({ item }) => item.blocks.length > 0);
  if (kept.length === 0) return [];
  const items = kept.map(({ item, number }, index) =>
    index === 0 || number === (kept[index - 1]?.number ?? 0) + 1 ? item : { ...item, number },
  );
  return [{ kind: 'list', start: kept[0]?.number ?? 1, items }];
}

function table(reader: Reader): Block[] {
  const lines: Cell[][] = [];
  const align: Align[] = [];
  let cell: Cell = [];
  for (let token = next(reader); token && token.type !== 'table_close'; token = next(reader)) {
    if (token.type === 'tr_open') lines.push([]);
    else if (token.type === 'th_open') align.push(alignment(token));
    else if (token.type === 'inline') cell = readInline(token);
    else if (token.type === 'th_close' || token.type === 'td_close') {
      lines.at(-1)?.push(cell);
      cell = [];
    }
  }
  const [head = [], ...rows] = lines;
  const filled = rows.filter((row) => row.some((one) => one.length > 0));
  const headLength = head.reduce((sum, one) => sum + plain(one).length + 4, 0);
  if (headLength * filled.length > LARGEST_TABLE) return [head, ...filled].flatMap(rowAsText);
  return filled.length > 0 || head.some((one) => one.length > 0) ? [{ kind: 'table', align, head, rows: filled }] : [];
}

function rowAsText(row: readonly Cell[]): readonly Block[] {
  return paragraph(
    row.filter((cell) => cell.length > 0).flatMap((cell, index) => (index === 0 ? cell : [{ text: ' | ' }, ...cell])),
  );
}

function alignment(token: Token): Align {
  const style = String(token.attrs?.find(([name]) => name === 'style')?.[1] ?? '');
  return style.endsWith('right') ? 'right' : style.endsWith('center') ? 'center' : 'left';
}
