import type { Entity } from './entities.ts';
import { byteOffset, type FormattedText, sortEntities } from './entities.ts';
import { badRequest } from './refusal.ts';

const typeOfTag: Readonly<Record<string, string>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  s: 'strikethrough',
  strike: 'strikethrough',
  del: 'strikethrough',
  u: 'underline',
  ins: 'underline',
  'tg-spoiler': 'spoiler',
  span: 'spoiler',
  'tg-emoji': 'custom_emoji',
  'tg-time': 'date_time',
  a: 'text_link',
  pre: 'pre',
  code: 'code',
  blockquote: 'blockquote',
};

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' };

interface Open {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly offset: number;
}

/** `parse_mode: HTML`, with the error texts of the server (source: parse_html [T7]). */
export function parseHtml(source: string): FormattedText {
  const entities: Entity[] = [];
  const open: Open[] = [];
  let text = '';
  let at = 0;
  while (at < source.length) {
    const next = source.charAt(at);
    if (next === '&') {
      const [decoded, length] = decode(source, at);
      text += decoded;
      at += length;
    } else if (next !== '<') {
      text += next;
      at++;
    } else if (source.charAt(at + 1) === '/') {
      at = close(source, at, open, entities, text);
    } else {
      const [opened, end] = start(source, at, text.length);
      open.push(opened);
      at = end;
    }
  }
  const last = open.at(-1);
  if (last) throw unparsable(`Can't find end tag corresponding to start tag "${last.tag}"`);
  if (!text.isWellFormed()) {
    throw unparsable(
      'Text contains invalid Unicode characters after decoding HTML entities, check for unmatched surrogate code units',
    );
  }
  return { text, entities: sortEntities(entities) };
}

export function unparsable(why: string): Error {
  return badRequest(`can't parse entities: ${why}`);
}

function decode(source: string, at: number): readonly [string, number] {
  const match = /^&(?:#x([0-9a-fA-F]+)|#([0-9]+)|([A-Za-z]+));?/.exec(source.slice(at, at + 12));
  if (!match) return ['&', 1];
  const [all, hex, decimal, name] = match;
  if (name !== undefined) {
    const character = named[name];
    return character === undefined ? ['&', 1] : [character, all.length];
  }
  const code = hex === undefined ? Number.parseInt(decimal ?? '', 10) : Number.parseInt(hex, 16);
  if (code === 0 || code >= 0x10ffff) return ['&', 1];
  return [String.fromCodePoint(code), all.length];
}

function decodeAll(value: string): string {
  let result = '';
  for (let at = 0; at < value.length; ) {
    const [character, length] = value.charAt(at) === '&' ? decode(value, at) : [value.charAt(at), 1];
    result += character;
    at += length;
  }
  return result;
}

function start(source: string, at: number, offset: number): readonly [Open, number] {
  const begin = byteOffset(source, at);
  const [, word = ''] = /^<([^\s>]*)/.exec(source.slice(at)) ?? [];
  let position = at + 1 + word.length;
  if (position >= source.length) throw unparsable(`Unclosed start tag at byte offset ${begin}`);
  const tag = word.toLowerCase();
  if (typeOfTag[tag] === undefined) throw unparsable(`Unsupported start tag "${tag}" at byte offset ${begin}`);
  const attributes: Record<string, string> = {};
  while (source.charAt(position) !== '>') {
    const rest = source.slice(position);
    const match = /^\s*([^\s=>/"']*)\s*(?:(=)\s*(?:"([^"]*)("?)|'([^']*)('?)|([A-Za-z0-9.-]*)))?/.exec(rest);
    const [all = '', name = '', equals, double, , single, , token] = match ?? [];
    position += all.length;
    if (position >= source.length) throw unparsable(`Unclosed start tag "${tag}" at byte offset ${begin}`);
    if (name === '') {
      if (source.charAt(position) === '>') break;
      throw unparsable(`Empty attribute name in the tag "${tag}" at byte offset ${begin}`);
    }
    if (equals && double === undefined && single === undefined && !/[\s>]/.test(source.charAt(position))) {
      throw unparsable(
        `Unexpected end of name token at byte offset ${byteOffset(source, position - (token ?? '').length)}`,
      );
    }
    attributes[name] = equals ? decodeAll(double ?? single ?? token?.toLowerCase() ?? '') : '1';
  }
  if (tag === 'span' && attributes['class'] !== 'tg-spoiler') {
    throw unparsable(`Tag "span" must have class "tg-spoiler" at byte offset ${begin}`);
  }
  return [{ tag, attributes, offset }, position + 1];
}

function close(source: string, at: number, open: Open[], entities: Entity[], text: string): number {
  const begin = byteOffset(source, at);
  const opened = open.pop();
  if (!opened) throw unparsable(`Unexpected end tag at byte offset ${begin}`);
  const [all = '', word = ''] = /^<\/([^\s>]*)\s*/.exec(source.slice(at)) ?? [];
  const end = at + all.length;
  if (source.charAt(end) !== '>') throw unparsable(`Unclosed end tag at byte offset ${begin}`);
  const tag = word.toLowerCase();
  if (tag !== '' && tag !== opened.tag) {
    throw unparsable(`Unmatched end tag at byte offset ${begin}, expected "</${opened.tag}>", found "</${tag}>"`);
  }
  const length = text.length - opened.offset;
  const entity = length > 0 ? toEntity(opened, length, text) : undefined;
  if (entity) addEntity(entities, entity);
  return end + 1;
}

function toEntity(opened: Open, length: number, text: string): Entity | undefined {
  const { tag, attributes, offset } = opened;
  const type = typeOfTag[tag] ?? tag;
  if (tag === 'a') {
    const url = attributes['href'] || text.slice(offset);
    const user = /^tg:\/\/user\?id=(\d+)$/.exec(url)?.[1];
    if (user !== undefined) return { type: 'text_mention', offset, length, user: { id: Number(user) } };
    return checkedLink(url, offset, length);
  }
  if (tag === 'tg-emoji') {
    const id = attributes['emoji-id'] ?? '';
    if (!/^[1-9]\d*$/.test(id)) throw unparsable('Invalid custom emoji identifier specified');
    return { type, offset, length, custom_emoji_id: id };
  }
  if (tag === 'blockquote' && attributes['expandable'] !== undefined) {
    return { type: 'expandable_blockquote', offset, length };
  }
  const language = tag === 'code' ? /^language-(.+)$/.exec(attributes['class'] ?? '')?.[1] : undefined;
  return language === undefined ? { type, offset, length } : { type, offset, length, language };
}

/** A link that the server cannot use is silently no link. */
export function checkedLink(url: string, offset: number, length: number): Entity | undefined {
  const withScheme = /^[A-Za-z][A-Za-z0-9+.-]*:/.test(url) ? url : `http://${url}`;
  if (!URL.canParse(withScheme) || !/^(?:https?|tg|ton|tonsite|ftp):/i.test(withScheme)) return undefined;
  const { protocol, hostname } = new URL(withScheme);
  if (/^(?:https?|ftp):$/.test(protocol) && !hostname.includes('.')) return undefined;
  return { type: 'text_link', offset, length, url: withScheme };
}

/** `<pre><code class="language-x">` is one entity; a language on bare code means nothing. */
function addEntity(entities: Entity[], entity: Entity): void {
  const last = entities.at(-1);
  if (
    entity.type === 'pre' &&
    last?.type === 'code' &&
    last.offset === entity.offset &&
    last.length === entity.length
  ) {
    entities.pop();
    entities.push({ ...last, type: 'pre' });
  } else {
    entities.push(entity);
  }
}
