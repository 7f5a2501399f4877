import type { Delimiter, StateInline } from 'markdown-it';

/** A rule for what stands in a line: does it begin at `state.pos`? `silent`: only asked where it ends, nothing is read. */
export type InlineRule = (state: StateInline, silent: boolean) => boolean;

export const STAR = 0x2a;
/** So many delimiters are looked back at, so that a rule takes bounded time. */
const LOOKED_AT = 40;

const isNext = ({ token: one }: Delimiter, { token: other }: Delimiter): boolean => other - one === 1;

/** The last run of `length` such signs that was opened and not closed. The parser itself pairs them only at the end. */
export function openRun(state: StateInline, marker: number, length: number): Delimiter | undefined {
  const { delimiters } = state;
  const open: Delimiter[] = [];
  let before: Delimiter | undefined;
  for (let at = Math.max(0, delimiters.length - LOOKED_AT); at < delimiters.length; at++) {
    const delimiter = delimiters[at] as Delimiter;
    // Each sign of a run has its own token, directly after that of the one before.
    const goesOn = before?.marker === delimiter.marker && isNext(before, delimiter);
    before = delimiter;
    if (goesOn) continue;
    // That of `~~` is not counted.
    if (delimiter.marker !== marker || (delimiter.length || length) !== length) continue;
    if (delimiter.close && open.length > 0) open.pop();
    else if (delimiter.open) open.push(delimiter);
  }
  return open.at(-1);
}
