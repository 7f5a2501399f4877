/** The three subdivision flags in general use (England, Scotland, Wales): the only tag sequences that people type. */
const TAG_FLAG = ['gbeng', 'gbsct', 'gbwls'].map((region) => `\\u{1F3F4}${tags(region)}\\u{E007F}`).join('|');

/** A variation selector means something only behind an emoji; elsewhere runs of them carry hidden bytes. */
const STYLED_EMOJI = '\\p{Emoji}[\\uFE0E\\uFE0F]';

/** Joiners are part of Persian, of Indic scripts and of emoji, always directly behind a letter, a mark or an emoji. */
const STRAY_JOINER = '(?<![\\p{L}\\p{M}\\p{Emoji}])[\\u200C\\u200D]';

const BIDI_CONTROLS = '\\u061C\\u200E\\u200F\\u202A-\\u202E\\u2066-\\u2069';
const NOTHING_TO_SEE = '\\u200B\\u2060-\\u2064\\u206A-\\u206F\\uFEFF';
const SELECTORS = '\\uFE00-\\uFE0F\\u{E0100}-\\u{E01EF}';
const TAGS = '\\u{E0000}-\\u{E007F}';
const CONTROLS = '(?![\\n\\t])\\p{Cc}';

const PATTERN = new RegExp(
  `(${TAG_FLAG}|${STYLED_EMOJI})|[${BIDI_CONTROLS}${NOTHING_TO_SEE}${SELECTORS}${TAGS}]|${STRAY_JOINER}|${CONTROLS}`,
  'gu',
);

/**
 * Removes characters that a person does not see and a model still reads (OWASP LLM01: smuggled instructions), and what
 * breaks a request: control characters and halves of surrogate pairs. Text that people really write stays as it is.
 */
export function stripInvisible(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replace(PATTERN, (_all, kept: string | undefined) => kept ?? '');
}

/** Whether anything would be seen: white space and formatting characters alone are not an answer. */
export function isVisible(text: string): boolean {
  return /[^\s\p{Cf}\p{Cc}\p{Mn}\u115F\u1160\u2800\u3164\uFFA0]/u.test(text);
}

/** At most `length` UTF-16 units, never half a surrogate pair. */
export function cut(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).replace(/[\uD800-\uDBFF]$/, '');
}

function tags(letters: string): string {
  return [...letters].map((letter) => `\\u{${(0xe0000 + letter.charCodeAt(0)).toString(16)}}`).join('');
}
