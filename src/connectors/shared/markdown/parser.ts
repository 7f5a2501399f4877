import createParser, { type Env, type MarkdownIt, type Token } from 'markdown-it';
import { address } from './rules/address.ts';
import { withAllCells } from './rules/cells.ts';
import { citation } from './rules/citation.ts';
import { limitDefinitions } from './rules/definition.ts';
import { DEEPEST, limitImages, tooDeep } from './rules/depth.ts';
import { mendEmphasis } from './rules/emphasis.ts';
import { footnote } from './rules/footnote.ts';
import { mendIndents } from './rules/indent.ts';
import { maths, mathsBlock } from './rules/maths.ts';
import { signs } from './rules/signs.ts';
import { useStandIns } from './rules/stand-ins.ts';

export type { Token };

function makeParser(): MarkdownIt {
  const parser = createParser({ html: false, linkify: false, maxNesting: DEEPEST + 60 });
  const [table] = parser.block.ruler.getRules('');
  if (table) parser.block.ruler.at('table', withAllCells(table), { alt: ['paragraph', 'reference'] });
  parser.normalizeLink = (url) => url;
  parser.normalizeLinkText = (url) => url;
  // They are off by the options, and would be asked all the same.
  parser.disable(['html_block', 'html_inline', 'linkify', 'replacements', 'smartquotes']);
  // What defines a link may have to be shown: `unused.ts`.
  parser.core.ruler.disable('strip_references');
  parser.block.ruler.before('table', 'too_deep', tooDeep);
  parser.block.ruler.before('reference', 'footnote', footnote);
  const ends = ['paragraph', 'reference', 'blockquote', 'list'];
  parser.block.ruler.before('lheading', 'maths', mathsBlock, { alt: ends });
  parser.inline.ruler.after('text', 'address', address);
  parser.inline.ruler.before('escape', 'maths', maths);
  parser.inline.ruler.before('escape', 'signs', signs);
  parser.inline.ruler.before('link', 'citation', citation);
  mendIndents(parser);
  useStandIns(parser);
  mendEmphasis(parser);
  limitDefinitions(parser);
  limitImages(parser);
  return parser;
}

const parser = makeParser();

/** Definitions of links that are known so far; filled while parsing. */
export type Definitions = Env;

export function parse(source: string, definitions: Definitions): readonly Token[] {
  return parser.parse(source, definitions);
}
