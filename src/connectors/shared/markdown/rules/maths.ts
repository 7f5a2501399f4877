import type { StateBlock } from 'markdown-it';
import type { InlineRule } from './delimiters.ts';
import { asParagraph, type BlockRule } from './paragraph.ts';

/** Longer formulas are text like any other: in lines, and within a line in UTF-16 units. */
const MOST_LINES = 50;
const MOST = 2_000;
const DOLLAR = 0x24;
const BACKSLASH = 0x5c;
/** What formulas have no use for: the signs around it are not of one. */
const MARKDOWN = /\*\*|~~|`|\]\(|https?:\/\//;
/** `now 4$` ends with a sum of money, `x = 4$` does not. */
const SUM = /[^\s=+\-*/<>&,\\]\s+\d[\d.,]*$/;
/** What words in brackets that somebody escaped do not have: `\[Your Name\]`, `\[1\]`, `\(see above\)`. */
const FORMULA = /[\\^={}+<>]|\b[A-Za-z](?:_|\s?[*/-]\s?\w(?![A-Za-z]))/;

/** Formulas of several lines, in which `=` below a line makes no heading and `-` before one no list. */
export const mathsBlock: BlockRule = (state, from, end, silent) => {
  // Each line of each paragraph is asked.
  const sign = state.src.charCodeAt((state.bMarks[from] ?? 0) + (state.tShift[from] ?? 0));
  if (sign !== DOLLAR && sign !== BACKSLASH) return false;
  const first = lineOf(state, from);
  const close = /^\$\$(?!\$)/.test(first) ? '$$' : first.startsWith('\\[') ? '\\]' : undefined;
  if (!close || (state.sCount[from] ?? 0) - state.blkIndent >= 4 || first.includes(close, 2)) return false;
  const after = state.bMarks[from + 1] ?? 0;
  const last = state.eMarks[Math.min(end, from + MOST_LINES) - 1] ?? after;
  if (!state.src.slice(after, last).includes(close)) return false;
  const to = closingLine(state, from, end, close, first.trim().length === 2);
  if (to === undefined) return false;
  if (!silent) asParagraph(state, from, to + 1);
  return true;
};

/** `mayPause`: the signs stand alone in their line, so that a blank line does not make them doubtful. */
function closingLine(state: StateBlock, from: number, end: number, close: string, mayPause: boolean) {
  for (let line = from + 1; line < Math.min(end, from + MOST_LINES); line++) {
    if (state.isEmpty(line) && !mayPause) return undefined;
    if (!state.isEmpty(line) && (state.sCount[line] ?? 0) < state.blkIndent) return undefined;
    const text = lineOf(state, line);
    if (/^(?:```|~~~)/.test(text)) return undefined;
    // `$$$` is a price, and a line of it no end.
    if (text.includes(close) && !text.includes('$$$')) return line;
    if (text.includes('**')) return undefined;
  }
  return undefined;
}

function lineOf(state: StateBlock, line: number): string {
  const start = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
  return state.src.slice(start, Math.min(state.eMarks[line] ?? start, start + MOST));
}

/** `$…$`, `$$…$$`, `\(…\)` and `\[…\]` are text as it is written: a chat shows no formulas, and `\,` is not a comma. */
export const maths: InlineRule = (state, silent) => {
  const { src, pos } = state;
  const sign = src.charCodeAt(pos);
  if (sign !== DOLLAR && sign !== BACKSLASH) return false;
  const end = sign === DOLLAR ? endOfDollars(src, pos, state.posMax) : endOfBrackets(src, pos, state.posMax);
  if (end === undefined) return false;
  if (!silent) state.push('maths', '', 0).content = withoutReferences(src.slice(pos, end), state.md.utils.unescapeAll);
  state.pos = end;
  return true;
};

function endOfDollars(src: string, from: number, max: number): number | undefined {
  const sign = src.charCodeAt(from + 1) === DOLLAR ? '$$' : '$';
  const begin = from + sign.length;
  // `$$$` is a price, and so is what stands before the `$` of `10$` and `US$`.
  if (/[A-Za-z\d$]/.test(src.charAt(from - 1)) || src.charCodeAt(begin) === DOLLAR) return undefined;
  const close = indexOf(src, sign, begin, max);
  const end = close + sign.length;
  if (close <= begin || src.charCodeAt(end) === DOLLAR) return undefined;
  const content = src.slice(begin, close);
  if (MARKDOWN.test(content) || content.trim() === '') return undefined;
  if (sign === '$$') return end;
  // `$5 and $10` are sums of money, and so are the ones in `*$5* or *$10*`.
  const isMoney = /^\s|[\s\\]$|\n/.test(content) || SUM.test(content) || /\d/.test(src.charAt(end));
  const before = src.charAt(from - 1);
  return isMoney || (/[*_]/.test(before) && content.includes(before)) ? undefined : end;
}

function endOfBrackets(src: string, from: number, max: number): number | undefined {
  const open = src.charAt(from + 1);
  if (open !== '(' && open !== '[') return undefined;
  const close = indexOf(src, open === '(' ? '\\)' : '\\]', from + 2, max);
  if (close === -1) return undefined;
  const content = src.slice(from + 2, close);
  if (MARKDOWN.test(content) || content.trim() === '') return undefined;
  // Digits and the like that somebody escaped are none, nor are signs to choose from.
  if (/^(?:[\d .,:;–-]|a-z|A-Z)*$/.test(content)) return undefined;
  // `\(n\)` is a formula, too, and so is what brackets in lines of their own enclose.
  const stands = open === '(' ? !/\p{L}{2}/u.test(content) : content.startsWith('\n');
  return stands || FORMULA.test(content) ? close + 2 : undefined;
}

/** No further than a formula goes: many that are never closed would take n² time. */
function indexOf(src: string, sign: string, from: number, max: number): number {
  const found = src.slice(from, Math.min(max, from + MOST)).indexOf(sign);
  return found === -1 ? -1 : from + found;
}

/** Some write `&lt;` in formulas, too; `\\&` is a sign of theirs. */
function withoutReferences(text: string, decode: (text: string) => string): string {
  return text.includes('&') ? text.replace(/(?<!\\)&#?\w{1,32};/g, decode) : text;
}
