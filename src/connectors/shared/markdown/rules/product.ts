import { type InlineRule, openRun, STAR } from './delimiters.ts';

const PRODUCT = /^(?:\d\*[\dA-Za-z]|[A-Za-z]\*\d)$/;
const POWER = /^(?:\d\*\*[\dA-Za-z]|[A-Za-z]\*\*\d)$/;

/**
 * `2*3*4` is a product, and `2**10` a power; by the letter of CommonMark what is between two of these signs would be italic
 * or bold, and a chat would show 234.
 */
export const product: InlineRule = (state, silent) => {
  const { src, pos } = state;
  if (src.charCodeAt(pos) !== STAR) return false;
  const length = src.charCodeAt(pos + 1) === STAR ? 2 : 1;
  const around = src.slice(Math.max(0, pos - 1), pos + length + 1);
  if (!(length === 1 ? PRODUCT : POWER).test(around)) return false;
  // What is italic or bold already may end here: `*x*2`.
  if (openRun(state, STAR, length)?.close === false) return false;
  if (!silent) state.pending += '*'.repeat(length);
  state.pos += length;
  return true;
};
