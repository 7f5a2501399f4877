/** Offsets and lengths in UTF-16 units, as strings here count [T1]. Only the kinds that answers are made of. */
export interface Entity {
  readonly type: 'blockquote' | 'text_link' | 'bold' | 'italic' | 'strikethrough' | 'code' | 'pre';
  readonly offset: number;
  readonly length: number;
  /** Of a `text_link`: `http:` or `https:`. */
  readonly url?: string;
  /** Of a `pre`; absent where none was named. */
  readonly language?: string;
}

export interface Formatted {
  readonly text: string;
  /** Sorted, properly nested, none empty. */
  readonly entities: readonly Entity[];
}

/** The outer one first where two cover the same words: only what may contain the others stands before them [T1]. */
const OUTER_FIRST: readonly Entity['type'][] = [
  ...(['blockquote', 'text_link', 'bold', 'italic', 'strikethrough', 'code', 'pre'] as const),
];

/** The indentation of code is part of it, and of the quote that begins with it. */
const INDENTED: ReadonlySet<Entity['type']> = new Set(['pre', 'blockquote']);

/**
 * The text as the platform will have it, without white space at its ends, and the entities so that they begin and end at
 * something visible and never inside a grapheme. All are moved by the same rule, and inwards: what was nested or apart
 * stays so.
 */
export function settle(text: string, entities: readonly Entity[]): Formatted {
  const firstCode = entities.find(({ type }) => type === 'pre')?.offset ?? text.length;
  // Also in the first line of a message.
  const start = Math.min(text.length - text.trimStart().length, firstCode);
  const whole = text.slice(start).trimEnd();
  const boundary = boundariesOf(whole);
  const settled: Entity[] = [];
  for (const entity of entities) {
    let from = Math.max(0, entity.offset - start);
    let to = Math.min(entity.offset - start + entity.length, whole.length);
    const mayBegin = (at: number) => boundary(at) && (INDENTED.has(entity.type) || !isSpace(whole, at));
    while (from < to && !mayBegin(from)) from++;
    while (to > from && !(boundary(to) && !isSpace(whole, to - 1))) to--;
    if (to > from) settled.push({ ...entity, offset: from, length: to - from });
  }
  return { text: whole, entities: settled.sort(byPlace) };
}

function byPlace(a: Entity, b: Entity): number {
  const rank = ({ type }: Entity) => OUTER_FIRST.indexOf(type);
  return a.offset - b.offset || b.length - a.length || rank(a) - rank(b);
}

function isSpace(text: string, at: number): boolean {
  return text.charAt(at).trim() === '';
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Does a grapheme begin there? Between two units of ASCII one always does, but for a line's CR LF, which answers lack. */
function boundariesOf(text: string): (at: number) => boolean {
  let segments: Intl.Segments | undefined;
  return (at) => {
    if (at <= 0 || at >= text.length) return true;
    if (text.charCodeAt(at - 1) < 0x80 && text.charCodeAt(at) < 0x80) return true;
    segments ??= graphemes.segment(text);
    return segments.containing(at)?.index === at;
  };
}
