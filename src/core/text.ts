/** What a database, a log line or a platform cannot take: NUL and lone surrogates. */
export function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '');
}

const CONTROLS = /[^\P{Cc}\n\t]/gu;
/** Overrides and isolates let a text show other words than it holds. */
const BIDI_OVERRIDES = /[\u202A-\u202E\u2066-\u2069]/g;
/** Tag characters carry whole hidden sentences; people type them in three flags only: England, Scotland, Wales. */
const TAGS =
  /(\u{1F3F4}(?:\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}|\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}|\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073})\u{E007F})|[\u{E0000}-\u{E007F}]/gu;
const NEVER_SEEN =
  /[\u00AD\u115F\u1160\u180E\u200B\u2060-\u2065\u206A-\u206F\u3164\uFEFF\uFFA0\uFFF0-\uFFFB\u{1BCA0}-\u{1BCA3}\u{1D173}-\u{1D17A}]|\u034F/gu;
/** A selector without something to select for: bytes can be hidden in them. */
const STRAY_SELECTORS = /(?<!\p{Emoji})[\uFE0E\uFE0F]|[\uFE00-\uFE0D]|(?<!\p{Script=Han})[\u{E0100}-\u{E01EF}]/gu;
/** Joiners belong inside emoji and between letters of scripts that join; nowhere else. */
const JOINED = String.raw`[[\p{L}\p{M}\p{Extended_Pictographic}\p{Emoji_Modifier}]--\p{Script=Latin}]`;
const STRAY_JOINERS = new RegExp(String.raw`[\u200C\u200D](?!${JOINED})|(?<!${JOINED})[\u200C\u200D]`, 'gv');
/** One direction mark is orthography, a row of them is a message. */
const DIRECTION_MARKS = /([\u200E\u200F\u061C])[\u200E\u200F\u061C]+/g;

/** The text without what nobody can see (faults.md §3): controls, bidi overrides, hidden characters. Emoji stay whole. */
export function stripInvisible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(CONTROLS, '')
    .replace(BIDI_OVERRIDES, '')
    .replace(TAGS, '$1')
    .replace(NEVER_SEEN, '')
    .replace(STRAY_SELECTORS, '')
    .replace(STRAY_JOINERS, '')
    .replace(DIRECTION_MARKS, '$1');
}

/** Is there anything to look at? U+2800 is a braille pattern without a dot. */
export function isBlank(text: string): boolean {
  return !/[\p{L}\p{N}\p{P}\p{S}\p{Co}\p{Extended_Pictographic}]/u.test(stripInvisible(text).replaceAll('\u2800', ''));
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** One line of at most `max` UTF-16 units, cut between graphemes: for names, which are data and nothing else. */
export function oneLine(text: string, max: number): string {
  const line = stripInvisible(text.slice(0, max * 8))
    .replace(/\s+/g, ' ')
    .trim();
  if (line.length <= max) return line;
  const cut = graphemes.segment(line).containing(max)?.index || 0;
  return line.slice(0, cut).trimEnd();
}

/** At most `length` UTF-16 units, never half a surrogate pair. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
}
