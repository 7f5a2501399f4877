import type { Block } from '../shared/markdown/blocks.ts';
import type { Care, Writing } from './inline.ts';
import { areApart, flow } from './write-lines.ts';

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
    const one = lengthOf(block, care);
    if (one === 0) continue;
    length += one;
    if (previous) length += areApart(previous, block, { quoted: false }) ? 2 : 1;
    previous = block;
  }
  return length;
}

/** A block more may ask for more care of all. */
function lengthOf(block: Block, care: Care): number {
  const { length } = formOf(block, 'none');
  if (care === 'none' || length === 0) return length;
  const careful = Math.max(length, formOf(block, 'signs').length);
  return care === 'signs' ? careful : Math.max(careful, formOf(block, 'links').length);
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
  const before = forms[care];
  if (before) return before;
  const form = care === 'signs' && forms.none?.plain ? forms.none : newForm(block, care);
  forms[care] = form;
  known.set(block, forms);
  return form;
}

function newForm(block: Block, care: Care): Form {
  const writing: Writing = { care, needed: 'none', plain: true, extra: 0 };
  const lines = flow([block], { writing, quoted: false, listed: undefined, nested: false, indent: 0 });
  const text = lines.map((line) => line.text).join('\n');
  return { text, length: text.length + writing.extra, needed: writing.needed, plain: writing.plain };
}
