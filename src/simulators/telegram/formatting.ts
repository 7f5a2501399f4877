import { isObject, parsed } from '../shared/json.ts';
import { checkEntities, type Entity, type FormattedText, findEntities, sortEntities, trimText } from './entities.ts';
import { checkedLink, parseHtml, unparsable } from './html.ts';
import { parseMarkdownV2 } from './markdown.ts';
import { checkNesting } from './nesting.ts';
import { badRequest } from './refusal.ts';
import { checkObject } from './validate.ts';

/** After parsing (platforms.md §2.3); counted in UTF-16 units, the stricter reading of "characters". */
const LONGEST_TEXT = 4096;
/** Of a file [T1]. */
const LONGEST_CAPTION = 1024;
/** Before parsing, in bytes (server source, get_formatted_text; faults.md §1.2). */
const LONGEST_SOURCE = 32_768;
/** Bytes of all entities together, about [T-i21]. */
const HEAVIEST = 9_500;
/** The platform shows no look of those beyond [T-i20]. */
const MOST_ENTITIES = 100;

/** Found by the server itself: a bot that names them is not believed, and not refused. */
const automatic = new Set([
  'mention',
  'hashtag',
  'cashtag',
  'bot_command',
  'url',
  'email',
  'phone_number',
  'bank_card_number',
]);
const given = new Set([
  ...['bold', 'italic', 'underline', 'strikethrough', 'spoiler', 'code', 'pre', 'text_link', 'text_mention'],
  ...['custom_emoji', 'blockquote', 'expandable_blockquote', 'date_time'],
]);

/** A text as it came, and what is wrong with it that nobody is told. */
export interface ReadText extends FormattedText {
  /** Entities beyond the hundredth. */
  readonly ignored: number;
}

/** The text of a message with its formatting, whichever way that came. Pure; refuses what the platform refuses. */
export function readText(parameters: ReadonlyMap<string, string>): ReadText {
  const source = parameters.get('text') ?? '';
  if (source === '') throw badRequest('Message text is empty');
  return formatText(parameters, source, 'entities');
}

/** As `readText`; a file may have no caption. */
export function readCaption(parameters: ReadonlyMap<string, string>): ReadText {
  return formatText(parameters, parameters.get('caption') ?? '', 'caption_entities');
}

export function formatText(parameters: ReadonlyMap<string, string>, source: string, list: string): ReadText {
  if (Buffer.byteLength(source) > LONGEST_SOURCE) throw badRequest('Text is too long');
  if (!source.isWellFormed()) throw badRequest('Strings must be encoded in UTF-8');
  const mode = (parameters.get('parse_mode') ?? '').toLowerCase();
  if (mode === 'html') return { ...parseHtml(source), ignored: 0 };
  if (mode === 'markdownv2') return { ...parseMarkdownV2(source), ignored: 0 };
  if (mode === 'markdown') throw unparsable('the simulator does not know the legacy Markdown mode');
  if (mode !== '' && mode !== 'none') throw badRequest('Unsupported parse_mode');
  const items = parsed(parameters.get(list) ?? '');
  const entities: Entity[] = [];
  for (const item of Array.isArray(items) ? items : []) {
    const entity = readEntity(item);
    if (entity) entities.push(entity);
  }
  checkEntities(source, entities);
  const sorted = sortEntities(entities);
  checkNesting(sorted);
  if (sorted.reduce((sum, entity) => sum + weightOf(entity), 0) > HEAVIEST) throw badRequest('ENTITIES_TOO_LONG');
  return {
    text: source,
    entities: sorted.slice(0, MOST_ENTITIES),
    ignored: Math.max(0, sorted.length - MOST_ENTITIES),
  };
}

/** Kind, offset and length, and what is said beyond them. */
function weightOf({ url = '', language = '' }: Entity): number {
  return 12 + Buffer.byteLength(url) + Buffer.byteLength(language);
}

function readEntity(item: unknown): Entity | undefined {
  const prefix = "Can't parse MessageEntity: ";
  const value = checkObject('MessageEntity', item, ['offset', 'length', 'type'], prefix);
  const type = String(value['type']);
  if (automatic.has(type)) return undefined;
  if (!given.has(type)) throw badRequest(`${prefix}Unsupported type specified`);
  const needed = type === 'text_link' ? 'url' : type === 'text_mention' ? 'user' : undefined;
  if (needed && value[needed] === undefined) throw badRequest(`${prefix}Can't find field "${needed}"`);
  const entity = { ...value, type, offset: Number(value['offset']), length: Number(value['length']) };
  return type === 'text_link' ? readLink(String(value['url']), entity.offset, entity.length) : entity;
}

/**
 * `tg://user?id=…` is a mention that fires; a link without a real host is silently no link (server source,
 * LinkManager::check_link). Other schemes are refused, which is stricter than the server: it drops them.
 */
function readLink(url: string, offset: number, length: number): Entity | undefined {
  const user = /^tg:(?:\/\/)?user\?(?:.*&)?id=(\d+)/i.exec(url)?.[1];
  if (user !== undefined) return { type: 'text_mention', offset, length, user: { id: Number(user) } };
  if (!/^(?:https?|tg):/i.test(url)) throw unparsable(`unsupported URL protocol in the entity at offset ${offset}`);
  return checkedLink(url, offset, length);
}

/** What is checked only after access: emptiness and length of what would be seen. */
export function finishText(formatted: FormattedText): FormattedText {
  const finished = trimmed(formatted);
  if (finished.text === '') throw badRequest('Text must be non-empty');
  if (finished.text.length > LONGEST_TEXT) throw badRequest('Message is too long');
  return finished;
}

export function finishCaption(formatted: FormattedText): FormattedText {
  const finished = trimmed(formatted);
  if (finished.text.length > LONGEST_CAPTION) throw badRequest('Message caption is too long');
  return finished;
}

function trimmed({ text, entities }: FormattedText): FormattedText {
  const visible = trimText(text, entities);
  return { text: visible.text, entities: findEntities(visible.text, visible.entities) };
}

/** People who are told that somebody named them. `@name` alone tells nobody who does not read here anyway. */
export function mentionsIn(entities: readonly Entity[]): number {
  return entities.filter(({ type }) => type === 'text_mention').length;
}

export function previewsDisabled(parameters: ReadonlyMap<string, string>): boolean {
  const source = parameters.get('link_preview_options') ?? '';
  if (source === '') return ['true', 'yes', '1'].includes(parameters.get('disable_web_page_preview') ?? '');
  const value = parsed(source);
  if (value === undefined) throw badRequest("Can't parse link preview options JSON object");
  if (!isObject(value)) throw badRequest('Object expected as link preview options');
  return checkObject('LinkPreviewOptions', value, [])['is_disabled'] === true;
}
