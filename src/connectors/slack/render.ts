import type { Part } from '../../core/delivery.ts';
import { isBlank, stripInvisible } from '../../core/text.ts';
import { split } from '../shared/split.ts';

/** 4,000 are recommended for a text, and an edit must not have more [S7][S8]. What is escaped counts as it is sent. */
export const TEXT_LENGTH = 3500;

/**
 * Plain text. What the platform could read as one of its tokens is escaped, so that no answer notifies a channel, a
 * group or a person, and no link hides behind other words (faults.md §3, 47).
 */
export function render(answer: string): Part[] {
  return partsOf(stripInvisible(answer), TEXT_LENGTH).map((text) => ({ text }));
}

/** Escaping lengthens: where a part outgrows the limit, it is cut into smaller ones. */
function partsOf(text: string, room: number): string[] {
  return split(text, room)
    .filter((part) => !isBlank(part))
    .flatMap((part) => {
      const escaped = escapeTokens(part);
      return escaped.length <= TEXT_LENGTH ? [escaped] : partsOf(part, Math.floor(room / 2));
    });
}

/** These three and no others [S12]. */
function escapeTokens(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
