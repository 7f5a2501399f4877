import { type Definitions, parse } from './parser.ts';
import { isReadWhole } from './source.ts';

/** A line that defines where `[label]` leads; `[^1]:` is a note. */
const LINE = /^ {0,3}\[[^\]\n^][^\]\n]{0,200}\]:[ \t]*\S.{0,1000}$/gm;
const MOST = 300;
/** So much of them is read, UTF-16 units. */
const LONGEST = 16_000;

/** Definitions stand at the end, but are used before: of a text that is read in slices they are looked for first. */
export function definitionsIn(answer: string): Definitions {
  const definitions: Definitions = {};
  if (isReadWhole(answer)) return definitions;
  const lines: string[] = [];
  for (const [line] of answer.matchAll(LINE)) {
    lines.push(line);
    if (lines.length === MOST) break;
  }
  if (lines.length > 0) parse(lines.join('\n\n').slice(0, LONGEST), definitions);
  return definitions;
}
