/** An open fenced block: its marker and all that is needed to open it once more. */
interface Fence {
  readonly marker: string;
  readonly opening: string;
  /** Where the opening line begins in the text at hand. */
  readonly start: number;
}

/** Longer markers and info strings are taken for ordinary text: repeating them would eat the part. */
const MAX_FENCE_LINE = 80;
const FENCE_LINE = /^ {0,3}(`{3,}|~{3,})([^\n]*)$/;

/**
 * Splits text into parts of at most `limit` UTF-16 units. A text within the limit stays whole; of a longer one each part
 * has about `target` units or less, so that a platform's own additions find room. It cuts at a blank line, else a
 * newline, the end of a sentence, a space, and at last between two graphemes. A fenced block that is cut is closed and
 * opened again with the same info string. Only white space at a cut is dropped.
 */
export function split(text: string, limit: number, target = limit): string[] {
  const parts: string[] = [];
  const add = (part: string) => {
    if (part.trim() !== '') parts.push(part);
  };
  let rest = text;
  while (rest.length > limit) {
    const { head, tail } = cutOnce(rest, Math.min(target, limit));
    add(head);
    rest = tail;
  }
  add(rest);
  return parts;
}

function cutOnce(text: string, room: number): { head: string; tail: string } {
  let at = bestCut(text, room);
  let fence = openFence(text, at);
  if (fence && fence.start >= room / 2) {
    // The block began late: let it begin in the next part, whole if possible.
    at = fence.start;
    fence = undefined;
  } else if (fence) {
    at = bestCut(text, room - fence.marker.length - 1);
    fence = openFence(text, at);
  }
  if (!fence) return { head: text.slice(0, at).trimEnd(), tail: text.slice(at).replace(/^(?:[^\S\n]*\n)+/, '') };
  const head = text.slice(0, at).replace(/\n$/, '');
  const tail = text.slice(at).replace(/^\n/, '');
  // A block that ends right after the cut needs no second opening.
  const ending = closingLine(tail, fence.marker);
  if (ending !== undefined) return { head: `${head}\n${fence.marker}`, tail: tail.slice(ending).replace(/^\n/, '') };
  return { head: `${head}\n${fence.marker}`, tail: `${fence.opening}\n${tail}` };
}

/** Of each kind the last boundary counts, if it fills at least half of the room. */
function bestCut(text: string, room: number): number {
  const window = text.slice(0, room);
  const floor = Math.max(1, Math.floor(room / 2));
  const segments = graphemes.segment(text.slice(0, room + 64));
  const whole = (at: number) => at >= text.length || segments.containing(at)?.index === at;
  for (const boundary of [/\n[^\S\n]*\n/g, /\n/g, /[.!?…。！？][)\]"'”’»]*\s/g, /[^\S\n]/g]) {
    let best = 0;
    for (const match of window.matchAll(boundary)) {
      const end = match.index + match[0].length;
      if (end >= floor && whole(end)) best = end;
    }
    if (best > 0) return best;
  }
  const grapheme = segments.containing(room)?.index ?? room;
  if (grapheme > 0) return grapheme;
  // One grapheme larger than a part (stacked marks without end): between code points then.
  return isLowSurrogate(text.charCodeAt(room)) && room > 1 ? room - 1 : room;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** The fenced block that is open at `end`, by the rules of CommonMark. */
export function openFence(text: string, end = text.length): Fence | undefined {
  let open: Fence | undefined;
  for (let start = 0; start < end; ) {
    const newline = text.indexOf('\n', start);
    const stop = newline === -1 ? text.length : newline;
    // A line that the cut goes through is not complete and cannot open or close anything.
    if (stop > end) break;
    const match = stop - start <= MAX_FENCE_LINE ? FENCE_LINE.exec(text.slice(start, stop)) : null;
    const [line = '', marker = '', info = ''] = match ?? [];
    if (match && !open && !(marker.startsWith('`') && info.includes('`'))) open = { marker, opening: line, start };
    else if (match && open && closes(marker, info, open.marker)) open = undefined;
    start = stop + 1;
  }
  return open;
}

function closes(marker: string, info: string, opened: string): boolean {
  return marker.startsWith(opened) && info.trim() === '';
}

/** Length of the first line if it closes the block. */
function closingLine(text: string, opened: string): number | undefined {
  const end = text.indexOf('\n');
  const line = end === -1 ? text : text.slice(0, end);
  const match = line.length <= MAX_FENCE_LINE ? FENCE_LINE.exec(line) : null;
  return match && closes(match[1] ?? '', match[2] ?? '', opened) ? line.length : undefined;
}
