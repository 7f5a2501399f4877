import { stripInvisible } from '../../../core/text.ts';
import type { Look, Run } from './blocks.ts';
import { linked, withLinks } from './links.ts';
import type { Token } from './parser.ts';
import { plain, trimmed } from './runs.ts';

/** The one tag that models use in earnest, in cells of tables. */
const BREAK = /<br\s{0,3}\/?>/gi;

/** The runs of an `inline` token. */
export function readInline(token: Token): Run[] {
  // References decode to characters that were taken out of the source.
  const decoded = token.content.includes('&');
  const runs = runsOf(token.children ?? [], decoded);
  return trimmed(runs);
}

function runsOf(tokens: readonly Token[], decoded: boolean): Run[] {
  const runs: Run[] = [];
  const depth = { bold: 0, italic: 0, strike: 0 };
  // A link holds no other link: one is open at a time.
  let link: { readonly href: string; readonly label: string | undefined; readonly from: number } | undefined;
  const look = (): Look => ({
    ...(depth.bold > 0 && { bold: true }),
    ...(depth.italic > 0 && { italic: true }),
    ...(depth.strike > 0 && { strike: true }),
  });
  const clean = (text: string) => (decoded ? stripInvisible(text).replaceAll('\n', ' ') : text);
  const closeLink = () => {
    if (link) {
      const words = runs.splice(link.from);
      const whole = linked(words, link.href, link.label !== undefined);
      runs.push(...(isCitation(words, link.label) ? bracketed(whole, look()) : whole));
    }
    link = undefined;
  };
  for (const token of tokens) {
    switch (token.type) {
      case 'strong_open':
      case 'strong_close':
        depth.bold += token.nesting;
        break;
      case 'em_open':
      case 'em_close':
        depth.italic += token.nesting;
        break;
      case 's_open':
      case 's_close':
        depth.strike += token.nesting;
        break;
      case 'link_open':
        closeLink();
        link = { href: attribute(token, 'href'), label: labelOf(token), from: runs.length };
        break;
      case 'link_close':
        closeLink();
        break;
      // Models end a line where they want it to end: verses, addresses. In a chat people do so, too.
      case 'softbreak':
      case 'hardbreak':
        runs.push({ text: link ? ' ' : '\n', ...look() });
        break;
      case 'code_inline':
        runs.push({ text: token.content, code: true });
        break;
      case 'image':
        runs.push(...image(token, look(), decoded, link !== undefined));
        break;
      case 'maths': {
        // Its lines are meant.
        const text = decoded ? stripInvisible(token.content) : token.content;
        runs.push(...(link ? [{ text: text.replaceAll('\n', ' '), ...look() }] : withLinks(text, look())));
        break;
      }
      default: {
        const text = clean(token.content).replace(BREAK, link ? ' ' : '\n');
        runs.push(...(link ? [{ text, ...look() }] : withLinks(text, look())));
      }
    }
  }
  closeLink();
  return runs;
}

/** Words that lead to the picture; within a link they lead where the link does. */
function image(token: Token, look: Look, decoded: boolean, inLink: boolean): readonly Run[] {
  const children = token.children?.length ? plain(runsOf(token.children, decoded)) : token.content;
  const text = children.replaceAll('\n', ' ').trim();
  if (inLink) return [{ text, ...look }];
  return linked(text === '' ? [] : [{ text, ...look }], attribute(token, 'src'), labelOf(token) !== undefined);
}

/** Where its address is written elsewhere. */
function labelOf({ meta }: Token): string | undefined {
  return meta?.label === undefined ? undefined : String(meta.label);
}

/** `[1]`: without its brackets the number of a source would be one of the sentence. */
function isCitation(words: readonly Run[], label: string | undefined): boolean {
  return label !== undefined && /^\d+$/.test(label) && plain(words) === label;
}

/** Outside of the link: not each platform takes one with brackets in its words. */
function bracketed(runs: readonly Run[], look: Look): readonly Run[] {
  return [{ text: '[', ...look }, ...runs, { text: ']', ...look }];
}

function attribute(token: Token, name: string): string {
  return String(token.attrs?.find(([key]) => key === name)?.[1] ?? '');
}
