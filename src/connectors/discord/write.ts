import type { Block, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { note, type Writing, writeLines, writeOneLine } from './inline.ts';
import { tableList, tableText, tableTextLimit } from './table.ts';

interface Context {
  readonly writing: Writing;
  /** The platform has one level of quotes: what a deeper one says stays as text. */
  readonly quoted: boolean;
  readonly listed: boolean;
  /** How long may it be, instead of: how is it? */
  readonly measured: boolean;
}

interface Line {
  readonly text: string;
  /** Stays at the margin whatever holds it. */
  readonly atMargin?: true;
}

/** Blocks as the platform's own Markdown [D5]; all that is text in them shows as it is written. */
export function write(blocks: readonly Block[]): string {
  const plain = attempt(blocks, false, false);
  return plain.risky ? attempt(blocks, true, false).text : plain.text;
}

function attempt(blocks: readonly Block[], careful: boolean, measured: boolean) {
  const writing = { careful, risky: false };
  const lines = flow(blocks, { writing, quoted: false, listed: false, measured });
  return { text: lines.map(({ text }) => text).join('\n'), risky: writing.risky };
}

/**
 * At least the length of what `write` makes; more blocks are never shorter. The same blocks are measured many times until
 * they are laid out.
 */
export function measure(blocks: readonly Block[]): number {
  const careful = blocks.some((block) => lengthsOf(block).risky);
  let length = 0;
  let previous: Block | undefined;
  for (const block of blocks) {
    const lengths = lengthsOf(block);
    if (lengths.plain === 0) continue;
    if (careful) lengths.careful ??= attempt([block], true, true).text.length;
    length += (careful && lengths.careful) || lengths.plain;
    if (previous) length += areApart(previous, block, { quoted: false }) ? 2 : 1;
    previous = block;
  }
  return length;
}

interface Lengths {
  readonly plain: number;
  readonly risky: boolean;
  careful?: number;
}

const known = new WeakMap<Block, Lengths>();

function lengthsOf(block: Block): Lengths {
  const before = known.get(block);
  if (before) return before;
  const { text, risky } = attempt([block], false, true);
  const lengths = { plain: text.length, risky };
  known.set(block, lengths);
  return lengths;
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
      text: writeOneLine(
        runs.map((run) => (run.code ? run : { ...run, bold: true })),
        writing,
        true,
      ),
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
  const lines = flow(blocks, { ...context, quoted: true, listed: false });
  return lines.map(({ text }) => ({ text: `> ${text}`, atMargin: true }));
}

function list({ start, items }: List, context: Context): Line[] {
  let number = start ?? 0;
  return items.flatMap((item) => {
    const marker = start === null ? '- ' : `${number}. `;
    if (!item.continued) number++;
    return itemLines(item, item.continued ? '' : marker, context);
  });
}

/** An item that goes on what an earlier message began stands at the margin: there is nothing it could be indented below. */
function itemLines({ checked, blocks }: Item, marker: string, context: Context): Line[] {
  const task = checked === undefined ? '' : checked ? '☑ ' : '☐ ';
  // A quote beside the marker would not be one.
  const [first, ...others] = blocks;
  const own = first?.kind === 'quote' ? [...first.blocks, ...others] : blocks;
  const lines = flow(own, { ...context, listed: true });
  if (marker === '') return lines;
  const beside = own[0]?.kind === 'list' || lines[0]?.atMargin ? undefined : lines.shift();
  const indent = ' '.repeat(marker.length);
  const below = lines.map((line) => (line.atMargin || line.text === '' ? line : { ...line, text: indent + line.text }));
  return [{ text: (marker + task + (beside?.text ?? '')).trimEnd() || marker }, ...below];
}

function table(block: Table, { writing, measured }: Context): string[] {
  const text = tableText(block);
  const code = text && fenced('', text.join('\n'), writing);
  if (!measured) return code ?? tableList(block, writing);
  // Another row may turn one form into the other: whichever is longer, so that more rows are never shorter.
  const items = tableList(block, writing);
  const length = Math.max(lengthOf(items), code ? lengthOf(code) : tableTextLimit(block));
  const lines = Math.max(items.length, block.rows.length + 4);
  return ['x'.repeat(length), ...new Array(lines - 1).fill('x')];
}

function lengthOf(lines: readonly string[]): number {
  return lines.join('\n').length;
}
