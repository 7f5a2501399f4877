import type { StateBlock } from 'markdown-it';

/** A rule for blocks: does one begin at line `from`? It may go up to line `end`. `silent`: only asked, nothing is read. */
export type BlockRule = (state: StateBlock, from: number, end: number, silent: boolean) => boolean;

/** The paragraph of these lines, as text to be read. */
export function asParagraph(state: StateBlock, from: number, to: number): void {
  state.push('paragraph_open', 'p', 1);
  const inline = state.push('inline', '', 0);
  inline.content = state.getLines(from, to, state.blkIndent, false).trim();
  inline.children = [];
  state.push('paragraph_close', 'p', -1);
  state.line = to;
}
