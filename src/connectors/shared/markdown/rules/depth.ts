import type { MarkdownIt } from 'markdown-it';
import { asParagraph, type BlockRule } from './paragraph.ts';

/** Levels of quotes, lists and their items together; what is deeper is taken as text. */
export const DEEPEST = 40;
/** Images within the words of an image. */
const DEEPEST_IMAGE = 3;

/** The parser itself leaves out what is nested too deeply. */
export const tooDeep: BlockRule = (state, from, end, silent) => {
  if (state.level < DEEPEST) return false;
  if (silent) return true;
  let to = from + 1;
  // Below 0: it goes on with a paragraph without the marks of its quotes.
  const belongs = (line: number, indent = state.sCount[line] ?? 0) => indent < 0 || indent >= state.blkIndent;
  while (to < end && (state.isEmpty(to) || belongs(to))) to++;
  asParagraph(state, from, to);
  return true;
};

/** Each image parses its words anew: n images in one another would take n² time, and the stack. */
export function limitImages(parser: MarkdownIt): void {
  const parse = parser.inline.parse.bind(parser.inline);
  let depth = 0;
  parser.inline.parse = (source, md, env, out) => {
    if (depth > DEEPEST_IMAGE) return;
    depth++;
    try {
      parse(source, md, env, out);
    } finally {
      depth--;
    }
  };
}
