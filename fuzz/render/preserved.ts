import createParser from 'markdown-it';
import type { Part } from '../../src/core/delivery.ts';

/** Its defaults, and every address a link: what is written in brackets as the place a link leads to is no text. */
const parser = createParser();
parser.validateLink = () => true;

/** They count as letters, but nobody can see them. */
const FILLERS = /[\u115F\u1160\u3164\uFFA0]/g;
/** Nobody can see these either, but between signs of Markdown they make a difference. */
const INVISIBLE = /[\p{Cf}\u034F\u115F\u1160\u3164\uFFA0]|[\uFE00-\uFE0F]|[\u{E0100}-\u{E01EF}]|[^\P{Cc}\n\t]/gu;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/**
 * Is all of the answer's text shown? Compared are letters and digits (`\p{L}`, `\p{N}`), nothing else: those of the answer
 * must all occur in what is shown, in the same order, with whatever between them. What the answer's are is read
 * independently of the connectors: the Markdown, invisible characters removed, as HTML (markdown-it, its defaults), without tags, without addresses, and
 * without the boxes of task lists, for which people see a sign. The head of a table is compared apart from the rest: it may
 * stand before each row. Where the whole answer goes as a file, the letters and digits of its source must be in the file.
 * Returns what is missing, in words.
 */
export function missingText(answer: string, parts: readonly Part[], shown: string): string[] {
  const file = parts.find((part) => part.file)?.file;
  if (file) return missing(letters(answer), letters(file.content), 'the file');
  const html = parser.render(visible(answer));
  const seen = letters(shown);
  const heads: string[] = [];
  const rest = html.replace(/<thead>(.*?)<\/thead>(?=\s*<tbody>([\s\S]*?)<\/tbody>)/gs, (_, head: string) => {
    heads.push(head);
    return '';
  });
  return [
    ...missing(letters(textOf(rest)), seen, 'what is shown'),
    ...heads.flatMap((head) => missing(letters(textOf(head)), seen, 'the heads of tables')),
  ];
}

const visible = (text: string): string =>
  text
    .toWellFormed()
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    .replace(INVISIBLE, '');

function textOf(html: string): string {
  return html
    .replace(/(<li>\s*(?:<p>)?)\[[ xX]\]/g, '$1')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(amp|lt|gt|quot);/g, (_, name: string) => NAMED[name] ?? '')
    .replace(/<br\s{0,3}\/?>/gi, ' ')
    .replace(/https?:\/\/\S*/gi, ' ');
}

const letters = (text: string): string[] => text.replace(FILLERS, '').match(/[\p{L}\p{N}]/gu) ?? [];

function missing(wanted: readonly string[], seen: readonly string[], where: string): string[] {
  let at = 0;
  for (const [index, letter] of wanted.entries()) {
    while (at < seen.length && seen[at] !== letter) at++;
    if (at === seen.length) {
      return [
        `from ${where}: "${wanted.slice(index, index + 40).join('')}" after "${wanted.slice(Math.max(0, index - 20), index).join('')}"`,
      ];
    }
    at++;
  }
  return [];
}
