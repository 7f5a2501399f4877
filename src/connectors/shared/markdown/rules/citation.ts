import type { InlineRule } from './delimiters.ts';

const BRACKET = 0x5b;
const CITATION = /\[(\d{1,4})\](?=\[[^\]])/y;

/** `[1][2]` names two sources; by the letter of CommonMark it is one link to the second. */
export const citation: InlineRule = (state, silent) => {
  const { src, pos } = state;
  if (src.charCodeAt(pos) !== BRACKET || state.linkLevel > 0 || !state.env.references) return false;
  CITATION.lastIndex = pos;
  const [whole, number] = CITATION.exec(src) ?? [];
  const definition = number === undefined ? undefined : state.env.references[number];
  if (!whole || !number || !definition || pos + whole.length > state.posMax) return false;
  if (!silent) {
    const link = state.push('link_open', 'a', 1);
    link.attrs = [['href', definition.href]];
    link.meta = { label: number };
    state.push('text', '', 0).content = number;
    state.push('link_close', 'a', -1);
    state.pending += ' ';
  }
  state.pos += whole.length;
  return true;
};
