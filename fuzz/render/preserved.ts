import createParser, { type Token } from 'markdown-it';
import { slices } from '../../src/connectors/shared/markdown/source.ts';
import type { Part } from '../../src/core/delivery.ts';
import { leadingDefinitions, withShownDefinitions } from './definitions.ts';
import { withoutSurplus } from './surplus.ts';

/** Its defaults, and every address a link: what is written in brackets as the place a link leads to is no text. */
const parser = createParser();
parser.validateLink = () => true;
parser.normalizeLinkText = (url) => url;

/** The number of an item stands before its tag, if there is something to be seen beside it. */
parser.renderer.rules['list_item_open'] = (tokens, at) => {
  const begins = tokens[at + 1]?.type === 'paragraph_open' ? tokens[at + 2]?.children : undefined;
  const seen = begins?.some(({ type, content }) => type === 'text' && letters(content.replace(BREAK, '')) !== '');
  return seen && !areSame(tokens, at) ? `${tokens[at]?.info} <li>` : '<li>';
};

/** Numbers that are all the same mean that somebody should count. */
function areSame(tokens: readonly Token[], at: number): boolean {
  const { level, info } = tokens[at] as Token;
  const isEnd = (token: Token) => token.level < level;
  const before = tokens.findLastIndex((token, index) => index < at && isEnd(token));
  const after = tokens.findIndex((token, index) => index > at && isEnd(token));
  const items = tokens
    .slice(before + 1, after)
    .filter((token) => token.level === level && token.type === 'list_item_open');
  return items.length > 1 && items.every((item) => Number(item.info) === Number(info));
}

/** They count as letters, but nobody can see them. */
const FILLERS = /[\u115F\u1160\u3164\uFFA0]/g;
/** Footnotes are text: `[^1]` is no link, and what is said of it no definition of one. */
const FOOTNOTE = /^([\s>*+\-\d.)]*)\[(?=\^[^\]\s]{1,100}\]:)/gm;
const BREAK = /<br[\s\p{Cf}]{0,3}\/?[\s\p{Cf}]*>/giu;
const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

/**
 * Is all of the answer's text shown? Compared are letters and digits (`\p{L}`, `\p{N}`), nothing else: those of the answer
 * must all occur in what is shown, in the same order, with whatever between them. What the answer's are is read
 * independently of the connectors: the Markdown as HTML (markdown-it, its defaults), without tags, without addresses, and
 * without the boxes of task lists, also after what nobody sees, for which people see a sign, and with the numbers of lists as
 * they are written, unless all are the same. The head of a table is compared apart from the rest: its words may stand before
 * each cell, so that those of a column without a cell are not looked for. Cells beyond it belong to the last one
 * (`surplus.ts`), and definitions that nobody follows are text (`definitions.ts`). Read are the slices that the connectors
 * make of a long answer, which have lost what is invisible; all of these together must be the answer.
 * Where the whole answer goes as a file, the letters and digits of its source must be in the file.
 * Returns what is missing, in words.
 */
export function missingText(answer: string, parts: readonly Part[], shown: string): string[] {
  const file = parts.find((part) => part.file)?.file;
  if (file) return missing(letters(answer), letters(file.content), 'the file');
  const pieces = [...slices(answer)];
  const seen = letters(shown);
  const env = {};
  parser.parse(pieces.length > 1 ? leadingDefinitions(answer) : '', env);
  const asMeant = (source: string) => withShownDefinitions(withoutSurplus(source), env, pieces.length === 1);
  const readings = pieces.map(({ source, joint }, at) =>
    readingOf(
      parser.render(asMeant(source).replace(FOOTNOTE, '$1\\['), env),
      joint === 'table',
      pieces[at + 1]?.joint === 'table',
    ),
  );
  return [
    ...missing(letters(answer), letters(pieces.map(({ source }) => source).join('\n')), 'the slices'),
    ...missing(letters(readings.map(({ text }) => text).join('\n')), seen, 'what is shown'),
    ...readings.flatMap(({ heads }) => heads).flatMap((head) => missing(letters(head), seen, 'the heads of tables')),
  ];
}

/** `repeated`: it begins with the head of a table that began before. `goesOn`: the next begins so with its last table. */
function readingOf(html: string, repeated: boolean, goesOn: boolean): { text: string; heads: string[] } {
  const heads: string[] = [];
  const rest = html.replace(/<table>.*?<\/table>\s*/gs, (table, at: number) => {
    const [, head = '', body = ''] = /<thead>(.*?)<\/thead>\s*<tbody>(.*?)<\/tbody>/s.exec(table) ?? [];
    if (body === '' && repeated && heads.length === 0) return '';
    if (body === '' && goesOn && at + table.length === html.length) return '';
    if (body === '') return table;
    const rows = body.split('<tr>').map(cellsOf);
    heads.push(...cellsOf(head).filter((_, column) => rows.some((row) => letters(row[column] ?? '').length > 0)));
    return body;
  });
  return { text: textOf(rest), heads };
}

function textOf(html: string): string {
  return html
    .replace(/(<li>(?:<[^>]*>|&lt;br\s{0,3}\/?&gt;|[\s\p{Cf}])*)\[\p{Cf}*[ xX]\p{Cf}*\]/gu, '$1')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(amp|lt|gt|quot);/g, (_, name: string) => NAMED[name] ?? '')
    .replace(BREAK, ' ')
    .replace(/https?:\/\/\S*/gi, ' ');
}

const cellsOf = (row: string): string[] =>
  row
    .split(/<t[hd]\b[^>]*>/)
    .slice(1)
    .map(textOf);

const letters = (text: string): string => (text.match(/[\p{L}\p{N}]+/gu) ?? []).join('').replace(FILLERS, '');

function missing(wanted: string, seen: string, where: string): string[] {
  let at = 0;
  for (let index = 0; index < wanted.length; index++) {
    at = seen.indexOf(wanted.charAt(index), at) + 1;
    if (at === 0) {
      return [
        `from ${where}: "${wanted.slice(index, index + 40)}" after "${wanted.slice(Math.max(0, index - 20), index)}"`,
      ];
    }
  }
  return [];
}
