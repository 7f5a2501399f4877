import { render, TEXT_LENGTH } from '../../src/connectors/discord/render.ts';
import { requestOf } from '../../src/connectors/discord/requests.ts';
import type { Part } from '../../src/core/delivery.ts';
import { contentOf, readBody, type Schema } from '../../src/simulators/discord/content.ts';
import { mentionedIn, opensCard, showsPreview } from '../../src/simulators/discord/mentions.ts';
import { Refusal } from '../../src/simulators/discord/refusal.ts';
import { read, shown } from '../../src/simulators/discord/shown.ts';
import type { Judge } from '../judge.ts';
import { sampleDelivery } from '../sample-delivery.ts';

export const judge: Judge = {
  platform: 'discord',
  render,
  violations: (parts) => parts.flatMap(partViolations),
  shown: (parts) => parts.map(({ text, file }) => (file ? file.content : shown(text))).join('\n'),
};

/** Each part is judged as a message and as an edit, and by what its text looks like. */
function partViolations(part: Part): string[] {
  const { text } = part;
  return [
    ...(text.length > TEXT_LENGTH ? [`text of ${text.length}`] : []),
    ...(text.isWellFormed() ? [] : ['a lone surrogate']),
    ...bodyViolations('MessageCreateRequest', part),
    ...bodyViolations('MessageEditRequestPartial', part),
    ...lookViolations(text),
  ];
}

function bodyViolations(schema: Schema, part: Part): string[] {
  const isEdit = schema === 'MessageEditRequestPartial';
  const sent = requestOf({ ...delivery, part, operation: isEdit ? 'edit' : 'create' }, '1', true).body ?? {};
  try {
    const { body, unknown } = readBody(schema, sent);
    const content = contentOf(body, 0);
    const { users, roles, everyone } = mentionedIn(content, body.allowed_mentions ?? undefined);
    return [
      ...(unknown > 0 ? ['an unknown field'] : []),
      ...[...users, ...roles, ...(everyone ? ['everyone'] : [])].map((id) => `mention of ${id}`),
      ...(showsPreview(content, body.flags ?? 0) ? ['preview'] : []),
      ...(opensCard(content) ? ['a card of an invite'] : []),
    ];
  } catch (error) {
    if (error instanceof Refusal) return [`${error.code} ${error.message} ${JSON.stringify(error.errors)}`];
    throw error;
  }
}

/** Nobody is notified and nothing previewed whatever it holds; it shall not look so either, nor hide where a link leads. */
function lookViolations(text: string): string[] {
  const { tokens, links, open } = read(text);
  return [
    ...open.map((code) => `code that does not end: ${code}`),
    ...tokens.map((token) => `looks like ${token}`),
    ...links.flatMap(({ words, url, enclosed }) => [
      ...(enclosed ? [] : [`a link outside of <>: ${url}`]),
      ...(words === url || tells(words, url) ? [] : [`${words} hides ${url}`]),
    ]),
  ];
}

function tells(words: string, url: string): boolean {
  return words.toLowerCase().includes(URL.canParse(url) ? new URL(url).host : url);
}

const delivery = sampleDelivery({ to: { scope: '1', channel: '1' }, replyTo: '8', messageId: '9' });
