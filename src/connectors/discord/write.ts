import type { Block, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { emboldened } from '../shared/markdown/runs.ts';
import { type Care, note, type Writing, writeLines, writeOneLine } from './inline.ts';
import { tableList, tableText, tableTextLimit } from './table.ts';

interface Context {
  readonly writing: Writing;
  /** The platform has one level of quotes: what a deeper one says stays as text. */
  readonly quoted: boolean;
  readonly listed: boolean;
  /** Characters that stand before each line. */
  readonly indent: number;
}

interface Line {
  readonly text: string;
  /** Stays at the margin whatever holds it. */
  readonly atMargin?: true;
}

/** Blocks as the platform's own Markdown [D5]; all that is text in them shows as it is written. */
export function write(blocks: readonly Block[]): string {
  const care = careFor(blocks);
  let text = '';
  let previous: Block | undefined;
  for (const block of blocks) {
    const one = formOf(block, care).text;
    if (one === '') continue;
    if (previous) text += areApart(previous, block, { quoted: false }) ? '\n\n' : '\n';
    text += one;
    previous = block;
  }
  return text;
}

/** At least the length of what `write` makes; more blocks are never shorter. */
export function measure(blocks: readonly Block[]): number {
  const care = careFor(blocks);
  let length = 0;
  let previous: Block | undefined;
  for (const block of blocks) {
    let one = formOf(block, 'none').length;
    if (one === 0) continue;
    // A block more may ask for more care of all.
    if (care !== 'none') one = Math.max(one, formOf(block, 'signs').length);
    if (care === 'links') one = Math.max(one, formOf(block, 'links').length);
    length += one;
    if (previous) length += areApart(previous, block, { quoted: false }) ? 2 : 1;
    previous = block;
  }
  return length;
}

function careFor(blocks: readonly Block[]): Care {
  let care: Care = 'none';
  for (const block of blocks) {
    const { needed } = formOf(block, 'none');
    if (needed === 'links') return needed;
    if (needed === 'signs') care = needed;
  }
  return care;
}

/** What is known of a block that stands by itself. */
interface Form {
  readonly text: string;
  /** At least that of the text. */
  readonly length: number;
  readonly needed: Care;
  /** See `Writing`. */
  readonly plain: boolean;
}

/** The same blocks are measured many times until they are laid out, and written then. */
const known = new WeakMap<Block, { [care in Care]?: Form }>();

function formOf(block: Block, care: Care): Form {
  const forms = known.get(block) ?? {};
  known.set(block, forms);
  const before = forms[care] ?? (care === 'signs' && forms.none?.plain ? forms.none : undefined);
  if (before) return before;
  const writing: Writing = { care, needed: 'none', plain: true, extra: 0 };
  const lines = flow([block], { writing, quoted: false, listed: false, indent: 0 });
  const text = lines.map((line) => line.text).join('\n');
  const form = { text, length: text.length + writing.extra, needed: writing.needed, plain: writing.plain };
  forms[care] = form;
  return form;
}

function flow(blocks: readonly Block[], context: Context): Line[] {
  const lines: Line[] = [];
  let previous: Block | undefined;
  for (const block of blocks) {
    const more = linesOf(block, context);
    if (more.every(({ text }) => text === '')) continue;
    if (previous && !context.listed && areApart(previous, block, context)) lines.push({ text: '' });
    lines.push(...more);
    previous = block;
  }
  return lines;
}

/** Headings and code bring their own distance; an empty line everywhere would tear an answer apart on a phone. */
function areApart(previous: Block, block: Block, { quoted }: Pick<Context, 'quoted'>): boolean {
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
  if (context.quoted) return flow(blocks, context);
  const lines = flow(blocks, { ...context, quoted: true, listed: false, indent: context.indent + 2 });
  return lines.map(({ text }) => ({ text: `> ${text}`, atMargin: true }));
}

function list({ start, items }: List, context: Context): Line[] {
  let number = start ?? 0;
  // The apps count from the first number on, whatever the others are: then they are no list to them.
  const dot = items.some((item) => item.number !== undefined) ? '\\.' : '.';
  return items.flatMap((item) => {
    number = item.number ?? number;
    const marker = start === null ? '- ' : `${number}${dot} `;
    if (!item.continued) number++;
    return itemLines(item, item.continued ? '' : marker, context);
  });
}

/** An item that goes on what an earlier message began stands at the margin: there is nothing it could be indented below. */
function itemLines(item: Item, marker: string, context: Context): Line[] {
  const { checked, blocks } = item;
  const task = checked === undefined ? '' : checked ? '☑ ' : '☐ ';
  // A quote beside the marker would not be one.
  const [first, ...others] = blocks;
  const own = first?.kind === 'quote' ? [...first.blocks, ...others] : blocks;
  const lines = [...itemFlow(item, own, { ...context, listed: true, indent: context.indent + marker.length })];
  if (marker === '') return lines;
  const beside = own[0]?.kind === 'list' || lines[0]?.atMargin ? undefined : lines.shift();
  const indent = ' '.repeat(marker.length);
  const below = lines.map((line) => (line.atMargin || line.text === '' ? line : { ...line, text: indent + line.text }));
  return [{ text: (marker + task + (beside?.text ?? '')).trimEnd() || marker }, ...below];
}

interface ItemFlow {
  readonly lines: readonly Line[];
  readonly writing: Writing;
}

/** A list is measured with more and more of its items until it is laid out. */
const knownItems = new WeakMap<Item, Map<string, ItemFlow>>();

function itemFlow(item: Item, blocks: readonly Block[], context: Context): readonly Line[] {
  const { writing, quoted, indent } = context;
  const known = knownItems.get(item) ?? new Map<string, ItemFlow>();
  knownItems.set(item, known);
  const key = `${writing.care} ${quoted} ${indent}`;
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

/**
 * A row more may turn one form into the other: the longer one is reckoned with, so that more rows are never shorter.
 */
function table(block: Table, { writing, indent }: Context): string[] {
  const text = tableText(block);
  const code = text && fenced('', text.join('\n'), writing);
  const items = tableList(block, writing);
  const written = code ?? items;
  const length = Math.max(lengthOf(items), code ? lengthOf(code) : tableTextLimit(block));
  const lines = Math.max(items.length, block.rows.length + 4);
  writing.extra += length - lengthOf(written) + (lines - written.length) * indent;
  return written;
}

function lengthOf(lines: readonly string[]): number {
  return lines.join('\n').length;
}
