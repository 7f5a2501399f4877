import { type Format, render } from '../../src/connectors/telegram/render.ts';
import { requestOf, targetOf } from '../../src/connectors/telegram/requests.ts';
import type { Delivery, Part } from '../../src/core/delivery.ts';
import { type Entity, previewable } from '../../src/simulators/telegram/entities.ts';
import {
  finishCaption,
  finishText,
  mentionsIn,
  previewsDisabled,
  readCaption,
  readText,
} from '../../src/simulators/telegram/formatting.ts';
import { Refusal } from '../../src/simulators/telegram/refusal.ts';
import { inspect } from '../../src/simulators/telegram/validate.ts';
import type { Judge } from '../judge.ts';
import { sampleDelivery } from '../sample-delivery.ts';

const MOST_MESSAGES = 5;
/** Code may begin with white space, and what contains it. */
const INDENTED = new Set(['pre', 'blockquote']);
/** The platform finds these by itself. */
const FOUND = new Set(['mention', 'hashtag', 'bot_command', 'url', 'email']);

export const judge: Judge = {
  platform: 'telegram',
  render,
  violations: (parts) => [
    ...(parts.length > MOST_MESSAGES ? [`${parts.length} messages`] : []),
    ...parts.flatMap((part) => [...callViolations(part, 'create'), ...(part.file ? [] : callViolations(part, 'edit'))]),
  ],
  shown: (parts) => parts.map((part) => part.file?.content ?? part.text).join('\n'),
};

/** The sender's own call, before the simulator's own checks. */
function callViolations(part: Part, operation: 'create' | 'edit'): string[] {
  const delivery: Delivery = { ...sample, part, operation };
  const { method, parameters } = requestOf(delivery, targetOf(delivery));
  const values = new Map<string, string>();
  for (const [name, value] of Object.entries(parameters)) {
    if (!(value instanceof File)) values.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  const laxity = inspect(method, values, parameters);
  const found: string[] = [];
  if (laxity.unknown + (part.file ? 0 : laxity.mistyped) > 0) found.push(`${method} not as documented`);
  if (values.has('parse_mode')) found.push('a parse mode');
  try {
    const caption = method === 'sendDocument';
    const read = caption ? readCaption(values) : readText(values);
    const shown = caption ? finishCaption(read) : finishText(read);
    if (read.ignored > 0) found.push(`${read.ignored} entities beyond the limit`);
    if (shown.text !== read.text) found.push('white space that the platform cuts off');
    if (mentionsIn(shown.entities) > 0) found.push('a mention');
    if (!caption && !previewsDisabled(values) && previewable(shown.entities)) found.push('a preview');
    const ours = shown.entities.filter(({ type }) => !FOUND.has(type));
    if (ours.length < sentEntities(part)) found.push('an entity that vanishes');
    found.push(...ours.flatMap((entity) => entityViolations(shown.text, entity)));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    found.push(error.description);
  }
  return found.map((what) => `${method}: ${what}`);
}

function sentEntities({ format }: Part): number {
  return (format as Format | undefined)?.entities.length ?? 0;
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** What the platform takes and a good message does not have. */
function entityViolations(text: string, { type, offset, length, url }: Entity): string[] {
  const words = text.slice(offset, offset + length);
  const found: string[] = [];
  if (words.trim() === '') found.push(`${type} of nothing`);
  if (words.trimEnd() !== words || (!INDENTED.has(type) && words.trimStart() !== words))
    found.push(`${type} around white space`);
  if (url !== undefined && !/^https?:/.test(url)) found.push(`link to ${url}`);
  const segments = graphemes.segment(text);
  for (const at of [offset, offset + length]) {
    if (at < text.length && segments.containing(at)?.index !== at)
      found.push(`${type} begins or ends within a grapheme`);
  }
  return found;
}

const sample = sampleDelivery({ to: { channel: '-1001234567890' }, replyTo: '-1001234567890:5', messageId: '9' });
