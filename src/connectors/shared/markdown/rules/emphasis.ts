import type { MarkdownIt, StateInline } from 'markdown-it';
import { openRun, STAR } from './delimiters.ts';

type InlineState = typeof StateInline;
type Scanned = ReturnType<StateInline['scanDelims']>;

/** Scripts that are written without spaces, and the punctuation that is as wide as they are. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Bopomofo}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u3001-\u30FF\uFE30-\uFE4F\uFF01-\uFFEF]/u;
const FIRST_WIDE = 0x0e00;
/** After these a run closes; after other punctuation it does where that does not stand behind a space or a bracket. */
const CLOSING = /[!?.,:;%…\p{Pe}\p{Pf}\p{So}\p{Emoji_Modifier}]/u;
const OPENING = /[\s\p{Ps}\p{Pi}]/u;

/**
 * By the letter of CommonMark `**注意：**请` is not bold: a run behind punctuation and before a letter cannot close, which
 * asks for a space that Chinese, Japanese, Korean or Thai do not write (commonmark-spec#650). Beside their characters
 * punctuation counts as a letter, as in the proposal markdown-cjk-friendly. And models forget spaces: `**Warning!**Do`.
 */
export function mendEmphasis(parser: MarkdownIt): void {
  const Base: InlineState = parser.inline.State;
  parser.inline.State = class extends Base {
    override scanDelims(start: number, canSplitWord: boolean): Scanned {
      const scanned = super.scanDelims(start, canSplitWord);
      // Those of `_` never open or close within a word.
      if (!canSplitWord) return scanned;
      const { src } = this;
      const end = start + scanned.length;
      const isLast = end >= this.posMax;
      if (isWide(src, start - 1) || (!isLast && isWide(src, end))) {
        const can_open = !isLast && !/\s/.test(src.charAt(end));
        return { ...scanned, can_open, can_close: start > 0 && !/\s/.test(src.charAt(start - 1)) };
      }
      const isStrong = (scanned.length === 2 || scanned.length === 3) && src.charCodeAt(start) === STAR;
      if (!isStrong || scanned.can_close || isLast || !openRun(this, STAR, scanned.length)) return scanned;
      return ends(src, start) && startsWord(src, end) ? { ...scanned, can_open: false, can_close: true } : scanned;
    }
  };
}

/** The character with a code unit at `at`. */
function characterAt(src: string, at: number): string {
  const isSecond = (src.charCodeAt(at) & 0xfc00) === 0xdc00;
  return String.fromCodePoint(src.codePointAt(isSecond && at > 0 ? at - 1 : at) ?? 0x20);
}

function isWide(src: string, at: number): boolean {
  return src.charCodeAt(at) >= FIRST_WIDE && WIDE.test(characterAt(src, at));
}

function startsWord(src: string, at: number): boolean {
  return /[\p{L}\p{N}]/u.test(characterAt(src, at));
}

/** Does punctuation before `at` end something? In `**a "**b**" c**` and `f(**a)` it does not. */
function ends(src: string, at: number): boolean {
  const punctuation = characterAt(src, at - 1);
  if (at === 0 || OPENING.test(punctuation)) return false;
  const before = at - 1 - punctuation.length;
  return CLOSING.test(punctuation) || (before >= 0 && !OPENING.test(characterAt(src, before)));
}
