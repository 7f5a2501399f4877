import type { Block, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { emboldened } from '../shared/markdown/runs.ts';
import { note, type Writing, writeLines, writeOneLine } from './inline.ts';
import { tableList, tableText, tableTextLimit } from './table.ts';

interface Context {
  readonly writing: Writing;
  /** The platform has one level of quotes: what a deeper one says stays as text. */
  readonly quoted: boolean;
  /** In an item of a list that the apps know as one, or of one whose markers are text to them. */
  readonly listed: 'as list' | 'as text' | undefined;
  /** In a list in a list. */
  readonly nested: boolean;
  /** Characters that stand before each line. */
  readonly indent: number;
}

interface Line {
  readonly text: string;
  /** Stays at the margin whatever holds it, or is only not indented below the marker of its item. */
  readonly place?: 'at margin' | 'below marker';
}

export function flow(blocks: readonly Block[], context: Context): Line[] {
  const { listed } = context;
  const lines: Line[] = [];
  let previous: Block | undefined;
  let left = false;
  for (const block of blocks) {
    const more = linesOf(block, context);
    if (more.every(({ text }) => text === '')) continue;
    // What the apps do not see in a list they do not take the indent from; what they see as one is one wherever it stands,
    // and what is indented goes on with the one before.
    const place = left ? 'at margin' : listed === 'as text' ? 'below marker' : undefined;
    const isList = block.kind === 'list' && kindOf(block) === 'as list';
    const placed = (line: Line): Line => (place && (!isList || line.text === BETWEEN) ? { place, ...line } : line);
    if (listed) {
      if (openList(lines) !== -1 && begins(more)) lines.push(placed({ text: BETWEEN }));
    } else if (previous && areApart(previous, block, context)) lines.push({ text: '' });
    lines.push(...more.map(placed));
    left ||= listed !== undefined && more.some((line) => line.place === 'at margin');
    previous = block;
  }
  return lines;
}

/** Parts two lists in an item, which an empty line would tear. */
const BETWEEN = '\u200B';
const MARKER = /^(?:[*-]|\d+\.) /;

/** Where the last item begins of a list that would go on if another followed; -1 if none would. */
function openList(lines: readonly Line[]): number {
  const at = lines.findLastIndex(({ text }) => !text.startsWith(' '));
  return MARKER.test(lines[at]?.text ?? '') ? at : -1;
}

const begins = (lines: readonly Line[]): boolean => MARKER.test(lines[0]?.text ?? '');

/** Headings and code bring their own distance; an empty line everywhere would tear an answer apart on a phone. */
export function areApart(previous: Block, block: Block, { quoted }: Pick<Context, 'quoted'>): boolean {
  const close: readonly Block['kind'][] = ['heading', 'code', 'rule'];
  if (close.includes(previous.kind) || close.includes(block.kind)) return false;
  return previous.kind !== 'paragraph' || block.kind === 'paragraph' || (quoted && block.kind === 'quote');
}

function linesOf(block: Block, context: Context): Line[] {
  switch (block.kind) {
    case 'paragraph':
      return asLines(writeLines(block.runs, context.writing));
    case 'heading':
      return heading(block.level, block.runs, context);
    case 'code':
      return asLines(fenced(block.language, block.text, context.writing));
    case 'quote':
      return quote(block.blocks, context);
    case 'list':
      return list(block, context);
    case 'table':
      return asLines(table(block, context));
    case 'rule':
      return [{ text: '———' }];
  }
}

function asLines(texts: readonly string[]): Line[] {
  return texts.map((text) => ({ text }));
}

/** Three levels there are, none of them in lists, and signs `#` at the end of one are lost: the others are bold lines. */
function heading(level: number, runs: readonly Run[], { writing, listed }: Context): Line[] {
  const words = runs.map(({ text }) => text).join('');
  if (words.trim() === '') return [];
  if (level <= 3 && !listed && !words.trimEnd().endsWith('#')) {
    return [{ text: `${'#'.repeat(level)} ${writeOneLine(runs, writing)}` }];
  }
  return [
    {
      text: writeOneLine(emboldened(runs), writing, true),
    },
  ];
}

const LANGUAGE = /^[a-z\d_+.#-]{1,40}$/i;

/**
 * A fence here has three backticks and no more: in code that holds three, something invisible goes between them. And it
 * holds at least one character.
 */
function fenced(language: string, code: string, writing: Writing): string[] {
  note(code, writing);
  const text = code.replaceAll('``', '``\u200B').replaceAll(/``\u200B(?!`)/g, '``');
  return [
    `\`\`\`${LANGUAGE.test(language) ? language : ''}`,
    ...(text.trim() === '' ? [' '] : text.split('\n')),
    '```',
  ];
}

function quote(blocks: readonly Block[], context: Context): Line[] {
  // One in a list stands at the margin and ends the list, which leaves an outer one's next item without its indent.
  if (context.quoted || context.nested) return flow(blocks, context);
  const lines = flow(blocks, { ...context, quoted: true, listed: undefined, indent: context.indent + 2 });
  return lines.map(({ text }) => ({ text: `> ${text}`, place: 'at margin' }));
}

/** The apps count from the first number on, and from 1 if that is 0, whatever the others are: then it is no list to them. */
function kindOf({ start, items }: Pick<List, 'start' | 'items'>): 'as text' | 'as list' {
  return start === 0 || items.some((item) => item.number !== undefined) ? 'as text' : 'as list';
}

function list({ start, items }: List, context: Context): Line[] {
  const listed = kindOf({ start, items });
  const lines: Line[] = [];
  let number = start ?? 0;
  let indent = 0;
  let own = -1;
  for (const item of items) {
    number = item.number ?? number;
    const marker = item.continued ? '' : start === null ? '- ' : `${number}${listed === 'as list' ? '.' : '\\.'} `;
    if (!item.continued) number++;
    // From all items the apps take as much as the first marker needs.
    indent ||= marker.length;
    const more = itemLines(
      item,
      marker,
      { ...context, listed, nested: context.listed !== undefined, indent: context.indent + indent },
      indent,
    );
    const open = openList(lines);
    if (open !== -1 && open !== own && begins(more)) lines.push({ text: context.listed ? BETWEEN : '' });
    own = marker === '' ? -1 : lines.length;
    lines.push(...more);
  }
  return lines;
}

/** An item that goes on what an earlier message began stands at the margin: there is nothing it could be indented below. */
function itemLines(item: Item, marker: string, context: Context, indent: number): Line[] {
  const { checked, blocks } = item;
  const task = checked === undefined ? '' : checked ? '☑ ' : '☐ ';
  // A quote beside the marker would not be one.
  const [first, ...others] = blocks;
  const own = first?.kind === 'quote' ? [...first.blocks, ...others] : blocks;
  const lines = [...itemFlow(item, own, context)];
  if (marker === '') return lines;
  const beside = begins(lines) || lines[0]?.place === 'at margin' ? undefined : lines.shift();
  const space = ' '.repeat(indent);
  const below = lines.map((line): Line => {
    if (line.place === 'at margin') return line;
    // An empty line ends a list, and an item in which one is left without the indent is read in pieces.
    if (line.place === undefined) return { text: line.text === '' ? `${space} ` : space + line.text };
    // In a list with fewer items, all of which count on, it would be longer.
    context.writing.extra += indent + 1;
    return { text: line.text };
  });
  const text = task + (beside?.text.trimEnd() ?? '');
  // Without the space after it the marker would be none, and with nothing else it would take the next line, whatever that is.
  const alone = text === '' && !below[0]?.text.startsWith(' ');
  return [{ text: marker + (alone ? '\u200B' : text) }, ...below];
}

interface ItemFlow {
  readonly lines: readonly Line[];
  readonly writing: Writing;
}

/** A list is measured with more and more of its items until it is laid out. */
const knownItems = new WeakMap<Item, Map<string, ItemFlow>>();

function itemFlow(item: Item, blocks: readonly Block[], context: Context): readonly Line[] {
  const { writing, quoted, listed, nested, indent } = context;
  const known = knownItems.get(item) ?? new Map<string, ItemFlow>();
  knownItems.set(item, known);
  const key = `${writing.care} ${quoted} ${listed} ${nested} ${indent}`;
  let found = known.get(key);
  if (!found) {
    const own: Writing = { care: writing.care, needed: 'none', plain: true, extra: 0 };
    found = { lines: flow(blocks, { ...context, writing: own }), writing: own };
    known.set(key, found);
  }
  const { needed, plain, extra } = found.writing;
  if (needed === 'links' || writing.needed === 'none') writing.needed = needed;
  writing.plain &&= plain;
  writing.extra += extra;
  return found.lines;
}

/** More rows may turn the text into a list, but no list into text: with that in mind a list is never shorter. */
function table(block: Table, { writing, indent }: Context): string[] {
  const text = tableText(block);
  if (text) return fenced('', text.join('\n'), writing);
  const items = tableList(block, writing);
  const length = items.join('\n').length;
  const lines = Math.max(items.length, block.rows.length + 4);
  writing.extra += Math.max(0, tableTextLimit(block) - length) + (lines - items.length) * indent;
  return items;
}
