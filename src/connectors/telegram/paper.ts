import type { Entity } from './entities.ts';

/** What is being written. Kept in pieces: a long answer is measured often, and looking into a growing string costs its length. */
export interface Paper {
  readonly pieces: string[];
  length: number;
  /** A line begins here. */
  fresh: boolean;
  readonly entities: Entity[];
  /** Where a block may take one of two shapes, the longer is written: what is measured grows with what it is measured of. */
  readonly measuring: boolean;
}

export function createPaper(measuring: boolean): Paper {
  return { pieces: [], length: 0, fresh: true, entities: [], measuring };
}

export function put(paper: Paper, text: string): void {
  if (text === '') return;
  paper.pieces.push(text);
  paper.length += text.length;
  paper.fresh = text.endsWith('\n');
}

export function freshLine(paper: Paper): void {
  if (!paper.fresh) put(paper, '\n');
}

/** What stands at the beginning of each line here, unless something (a list's marker) stands there already. */
export function indent(paper: Paper, prefix: string): void {
  if (paper.fresh) put(paper, prefix);
}

export function mark(paper: Paper, entity: Omit<Entity, 'length'>): void {
  const length = paper.length - entity.offset;
  if (length > 0) paper.entities.push({ ...entity, length });
}
