import type { Part } from '../../core/delivery.ts';
import { isBlank } from '../../core/text.ts';
import { layOut, type Sheet } from '../shared/markdown/layout.ts';
import { clean } from '../shared/markdown/source.ts';
import { measure, write } from './write.ts';

/** For bots; the vendor's machine-readable 4000 is a trap, and UTF-16 units are the safe reading (platforms.md §1.3). */
export const TEXT_LENGTH = 2000;
/** More would bury the channel under one answer (platforms.md §4.3). */
const MOST_MESSAGES = 5;

const IN_THE_FILE = 'The answer is too long for a chat: all of it is in the file.';

const sheet: Sheet = { size: measure, limit: TEXT_LENGTH, sheets: MOST_MESSAGES };

/**
 * The platform's own Markdown, in which everything that is text shows as it is written. Mentions and previews are switched
 * off with every message besides.
 */
export async function render(answer: string): Promise<readonly Part[]> {
  const { sheets, more } = await layOut(answer, sheet);
  const shown = more ? sheets.slice(0, MOST_MESSAGES - 1) : sheets;
  const parts = shown.map((blocks) => ({ text: write(blocks) })).filter(({ text }) => !isBlank(text));
  if (!more) return parts;
  return [...parts, { text: IN_THE_FILE, file: { name: 'answer.md', content: await clean(answer) } }];
}
