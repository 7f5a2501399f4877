/**
 * About how many tokens a model makes of a text: a quarter for an ASCII character, a half for one of the scripts of two bytes in
 * UTF-8 (Cyrillic, Greek, Arabic, accents), one for the rest (Chinese, Japanese, Korean, Indian scripts), two for an emoji.
 * Tokenizers build upon bytes, and their dictionaries hold more of the scripts that the internet is full of, so the three classes
 * follow the length in UTF-8. Each model has its own tokenizer; measured ones are at times a third off in either direction.
 * Not rounded, so that pieces can be added up.
 */
export function estimateTokens(text: string): number {
  let quarters = 0;
  for (let index = 0; index < text.length; index++) quarters += quartersOf(text.charCodeAt(index));
  return quarters / 4;
}

/** How many UTF-16 units of the text these tokens reach for. */
export function lengthWithin(text: string, tokens: number): number {
  let left = tokens * 4;
  for (let index = 0; index < text.length; index++) {
    left -= quartersOf(text.charCodeAt(index));
    if (left < 0) return index;
  }
  return text.length;
}

/** Half of a surrogate pair counts as one token, so an emoji as two. */
const quartersOf = (unit: number): number => (unit < 0x80 ? 1 : unit < 0x800 ? 2 : 4);
