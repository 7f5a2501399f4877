import type { Block } from './blocks.ts';
import { nextNumber, trimmed } from './runs.ts';
import type { Joint } from './source.ts';

/** What is between the two parts of a paragraph. */
const WITHIN: { readonly [joint in Joint]?: string } = { line: '\n', space: ' ', inside: '' };

/** The blocks of two slices, where the second may go on with the last block of the first. */
export function joined(before: readonly Block[], after: readonly Block[], joint: Joint): readonly Block[] {
  const last = before.at(-1);
  const [first, ...rest] = after;
  if (!last || !first) return [...before, ...after];
  const one = asOne(last, first, joint);
  return one ? [...before.slice(0, -1), one, ...rest] : [...before, ...after];
}

function asOne(last: Block, first: Block, joint: Joint): Block | undefined {
  if (last.kind === 'list' && first.kind === 'list' && (last.start === null) === (first.start === null)) {
    const next = nextNumber(last.start, last.items);
    return first.start === next ? { ...last, items: [...last.items, ...first.items] } : undefined;
  }
  if (last.kind === 'rule' && first.kind === 'rule') return last;
  if (joint === 'code' && last.kind === 'code' && first.kind === 'code') {
    return { ...last, text: `${last.text}\n${first.text}` };
  }
  // What was taken for the head again may not be that of the last table: of two in a row, or of one in a list.
  if (joint === 'table' && last.kind === 'table' && first.kind === 'table' && last.head.length === first.head.length) {
    return { ...last, rows: [...last.rows, ...first.rows] };
  }
  const between = WITHIN[joint];
  if (between !== undefined && last.kind === 'paragraph' && first.kind === 'paragraph') {
    return { kind: 'paragraph', runs: trimmed([...last.runs, { text: between }, ...first.runs]) };
  }
  return undefined;
}
