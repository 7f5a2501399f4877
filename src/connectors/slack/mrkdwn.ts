import type { Block, Item, List, Run, Table } from '../shared/markdown/blocks.ts';
import { gridOf, listOf, longestGrid } from './tables.ts';

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
  return written(blocks, MARKED);
}

/** No `mrkdwn` of these blocks, with a blank line before them, is longer; and it only grows with what is added to a block. */
export function longestMrkdwn(block: Block): number {
  return written([block], MEASURED).length + 2;
}

interface Style {
  /** Everything that may get a mark gets one. */
  readonly measured: boolean;
}

const MARKED: Style = { measured: false };
const MEASURED: Style = { measured: true };

function written(blocks: readonly Block[], style: Style): string {
  return blocks
    .map((block) => blockText(block, style))
    .filter((text) => text !== '')
    .join('\n\n');
}

function blockText(block: Block, style: Style): string {
  switch (block.kind) {
    case 'paragraph':
      return runsText(block.runs, style);
    case 'heading':
      return runsText(block.runs.map(emboldened), style);
    case 'code':
      return fenced(block.text);
    case 'quote':
      return indented(written(block.blocks, style), '> ', '> ');
    case 'list':
      return listText(block, style);
    case 'table':
      return tableText(block, style);
    case 'rule':
      return '———';
  }
}

export function emboldened(run: Run): Run {
  return run.code ? run : { ...run, bold: true };
}

/** A fence inside of it would end it: the text is a little other then, the blocks have it as it is. */
function fenced(text: string): string {
  return text.trim() === '' ? '' : `\`\`\`\n${escapeTokens(text).replaceAll('```', '`` `')}\n\`\`\``;
}

function listText({ start, items }: List, style: Style): string {
  let number = start;
  return items
    .map((item) => {
      const marker = item.continued ? '' : number === null ? '• ' : `${number++}. `;
      return indented(itemText(item, style), marker, '    ');
    })
    .join('\n');
}

function itemText({ checked, blocks }: Item, style: Style): string {
  const box = checked === undefined ? '' : checked ? '☑ ' : '☐ ';
  return box + blocks.map((block) => blockText(block, style)).join('\n');
}

function tableText(table: Table, style: Style): string {
  const list = listText(listOf(table), style);
  // A row more may turn the grid into a list, and the list may be shorter: the measure knows the longer of both.
  if (style.measured) {
    const length = Math.max(list.length, longestGrid(table) + escapes(table) + 8);
    return 'x'.repeat(length) + '\n'.repeat(Math.max(count(list, '\n'), table.rows.length + 3));
  }
  const grid = gridOf(table);
  return grid === undefined ? list : fenced(grid);
}

function escapes({ head, rows }: Table): number {
  let more = 0;
  for (const { text } of [head, ...rows].flat(2)) more += escapeTokens(text).length - text.length + count(text, '`');
  return more;
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

function indented(text: string, first: string, next: string): string {
  return first + text.replaceAll('\n', `\n${next}`);
}

function runsText(runs: readonly Run[], style: Style): string {
  return runs.map((run, at) => runText(run, lastOf(runs[at - 1]), firstOf(runs[at + 1]), style)).join('');
}

function runText(run: Run, before: string, after: string, style: Style): string {
  if (run.href !== undefined && run.text.trim() !== '') return linkText(run, run.href, before, after, style);
  return marked(run.text, run, before, after, style);
}

/** Longer ones would leave no room for words. The blocks have them. */
const LONGEST_URL = 1_000;

/** Words of a link hold no line break. A bar in its address would end it. */
function linkText(run: Run, href: string, before: string, after: string, style: Style): string {
  const url = escapeTokens(href.replaceAll('|', '%7C').replaceAll('<', '%3C').replaceAll('>', '%3E'));
  if (url.length > LONGEST_URL) return marked(run.text, run, before, after, style);
  const words = escapeTokens(run.text.replaceAll('\n', ' '));
  const link = run.text === href && !style.measured ? `<${url}>` : `<${url}|${words}>`;
  const marks = marksOf(run, style, run.text).filter((mark) => mark !== '`');
  return style.measured || (isEdge(before) && isEdge(after)) ? wrapped(link, marks) : link;
}

const MARKS = [
  ['code', '`'],
  ['strike', '~'],
  ['italic', '_'],
  ['bold', '*'],
] as const;

/** One cannot stand within itself. */
function marksOf(look: Omit<Run, 'text'>, { measured }: Style, words: string): string[] {
  return MARKS.filter(([name, mark]) => look[name] && (measured || !words.includes(mark))).map(([, mark]) => mark);
}

function wrapped(text: string, marks: readonly string[]): string {
  return marks.reduce((inner, mark) => mark + inner + mark, text);
}

/** Each line gets its own marks: they end with it. */
function marked(text: string, look: Omit<Run, 'text'>, before: string, after: string, style: Style): string {
  if (!look.bold && !look.italic && !look.strike && !look.code) return escapeTokens(text);
  const lines = text.split('\n');
  const shown = lines.map((line, at) => {
    const words = line.trim();
    const lead = line.slice(0, line.length - line.trimStart().length);
    const trail = line.slice(lead.length + words.length);
    const left = lead !== '' || at > 0 ? ' ' : before;
    const right = trail !== '' || at < lines.length - 1 ? ' ' : after;
    const free = words !== '' && isEdge(left) && isEdge(right);
    return lead + wrapped(escapeTokens(words), free || style.measured ? marksOf(look, style, words) : []) + trail;
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
