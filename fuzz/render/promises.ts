import type { Block, Run } from '../../src/connectors/shared/markdown/blocks.ts';
import { read } from '../../src/connectors/shared/markdown/read.ts';

/** What must become of a piece of an answer. White space counts as one space. */
export type Promised =
  /** It can be read so, sign for sign; `times`: exactly so often. */
  | { readonly kind: 'shown'; readonly text: string; readonly times?: number }
  /** It leads there, and its words are the address. */
  | { readonly kind: 'link'; readonly url: string }
  /** A paragraph of these words, of which these are bold and no others. */
  | { readonly kind: 'looks'; readonly pieces: readonly Piece[] };

export interface Piece {
  readonly text: string;
  readonly bold?: boolean;
}

/** What is not as promised, in words. What is shown is judged on the platform, links and looks on the tree. */
export function brokenPromises(promised: readonly Promised[], answer: string, shown: string): string[] {
  if (promised.length === 0) return [];
  const seen = squashed(shown);
  const lines = runsIn(read(answer));
  return promised.filter((one) => !isKept(one, seen, lines)).map((one) => `not kept: ${JSON.stringify(one)}`);
}

function isKept(promised: Promised, seen: string, lines: readonly (readonly Run[])[]): boolean {
  switch (promised.kind) {
    case 'shown': {
      const times = seen.split(squashed(promised.text)).length - 1;
      return promised.times === undefined ? times > 0 : times === promised.times;
    }
    case 'link': {
      const { href } = new URL(promised.url);
      return lines.flat().some((run) => run.href === href && run.text === promised.url);
    }
    case 'looks':
      return lines.some((runs) => marked(runs) === marked(promised.pieces));
  }
}

const squashed = (text: string): string => text.replace(/\s+/g, ' ').trim();

const marked = (pieces: readonly Piece[]): string =>
  squashed(
    pieces
      .map(({ text, bold }) => (bold ? `<b>${text}</b>` : text))
      .join('')
      .replaceAll('</b><b>', ''),
  );

function runsIn(blocks: readonly Block[]): (readonly Run[])[] {
  return blocks.flatMap((block): (readonly Run[])[] => {
    switch (block.kind) {
      case 'paragraph':
      case 'heading':
        return [block.runs];
      case 'quote':
        return runsIn(block.blocks);
      case 'list':
        return block.items.flatMap((item) => runsIn(item.blocks));
      case 'table':
        return [...block.head, ...block.rows.flat()];
      default:
        return [];
    }
  });
}
