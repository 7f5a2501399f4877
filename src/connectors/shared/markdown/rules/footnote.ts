import { asParagraph, type BlockRule } from './paragraph.ts';

/** `[^1]: word` would be the definition of a link, and would not be shown. */
export const footnote: BlockRule = (state, from, end, silent) => {
  const isFootnote = (line: number) => {
    const start = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
    return /^\[\^[^\]\s]{1,100}\]:/.test(state.src.slice(start, Math.min(start + 110, state.eMarks[line] ?? start)));
  };
  if ((state.sCount[from] ?? 0) - state.blkIndent >= 4 || !isFootnote(from)) return false;
  if (silent) return true;
  const ends = state.md.block.ruler.getRules('paragraph');
  // What may end a paragraph is less than what may begin a block: only a list from 1 on.
  const { parentType } = state;
  state.parentType = 'paragraph';
  let to = from + 1;
  while (to < end && !state.isEmpty(to) && (state.sCount[to] ?? 0) >= state.blkIndent) {
    const line = to;
    if (isFootnote(line) || ends.some((rule) => rule(state, line, end, true))) break;
    to++;
  }
  state.parentType = parentType;
  asParagraph(state, from, to);
  return true;
};
