import type { StateInline } from 'markdown-it';
import { beginsAddress, endOfAddress } from '../addresses.ts';
import { type InlineRule, openRun } from './delimiters.ts';

const COLON = 0x3a;
/** As the address is written; any other reference ends it. */
const REFERENCE = /&(?!amp;)#?\w{1,32};/;

/**
 * A bare address is taken as a whole: `https://x.example/__init__.py` would be cut where it is bold. Only what closes a look
 * that was opened before ends it.
 */
export const address: InlineRule = (state, silent) => {
  const { src, pos } = state;
  if (src.charCodeAt(pos) !== COLON || !src.startsWith('//', pos + 1) || !beginsAddress(src, pos)) return false;
  const from = pos + 3;
  // What else stands in brackets are the words of a link.
  if (src.charAt(from) === '[' && !/^\[[\da-f.]*:[\da-f:.]*\]/i.test(src.slice(from, from + 50))) return false;
  const end = endOfAddress(src, from, state.posMax);
  // The `;` of one at the end is not the address's own.
  const reference = src.slice(from, Math.min(end + 1, state.posMax)).search(REFERENCE);
  let text = src.slice(from, reference === -1 ? end : from + reference);
  if (!silent) text = text.slice(0, closing(state, from, text));
  if (text === '') return false;
  if (!silent) state.pending += `://${text.includes('&') ? state.md.utils.unescapeAll(text) : text}`;
  state.pos = from + text.length;
  return true;
};

/** Where signs in an address close a look that was opened before it; else its length. */
function closing(state: StateInline, from: number, text: string): number {
  // Looks that the address itself would open and close.
  const inner = new Map<string, number>();
  for (const { 0: run, index } of text.matchAll(/\*+|_+|~~+/g)) {
    const marker = run.charCodeAt(0);
    const { can_open, can_close } = state.scanDelims(from + index, run[0] !== '_');
    const open = inner.get(run) ?? 0;
    if (can_close && open > 0) inner.set(run, open - 1);
    // A single sign within an address is rather the address's own.
    else if (can_close && (run.length > 1 || index + 1 === text.length) && openRun(state, marker, run.length))
      return index;
    else if (can_open) inner.set(run, open + 1);
  }
  return text.length;
}
