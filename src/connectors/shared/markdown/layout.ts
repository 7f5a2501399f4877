import type { Block } from './blocks.ts';

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

/**
 * Markdown (CommonMark, tables, strikethrough, task lists) to messages, each within the limit. An answer is cut between
 * blocks, else between items, rows, lines, sentences, words, and at last between graphemes; code that is cut is code on
 * both sides, a list goes on with its numbers, a table repeats its head. Nothing is left out but white space at a cut.
 * Long texts are read in slices, between which other work goes on.
 */
export async function layOut(_answer: string, _sheet: Sheet): Promise<Layout> {
  throw new Error('not built yet');
}
