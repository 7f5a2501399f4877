import type { Block, Cell, Item, List, Run, Table } from './blocks.ts';
import { between, countWithin, emboldened, isWhereTo, nextNumber, plain, trimmed, words } from './runs.ts';
import { codeCut, graphemeCut, largest, proseCut } from './text-cuts.ts';

/** How much room there is for a block, beside what is already on the sheet. */
export interface Room {
  /** Nothing else is on the sheet: there is no more room anywhere. */
  readonly empty: boolean;
  /** About how many characters fit. */
  readonly left: number;
  fits(block: Block): boolean;
  /** With it, is the sheet at least half full? */
  enough(block: Block): boolean;
}

/** What goes on this sheet, and what is left. No `head`: the block is to be laid out as the `tail` instead. */
export interface Division {
  readonly head: readonly Block[];
  readonly tail: readonly Block[];
}

/** Divides a block that does not fit. Undefined: not even a small piece of it fits. */
export function divide(block: Block, room: Room): Division | undefined {
  switch (block.kind) {
    case 'paragraph':
    case 'heading':
      return divideRuns(block, room);
    case 'code':
      return divideCode(block, room);
    case 'quote': {
      const wrap = (blocks: readonly Block[]): Block => ({ kind: 'quote', blocks });
      const division = divideBlocks(block.blocks, wrap, room);
      const part = (blocks: readonly Block[]) => (blocks.length > 0 ? [wrap(blocks)] : []);
      return division && { head: part(division.head), tail: part(division.tail) };
    }
    case 'list':
      return divideList(block, room);
    case 'table':
      return divideTable(block, room);
    case 'rule':
      return undefined;
  }
}

type Text = Extract<Block, { readonly runs: readonly Run[] }>;

function divideRuns(block: Text, room: Room): Division | undefined {
  const text = plain(block.runs);
  const most = largest(text.length, room.left, (count) => room.fits({ ...block, runs: between(block.runs, 0, count) }));
  if (most === 0) return undefined;
  let at = proseCut(text, most);
  const link = linkAround(block.runs, at);
  // A link is cut only where it alone fills half of the room.
  if (link && link.from >= most / 2) at = link.from;
  const cut = link && link.from < at ? withoutWay(block.runs, link, at) : block.runs;
  const head = trimmed(between(cut, 0, at));
  const tail = trimmed(between(cut, at, text.length));
  const part = (runs: readonly Run[]): Block[] => (runs.length > 0 ? [{ ...block, runs }] : []);
  return { head: part(head), tail: part(tail) };
}

interface Span {
  readonly from: number;
  readonly to: number;
  /** From here on it tells where it leads. */
  readonly told: number | undefined;
}

/** The link that a cut at this position goes through. */
function linkAround(runs: readonly Run[], at: number): Span | undefined {
  let end = 0;
  let span: { href: string | undefined; from: number; to: number; told: number | undefined } | undefined;
  for (const run of runs) {
    const from = end;
    end += run.text.length;
    if (span && span.href === run.href) span = { ...span, to: end, told: isWhereTo(run) ? from : undefined };
    else if (from >= at) break;
    else span = { href: run.href, from, to: end, told: isWhereTo(run) ? from : undefined };
  }
  return span && span.href !== undefined && span.from < at && span.to > at ? span : undefined;
}

/** Words of a link that is cut do not lead anywhere, unless where to is still among them. */
function withoutWay(runs: readonly Run[], link: Span, at: number): readonly Run[] {
  const to = link.told !== undefined && at <= link.told ? at : link.to;
  const bare = between(runs, link.from, to).map(({ href: _, ...run }) => run);
  return [...between(runs, 0, link.from), ...bare, ...between(runs, to, Number.POSITIVE_INFINITY)];
}

function divideCode(block: Extract<Block, { kind: 'code' }>, room: Room): Division | undefined {
  const most = largest(block.text.length, room.left, (count) =>
    room.fits({ ...block, text: block.text.slice(0, count) }),
  );
  if (most === 0) return undefined;
  const at = codeCut(block.text, most) ?? graphemeCut(block.text, most);
  const part = (text: string): Block[] => (text.trim() === '' ? [] : [{ ...block, text }]);
  return {
    head: part(block.text.slice(0, at).trimEnd()),
    tail: part(block.text.slice(at).replace(/^(?:[^\S\n]*\n)+/, '')),
  };
}

