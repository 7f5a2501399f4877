import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
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

describe('tokens and methods', () => {
  test('unknown 401, malformed 404, unknown method 404', async () => {
    expect(bot.token).toMatch(/^[0-9]{5,16}:A[A-Za-z0-9_-]{34}$/);
    expect(await call(simulator, `123456:${'A'.repeat(35)}`, 'getMe')).toEqual({
      status: 401,
      ok: false,
      error_code: 401,
      description: 'Unauthorized',
    });
    expect(await call(simulator, 'nonsense', 'getMe')).toMatchObject({ status: 404, description: 'Not Found' });
    expect(await call(simulator, bot, 'getMeat')).toMatchObject({ status: 404, description: /^Not Found/ });
    expect(await call(simulator, bot, 'GETME')).toMatchObject({ result: { id: bot.id, is_bot: true } });
  });

  test('a revoked token is dead, its successor works', async () => {
    const old = bot.token;
    const poll = call(simulator, bot, 'getUpdates', { timeout: 30 });
    await simulator.waitFor(() => simulator.bot(bot).queue.polled);
    simulator.revokeToken(bot);
    expect(await poll).toMatchObject({ status: 401, description: 'Unauthorized' });
    expect(await call(simulator, old, 'getMe')).toMatchObject({ status: 401 });
    expect(await call(simulator, bot, 'getMe')).toMatchObject({ ok: true });
  });

  test('GET, form and multipart are as good as JSON', async () => {
    const base = `${simulator.url}/bot${bot.token}/sendMessage`;
    await fetch(`${base}?chat_id=${chat.id}&text=by%20query+string`);
    await fetch(base, { method: 'POST', body: new URLSearchParams({ chat_id: `${chat.id}`, text: 'by form' }) });
    const form = new FormData();
    form.set('chat_id', `${chat.id}`);
    form.set('text', 'by parts');
    await fetch(base, { method: 'POST', body: form });
    expect(chat.answers()).toEqual(['by query string', 'by form', 'by parts']);
  });
});

