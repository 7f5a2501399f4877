import { isObject } from '../shared/json.ts';
import { blockProblems, textLength } from './blocks.ts';
import { Refusal } from './refusal.ts';

type Args = Readonly<Record<string, unknown>>;

/** Truncated above that [S8]. */
const longestText = 40_000;
/** Refused above that in chat.update [S7]. */
const longestUpdate = 4000;
const longestMarkdown = 12_000;
/**
 * The whole of the blocks: refused at about 13,200 characters [S-i11]. It is not known whether their text is counted or all
 * of it, so here neither may be more.
 */
const longestBlocks = 13_200;
const longestBlocksText = 12_000;

export interface Content {
  readonly text: string;
  readonly truncated: boolean;
  readonly blocks: readonly unknown[] | undefined;
}

/** What a call of chat.postMessage, or of chat.update, would show. Throws the refusal. */
export function readContent(args: Args, isUpdate = false): Content {
  const plain = stringOf(args['text']);
  const markdown = stringOf(args['markdown_text']);
  const blocks = Array.isArray(args['blocks']) && args['blocks'].length > 0 ? args['blocks'] : undefined;
  const attached = Array.isArray(args['attachments']) ? args['attachments'].length : 0;
  if (isUpdate && (plain ?? '').length > longestUpdate) throw new Refusal('msg_too_long');
  if (markdown !== undefined && (plain !== undefined || blocks)) throw new Refusal('markdown_text_conflict');
  if (blocks) checkBlocks(blocks, isUpdate);
  if (attached > 100) throw new Refusal('too_many_attachments');
  if (markdown !== undefined && markdown.length > longestMarkdown) throw new Refusal('invalid_arguments');
  const said = plain ?? markdown ?? '';
  if (said.trim() === '' && !blocks && attached === 0) throw new Refusal('no_text');
  return { text: said.slice(0, longestText), truncated: said.length > longestText, blocks };
}

function checkBlocks(blocks: readonly unknown[], isUpdate: boolean): void {
  const messages = blockProblems(blocks);
  if (messages.length > 0) throw new Refusal('invalid_blocks', { response_metadata: { messages } });
  if (JSON.stringify(blocks).length <= longestBlocks && textLength(blocks) <= longestBlocksText) return;
  throw new Refusal(isUpdate ? 'msg_too_long' : 'msg_blocks_too_long');
}

/**
 * Whom a message would notify, as tokens: those in its text and in what is mrkdwn in its blocks, elements that name somebody
 * in rich text, and words that `link_names` or `parse` make a name of. References to channels notify nobody [S12].
 */
export function mentionsIn(args: Args): string[] {
  const texts = [stringOf(args['text']) ?? '', stringOf(args['markdown_text']) ?? '', ...markedTexts(args['blocks'])];
  const tokens = texts.flatMap((text) => text.match(/<(?:!channel|!here|!everyone|!subteam\^|@[UW])[^<>]*>?/g) ?? []);
  const linked = args['link_names'] === true || (stringOf(args['parse']) ?? 'none') !== 'none';
  const named = linked ? texts.flatMap((text) => text.match(/[@#]\w+/g) ?? []) : [];
  return [...tokens, ...named, ...elementsThatName(args['blocks'])];
}

/** Whether the platform would load a page that the message links to, and show it below. */
export function hasPreview(args: Args): boolean {
  const quiet = args['unfurl_links'] === false && args['unfurl_media'] === false;
  if (quiet) return false;
  return /https?:\/\//.test(`${stringOf(args['text']) ?? ''} ${JSON.stringify(args['blocks'] ?? '')}`);
}

function markedTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(markedTexts);
  if (!isObject(value)) return [];
  const isMarked = value['type'] === 'mrkdwn' || value['type'] === 'markdown';
  const own = isMarked && typeof value['text'] === 'string' ? [value['text']] : [];
  return [...own, ...Object.values(value).flatMap(markedTexts)];
}

const naming = new Set<unknown>(['broadcast', 'user', 'usergroup']);

function elementsThatName(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(elementsThatName);
  if (!isObject(value)) return [];
  const id = value['range'] ?? value['user_id'] ?? value['usergroup_id'];
  const own = naming.has(value['type']) ? [`${String(value['type'])} ${String(id)}`] : [];
  return [...own, ...Object.values(value).flatMap(elementsThatName)];
}

function stringOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
