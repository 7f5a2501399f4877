import type { MarkdownIt } from 'markdown-it';

/** A number of two digits or more, and the columns up to the words of its item. */
const MARKER = /^( {0,2}\d{2,9}[.)] )\S/;
/** What may move is below the first line of an item, or below a blank line there. Most texts have none such. */
const MAY_MOVE = /\n {3}(?=[-*+>\d`~])(?<=^ {0,2}\d{2,9}[.)] .*\n(?:[ \t]*\n)? {3})/m;
const BLOCK = /^ {3}(?:[-*+] |\d{1,9}[.)] |>|```|~~~)/;
const FENCE = /^ {0,3}(```+|~~~+)/;

/**
 * `10. a` asks for four spaces before what belongs to the item; models go on with the three that did for `9. a`, which would
 * tear the list. A list, a quote or code behind three spaces, and what follows it, moves to where it is meant to be.
 */
export function mendIndents(parser: MarkdownIt): void {
  parser.core.ruler.after('normalize', 'indents', (state) => {
    if (MAY_MOVE.test(state.src)) state.src = indented(state.src);
  });
}

function indented(source: string): string {
  const lines = source.split('\n');
  // The columns of the item that is open, and how far its lines move.
  let columns = 0;
  let moved = '';
  let fence: string | undefined;
  for (const [at, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const isDeeper = line.startsWith('   ');
    const mark = FENCE.exec(line)?.[1];
    if (!isDeeper) {
      moved = '';
      columns = 0;
      // Code that stands alone is as it is.
      if (fence && mark?.startsWith(fence)) fence = undefined;
      else if (mark && !fence) fence = mark;
      else if (!fence) columns = MARKER.exec(line)?.[1]?.length ?? 0;
    } else if (columns > 3) {
      if (moved === '' && BLOCK.test(line)) moved = ' '.repeat(columns - 3);
      lines[at] = moved + line;
    }
  }
  return lines.join('\n');
}
