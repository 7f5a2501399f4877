import type { Run } from '../shared/markdown/blocks.ts';
import { escapeStart, escapeText, followedBy } from './escape.ts';

/** One writing of one message. */
export interface Writing {
  readonly care: Care;
  /** What asks for more care was written: so much of it the message needs. */
  needed: Care;
  /** More care would have made no difference but for links. */
  plain: boolean;
  /** By so much it may become longer than it is while something is added to it. */
  extra: number;
}

/** `signs`: see `Standing.careful`. `links`: besides, no link has words, as their `[` would begin one that ends elsewhere. */
export type Care = 'none' | 'signs' | 'links';

/** Text of one look, or what is written already: code and links. */
type Atom = Text | { readonly written: string };
type Text = Pick<Run, 'text' | 'bold' | 'strike' | 'italic'>;

/** A longer address stands behind its words, not around them. */
const LONG_ADDRESS = 1_000;
/** Longer ones could leave no room in a message for their words; they are not linked. */
const MAX_ADDRESS = 1_800;

/** The lines of a text. `starts`: they begin lines of the message, where some signs mean more. */
export function writeLines(runs: readonly Run[], writing: Writing, starts = true): string[] {
  if (!runs.some(({ text }) => text.includes('\n'))) return [writeLine(runs, writing, starts)];
  const lines: Run[][] = [[]];
  for (const run of runs) {
    for (const [index, text] of (run.code ? run.text.replaceAll('\n', ' ') : run.text).split('\n').entries()) {
      if (index > 0) lines.push([]);
      if (text !== '') lines.at(-1)?.push({ ...run, text });
    }
  }
  return lines.map((line) => writeLine(line, writing, starts));
}

/** All of it in one line. */
export function writeOneLine(runs: readonly Run[], writing: Writing, starts = false): string {
  const line = runs.map((run) => (run.text.includes('\n') ? { ...run, text: run.text.replaceAll('\n', ' ') } : run));
  return writeLine(line, writing, starts).trim();
}

function writeLine(runs: readonly Run[], writing: Writing, starts: boolean, after = ''): string {
  const atoms = merged(atomsOf(codeMerged(runs), writing));
  const [first] = atoms;
  const line = writeMarked(atoms, 0, '', after, writing);
  return starts && first && 'text' in first && lookOf(first) === '' ? escapeStart(line) : line;
}

function atomsOf(runs: readonly Run[], writing: Writing): Atom[] {
  const atoms: Atom[] = [];
  for (let at = 0; at < runs.length; ) {
    const run = runs[at] as Run;
    const from = at++;
    if (run.href === undefined) {
      atoms.push(plain(run, writing));
      continue;
    }
    while (at < runs.length && runs[at]?.href === run.href) at++;
    atoms.push(...linked(runs.slice(from, at), run.href, writing));
  }
  return atoms;
}

/** Code beside code is one: the marks between them would be read as part of it. */
function codeMerged(runs: readonly Run[]): readonly Run[] {
  if (runs.length === 1) return runs;
  const merged: Run[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (run.code && last?.code && last.href === run.href)
      merged[merged.length - 1] = { ...last, text: last.text + run.text };
    else merged.push(run);
  }
  return merged;
}

function plain(run: Run, writing: Writing): Atom {
  if (!run.code) return run;
  const written = codeSpan(run.text);
  if (written === undefined) return { text: run.text };
  note(run.text, writing);
  return { written };
}

/**
 * A longer fence than two means a block here, and a fence must not be as long as a run of its text: where that leaves
 * none, it is plain text.
 */
