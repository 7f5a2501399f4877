import type { StateInline } from 'markdown-it';
import { type InlineRule, openRun, STAR } from './delimiters.ts';

const UNDERSCORE = 0x5f;
const BACKSLASH = 0x5c;
const SPACE = 0x20;
const SLASH = 0x2f;

/**
 * One star that is a sign: `2*3`, `a*x`, `sh*t`; `长*宽`, where no other letter stands beside; `COUNT(*)`, `u.*`, and those in
 * paths: `src/*.ts`.
 */
const ONE_STAR =
  /(?<=[\dA-Za-z])\*[\dA-Za-z]|(?<=(?<![\p{L}\p{N}])\p{L})\*\p{L}(?![\p{L}\p{N}])|(?<=\()\*\)|(?<=\.)\*(?![^\s,;)])|(?<=\/)\*(?![\p{L}\p{N}])|\*\/\*/uy;
/** `2**10` and `src/**` + `/*.ts`; not the beginning of a command in bold, as `**` + `/help**`. */
const TWO_STARS = /(?<=\d)\*\*[\dA-Za-z]|(?<=[A-Za-z])\*\*\d|(?<=\/)\*\*\/|\*\*\/\*/y;
/** `f***ing`. */
const THREE_STARS = /(?<=[A-Za-z])\*\*\*[A-Za-z]/y;
/** `>_<`, `-_-`, `^__^`, and one arm of `¯\_(ツ)_/¯`. */
const FACE = /(?<=>)_+<|(?<=([-^.;=<>]))_+\1|(?<=\))_\/¯/y;
/** `__/__/____` is to be filled in. */
const BLANK = /(?<![^\s:(])_+\/_|(?<=_\/)_+(?:\/_|$|[\s).,])/y;
/** `__init__.py`, `__name__ ==`, `__init__(self)`. */
const NAME =
  /(?<![\p{L}\p{N}])__(?:[a-z][a-z\d]{0,40}(?:_[a-z\d]{1,40}){0,8}__(?=\.[a-z]|\(| ==)|(?:init|main|name)__)/uy;
/** The other arm. */
const ARM = /(?<=¯)\\_/y;

/**
 * Signs that mean themselves, where by the letter of CommonMark what is between two of them would be italic or bold: a chat
 * would show 234 for `2*3*4`. Where italic or bold words are open they may end instead: `*plural*s`.
 */
export const signs: InlineRule = (state, silent) => {
  const { src, pos } = state;
  const marker = src.charCodeAt(pos);
  let length = 0;
  if (marker === STAR) length = starsAt(state);
  else if (marker === UNDERSCORE) length = underscoresAt(state);
  else if (marker === BACKSLASH) length = matches(ARM, src, pos);
  if (length === 0) return false;
  if (!silent) state.pending += src.slice(pos, pos + length);
  state.pos += length;
  return true;
};

/** How many characters are a sign here; 0 for none. */
function starsAt(state: StateInline): number {
  const { src, pos } = state;
  const length = runAt(src, pos);
  // Most begin a word, and need no closer look.
  if (src.charCodeAt(pos - 1) === SPACE && src.charCodeAt(pos + length) !== SLASH) return 0;
  const sign = length === 1 ? ONE_STAR : length === 2 ? TWO_STARS : THREE_STARS;
  const isSign = length <= 3 && matches(sign, src, pos) > 0 && !openRun(state, STAR, length);
  return isSign ? length : 0;
}

function underscoresAt(state: StateInline): number {
  const { src, pos } = state;
  const length = runAt(src, pos);
  if (matches(FACE, src, pos) > 0) return length;
  const name = length === 2 ? matches(NAME, src, pos) : 0;
  const found = name || (matches(BLANK, src, pos) > 0 ? length : 0);
  return found > 0 && !openRun(state, UNDERSCORE, length) ? found : 0;
}

function runAt(src: string, pos: number): number {
  let end = pos + 1;
  while (src.charCodeAt(end) === src.charCodeAt(pos)) end++;
  return end - pos;
}

/** The length of what matches here. */
function matches(pattern: RegExp, src: string, pos: number): number {
  pattern.lastIndex = pos;
  return pattern.test(src) ? pattern.lastIndex - pos : 0;
}
