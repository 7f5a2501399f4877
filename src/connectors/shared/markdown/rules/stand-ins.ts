import type { MarkdownIt } from 'markdown-it';

/**
 * Signs that must not mean anything while blocks are read. As nobody can see what stands in for them, no text that is read
 * has it.
 */
export const BAR = '\uFFF9';
const QUOTE = '\uFFFA';

/** `>_<` begins no quote. */
const FACE = /^([ \t>]*)>(?=[_.]{1,3}<)/gm;

export function useStandIns(parser: MarkdownIt): void {
  parser.core.ruler.after('normalize', 'stand_ins', (state) => {
    if (state.src.includes('<')) state.src = state.src.replace(FACE, `$1${QUOTE}`);
  });
  parser.core.ruler.after('block', 'stood_for', ({ tokens }) => {
    for (const token of tokens) {
      token.content = restored(token.content);
      if (token.info !== '') token.info = restored(token.info);
    }
  });
}

function restored(text: string): string {
  return /[\uFFF9\uFFFA]/.test(text) ? text.replaceAll(BAR, '|').replaceAll(QUOTE, '>') : text;
}
