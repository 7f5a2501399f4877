import type { Part } from '../../core/delivery.ts';
import { isBlank } from '../../core/text.ts';
import type { Block } from '../shared/markdown/blocks.ts';
import { sheetsOf } from '../shared/markdown/layout.ts';
import { createMeasure, FRAME } from './measure.ts';
import { mrkdwn } from './mrkdwn.ts';
import { type SlackBlock, slackBlocks } from './rich-text.ts';

/** 4,000 are recommended for a text, and an edit must not have more [S7][S8]. What is escaped counts as it is sent. */
export const TEXT_LENGTH = 3500;

/** 50 in a message [S8]. */
const MOST_BLOCKS = 50;
/**
 * The whole of the blocks is refused somewhere above 13,000 characters [S-i11]. Whether their text is counted or all of
 * it, nobody tells: all of it stays below the smallest number that is known.
 */
const BLOCKS_LENGTH = 12_000;

/** What a message has in blocks, read from where it was stored. */
export interface Format {
  readonly blocks: readonly SlackBlock[];
}

/**
 * An answer as messages, each of them twice: as blocks for those who see it, and as text for notifications, and in case
 * that the blocks are refused. Text in blocks is literal, and in the other what could be read as one of the platform's
 * tokens is escaped: so no answer notifies a channel, a group or a person (faults.md §3, 47).
 */
export async function render(answer: string): Promise<readonly Part[]> {
  const parts: Part[] = [];
  // A hostile answer has thousands: each is made as soon as it is laid out, so that little of the tree is held.
  for await (const sheet of sheetsOf(answer, { size: createSize(), limit: TEXT_LENGTH })) {
    const part = partOf(sheet);
    if (!isBlank(part.text)) parts.push(part);
  }
  return parts;
}

export function partOf(sheet: readonly Block[]): Part {
  const blocks = slackBlocks(sheet);
  return { text: mrkdwn(sheet), ...(blocks.length > 0 && { format: { blocks } satisfies Format }) };
}

/** How much of a message blocks fill, in units of its text: that of its limits counts which they fill most. */
export function createSize(): (blocks: readonly Block[]) => number {
  const measureOf = createMeasure();
  return (blocks) => {
    // Before the first there is no blank line.
    let text = -2;
    let length = FRAME;
    let count = 1;
    for (const block of blocks) {
      const one = measureOf(block);
      text += one.text + 2;
      length += one.json + FRAME;
      // It has a block of its own, and another follows it.
      if (block.kind === 'rule' || block.kind === 'table') {
        length += FRAME;
        count += 2;
      }
    }
    const share = Math.max(length / BLOCKS_LENGTH, count / MOST_BLOCKS);
    return Math.max(text, Math.ceil(share * TEXT_LENGTH));
  };
}
