import type { Part } from '../../core/delivery.ts';
import { isBlank, stripInvisible } from '../../core/text.ts';
import { split } from '../shared/split.ts';

/** For bots; the vendor's machine-readable 4000 is a trap, and UTF-16 units are the safe reading (platforms.md §1.3). */
export const TEXT_LENGTH = 2000;
/** Parts of a longer answer (platforms.md §4.3). */
const TARGET_LENGTH = 1900;

/**
 * Markdown goes as it is: the platform shows most of it, and what could hurt is switched off with every message, not
 * in its text: mentions notify nobody, links show no preview.
 */
export function render(answer: string): Part[] {
  return split(stripInvisible(answer), TEXT_LENGTH, TARGET_LENGTH)
    .filter((text) => !isBlank(text))
    .map((text) => ({ text }));
}