/** Children of something: whole ones as far as they go, else the one that does not fit is divided itself. */
function divideBlocks(
  blocks: readonly Block[],
  wrap: (blocks: readonly Block[]) => Block,
  room: Room,
): Division | undefined {
  const whole = largest(
    blocks.length,
    countWithin(blocks, (block) => [block], room.left),
    (count) => room.fits(wrap(blocks.slice(0, count))),
  );
  const here = keptWithNext(blocks.slice(0, whole));
  const apart = { head: here, tail: blocks.slice(here.length) };
  if (here.length > 0 && room.enough(wrap(here))) return apart;
  const [block, ...rest] = blocks.slice(whole);
  const before = blocks.slice(0, whole);
  const division =
    block &&
    divide(block, {
      empty: room.empty && before.length === 0,
      left: room.left - words(before).length,
      fits: (piece) => room.fits(wrap([...before, piece])),
      enough: (piece) => room.enough(wrap([...before, piece])),
    });
  if (division) return { head: [...before, ...division.head], tail: [...division.tail, ...rest] };
  return here.length > 0 ? apart : whole > 0 ? { head: before, tail: blocks.slice(whole) } : undefined;
}

/** Without the headings at the end: they belong to what follows. */
export function keptWithNext(blocks: readonly Block[]): readonly Block[] {
  let count = blocks.length;
  while (count > 0 && blocks[count - 1]?.kind === 'heading') count--;
  return blocks.slice(0, count);
}

function divideList(list: List, room: Room): Division | undefined {
  const whole = largest(
    list.items.length,
    countWithin(list.items, (item) => item.blocks, room.left),
    (count) => room.fits({ ...list, items: list.items.slice(0, count) }),
  );
  const before = list.items.slice(0, whole);
  if (whole > 0 && room.enough({ ...list, items: before })) return at(list, before, list.items.slice(whole));
  const [item, ...rest] = list.items.slice(whole);
  const wrap = (blocks: readonly Block[]): Block => ({
    ...list,
    items: item ? [...before, { ...item, blocks }] : before,
  });
  const division =
    item &&
    divideBlocks(item.blocks, wrap, {
      ...room,
      empty: room.empty && whole === 0,
      left: room.left - words([{ ...list, items: before }]).length,
    });
  if (!division) return whole > 0 ? at(list, before, list.items.slice(whole)) : undefined;
  if (division.head.length === 0) return at(list, before, [{ ...item, blocks: division.tail }, ...rest]);
  const left: Item[] = division.tail.length > 0 ? [{ continued: true, blocks: division.tail }] : [];
  return at(list, [...before, { ...item, blocks: division.head }], [...left, ...rest]);
}

/** The list in two; the second goes on counting. */
function at(list: List, head: readonly Item[], tail: readonly Item[]): Division {
  const next = tail.findIndex((item) => !item.continued);
  const { number, ...item } = tail[next] ?? { blocks: [] };
  const start = number ?? nextNumber(list.start, head);
  return {
    head: head.length > 0 ? [{ ...list, items: head }] : [],
    tail: tail.length > 0 ? [{ ...list, start, items: next === -1 ? tail : tail.with(next, item) }] : [],
  };
}

/** By rows, each sheet with the head. A row that finds no room on a sheet of its own becomes paragraphs, one per cell. */
function divideTable(table: Table, room: Room): Division | undefined {
  const { head, rows } = table;
  const some = (count: number): Block => ({ ...table, rows: rows.slice(0, count) });
  const headFits = room.fits(some(0));
  const whole = headFits ? largest(rows.length, 8, (count) => room.fits(some(count))) : 0;
  if (whole > 0) {
    const tail = rows.slice(whole);
    return { head: [some(whole)], tail: tail.length > 0 ? [{ ...table, rows: tail }] : [] };
  }
  if (!room.empty) return undefined;
  const [row = [], ...others] = rows;
  // A large head is said once, else it would be most of each sheet.
  if (!headFits || room.enough(some(0))) {
    return { head: [], tail: [head, ...rows].flatMap((line) => line.flatMap((cell) => asParagraph([], cell))) };
  }
  const cells = row.flatMap((cell, column) => asParagraph(head[column] ?? [], cell));
  return { head: [], tail: others.length > 0 ? [...cells, { ...table, rows: others }] : cells };
}

function asParagraph(head: Cell, cell: Cell): Block[] {
  if (cell.length === 0) return [];
  const label = head.length > 0 ? [...emboldened(head), { text: ': ' }] : [];
  return [{ kind: 'paragraph', runs: [...label, ...cell] }];
}
