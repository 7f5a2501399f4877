import type { Block, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { emboldened } from '../shared/markdown/runs.ts';
import { gridOf, listOf } from './tables.ts';

/** Blocks of a message, as far as we write them (the shapes of `@slack/types` 3.2). What they hold is literal text. */
export type SlackBlock = RichText | TableBlock | { readonly type: 'divider' };

export interface RichText {
  readonly type: 'rich_text';
  readonly elements: readonly RichElement[];
}

type RichElement =
  | { readonly type: 'rich_text_section'; readonly elements: Inline[] }
  | { readonly type: 'rich_text_quote'; readonly elements: Inline[] }
  | { readonly type: 'rich_text_preformatted'; readonly elements: readonly Inline[]; readonly border?: 1 }
  | {
      readonly type: 'rich_text_list';
      readonly style: 'bullet' | 'ordered';
      readonly indent: number;
      /** The first number less one; not in the SDK's types, but in the platform's reference of the element. */
      readonly offset?: number;
      readonly border?: 1;
      readonly elements: readonly { readonly type: 'rich_text_section'; readonly elements: Inline[] }[];
    };

type Inline =
  | { readonly type: 'text'; readonly text: string; readonly style?: InlineStyle }
  | { readonly type: 'link'; readonly url: string; readonly text?: string; readonly style?: InlineStyle };

type InlineStyle = Partial<Record<'bold' | 'italic' | 'strike' | 'code', true>>;

interface TableBlock {
  readonly type: 'table';
  readonly rows: readonly (readonly (RichText | { readonly type: 'raw_text'; readonly text: string })[])[];
  readonly column_settings: readonly { readonly align: string; readonly is_wrapped: true }[];
}

/** Of the `table` block, by its reference: rows with the head, cells of a row. */
const MOST_ROWS = 100;
const MOST_COLUMNS = 20;
/** By its reference, of a list. */
const DEEPEST = 8;
const PARAGRAPHS: Inline = { type: 'text', text: '\n\n' };
const LINE: Inline = { type: 'text', text: '\n' };
/** Where something must stand and there is nothing: empty texts are refused. */
const NOTHING: Inline = { type: 'text', text: ' ' };
const RULE: Inline = { type: 'text', text: '———' };

/**
 * Empty when nothing of it would be seen. A message takes one table (so its reference said, and nobody has been told of
 * more); where there are several all are written as text, so that they look alike.
 */
export function slackBlocks(blocks: readonly Block[]): SlackBlock[] {
  const hasTable = blocks.filter(({ kind }) => kind === 'table').length === 1;
  const made: SlackBlock[] = [];
  let elements: RichElement[] = [];
  const close = () => {
    if (elements.length > 0) made.push({ type: 'rich_text', elements });
    elements = [];
  };
  for (const block of blocks) {
    if (block.kind === 'rule') {
      close();
      made.push({ type: 'divider' });
    } else if (hasTable && isNative(block)) {
      close();
      made.push(tableBlock(block));
    } else add(elements, block, PLAIN);
  }
  close();
  return made;
}

/** Inside of lists and quotes there is no such block, and none of that size. */
function isNative(block: Block): block is Table {
  return block.kind === 'table' && block.rows.length < MOST_ROWS && block.head.length <= MOST_COLUMNS;
}

/** Where a block stands. */
interface Around {
  /** Of a list that begins here. */
  readonly indent: number;
  /** Quotes around it: one is shown by the platform, of deeper ones each line has a sign. */
  readonly quotes: number;
}

const PLAIN: Around = { indent: 0, quotes: 0 };

function add(elements: RichElement[], block: Block, around: Around): void {
  switch (block.kind) {
    case 'paragraph':
      addText(elements, inlines(block.runs), around);
      return;
    case 'heading':
      addText(elements, inlines(emboldened(block.runs)), around);
      return;
    case 'rule':
      addText(elements, [RULE], around);
      return;
    case 'code':
      addCode(elements, block.text, around);
      return;
    case 'quote':
      for (const inner of block.blocks) add(elements, inner, { ...around, quotes: around.quotes + 1 });
      return;
    case 'list':
      addList(elements, block, around);
      return;
    case 'table': {
      const grid = gridOf(block);
      if (grid === undefined) addList(elements, listOf(block), around);
      else addCode(elements, grid, around);
    }
  }
}

/** Goes on in the section or quote before it, as the platform's own editor does. */
function addText(elements: RichElement[], content: readonly Inline[], { quotes }: Around): void {
  if (content.length === 0) return;
  const type = quotes > 0 ? 'rich_text_quote' : 'rich_text_section';
  const shown = quotes > 1 ? signed(content, '> '.repeat(quotes - 1)) : content;
  const last = elements.at(-1);
  if (last?.type === type) last.elements.push(PARAGRAPHS, ...shown);
  else elements.push({ type, elements: [...shown] });
}

function signed(content: readonly Inline[], sign: string): Inline[] {
  const lines = content.map((one) =>
    one.text === undefined ? one : { ...one, text: one.text.replaceAll('\n', `\n${sign}`) },
  );
  return [{ type: 'text', text: sign }, ...lines];
}

function addCode(elements: RichElement[], text: string, { quotes }: Around): void {
  if (text.trim() === '') return;
  elements.push({ type: 'rich_text_preformatted', elements: [{ type: 'text', text }], ...border(quotes) });
}

function border(quotes: number): { border?: 1 } {
  return quotes > 0 ? { border: 1 } : {};
}

/** A list holds lines only: for whatever else an item has it is interrupted, and goes on after it. */
function addList(elements: RichElement[], { start, items }: List, around: Around): void {
  const { indent, quotes } = around;
  const inside = { ...around, indent: Math.min(indent + 1, DEEPEST) };
  const style = start === null ? 'bullet' : 'ordered';
  let number = start ?? 0;
  let first = number;
  let sections: { type: 'rich_text_section'; elements: Inline[] }[] = [];
  const close = () => {
    const offset = start !== null && first > 1 && { offset: first - 1 };
    if (sections.length > 0)
      elements.push({ type: 'rich_text_list', style, indent, ...offset, ...border(quotes), elements: sections });
    sections = [];
    first = number;
  };
  for (const item of items) {
    const { line, rest } = parted(item);
    if (item.number !== undefined) {
      number = item.number;
      close();
    }
    if (item.continued) {
      close();
      addText(elements, line, around);
    } else if (start !== null && number === 0) {
      // Nothing is known of a list that begins below one.
      addText(elements, [{ type: 'text', text: '0. ' }, ...line], around);
      first = ++number;
    } else {
      sections.push({ type: 'rich_text_section', elements: line.length > 0 ? line : [NOTHING] });
      number++;
    }
    if (rest.length > 0) close();
    for (const block of rest) add(elements, block, inside);
  }
  close();
}

/** The lines that an item begins with, and what follows them. */
function parted({ checked, blocks }: Item): { line: Inline[]; rest: readonly Block[] } {
  const end = blocks.findIndex(({ kind }) => kind !== 'paragraph' && kind !== 'heading');
  const begins = end === -1 ? blocks : blocks.slice(0, end);
  const line = begins.flatMap((block, at) => {
    const runs = block.kind === 'heading' ? emboldened(block.runs) : block.kind === 'paragraph' ? block.runs : [];
    const content = inlines(runs);
    return at > 0 && content.length > 0 ? [LINE, ...content] : content;
  });
  const box: Inline[] = checked === undefined ? [] : [{ type: 'text', text: checked ? '☑ ' : '☐ ' }];
  return { line: [...box, ...line], rest: end === -1 ? [] : blocks.slice(end) };
}

function inlines(runs: readonly Run[]): Inline[] {
  return runs.filter(({ text }) => text !== '').map(inline);
}

function inline(run: Run): Inline {
  const { text, href } = run;
  const look: InlineStyle = {
    ...(run.bold && { bold: true }),
    ...(run.italic && { italic: true }),
    ...(run.strike && { strike: true }),
    ...(run.code && { code: true }),
  };
  const style = Object.keys(look).length > 0 && { style: look };
  if (href === undefined) return { type: 'text', text, ...style };
  return { type: 'link', url: href, ...(text !== href && { text }), ...style };
}

/** Plain cells as plain text. Each column wraps: else a long cell makes the table as wide as itself. */
function tableBlock({ align, head, rows }: Table): TableBlock {
  const cellOf = (runs: readonly Run[]) => {
    const content = inlines(runs);
    const isPlain = content.every((one) => one.type === 'text' && one.style === undefined);
    if (!isPlain) {
      const section = { type: 'rich_text_section', elements: content } as const;
      return { type: 'rich_text', elements: [section] } as const;
    }
    return { type: 'raw_text', text: runs.map(({ text }) => text).join('') || ' ' } as const;
  };
  return {
    type: 'table',
    rows: [head, ...rows].map((row) => row.map(cellOf)),
    column_settings: head.map((_, column) => ({ align: align[column] ?? 'left', is_wrapped: true })),
  };
}
