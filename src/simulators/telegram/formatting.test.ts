import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { Entity } from './entities.ts';
import type { ChatHandle } from './handles.ts';
import { startTelegramSimulator, type TelegramSimulator } from './simulator.ts';
import { call } from './test-client.ts';

let simulator: TelegramSimulator;
let bot: BotHandle;
let chat: ChatHandle;

beforeEach(async () => {
  simulator = await startTelegramSimulator();
  bot = simulator.createBot({ username: 'wise_bot' });
  chat = simulator.privateChat(bot, { name: 'Ada' });
});
afterEach(() => simulator.close());

const send = (parameters: Record<string, unknown>) =>
  call(simulator, bot, 'sendMessage', { chat_id: chat.id, ...parameters });
const entity = (type: string, offset: number, length: number, more: Partial<Entity> = {}) => ({
  type,
  offset,
  length,
  ...more,
});
const url = 'https://example.com/';

describe('entities given as such', () => {
  test.each([
    ['one in another', [entity('bold', 0, 9), entity('italic', 2, 3)]],
    ['side by side', [entity('bold', 0, 3), entity('bold', 3, 3)]],
    [
      'a link in bold, bold in a link',
      [entity('bold', 0, 9), entity('text_link', 0, 5, { url }), entity('bold', 1, 2)],
    ],
    ['code in a quote', [entity('blockquote', 0, 9), entity('pre', 0, 4), entity('code', 5, 3)]],
    ['a quote in bold', [entity('bold', 0, 9), entity('blockquote', 0, 9)]],
  ])('taken: %s', async (_name, entities) => {
    expect(await send({ text: 'some text', entities })).toMatchObject({ ok: true });
    expect(chat.transcript().at(-1)?.entities).toEqual(entities);
  });

  test.each([
    ['overlap', [entity('bold', 0, 5), entity('italic', 3, 5)], 'italic at UTF-16 offset 3 overlaps bold'],
    ['code in bold', [entity('bold', 0, 9), entity('code', 2, 3)], "code at UTF-16 offset 2 can't be part of bold"],
    ['bold in code', [entity('pre', 0, 9), entity('bold', 2, 3)], "bold at UTF-16 offset 2 can't be part of pre"],
    [
      'bold that is code',
      [entity('code', 0, 9), entity('bold', 0, 9)],
      "bold at UTF-16 offset 0 can't be part of code",
    ],
    [
      'code in a link',
      [entity('text_link', 0, 9, { url }), entity('code', 0, 4)],
      "code at UTF-16 offset 0 can't be part of text_link",
    ],
    [
      'a quote in a quote',
      [entity('blockquote', 0, 9), entity('blockquote', 2, 3)],
      "blockquote at UTF-16 offset 2 can't be part of blockquote",
    ],
    [
      'a scheme that nobody opens',
      [entity('text_link', 0, 4, { url: 'javascript:alert(1)' })],
      'unsupported URL protocol in the entity at offset 0',
    ],
  ])('refused: %s', async (_name, entities, why) => {
    expect(await send({ text: 'some text', entities })).toMatchObject({
      status: 400,
      description: `Bad Request: can't parse entities: ${why}`,
    });
    expect(chat.answers()).toEqual([]);
  });

  test('refused where their addresses weigh too much, whatever the text', async () => {
    const link = (at: number) => entity('text_link', at, 1, { url: `${url}${'x'.repeat(900)}` });
    const links = (count: number) => ({
      text: 'a'.repeat(count),
      entities: Array.from({ length: count }, (_, at) => link(at)),
    });
    expect(await send(links(10))).toMatchObject({ ok: true });
    expect(await send(links(11))).toMatchObject({ status: 400, description: 'Bad Request: ENTITIES_TOO_LONG' });
  });

  test('beyond the hundredth they are passed over and counted', async () => {
    const entities = Array.from({ length: 103 }, (_, at) => entity('bold', at * 2, 1));
    expect(await send({ text: 'a '.repeat(200), entities })).toMatchObject({ ok: true });
    expect(chat.transcript().at(-1)?.entities).toHaveLength(100);
    expect(simulator.ledger.counts.ignored_entities).toBe(3);
  });
});

