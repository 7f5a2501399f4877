import { badRequest } from './refusal.ts';

/** Offsets and lengths in UTF-16 code units [T1]. */
export interface Entity {
  readonly type: string;
  readonly offset: number;
  readonly length: number;
  readonly url?: string;
  readonly user?: Record<string, unknown>;
  readonly language?: string;
  readonly custom_emoji_id?: string;
}

export interface FormattedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

export function byteOffset(text: string, index: number): number {
  return Buffer.byteLength(text.slice(0, index));
}

const mention = /(?<![\p{L}\p{N}_])@[A-Za-z0-9_]{2,32}(?![\p{L}\p{N}_])/gu;
const command = /(?<![\p{L}\p{N}_/<>])\/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?![\p{L}\p{N}_/<>])/gu;
const hashtag = /(?<![\p{L}\p{N}_])#(?=[\p{N}_]*\p{L})[\p{L}\p{N}_]{1,256}(?![\p{L}\p{N}_]*#)/gu;
const email = /(?<![\p{L}\p{N}_.+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/gu;
const url =
  /(?:https?:\/\/[^\s<>"']+|(?<![\p{L}\p{N}_@.-])(?:[A-Za-z0-9-]+\.)+(?:com|org|net|io|dev|me|ai|app)(?:[/?#][^\s<>"']*)?)/gu;

/** Longer or earlier things come first: an address is not also a mention, a link not also a hashtag. */
const finders: readonly (readonly [string, RegExp])[] = [
  ['url', url],
  ['email', email],
  ['mention', mention],
  ['bot_command', command],
  ['hashtag', hashtag],
];

/** What the server finds by itself in a text: it does so in people's messages and in bots' alike. */
export function findEntities(text: string, given: readonly Entity[] = []): readonly Entity[] {
  if (!/[@/#.]/.test(text)) return given;
  const taken = given.filter((entity) => ['code', 'pre', 'text_link', 'text_mention'].includes(entity.type));
  const found: Entity[] = [];
  const isTaken = (offset: number, end: number) =>
    [...taken, ...found].some((entity) => offset < entity.offset + entity.length && entity.offset < end);
  for (const [type, expression] of finders) {
    for (const match of text.matchAll(expression)) {
      const word = type === 'url' ? match[0].replace(/[.,;:!?)\]}]+$/, '') : match[0];
      if (!isTaken(match.index, match.index + word.length)) {
        found.push({ type, offset: match.index, length: word.length });
      }
    }
  }
  return sortEntities([...given, ...found]);
}

export function sortEntities(entities: readonly Entity[]): Entity[] {
  return [...entities].sort((a, b) => a.offset - b.offset || b.length - a.length);
}

/** Would the client show a preview of something in this text? Links in code are not links. */
export function previewable(entities: readonly Entity[]): boolean {
  return entities.some((entity) => entity.type === 'url' || entity.type === 'text_link');
}

/** Offsets and lengths are UTF-16 units and must fit the text (server source, clean_input_string_with_entities). */
export function checkEntities(text: string, entities: readonly Entity[]): void {
  for (const { offset, length } of entities) {
    if (offset < 0 || offset > 1_000_000) throw badRequest(`Receive an entity with incorrect offset ${offset}`);
    if (length < 0 || length > 1_000_000) throw badRequest(`Receive an entity with incorrect length ${length}`);
    if (length === 0) continue;
    const end = offset + length;
    if (splits(text, offset)) {
      throw badRequest(`Entity begins in a middle of a UTF-16 symbol at byte offset ${byteOffset(text, offset + 1)}`);
    }
    if (offset > text.length || (offset === text.length && length > 0)) {
      throw badRequest(`Entity begins after the end of the text at UTF-16 offset ${offset}`);
    }
    if (splits(text, end)) {
      const at = byteOffset(text, end + 1);
      throw badRequest(
        `Entity beginning at UTF-16 offset ${offset} ends in a middle of a UTF-16 symbol at byte offset ${at}`,
      );
    }
    if (end > text.length) {
      throw badRequest(
        `Entity beginning at UTF-16 offset ${offset} ends after the end of the text at UTF-16 offset ${end}`,
      );
    }
  }
}

function splits(text: string, index: number): boolean {
  return isLow(text.charCodeAt(index)) && isHigh(text.charCodeAt(index - 1));
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** The server cuts white space at both ends, at the beginning only up to the first entity, and moves the entities. */
export function trimText(text: string, entities: readonly Entity[]): FormattedText {
  const end = text.trimEnd().length;
  const first = entities.reduce((least, entity) => Math.min(least, entity.offset), end);
  const blank = text.length - text.trimStart().length;
  const start = Math.min(blank, first, end);
  const moved: Entity[] = [];
  for (const entity of entities) {
    const last = Math.min(entity.offset + entity.length, end);
    const length = last - entity.offset;
    if (length > 0 && text.slice(entity.offset, last).trim() !== '') {
      moved.push({ ...entity, offset: entity.offset - start, length });
    }
  }
  return { text: text.slice(start, end), entities: sortEntities(moved) };
}
