import type { Entity } from './entities.ts';
import { byteOffset, type FormattedText, sortEntities } from './entities.ts';
import { checkedLink, unparsable } from './html.ts';

/** How the server names entities in its errors. */
const names: Readonly<Record<string, string>> = {
  bold: 'Bold',
  italic: 'Italic',
  underline: 'Underline',
  strikethrough: 'Strikethrough',
  spoiler: 'Spoiler',
  code: 'Code',
  pre: 'Pre',
  pre_code: 'PreCode',
  text_link: 'TextUrl',
  custom_emoji: 'CustomEmoji',
  blockquote: 'BlockQuote',
};

const reserved = '_*[]()~`>#+-=|{}.!\n';

interface Open {
  readonly type: string;
  readonly language: string;
  readonly offset: number;
  readonly at: number;
}

/** `parse_mode: MarkdownV2`, with the error texts of the server (source: parse_markdown_v2 [T7]). */
export function parseMarkdownV2(source: string): FormattedText {
  const entities: Entity[] = [];
  const open: Open[] = [];
  let text = '';
  let quoted = false;
  let lineBegins = true;
  const fail = (why: string) => unparsable(why);
  const escapes = (c: string) => fail(`Character '${c}' is reserved and must be escaped with the preceding '\\'`);
  const unfinished = (it: Open) =>
    fail(`Can't find end of ${names[it.type]} entity at byte offset ${byteOffset(source, it.at)}`);
  const add = (it: Open, type: string, extra: Partial<Entity> = {}) => {
    const length = text.length - it.offset;
    if (length > 0) entities.push({ type, offset: it.offset, length, ...extra });
  };

  for (let i = 0; i < source.length; i++) {
    const c = source.charAt(i);
    const two = source.slice(i, i + 2);
    const following = source.charCodeAt(i + 1);
    if (c === '\\' && following > 0 && following <= 126) {
      text += source.charAt(++i);
      lineBegins = source.charAt(i) === '\n';
      continue;
    }
    const top = open.at(-1);
    const inCode = top?.type === 'code' || top?.type === 'pre' || top?.type === 'pre_code';
    if (!(inCode ? '`' : reserved).includes(c)) {
      text += c;
      if (c !== '\r') lineBegins = false;
      continue;
    }
    const quoteEnds = quoted && c === '\n' && source.charAt(i + 1) !== '>';
    if (top && (quoteEnds || ends(top.type, c, source, i))) {
      open.pop();
      if (quoteEnds) {
        const quote = closeQuote(top, open, i - 2);
        if (!quote) throw unfinished(top);
        text += '\n';
        quoted = false;
        lineBegins = true;
        add(quote.open, quote.type);
      } else if (top.type === 'text_link' || top.type === 'custom_emoji') {
        const [url, end] = linkTarget(source, i, text.slice(top.offset), top.type);
        i = end;
        addLink(top, url, entities, text.length - top.offset);
      } else {
        i += top.type === 'underline' || top.type === 'spoiler' ? 1 : top.type.startsWith('pre') ? 2 : 0;
        add(top, top.type === 'pre_code' ? 'pre' : top.type, top.language ? { language: top.language } : {});
      }
      continue;
    }
    const begin = (type: string, language = '', at = i) => open.push({ type, language, offset: text.length, at });
    if (c === '_') {
      const at = i;
      if (two === '__') i++;
      begin(two === '__' ? 'underline' : 'italic', '', at);
    } else if (c === '*') begin('bold');
    else if (c === '~') begin('strikethrough');
    else if (two === '||') {
      begin('spoiler');
      i++;
    } else if (c === '[') begin('text_link');
    else if (two === '![') {
      begin('custom_emoji');
      i++;
    } else if (source.startsWith('```', i)) {
      const at = i;
      const language = /^[^\s`]*(?!`)/.exec(source.slice(i + 3))?.[0] ?? '';
      const ended = source.charAt(i + 3 + language.length) === '`';
      const used = ended || i + 3 + language.length >= source.length ? '' : language;
      i += 3 + used.length;
      const newline = /^(?:\r\n|\n\r|\n|\r)/.exec(source.slice(i))?.[0] ?? '';
      i += newline.length - 1;
      begin(used === '' ? 'pre' : 'pre_code', used, at);
    } else if (c === '`') begin('code');
    else if (c === '\n') {
      text += '\n';
      lineBegins = true;
    } else if (c === '>' && lineBegins) {
      if (!quoted) begin('blockquote');
      quoted = true;
    } else throw escapes(c);
  }
  if (quoted) {
    const top = open.pop();
    const quote = top && closeQuote(top, open, source.length - 2);
    if (!quote) throw unfinished(top ?? { type: 'blockquote', language: '', offset: 0, at: 0 });
    add(quote.open, quote.type);
  }
  const left = open.at(-1);
  if (left) throw unfinished(left);
  return { text, entities: sortEntities(entities) };
}

function ends(type: string, c: string, source: string, i: number): boolean {
  const two = source.slice(i, i + 2);
  if (type === 'bold') return c === '*';
  if (type === 'italic') return c === '_' && two !== '__';
  if (type === 'underline') return two === '__';
  if (type === 'strikethrough') return c === '~';
  if (type === 'spoiler') return two === '||';
  if (type === 'code') return c === '`';
  if (type === 'text_link' || type === 'custom_emoji') return c === ']';
  return type.startsWith('pre') && source.startsWith('```', i);
}

/** `||` at the very end of a quote makes it expandable. */
function closeQuote(top: Open, open: Open[], spoilerAt: number): { open: Open; type: string } | undefined {
  if (top.type === 'blockquote') return { open: top, type: 'blockquote' };
  if (top.type !== 'spoiler' || top.at !== spoilerAt) return undefined;
  const quote = open.pop();
  return quote?.type === 'blockquote' ? { open: quote, type: 'expandable_blockquote' } : undefined;
}

function linkTarget(source: string, at: number, label: string, type: string): readonly [string, number] {
  if (source.charAt(at + 1) !== '(') {
    if (type === 'custom_emoji') throw unparsable('The entity must contain a tg://emoji or tg://time URL');
    return [label, at];
  }
  let url = '';
  let i = at + 2;
  while (i < source.length && source.charAt(i) !== ')') {
    const next = source.charCodeAt(i + 1);
    if (source.charAt(i) === '\\' && next > 0 && next <= 126) i++;
    url += source.charAt(i++);
  }
  if (i >= source.length) throw unparsable(`Can't find end of a URL at byte offset ${byteOffset(source, at + 2)}`);
  return [url, i];
}

function addLink(opened: Open, url: string, entities: Entity[], length: number): void {
  const { offset } = opened;
  if (opened.type === 'custom_emoji') {
    const id = /^tg:\/\/emoji\?id=(\d+)$/.exec(url)?.[1];
    if (id === undefined && !url.startsWith('tg://time?'))
      throw unparsable('Invalid tg://emoji or tg://time URL specified');
    if (length > 0 && id !== undefined) entities.push({ type: 'custom_emoji', offset, length, custom_emoji_id: id });
    return;
  }
  if (length === 0) return;
  const user = /^tg:\/\/user\?id=(\d+)$/.exec(url)?.[1];
  const entity: Entity | undefined =
    user === undefined
      ? checkedLink(url, offset, length)
      : { type: 'text_mention', offset, length, user: { id: Number(user) } };
  if (entity) entities.push(entity);
}
