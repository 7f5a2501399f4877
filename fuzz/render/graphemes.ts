import type { Part } from '../../src/core/delivery.ts';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
/** Larger ones have no room of their own, or nearly; they are cut between code points. */
const LARGEST = 900;

/** Cuts between two parts that go through what people see as one character of the answer. */
export function brokenGraphemes(answer: string, parts: readonly Part[]): string[] {
  return parts.slice(1).flatMap((part, index) => {
    const before = (parts[index]?.text ?? '').slice(-LARGEST);
    const after = part.text.slice(0, LARGEST);
    if (before === '' || /\s$/.test(before) || !neighbours(answer, before.slice(-4), after.slice(0, 4))) return [];
    const cut = graphemes.segment(before + after).containing(before.length);
    const broken = cut !== undefined && cut.index !== before.length && cut.segment.length < LARGEST;
    return broken ? [`a grapheme is cut before part ${index + 2}: ${JSON.stringify(cut.segment)}`] : [];
  });
}

const BREAK = /^(?:\s|<br\s{0,3}\/?>)+/i;

/** Only where both are neighbours in the answer too, and nowhere with white space or a break between, is this a cut for certain. */
function neighbours(answer: string, before: string, after: string): boolean {
  let found = false;
  for (let at = answer.indexOf(before); at !== -1; at = answer.indexOf(before, at + 1)) {
    const rest = answer.slice(at + before.length, at + before.length + 200);
    if (rest.startsWith(after)) found = true;
    else if (rest.replace(BREAK, '').startsWith(after)) return false;
  }
  return found;
}