describe('what is refused', () => {
  test.each([
    [{ chat_id: undefined, text: 'x' }, 400, 'Bad Request: chat_id is empty'],
    [{ chat_id: 42, text: 'x' }, 400, 'Bad Request: chat not found'],
    [{}, 400, 'Bad Request: message text is empty'],
    [{ text: ' \n ' }, 400, 'Bad Request: text must be non-empty'],
    [{ text: '!'.repeat(4097) }, 400, 'Bad Request: message is too long'],
    [{ text: '😀'.repeat(2049) }, 400, 'Bad Request: message is too long'],
    [{ text: 'ä'.repeat(20_000) }, 400, 'Bad Request: text is too long'],
    [{ text: 'a\ud800b' }, 400, 'Bad Request: strings must be encoded in UTF-8'],
    [{ text: 'x', parse_mode: 'bbcode' }, 400, 'Bad Request: unsupported parse_mode'],
    [{ text: 'x', reply_parameters: { message_id: 99 } }, 400, 'Bad Request: message to be replied not found'],
    [{ text: 'x', reply_parameters: {}, message_thread_id: 7 }, 400, 'Bad Request: message thread not found'],
    [{ text: 'x', reply_parameters: 'seven' }, 400, "Bad Request: can't parse reply parameters JSON object"],
    [{ text: 'x', reply_parameters: { message_id: true } }, 400, 'Bad Request: field "message_id" must be a Number'],
    [
      { text: 'x', link_preview_options: { is_disabled: 1 } },
      400,
      'Bad Request: field "is_disabled" must be of type Boolean',
    ],
  ])('%j', async (parameters, status, description) => {
    expect(await send(parameters)).toMatchObject({ status, description });
    expect(chat.answers()).toEqual([]);
  });

  test.each([
    [
      { type: 'bold', offset: 0, length: 1 },
      'entity beginning at UTF-16 offset 0 ends in a middle of a UTF-16 symbol at byte offset 4',
    ],
    [{ type: 'bold', offset: 1, length: 1 }, 'entity begins in a middle of a UTF-16 symbol at byte offset 4'],
    [
      { type: 'bold', offset: 3, length: 9 },
      'entity beginning at UTF-16 offset 3 ends after the end of the text at UTF-16 offset 12',
    ],
    [{ type: 'bold', offset: 9, length: 1 }, 'entity begins after the end of the text at UTF-16 offset 9'],
    [{ type: 'bold', offset: -1, length: 1 }, 'receive an entity with incorrect offset -1'],
    [{ type: 'loud', offset: 0, length: 1 }, "can't parse MessageEntity: Unsupported type specified"],
    [{ type: 'bold', length: 1 }, 'can\'t parse MessageEntity: Can\'t find field "offset"'],
  ])('entity %j', async (entity, why) => {
    expect(await send({ text: '😀 hi', entities: [entity] })).toMatchObject({ description: `Bad Request: ${why}` });
  });

  test.each([
    ['HTML', '<b>x', 'Can\'t find end tag corresponding to start tag "b"'],
    ['HTML', 'ä<p>x</p>', 'Unsupported start tag "p" at byte offset 2'],
    ['HTML', '<b>x</i>', 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'],
    ['HTML', 'x</b>', 'Unexpected end tag at byte offset 1'],
    ['HTML', 'a < b', 'Unsupported start tag "" at byte offset 2'],
    ['HTML', '1 <2', 'Unclosed start tag at byte offset 2'],
    ['MarkdownV2', 'end.', "Character '.' is reserved and must be escaped with the preceding '\\'"],
    ['MarkdownV2', 'a *b', "Can't find end of Bold entity at byte offset 2"],
    ['MarkdownV2', '```js\nx', "Can't find end of PreCode entity at byte offset 0"],
    ['MarkdownV2', '[a](b', "Can't find end of a URL at byte offset 4"],
  ])('%s %s', async (parse_mode, text, why) => {
    expect(await send({ text, parse_mode })).toMatchObject({
      status: 400,
      description: `Bad Request: can't parse entities: ${why}`,
    });
  });

  test('who may not be written to', async () => {
    const stranger = simulator.privateChat(bot, { name: 'Bob', started: false });
    expect(await send({ chat_id: stranger.id, text: 'x' })).toMatchObject({
      status: 403,
      description: "Forbidden: bot can't initiate conversation with a user",
    });
    chat.block();
    expect(await send({ text: 'x' })).toMatchObject({
      status: 403,
      description: 'Forbidden: bot was blocked by the user',
    });
    const group = simulator.group(bot, { kind: 'group' });
    group.mute(bot);
    expect(await send({ chat_id: group.id, text: 'x' })).toMatchObject({
      description: 'Bad Request: not enough rights to send text messages to the chat',
    });
    group.remove(bot);
    expect(await send({ chat_id: group.id, text: 'x' })).toMatchObject({
      status: 403,
      description: 'Forbidden: bot was kicked from the group chat',
    });
    const foreign = simulator.group(simulator.createBot({ username: 'other_bot' }));
    expect(await send({ chat_id: foreign.id, text: 'x' })).toMatchObject({
      description: 'Bad Request: chat not found',
    });
  });
});

describe('formatting', () => {
  test.each([
    [
      'HTML',
      '<b>a</b> &lt;<i>b</i>&#x41;',
      'a <bA',
      [
        ['bold', 0, 1],
        ['italic', 3, 1],
      ],
    ],
    ['HTML', '<pre><code class="language-ts">x</code></pre>', 'x', [['pre', 0, 1]]],
    ['HTML', '<a href="https://a.org/?x=1&amp;y=2">😀</a>', '😀', [['text_link', 0, 2]]],
    ['HTML', '<blockquote expandable>q</blockquote>', 'q', [['expandable_blockquote', 0, 1]]],
    [
      'MarkdownV2',
      '*b _i_*\\.',
      'b i.',
      [
        ['bold', 0, 3],
        ['italic', 2, 1],
      ],
    ],
    [
      'MarkdownV2',
      '__u__ ~s~ ||p||',
      'u s p',
      [
        ['underline', 0, 1],
        ['strikethrough', 2, 1],
        ['spoiler', 4, 1],
      ],
    ],
    [
      'MarkdownV2',
      '`a.b` [l](https://a.org/\\))',
      'a.b l',
      [
        ['code', 0, 3],
        ['text_link', 4, 1],
      ],
    ],
    ['MarkdownV2', '```ts\nlet x = 1.\n```', 'let x = 1.', [['pre', 0, 10]]],
    ['MarkdownV2', '>a\n>b\nc', 'a\nb\nc', [['blockquote', 0, 4]]],
  ])('%s %s', async (parse_mode, text, shown, entities) => {
    const reply = await send({ text, parse_mode });
    expect(reply.ok ? '' : reply.description).toBe('');
    const message = reply.result as { text: string; entities: { type: string; offset: number; length: number }[] };
    expect(message.text).toBe(shown);
    expect(message.entities.map(({ type, offset, length }) => [type, offset, length])).toEqual(entities);
  });

  test('4096 units after parsing are enough, whatever was there before', async () => {
    expect(await send({ text: `<b>${'!'.repeat(4096)}</b>`, parse_mode: 'HTML' })).toMatchObject({ ok: true });
  });
});

test('the ledger keeps what was sent, and counts what the platform lets pass', async () => {
  const said = chat.say('question');
  await send({ text: 'see https://example.com', reply_parameters: { message_id: said.message_id } });
  await send({ text: 'see https://example.com', link_preview_options: { is_disabled: true } });
  await send({ text: '`https://example.com`', parse_mode: 'MarkdownV2' });
  expect(simulator.ledger.counts).toMatchObject({
    previews: 1,
    unknown_parameters: 0,
    type_mismatches: 0,
    messages: 3,
  });
  expect(simulator.ledger.messages[0]).toMatchObject({ reply_to: said.message_id, preview: true, ambiguous: false });
  await send({ text: 'x', color: 'red', reply_parameters: { message_id: said.message_id, colour: 1 } });
  await send({ text: 12, disable_notification: 'true' });
  expect(simulator.ledger.counts).toMatchObject({ unknown_parameters: 2, type_mismatches: 2 });
  await send({ text: 'x', reply_parameters: { message_id: 999, allow_sending_without_reply: true } });
  expect(chat.transcript().at(-1)).toMatchObject({ reply_to: undefined, text: 'x' });
});

test('edits: not twice the same, not what others wrote, not what is gone', async () => {
  const said = chat.say('mine');
  const { message_id } = (await send({ text: 'one' })).result as { message_id: number };
  const edit = (parameters: Record<string, unknown>) =>
    call(simulator, bot, 'editMessageText', { chat_id: chat.id, message_id, ...parameters });
  expect(await edit({ text: 'two' })).toMatchObject({ result: { text: 'two' } });
  expect(await edit({ text: 'two' })).toMatchObject({
    status: 400,
    description: /^Bad Request: message is not modified: /,
  });
  expect(await edit({ text: 'x', message_id: said.message_id })).toMatchObject({
    description: "Bad Request: message can't be edited",
  });
  const remove = () => call(simulator, bot, 'deleteMessage', { chat_id: chat.id, message_id });
  expect(await remove()).toMatchObject({ result: true });
  expect(await remove()).toMatchObject({ description: 'Bad Request: message to delete not found' });
  expect(await edit({ text: 'x' })).toMatchObject({ description: 'Bad Request: message to edit not found' });
  expect(simulator.ledger.messages[0]).toMatchObject({ text: 'two', edits: 1, deleted: true });
});

test('drafts are for private chats, typing is not for channels', async () => {
  const draft = (chat_id: number) => call(simulator, bot, 'sendMessageDraft', { chat_id, draft_id: 1, text: 'so f' });
  expect(await draft(chat.id)).toMatchObject({ result: true });
  expect(await draft(simulator.group(bot).id)).toMatchObject({ description: 'Bad Request: TEXTDRAFT_PEER_INVALID' });
  const act = (chat_id: number, action: string) => call(simulator, bot, 'sendChatAction', { chat_id, action });
  expect(await act(chat.id, 'typing')).toMatchObject({ result: true });
  expect(await act(chat.id, 'dancing')).toMatchObject({
    description: 'Bad Request: wrong parameter action in request',
  });
  expect(await act(simulator.channel(bot).id, 'typing')).toMatchObject({ status: 400 });
  expect(chat.answers()).toEqual([]);
});

test('getChat and getChatMember', async () => {
  const group = simulator.group(bot, { title: 'Tea', username: 'tearoom', admin: true });
  expect(await call(simulator, bot, 'getChat', { chat_id: '@TeaRoom' })).toMatchObject({
    result: { id: group.id, title: 'Tea', type: 'supergroup' },
  });
  expect(await call(simulator, bot, 'getChatMember', { chat_id: group.id, user_id: bot.id })).toMatchObject({
    result: { status: 'administrator', user: { id: bot.id } },
  });
});

test('rate limits, and impatience with them', async () => {
  simulator.setLimits({ perChatPerSecond: 1, perGroupPerMinute: 2 });
  expect(await send({ text: 'a' })).toMatchObject({ ok: true });
  expect(await send({ text: 'b' })).toMatchObject({
    status: 429,
    description: 'Too Many Requests: retry after 1',
    parameters: { retry_after: 1 },
  });
  expect(simulator.ledger.counts).toMatchObject({ rate_limited: 1, sent_while_limited: 0 });
  await send({ text: 'c' });
  expect(simulator.ledger.counts.sent_while_limited).toBe(1);
  simulator.advance(1_000);
  expect(await send({ text: 'd' })).toMatchObject({ ok: true });
  const group = simulator.group(bot);
  for (const text of ['a', 'b']) {
    expect(await send({ chat_id: group.id, text })).toMatchObject({ ok: true });
    simulator.advance(1_000);
  }
  expect(await send({ chat_id: group.id, text: 'c' })).toMatchObject({ status: 429 });
});
