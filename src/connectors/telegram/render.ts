import type { Part } from '../../core/delivery.ts';
import { isBlank } from '../../core/text.ts';
import type { Block } from '../shared/markdown/blocks.ts';
import { layOut, type Sheet } from '../shared/markdown/layout.ts';
import { clean } from '../shared/markdown/source.ts';
import type { Entity } from './entities.ts';
import { measure, write } from './writer.ts';

/** UTF-16 units [T1]; the documentation says characters, this is the safe reading (platforms.md §2.3). */
export const TEXT_LENGTH = 4096;
/**
 * The platform shows no look of those beyond, so a message with more of them counts as too long. The documentation is silent;
 * see [T-i20].
 */
const MAX_ENTITIES = 100;
/**
 * Bytes. More than about 9,500 are refused as ENTITIES_TOO_LONG, whatever the text: links to long addresses. A maintainer's
 * word for it: [T-i21].
 */
const MAX_WEIGHT = 9_000;
/** More would bury the chat under one answer (platforms.md §4.3). */
const MOST_MESSAGES = 5;

const IN_THE_FILE = 'The answer is too long for a chat: all of it is in the file.';

const sheet: Sheet = {
  limit: TEXT_LENGTH,
  sheets: MOST_MESSAGES,
  size: (blocks) => {
    const { length, entities, weight } = measure(blocks);
    const share = Math.max(entities / MAX_ENTITIES, weight / MAX_WEIGHT);
    return Math.max(length, Math.ceil(share * TEXT_LENGTH));
  },
};

/** `Part.format` of this platform. */
export interface Format {
  readonly entities: readonly Entity[];
}

/**
 * Plain text and entities, sent without a parse mode: nothing to escape, nothing that could be refused as unparsable
 * (F071), no `tg://` mention that the model made up.
 */
export async function render(answer: string): Promise<readonly Part[]> {
  const { sheets, more } = await layOut(answer, sheet);
  const shown = more ? sheets.slice(0, MOST_MESSAGES - 1) : sheets;
  const parts = shown.map(partOf).filter(({ text }) => !isBlank(text));
  if (!more) return parts;
  return [...parts, { text: IN_THE_FILE, file: { name: 'answer.md', content: await clean(answer) } }];
}

function partOf(blocks: readonly Block[]): Part {
  const { text, entities } = write(blocks);
  return entities.length === 0 ? { text } : { text, format: { entities } satisfies Format };
}
