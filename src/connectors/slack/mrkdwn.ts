import type { Block, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { emboldened } from '../shared/markdown/runs.ts';
import { gridOf, listOf } from './tables.ts';

/** These three and no others [S12]: then no answer forms a token that notifies somebody (faults.md §3, 47). */
export function escapeTokens(text: string): string {
  if (!/[&<>]/.test(text)) return text;
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/**
 * The blocks in the platform's older dialect, for notifications, for search, and for whoever does not see blocks. It has
 * no way to write one of its marks as itself, so a mark is set only where it surely is one.
 */
export function mrkdwn(blocks: readonly Block[]): string {
  return written(blocks);
}

function written(blocks: readonly Block[]): string {
  return blocks
    .map((block) => blockText(block))
    .filter((text) => text !== '')
    .join('\n\n');
}

function blockText(block: Block): string {
  switch (block.kind) {
    case 'paragraph':
      return runsText(block.runs);
    case 'heading':
      return runsText(emboldened(block.runs));
    case 'code':
      return fenced(block.text);
    case 'quote':
      return indented(written(block.blocks), '> ', '> ');
    case 'list':
      return listText(block);
    case 'table':
      return tableText(block);
    case 'rule':
      return '———';
  }
}

/** A fence inside of it would end it: the text is a little other then, the blocks have it as it is. */
function fenced(text: string): string {
  return text.trim() === '' ? '' : `\`\`\`\n${escapeTokens(text).replaceAll('```', '`` `')}\n\`\`\``;
}

function listText({ start, items }: List): string {
  let number = start;
  return items
    .map((item) => {
      number = item.number ?? number;
      const marker = item.continued ? '' : number === null ? '• ' : `${number++}. `;
      return indented(itemText(item), marker, '    ');
    })
    .join('\n');
}

function itemText({ checked, blocks }: Item): string {
  const box = checked === undefined ? '' : checked ? '☑ ' : '☐ ';
  return box + blocks.map((block) => blockText(block)).join('\n');
}

function tableText(table: Table): string {
  const grid = gridOf(table);
  return grid === undefined ? listText(listOf(table)) : fenced(grid);
}

function indented(text: string, first: string, next: string): string {
  return first + text.replaceAll('\n', `\n${next}`);
}

function runsText(runs: readonly Run[]): string {
  return runs.map((run, at) => runText(run, lastOf(runs[at - 1]), firstOf(runs[at + 1]))).join('');
}

function runText(run: Run, before: string, after: string): string {
  if (run.href !== undefined && run.text.trim() !== '') return linkText(run, run.href, before, after);
  return marked(run.text, run, before, after);
}

/** Longer ones would leave no room for words. The blocks have them. */
const LONGEST_URL = 1_000;

/** As a token takes it: a bar in it would end it. Undefined where it would leave no room for words. */
export function addressOf(href: string): string | undefined {
  const url = escapeTokens(href.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E'));
  return url.length > LONGEST_URL ? undefined : url;
}

/** Words of a link hold no line break. */
function linkText(run: Run, href: string, before: string, after: string): string {
  const url = addressOf(href);
  if (url === undefined) return marked(run.text, run, before, after);
  const words = escapeTokens(run.text.replaceAll('\n', ' '));
  const link = run.text === href ? `<${url}>` : `<${url}|${words}>`;
  const marks = marksOf(run, run.text).filter((mark) => mark !== '`');
  return isEdge(before) && isEdge(after) ? wrapped(link, marks) : link;
}

const MARKS = [
  ['code', '`'],
  ['strike', '~'],
  ['italic', '_'],
  ['bold', '*'],
] as const;

/** One cannot stand within itself. */
function marksOf(look: Omit<Run, 'text'>, words: string): string[] {
  return MARKS.filter(([name, mark]) => look[name] && !words.includes(mark)).map(([, mark]) => mark);
}

function wrapped(text: string, marks: readonly string[]): string {
  return marks.reduce((inner, mark) => mark + inner + mark, text);
}

/** Each line gets its own marks: they end with it. */
function marked(text: string, look: Omit<Run, 'text'>, before: string, after: string): string {
  if (!look.bold && !look.italic && !look.strike && !look.code) return escapeTokens(text);
  const lines = text.split('\n');
  const shown = lines.map((line, at) => {
    const words = line.trim();
    const lead = line.slice(0, line.length - line.trimStart().length);
    const trail = line.slice(lead.length + words.length);
    const left = lead !== '' || at > 0 ? ' ' : before;
    const right = trail !== '' || at < lines.length - 1 ? ' ' : after;
    const free = words !== '' && isEdge(left) && isEdge(right);
    return lead + wrapped(escapeTokens(words), free ? marksOf(look, words) : []) + trail;
  });
  return shown.join('\n');
}

/** The platform sees a mark only at the edge of a word. */
function isEdge(character: string): boolean {
  return character === '' || /[\s.,;:!?()[\]"'/—–-]/.test(character);
}

function firstOf(run: Run | undefined): string {
  return run?.text.slice(0, 1) ?? '';
}

function lastOf(run: Run | undefined): string {
  return run?.text.slice(-1) ?? '';
}
