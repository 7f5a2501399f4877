import createParser, { type Env, type MarkdownIt, type StateBlock, type StateInline, type Token } from 'markdown-it';

export type { Token };

/** Levels of quotes, lists and their items together; what is deeper is taken as text. */
const DEEPEST = 40;
/** Images within the words of an image. */
const DEEPEST_IMAGE = 3;

type Rule = (state: StateBlock, from: number, end: number, silent: boolean) => boolean;

/** The paragraph of these lines, as text to be read. */
function asParagraph(state: StateBlock, from: number, to: number): void {
  state.push('paragraph_open', 'p', 1);
  const inline = state.push('inline', '', 0);
  inline.content = state.getLines(from, to, state.blkIndent, false).trim();
  inline.children = [];
  state.push('paragraph_close', 'p', -1);
  state.line = to;
}

/** The parser itself leaves out what is nested too deeply. */
const tooDeep: Rule = (state, from, end, silent) => {
  if (state.level < DEEPEST) return false;
  if (silent) return true;
  let to = from + 1;
  while (to < end && (state.isEmpty(to) || (state.sCount[to] ?? 0) >= state.blkIndent)) to++;
  asParagraph(state, from, to);
  return true;
};

/** `[^1]: word` would be the definition of a link, and would not be shown. */
const footnote: Rule = (state, from, end, silent) => {
  const isFootnote = (line: number) => {
    const start = (state.bMarks[line] ?? 0) + (state.tShift[line] ?? 0);
    return /^\[\^[^\]\s]{1,100}\]:/.test(state.src.slice(start, Math.min(start + 110, state.eMarks[line] ?? start)));
  };
  if ((state.sCount[from] ?? 0) - state.blkIndent >= 4 || !isFootnote(from)) return false;
  if (silent) return true;
  const ends = state.md.block.ruler.getRules('paragraph');
  // What may end a paragraph is less than what may begin a block: only a list from 1 on.
  const { parentType } = state;
  state.parentType = 'paragraph';
  let to = from + 1;
  while (to < end && !state.isEmpty(to) && (state.sCount[to] ?? 0) >= state.blkIndent) {
    const line = to;
    if (isFootnote(line) || ends.some((rule) => rule(state, line, end, true))) break;
    to++;
  }
  state.parentType = parentType;
  asParagraph(state, from, to);
  return true;
};

/** `2*3*4` is a product; by the letter of CommonMark its 3 would be italic, and a chat would show 234. */
const product = (state: StateInline, silent: boolean): boolean => {
  if (state.src.charAt(state.pos) !== '*') return false;
  // What is italic already may end here: `*x*2`.
  const last = state.delimiters.at(-1);
  if (last?.marker === 0x2a && last.length === 1 && last.open && !last.close) return false;
  if (!/^(?:\d\*[\dA-Za-z]|[A-Za-z]\*\d)$/.test(state.src.slice(Math.max(0, state.pos - 1), state.pos + 2)))
    return false;
  if (!silent) state.pending += '*';
  state.pos++;
  return true;
};

function makeParser(): MarkdownIt {
  const parser = createParser({ html: false, linkify: false, maxNesting: DEEPEST + 60 });
  // Which addresses may stay is decided in `links.ts`; the parser would leave the others' brackets as text.
  parser.validateLink = () => true;
  parser.normalizeLink = (url) => url;
  parser.normalizeLinkText = (url) => url;
  parser.block.ruler.before('table', 'too_deep', tooDeep);
  parser.block.ruler.before('reference', 'footnote', footnote);
  parser.inline.ruler.before('emphasis', 'product', product);
  // Each image parses its words anew: n images in one another would take n² time, and the stack.
  const parse = parser.inline.parse.bind(parser.inline);
  let depth = 0;
  parser.inline.parse = (source, md, env, out) => {
    if (depth > DEEPEST_IMAGE) return;
    depth++;
    try {
      parse(source, md, env, out);
    } finally {
      depth--;
    }
  };
  return parser;
}

const parser = makeParser();

/** Definitions of links that are known so far; filled while parsing. */
export type Definitions = Env;

export function parse(source: string, definitions: Definitions): readonly Token[] {
  return parser.parse(source, definitions);
}
