/** Longer addresses are not links; none of the platforms is known to take them. */
export const MAX_URL = 2_048;

/**
 * Ends an address in running text: what is neither a letter nor a digit nor a sign of addresses. Chinese and Japanese write
 * on without a space, and so a letter that is not Latin ends it behind one that is, as in `example.com에서`; `/wiki/Москва`
 * has none such. Joiners stand within words of Persian.
 */
const END =
  /[\s<>"`|\\^{}\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[^\0-\x7F\p{L}\p{M}\p{N}\u200C\u200D]|(?<=[A-Za-z\d])(?!\p{Script=Latin})\p{L}/u;
const END_FROM = new RegExp(END, 'gu');
/** Nothing before it ends an address: most hold nothing but ASCII, and are read in less time so. */
const MAYBE_END = /[\s<>"`|\\^{}]|[^\0-\x7F]/;
const TRAILING = new Set(".,;:!?'*~");

/** Is the `:` at `colon` that of a bare `http:` or `https:`? */
export function beginsAddress(text: string, colon: number): boolean {
  const scheme = /https?$/i.exec(text.slice(Math.max(0, colon - 5), colon))?.[0];
  return scheme !== undefined && startsApart(text, colon - scheme.length);
}

/** An address does not begin within a word. */
export function startsApart(text: string, start: number): boolean {
  const before = text[start - 1] ?? ' ';
  return !/[\p{L}\p{N}]/u.test(before) || END.test(before);
}

/**
 * Where the address ends that is open at `from`, before `max`: punctuation at its end and brackets opened before it are not
 * its own.
 */
export function endOfAddress(text: string, from: number, max = text.length): number {
  const window = text.slice(from, Math.min(max, from + MAX_URL + 1));
  const found = findEnd(window);
  let end = found === -1 ? window.length : found;
  let round = 0;
  const square: number[] = [];
  for (let at = 0; at < end; at++) {
    const unit = window.charAt(at);
    if (unit === '(') round++;
    else if (unit === ')') round--;
    else if (unit === '[') square.push(at);
    else if (unit === ']') {
      const open = square.pop();
      // Words of a link end here, or those of one that stands right behind are over.
      if (open === undefined) end = at;
      else if (window.charAt(at + 1) === '(') end = open;
    }
  }
  for (; end > 0; end--) {
    const last = window.charAt(end - 1);
    if (last === ')' && round < 0) round++;
    else if (!TRAILING.has(last)) break;
  }
  return from + end;
}

function findEnd(window: string): number {
  const first = window.search(MAYBE_END);
  if (first === -1 || window.charCodeAt(first) < 0x80) return first;
  END_FROM.lastIndex = first;
  return END_FROM.exec(window)?.index ?? -1;
}
