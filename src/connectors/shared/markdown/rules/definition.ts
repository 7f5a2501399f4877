import type { MarkdownIt } from 'markdown-it';
import { isTooLong, mailAddress, webAddress } from '../links.ts';

/**
 * Only what leads somewhere defines a link: `[Max]: Hello!` is what Max says, and `[1]: doi:10.1000/182` a source that would
 * be lost. `[//]: #` and `[//]: <>` are how comments are written.
 */
export function limitDefinitions(parser: MarkdownIt): void {
  const parse = parser.block.parse.bind(parser.block);
  let inBlocks = false;
  parser.block.parse = (source, md, env, out) => {
    inBlocks = true;
    try {
      parse(source, md, env, out);
    } finally {
      inBlocks = false;
    }
  };
  // Among the rules for blocks only that for definitions asks. Which of the other addresses stay is decided in `links.ts`;
  // the parser would leave their brackets as text.
  parser.validateLink = (href) => !inBlocks || leads(href);
}

function leads(href: string): boolean {
  return (
    href === '' || href === '#' || webAddress(href) !== undefined || isTooLong(href) || mailAddress(href) !== undefined
  );
}
