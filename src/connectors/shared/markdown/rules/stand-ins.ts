import type { Env, MarkdownIt } from 'markdown-it';

/**
 * Signs that must not mean anything while blocks are read. As nobody can see what stands in for them, no text that is read
 * has it.
 */
const BAR = '\uFFF9';
const QUOTE = '\uFFFA';

/** `>_<` begins no quote. */
const FACE = /^([ \t>]*)>(?=[_.]{1,3}<)/gm;

/** In whose texts something is stood in for: hardly any, and it takes time to look. */
const changed = new WeakSet<Env>();

export function barStandIn(env: Env): string {
  changed.add(env);
  return BAR;
}

export function useStandIns(parser: MarkdownIt): void {
  parser.core.ruler.after('normalize', 'stand_ins', (state) => {
    const source =
      state.src.includes('_<') || state.src.includes('.<') ? state.src.replace(FACE, `$1${QUOTE}`) : state.src;
    if (source === state.src) return;
    changed.add(state.env);
    state.src = source;
  });
  parser.core.ruler.after('block', 'stood_for', ({ tokens, env }) => {
    if (!changed.has(env)) return;
    for (const token of tokens) {
      token.content = restored(token.content);
      token.info = restored(token.info);
    }
  });
}

function restored(text: string): string {
  return /[\uFFF9\uFFFA]/.test(text) ? text.replaceAll(BAR, '|').replaceAll(QUOTE, '>') : text;
}
