const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Ends of sentences; the white space after them goes at a cut. */
const SENTENCE = /[.!?…][)\]"'”’»*_]*\s|[。！？][」』”’）]*/g;
const SPACE = /\s/g;
const LINE = /\n/g;
const BLANK_LINE = /\n[^\S\n]*\n/g;

/** The best place to cut prose, at most at `room`: a line, else a sentence, a word, a grapheme. Above 0 if `room` is. */
export function proseCut(text: string, room: number): number {
  const floor = Math.max(1, Math.floor(room / 2));
  return (
    lastEnd(LINE, text, floor, room) ??
    lastEnd(SENTENCE, text, floor, room) ??
    lastEnd(SPACE, text, floor, room) ??
    graphemeCut(text, room)
  );
}

/** The best place to cut code: a blank line near the end, else any line; undefined where a line must be cut. */
export function codeCut(text: string, room: number): number | undefined {
  return lastEnd(BLANK_LINE, text, Math.floor((room * 2) / 3), room) ?? lastEnd(LINE, text, 1, room);
}

/** The last grapheme boundary up to `room`; within a grapheme that is larger, the last code point's. */
export function graphemeCut(text: string, room: number): number {
  if (room >= text.length) return text.length;
  const at = graphemes.segment(text.slice(0, room + 128)).containing(room)?.index ?? room;
  if (at > 0) return at;
  const low = (text.charCodeAt(room) & 0xfc00) === 0xdc00;
  return low && room > 1 ? room - 1 : low ? 2 : Math.max(1, room);
}

/** Where the last match in the text's first `room` units ends, if not before `floor`, and between two graphemes. */
function lastEnd(boundary: RegExp, text: string, floor: number, room: number): number | undefined {
  let best: number | undefined;
  const window = text.slice(0, room);
  boundary.lastIndex = Math.max(0, floor - 8);
  for (let match = boundary.exec(window); match; match = boundary.exec(window)) {
    const end = match.index + match[0].length;
    if (end >= floor && (end >= text.length || !EXTENDS.test(text.slice(end, end + 2)))) best = end;
  }
  return best;
}

/** After white space or punctuation only these can belong to the grapheme before them. */
const EXTENDS = /^(?:\p{M}|[\u200c\u200d]|\p{Emoji_Modifier}|[\u{E0020}-\u{E007F}])/u;

/**
 * The largest whole number up to `most` for which `fits` holds, 0 if none; what holds for a number holds for smaller ones.
 * It begins at `guess` and goes from there in growing steps: nothing much larger than the result is ever tried.
 */
export function largest(most: number, guess: number, fits: (count: number) => boolean): number {
  let good = 0;
  let bad = most + 1;
  let step = Math.max(1, guess >> 5);
  let at = Math.max(1, Math.min(most, guess));
  while (at > good && at < bad) {
    if (fits(at)) {
      good = at;
      if (bad <= most) break;
      at = Math.min(most, good + step);
    } else {
      bad = at;
      if (good > 0) break;
      at = Math.max(1, bad - step);
    }
    step *= 2;
  }
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (fits(middle)) good = middle;
    else bad = middle;
  }
  return good;
}
