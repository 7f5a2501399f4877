import { setImmediate } from 'node:timers/promises';
import { isBlank } from '../../../core/text.ts';
import type { Block } from './blocks.ts';
import { definitionsIn } from './definitions.ts';
import { divide, keptWithNext } from './divide.ts';
import { joined } from './join.ts';
import { read } from './read.ts';
import { countWithin, words } from './runs.ts';
import { slices } from './source.ts';
import { largest } from './text-cuts.ts';

/** How a platform takes messages. */
export interface Sheet {
  /**
   * Length of these blocks as one message, by the platform's own count. It grows with them: more blocks are never shorter.
   */
  size(blocks: readonly Block[]): number;
  /** No message is longer. */
  readonly limit: number;
  /** At most this many messages; what is left then is not laid out. Absent: as many as it takes. */
  readonly sheets?: number;
}

export interface Layout {
  /** The blocks of each message, in order; none is empty. */
  readonly sheets: readonly (readonly Block[])[];
  /** There is more than fits into `sheets`. */
  readonly more: boolean;
}

/** Markdown to messages, as `sheetsOf` makes them, but no more than the sheet allows. */
export async function layOut(answer: string, sheet: Sheet): Promise<Layout> {
  const sheets: (readonly Block[])[] = [];
  for await (const blocks of sheetsOf(answer, sheet)) {
    if (sheets.length >= (sheet.sheets ?? Number.POSITIVE_INFINITY)) return { sheets, more: true };
    sheets.push(blocks);
  }
  return { sheets, more: false };
}

/**
 * Markdown (CommonMark, tables, strikethrough, task lists) to messages, each within the limit and none empty. An answer is
 * cut between blocks, else between items, rows, lines, sentences, words, and at last between graphemes; code that is cut is
 * code on both sides, a list goes on with its numbers, a table repeats its head. Nothing is left out but white space at a
 * cut. Long texts are read in slices, between which other work goes on; not more is read than is asked for.
 */
export async function* sheetsOf(answer: string, sheet: Omit<Sheet, 'sheets'>): AsyncGenerator<readonly Block[]> {
  const definitions = definitionsIn(answer);
  let pending: readonly Block[] = [];
  let first = true;
  for (const slice of slices(answer)) {
    if (!first) await setImmediate();
    first = false;
    pending = joined(pending, read(slice.source, definitions), slice.joint);
    for (let filled = fill(pending, sheet); filled; filled = fill(pending, sheet)) {
      if (isSeen(filled.head)) yield filled.head;
      pending = filled.tail;
      await setImmediate();
    }
  }
  if (isSeen(pending)) yield pending;
}

function isSeen(blocks: readonly Block[]): boolean {
  return blocks.some((block) => block.kind === 'rule') || !isBlank(words(blocks));
}

interface Filled {
  readonly head: readonly Block[];
  readonly tail: readonly Block[];
}

/** One sheet of blocks that are too many for it; undefined if they are not. */
function fill(blocks: readonly Block[], { size, limit }: Omit<Sheet, 'sheets'>): Filled | undefined {
  const guess = countWithin(blocks, (block) => [block], limit);
  // To measure is to write: what is known is not asked for again.
  const known = new Map<number, number>([[0, 0]]);
  const sizeOf = (count: number): number => {
    const found = known.get(count) ?? size(blocks.slice(0, count));
    known.set(count, found);
    return found;
  };
  const whole = largest(blocks.length, guess, (count) => sizeOf(count) <= limit);
  if (whole === blocks.length) return undefined;
  const before = blocks.slice(0, whole);
  const here = keptWithNext(before);
  const apart = { head: here, tail: blocks.slice(here.length) };
  if (here.length > 0 && sizeOf(here.length) >= limit / 2) return apart;
  const [block, ...rest] = blocks.slice(whole);
  if (!block) return undefined;
  const division = divide(block, {
    empty: whole === 0,
    left: limit - sizeOf(whole),
    fits: (piece) => size([...before, piece]) <= limit,
    enough: (piece) => size([...before, piece]) >= limit / 2,
  });
  if (division) {
    const head = division.head.length > 0 ? [...before, ...division.head] : [];
    return { head, tail: [...(head.length > 0 ? [] : before), ...division.tail, ...rest] };
  }
  if (here.length > 0) return apart;
  if (whole > 0) return { head: before, tail: blocks.slice(whole) };
  return { head: [], tail: [...flattened(block, size, limit), ...rest] };
}

/** What is left of a block whose frame alone is larger than a sheet: its words. */
function flattened(block: Block, size: Sheet['size'], limit: number): readonly Block[] {
  const text = words([block]);
  const paragraph = (part: string): Block => ({ kind: 'paragraph', runs: [{ text: part }] });
  if (size([paragraph('x')]) > limit) throw new Error('No sheet is so small that a letter has no room');
  return text.trim() === '' ? [] : [paragraph(text)];
}