test('mentions that fire and previews are counted, in what is sent and in what is edited', async () => {
  const off = { link_preview_options: { is_disabled: true } };
  const user = { id: chat.speaker.id, is_bot: false, first_name: 'Ada' };
  await send({ text: '@ada hi', ...off });
  await send({ text: 'hi', entities: [{ ...entity('text_mention', 0, 2), user }] });
  await send({ text: 'hi', entities: [entity('text_link', 0, 2, { url: `tg://user?id=${user.id}` })], ...off });
  expect(simulator.ledger.counts).toMatchObject({ mentions: 2, previews: 0, messages: 3 });
  const message_id = chat.transcript().at(-1)?.message_id;
  const edit = (parameters: Record<string, unknown>) =>
    call(simulator, bot, 'editMessageText', { chat_id: chat.id, message_id, ...parameters });
  await edit({ text: 'hi', parse_mode: 'HTML', ...off });
  await edit({ text: `<a href="tg://user?id=${user.id}">hi</a> ${url}`, parse_mode: 'HTML' });
  await edit({ text: url, ...off });
  expect(simulator.ledger.counts).toMatchObject({ mentions: 3, previews: 1 });
});

describe('sendDocument', () => {
  async function upload(fields: Record<string, string>, file?: File) {
    const form = new FormData();
    for (const [name, value] of Object.entries({ chat_id: String(chat.id), ...fields })) form.set(name, value);
    if (file) form.set('document', file);
    const response = await fetch(`${simulator.url}/bot${bot.token}/sendDocument`, { method: 'POST', body: form });
    return (await response.json()) as { ok: boolean; result: Record<string, unknown>; description: string };
  }
  const file = (content: string) => new File([content], 'answer.md', { type: 'text/markdown' });

  test('shows the file with its caption, as a reply', async () => {
    const said = chat.say('tell me all');
    const { result } = await upload(
      {
        caption: `all of it: ${url}`,
        caption_entities: JSON.stringify([entity('bold', 0, 3)]),
        reply_parameters: JSON.stringify({ message_id: said.message_id }),
      },
      file('# All ☕'),
    );
    expect(result).toMatchObject({
      caption: `all of it: ${url}`,
      document: { file_name: 'answer.md', mime_type: 'text/markdown', file_size: 9 },
    });
    expect(chat.transcript().at(-1)).toMatchObject({
      text: `all of it: ${url}`,
      reply_to: said.message_id,
      document: { name: 'answer.md', size: 9, content: '# All ☕' },
    });
    expect(simulator.ledger.messages[0]?.document?.content).toBe('# All ☕');
    expect(simulator.ledger.counts).toMatchObject({
      ...{ unknown_parameters: 0, type_mismatches: 0, malformed_bodies: 0, previews: 0, messages: 1 },
    });
  });

  test.each<[string, Record<string, string>, File | undefined, string]>([
    ['no file', {}, undefined, 'there is no document in the request'],
    ['a file at an address', { document: url }, undefined, 'wrong file identifier/HTTP URL specified'],
    ['an empty file', {}, file(''), 'file must be non-empty'],
    ['a long caption', { caption: '!'.repeat(1025) }, file('x'), 'message caption is too long'],
    ['an unknown chat', { chat_id: '42' }, file('x'), 'chat not found'],
    [
      'a broken entity',
      { caption: '😀', caption_entities: JSON.stringify([entity('bold', 1, 1)]) },
      file('x'),
      'entity begins in a middle of a UTF-16 symbol at byte offset 4',
    ],
  ])('refused: %s', async (_name, fields, given, why) => {
    expect(await upload(fields, given)).toMatchObject({ ok: false, description: `Bad Request: ${why}` });
    expect(chat.answers()).toEqual([]);
  });

  test('needs no caption, and its text cannot be edited', async () => {
    const { result } = await upload({}, file('x'));
    expect(result).not.toHaveProperty('caption');
    const edit = { chat_id: chat.id, message_id: result['message_id'], text: 'y' };
    expect(await call(simulator, bot, 'editMessageText', edit)).toMatchObject({
      description: "Bad Request: message can't be edited",
    });
  });
});
