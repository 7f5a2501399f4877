import type { Part } from '../../core/delivery.ts';
import { isBlank, stripInvisible } from '../../core/text.ts';
import { split } from '../shared/split.ts';

/** UTF-16 units [T1]; the documentation says characters, this is the safe reading (platforms.md §2.3). */
export const TEXT_LENGTH = 4096;
/** Parts of a longer answer: room for what formatting may add (platforms.md §4.3). */
const TARGET_LENGTH = 3900;

/**
 * Plain text, sent without a parse mode: nothing to escape, nothing that could be refused as unparsable (F071), no
 * `tg://` mention that the model made up.
 */
export function render(answer: string): Part[] {
  return split(stripInvisible(answer), TEXT_LENGTH, TARGET_LENGTH)
    .filter((text) => !isBlank(text))
    .map((text) => ({ text }));
}
