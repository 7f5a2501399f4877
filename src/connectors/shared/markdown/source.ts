import { setImmediate } from 'node:timers/promises';
import { stripInvisible } from '../../../core/text.ts';

/** Long enough that hardly an answer is cut, short enough to be read in a few ms. */
const SLICE = 16_000;
const STRETCH = 1_000;
/**
 * Signs of Markdown or of an address, and ends of lines, are what takes time, some of them n². A stretch with more than so
 * many counts as several: nobody writes many of those for people.
 */
const MANY_SIGNS = STRETCH * 0.25;
const FLOOD_OF_SIGNS = STRETCH * 0.4;
const SIGNS = Array.from({ length: 128 }, (_, unit) =>
  '*_~[]()!<>&|`#+-:/\\\n'.includes(String.fromCharCode(unit)) ? 1 : 0,
);
/** What is repeated of a line (a fence, the head of a table; without what nobody can see) must leave room for more. */
const MAX_REPEATED = 400;
const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;

/** A piece of a long text, to be read by itself. */
export interface Slice {
  readonly source: string;
  /**
   * How it goes on from the slice before: `apart` at a blank line, `line` at another, `inside` a line, `space` there between
   * two words. `code` and `table`: inside one that is open; its fence or its head stands here again.
   */
  readonly joint: Joint;
}

export type Joint = 'apart' | 'line' | 'inside' | 'space' | 'code' | 'table';

/** The text without what nobody can see: as Markdown, for a file. Long texts in steps, between which other work goes on. */
export async function clean(answer: string): Promise<string> {
  const pieces: string[] = [];
  for (let from = 0; from < answer.length; ) {
    const to = safeCut(answer, from, from + SLICE * 4);
    pieces.push(stripInvisible(answer.slice(from, to)));
    from = to;
    if (from < answer.length) await setImmediate();
  }
  return pieces.join('');
}

/** The text in pieces of bounded length, without what nobody can see. Not more is looked at than is asked for. */
export function* slices(answer: string): Generator<Slice> {
  let joint: Joint = 'apart';
  let repeated = '';
  for (let from = 0; from < answer.length; ) {
    const most = lengthOfSlice(answer, from);
    const cut: Cut =
      from + most >= answer.length
        ? { to: answer.length, joint: 'apart', repeated: '' }
        : findCut(answer, from, most, repeated);
    yield { source: repeated + stripInvisible(answer.slice(from, cut.to)), joint };
    ({ joint, repeated } = cut);
    from = cut.to;
  }
}

/** Is it read in one slice? */
export function isReadWhole(answer: string): boolean {
  return answer.length <= lengthOfSlice(answer, 0);
}

function lengthOfSlice(answer: string, from: number): number {
  let length = 0;
  for (let weight = 0; weight < SLICE && from + length < answer.length; length += STRETCH) {
    let signs = 0;
    const end = Math.min(answer.length, from + length + STRETCH);
    for (let at = from + length; at < end; at++) signs += SIGNS[answer.charCodeAt(at)] ?? 0;
    weight += STRETCH * (signs > FLOOD_OF_SIGNS ? 8 : signs > MANY_SIGNS ? 4 : 1);
  }
  return length;
}

interface Cut {
  readonly to: number;
  readonly joint: Joint;
  readonly repeated: string;
}

/** Looks for the last good place in a slice that is open with `repeated`. */
function findCut(answer: string, from: number, most: number, repeated: string): Cut {
  let fence = FENCE.exec(repeated.trimEnd());
  let opening = repeated;
  let previous = '';
  let table = fence ? '' : repeated;
  let apart: Cut | undefined;
  let line: Cut | undefined;
  let blank = false;
  for (let start = from; start < from + most; ) {
    const newline = answer.indexOf('\n', start);
    const end = newline === -1 ? answer.length : newline + 1;
    const text = answer.slice(start, Math.min(end, start + 2_000)).trimEnd();
    if (start > from) {
      const flush = text !== '' && !/^\s/.test(text);
      if (!fence && blank && flush) apart = { to: start, joint: 'apart', repeated: '' };
      else if (fence || flush || !line) line = lineCut(start, fence, opening, table, blank);
    }
    if (end > from + most) break;
    const found = FENCE.exec(text);
    if (found && !fence && !(found[1]?.startsWith('`') && found[2]?.includes('`'))) {
      if (text.length <= MAX_REPEATED) fence = found;
      opening = `${stripInvisible(text).split('\n')[0]}\n`;
      // A fence begins a block: before it is a good place too.
      if (start > from + most / 2) apart = { to: start, joint: 'apart', repeated: '' };
    } else if (found && fence && found[1]?.startsWith(fence[1] ?? '') && found[2]?.trim() === '') fence = null;
    if (text === '') table = '';
    else if (!fence && DELIMITERS.test(text) && text.includes('-') && previous.includes('|')) {
      const head = `${stripInvisible(previous).split('\n').at(-1)}\n${stripInvisible(text)}\n`;
      table = head.length <= MAX_REPEATED ? head : '';
    }
    blank = text === '';
    previous = text;
    start = end;
  }
  const found = apart && apart.to >= from + most / 4 ? apart : (line ?? apart);
  if (found && found.to >= from + most / 16) return found;
  const to = safeCut(answer, from, from + most);
  if (fence) return { to, joint: 'code', repeated: opening };
  // Reading takes white space from the ends of both.
  const between = answer.slice(to - 1, to + 1);
  return { to, joint: between.includes('\n') ? 'line' : /\s/.test(between) ? 'space' : 'inside', repeated: '' };
}

function lineCut(to: number, fence: RegExpExecArray | null, opening: string, table: string, blank: boolean): Cut {
  if (fence) return { to, joint: 'code', repeated: opening };
  if (table !== '') return { to, joint: 'table', repeated: table };
  return { to, joint: blank ? 'apart' : 'line', repeated: '' };
}

/** What must not stand after a cut: it belongs to what is before it. */
const BELONGS =
  /^(?:\p{M}|\p{Emoji_Modifier}|\p{Regional_Indicator}|[\u200c-\u200f\u061c]|[\ufe00-\ufe0f]|[\u{E0000}-\u{E01EF}]|[\n\u{DC00}-\u{DFFF}])/u;

/** In scripts of India a mark joins the letters on both sides of it. */
const CONJUNCT = /^\p{M}\p{L}/u;

/** A place up to `to` where a text can be cut without a difference to any of its characters. */
function safeCut(answer: string, from: number, to: number): number {
  if (to >= answer.length) return answer.length;
  const least = Math.max(from + 1, to - 1_000);
  const space = Math.max(answer.lastIndexOf('\n', to - 1), answer.lastIndexOf(' ', to - 1)) + 1;
  if (space > least && !BELONGS.test(answer.slice(space, space + 2))) return space;
  for (let at = to; at > least; at--) {
    const before = answer.charCodeAt(at - 1);
    if (before === 0x200d || before === 0x0d || (before & 0xfc00) === 0xd800) continue;
    if (!BELONGS.test(answer.slice(at, at + 2)) && !CONJUNCT.test(answer.slice(at - 1, at + 1))) return at;
  }
  // A flood of marks: anywhere but within a pair.
  return (answer.charCodeAt(to) & 0xfc00) === 0xdc00 ? to - 1 : to;
}