function codeSpan(text: string): string | undefined {
  const lengths = new Set((text.match(/`+/g) ?? []).map((run) => run.length));
  const fence = lengths.has(1) ? '``' : '`';
  if (text === '' || lengths.has(fence.length)) return undefined;
  const room = /^ *`|` *$/.test(text) ? ' ' : '';
  return `${fence}${room}${text}${room}${fence}`;
}

/**
 * Addresses stand in `<…>`, where no sign means anything and none is previewed. The platform shows `[words](<address>)`
 * as it is written when the words hold brackets or an address themselves: then one follows the other.
 */
function linked(runs: readonly Run[], href: string, writing: Writing): Atom[] {
  const words = runs.map(({ text }) => text).join('');
  const bare = runs.map(({ href: _, ...run }) => run);
  if (href.length > MAX_ADDRESS) return bare.map((run) => plain(run, writing));
  if (/^https?:\/\/[!-~]+$/i.test(words) && (words === href || URL.parse(words)?.href === href)) {
    return [address(words, writing)];
  }
  if (href.length > LONG_ADDRESS || writing.care === 'links' || words.trim() === '' || /[[\]]|:\/\//.test(words)) {
    return [...bare.map((run) => plain(run, writing)), { text: ' ' }, address(href, writing)];
  }
  const to = encoded(href, /[()\\<>"'*\s]/g);
  note(to, writing);
  return [{ written: `[${writeLine(bare, writing, false, ']')}](<${to}>)` }];
}

function address(url: string, writing: Writing): Atom {
  const written = encoded(url, /[<>\s]/g);
  note(written, writing);
  return { written: `<${written}>` };
}

function encoded(url: string, signs: RegExp): string {
  return url.replace(signs, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

/**
 * What is written as it is may hold a `_` that ends an italic text, or a `](` that makes a link, whatever it is in itself:
 * any `_` or `[` before it may have begun that.
 */
export function note(asItIs: string, writing: Writing): void {
  if (asItIs.includes('](')) writing.needed = 'links';
  else if (writing.needed === 'none' && /_(?!\w)/.test(asItIs)) writing.needed = 'signs';
}

function lookOf(atom: Text): string {
  return `${atom.bold ? 'b' : ''}${atom.strike ? 's' : ''}${atom.italic ? 'i' : ''}`;
}

/** One atom per look; white space at the edges of marked text by itself, so that no mark touches it. */
function merged(atoms: readonly Atom[]): readonly Atom[] {
  const [only] = atoms;
  if (atoms.length === 1 && only && ('written' in only || lookOf(only) === '')) return atoms;
  const whole: Atom[] = [];
  for (const atom of atoms) {
    const last = whole.at(-1);
    if (last && 'text' in last && 'text' in atom && lookOf(last) === lookOf(atom)) {
      whole[whole.length - 1] = { ...last, text: last.text + atom.text };
    } else whole.push(atom);
  }
  return whole.flatMap((atom) => {
    if (!('text' in atom) || lookOf(atom) === '' || !/^\s|\s$/.test(atom.text)) return atom;
    const core = atom.text.trim();
    const at = core === '' ? atom.text.length : atom.text.indexOf(core);
    const texts = [atom.text.slice(0, at), core, atom.text.slice(at + core.length)];
    return texts.flatMap((text) => (text === '' ? [] : [{ ...atom, text }]));
  });
}

const LOOKS = ['bold', 'strike', 'italic'] as const;

/** Outer marks first. `before` and `after` are the characters around it. */
function writeMarked(atoms: readonly Atom[], outer: number, before: string, after: string, writing: Writing): string {
  let level = outer;
  while (level < LOOKS.length && !atoms.some((atom) => has(atom, LOOKS[level]))) level++;
  const look = LOOKS[level];
  if (look === undefined) return writePlain(atoms, before, after, writing);
  let line = '';
  for (let at = 0; at < atoms.length; ) {
    const on = has(atoms[at], look);
    let end = at + 1;
    while (end < atoms.length && has(atoms[end], look) === on) end++;
    // White space at the edges of a marked stretch stays outside of its marks.
    if (on) while (end > at + 1 && isSpace(atoms[end - 1])) end--;
    const marked = on && !isSpace(atoms[at]);
    if (on && !marked) end = at + 1;
    const previous = line.at(-1) ?? before;
    const next = end < atoms.length ? firstSign(atoms[end]) : after;
    const mark = marked ? markOf(look, previous, next) : '';
    const part = atoms.slice(at, end);
    const inside = writeMarked(part, level + 1, mark.at(-1) ?? previous, mark.charAt(0) || next, writing);
    if (mark === '_' && writing.needed === 'none' && /^\W/.test(inside)) writing.needed = 'signs';
    line = followedBy(line, mark + inside + mark);
    at = end;
  }
  return line;
}

function has(atom: Atom | undefined, look: (typeof LOOKS)[number] | undefined): boolean {
  return atom !== undefined && look !== undefined && 'text' in atom && atom[look] === true;
}

function isSpace(atom: Atom | undefined): boolean {
  return atom !== undefined && 'text' in atom && atom.text.trim() === '';
}

function firstSign(atom: Atom | undefined): string {
  if (!atom) return '';
  if ('written' in atom) return atom.written.charAt(0);
  return lookOf(atom) === '' || isSpace(atom) ? atom.text.charAt(0) : '*';
}

/** Italic text has two marks: `_` means nothing inside a word, `*` reads as something else beside another `*`. */
function markOf(look: (typeof LOOKS)[number], before: string, after: string): string {
  if (look === 'bold') return '**';
  if (look === 'strike') return '~~';
  if (before !== '*' && after !== '*') return '*';
  const apart = (sign: string) => !/[\p{L}\p{N}\p{M}\p{Cs}_~]/u.test(sign);
  return apart(before) && apart(after) ? '_' : '';
}

function writePlain(atoms: readonly Atom[], before: string, after: string, writing: Writing): string {
  let line = '';
  for (const [index, atom] of atoms.entries()) {
    if ('written' in atom) {
      line += atom.written;
      continue;
    }
    if (writing.plain && /[_[]/.test(atom.text)) writing.plain = false;
    const next = index + 1 < atoms.length ? firstSign(atoms[index + 1]) : after;
    const standing = {
      before: line.at(-1) ?? before,
      after: next,
      marked: lookOf(atom) !== '',
      careful: writing.care !== 'none',
    };
    line += escapeText(atom.text, standing);
  }
  return line;
}
