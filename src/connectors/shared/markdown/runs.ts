import type { Block, Item, Look, Run } from './blocks.ts';

/** The words alone. */
export function plain(runs: readonly Run[]): string {
  return runs.length === 1 ? (runs[0]?.text ?? '') : runs.map(({ text }) => text).join('');
}

/** The words of blocks, one line each, without any marker: to measure and to fall back on. */
export function words(blocks: readonly Block[]): string {
  return blocks.map(wordsOf).join('\n');
}

/** How many of these may have so many characters together: a guess, from their words. */
export function countWithin<T>(things: readonly T[], blocksOf: (thing: T) => readonly Block[], length: number): number {
  let sum = 0;
  for (const [index, thing] of things.entries()) {
    sum += words(blocksOf(thing)).length + 2;
    if (sum > length) return index;
  }
  return things.length;
}

function wordsOf(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return plain(block.runs);
    case 'code':
      return block.text;
    case 'quote':
      return words(block.blocks);
    case 'list':
      return block.items.map((item) => words(item.blocks)).join('\n');
    case 'table':
      return [block.head, ...block.rows].map((row) => row.map(plain).join(' | ')).join('\n');
    case 'rule':
      return '';
  }
}

export function sameLook(one: Look, other: Look): boolean {
  return (
    one.bold === other.bold &&
    one.italic === other.italic &&
    one.strike === other.strike &&
    one.code === other.code &&
    one.href === other.href
  );
}

/** Does this run tell where the link before it leads? */
export function isWhereTo({ text, href }: Run): boolean {
  return href !== undefined && text.startsWith(' (') && text === ` (${URL.parse(href)?.host})`;
}

/** Neighbours of one look become one run, but for those that tell where a link leads; empty ones go. */
export function merged(runs: readonly Run[]): Run[] {
  const result: { look: Run; texts: string[] }[] = [];
  for (const run of runs) {
    if (run.text === '') continue;
    const last = result.at(-1);
    if (last && sameLook(last.look, run) && !isWhereTo(run)) last.texts.push(run.text);
    else result.push({ look: run, texts: [run.text] });
  }
  return result.map(({ look, texts }) => (texts.length === 1 ? look : { ...look, text: texts.join('') }));
}

/** Without white space at both ends and around line breaks; merged. */
export function trimmed(runs: readonly Run[]): Run[] {
  const result: Run[] = [];
  // At the beginning of a line no space is wanted.
  let fresh = true;
  for (const run of merged(runs)) {
    let text = run.text.includes('\n') ? run.text.replace(/[ \t]*\n\s*/g, '\n') : run.text;
    if (fresh) text = text.trimStart();
    if (text === '') continue;
    if (text.startsWith('\n')) trimLast(result);
    fresh = text.endsWith('\n');
    result.push(text === run.text ? run : { ...run, text });
  }
  trimLast(result);
  return result;
}

function trimLast(runs: Run[]): void {
  for (let last = runs.pop(); last; last = runs.pop()) {
    const text = last.text.trimEnd();
    if (text === '') continue;
    runs.push(text === last.text ? last : { ...last, text });
    return;
  }
}

/** The number after these items of a list. */
export function nextNumber(start: number | null, items: readonly Item[]): number | null {
  if (start === null) return null;
  return items.reduce((next, item) => (item.continued ? next : (item.number ?? next) + 1), start);
}

/** As the words of a heading. Code has no other look. */
export function emboldened(runs: readonly Run[]): Run[] {
  return runs.map((run) => (run.code ? run : { ...run, bold: true }));
}

/** The part of the runs between two positions, UTF-16 units of `plain`. */
export function between(runs: readonly Run[], from: number, to: number): Run[] {
  const result: Run[] = [];
  let start = 0;
  for (const run of runs) {
    const end = start + run.text.length;
    if (end > from && start < to) {
      const text = run.text.slice(Math.max(0, from - start), to - start);
      result.push(text === run.text ? run : { ...run, text });
    }
    if (end >= to) break;
    start = end;
  }
  return result;
}
