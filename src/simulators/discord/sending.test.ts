import { afterEach, beforeEach, expect, test } from 'vitest';
import type { BotHandle } from './bots.ts';
import type { ChannelHandle } from './handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from './simulator.ts';
import { call, type Reply } from './test-client.ts';

let simulator: DiscordSimulator;
let bot: BotHandle;
let channel: ChannelHandle;

beforeEach(async () => {
  simulator = await startDiscordSimulator({ limits: false });
  bot = simulator.createBot({ username: 'wise' });
  channel = simulator.channel(simulator.guild({ bots: [bot] }));
});
afterEach(() => simulator.close());

const send = (body: Record<string, unknown>, to: { id: string } = channel): Promise<Reply> =>
  call(simulator, bot, 'POST', `/channels/${to.id}/messages`, { body });

test('a message becomes visible, with its nonce and as a reply', async () => {
  const { id } = channel.say('hello');
  const reply = await send({
    content: ' hi ',
    nonce: 'n1',
    enforce_nonce: true,
    allowed_mentions: { parse: [], replied_user: false },
    message_reference: { message_id: id, fail_if_not_exists: false },
  });
  expect(reply.status).toBe(200);
  expect(reply.body).toMatchObject({ content: 'hi', nonce: 'n1', type: 19, referenced_message: { id } });
  expect(channel.answers()).toEqual(['hi']);
  expect(simulator.ledger.messages).toMatchObject([{ nonce: 'n1', reply_to: id, visible: true, pings: [] }]);
  expect(simulator.ledger.counts).toMatchObject({ pings: 0, previews: 0, unknown_fields: 0, without_nonce: 0 });
});

test('the same nonce returns the first message for five minutes, then it is forgotten', async () => {
  const body = { content: 'once', nonce: 'n', enforce_nonce: true };
  const first = await send(body);
  expect((await send(body)).body['id']).toBe(first.body['id']);
  expect((await send({ ...body, content: 'other' })).body['content']).toBe('once');
  expect(simulator.ledger.counts).toMatchObject({ nonce_replays: 2, nonce_collisions: 1 });
  simulator.advance(5 * 60_000);
  expect((await send(body)).body['id']).not.toBe(first.body['id']);
  expect(channel.answers()).toEqual(['once', 'once']);
});

test('a nonce whose message was deleted answers Unknown Message', async () => {
  const body = { content: 'once', nonce: 'n', enforce_nonce: true };
  channel.delete(String((await send(body)).body['id']));
  expect(await send(body)).toMatchObject({ status: 404, body: { code: 10008, message: 'Unknown Message' } });
  expect(simulator.ledger.messages).toMatchObject([{ visible: false }]);
});

test.each([
  ['too long', { content: 'x'.repeat(2001) }, 50035, ['content', 'BASE_TYPE_MAX_LENGTH']],
  ['white space', { content: ' \n ' }, 50006, undefined],
  ['nothing', {}, 50006, undefined],
  ['a number for a text', { content: 5 }, 50035, ['content', 'STRING_TYPE_CONVERT']],
  ['a long nonce', { content: 'a', nonce: 'n'.repeat(26) }, 50035, ['nonce', 'BASE_TYPE_MAX_LENGTH']],
  ['flags in a text', { content: 'a', flags: '4' }, 50035, ['flags', 'NUMBER_TYPE_COERCE']],
  ['a text for a switch', { content: 'a', enforce_nonce: 'yes' }, 50035, ['enforce_nonce', 'BOOLEAN_TYPE_CONVERT']],
])('refuses %s', async (_, body, code, error) => {
  const reply = await send(body);
  expect(reply).toMatchObject({ status: 400, body: { code } });
  if (error) expect(reply.body['errors']).toMatchObject({ [String(error[0])]: { _errors: [{ code: error[1] }] } });
  expect(channel.answers()).toEqual([]);
});

test('names the place of an error deep in the body', async () => {
  const reply = await send({ content: 'a', message_reference: { message_id: 123 } });
  const leaf = { _errors: [{ code: 'STRING_TYPE_CONVERT' }] };
  expect(reply.body).toMatchObject({ code: 50035, errors: { message_reference: { message_id: leaf } } });
  const other = await send({ content: 'a', allowed_mentions: { parse: ['users'], users: ['1'] } });
  expect(other.body).toMatchObject({ code: 50035 });
  expect((await send({ content: 'a', allowed_mentions: { parse: ['loud'] } })).body).toMatchObject({
    errors: { allowed_mentions: { parse: { 0: { _errors: [{ code: 'BASE_TYPE_CHOICES' }] } } } },
  });
});

test('counts unknown fields, pings and previews, which the platform lets pass', async () => {
  const person = simulator.createPerson('ada');
  await send({ content: `<@${person.id}> @everyone`, mention: true });
  await send({ content: `<@${person.id}> @everyone`, allowed_mentions: { parse: [] } });
  await send({ content: 'see https://example.com' });
  await send({ content: 'see https://example.com and <https://example.org>', flags: 4 });
  await send({ content: 'see <https://example.com>' });
  expect(simulator.ledger.counts).toMatchObject({ unknown_fields: 1, pings: 1, previews: 1, without_nonce: 5 });
  // The bot's invitation does not bring MENTION_EVERYONE, but everyone has it.
  expect(simulator.ledger.messages[0]?.pings).toEqual(['everyone', person.id]);
});

test('a reply to a deleted message fails unless told otherwise', async () => {
  const { id } = channel.say('hello');
  channel.delete(id);
  const strict = await send({ content: 'a', message_reference: { message_id: id } });
  const leaf = { _errors: [{ code: 'MESSAGE_REFERENCE_UNKNOWN_MESSAGE' }] };
  expect(strict).toMatchObject({ status: 400, body: { code: 50035, errors: { message_reference: leaf } } });
  const loose = await send({ content: 'a', message_reference: { message_id: id, fail_if_not_exists: false } });
  expect(loose).toMatchObject({ status: 200, body: { type: 0 } });
  const join = channel.say('', { type: 7 });
  const system = await send({ content: 'a', message_reference: { message_id: join.id, fail_if_not_exists: false } });
  expect(system.body).toMatchObject({ code: 50035 });
});

test('a reply needs the history', async () => {
  const { id } = channel.say('hello');
  channel.deny(bot, 'READ_MESSAGE_HISTORY');
  const body = { content: 'a', message_reference: { message_id: id } };
  expect(await send(body)).toMatchObject({ status: 403, body: { code: 160002 } });
  expect((await call(simulator, bot, 'GET', `/channels/${channel.id}/messages`)).body).toEqual([]);
});

test('edits and deletes what is its own', async () => {
  const mine = String((await send({ content: 'one' })).body['id']);
  const { id } = channel.say('yours');
  const path = (message: string) => `/channels/${channel.id}/messages/${message}`;
  const edited = await call(simulator, bot, 'PATCH', path(mine), { body: { content: 'two' } });
  expect(edited.body).toMatchObject({ content: 'two', edited_timestamp: expect.any(String) });
  const other = await call(simulator, bot, 'PATCH', path(id), { body: { content: 'two' } });
  expect(other).toMatchObject({ status: 403, body: { code: 50005 } });
  expect(await call(simulator, bot, 'DELETE', path(id))).toMatchObject({ status: 403, body: { code: 50013 } });
  expect(await call(simulator, bot, 'DELETE', path(mine))).toMatchObject({ status: 204 });
  expect(await call(simulator, bot, 'PATCH', path(mine), { body: { content: 'x' } })).toMatchObject({
    status: 404,
    body: { code: 10008 },
  });
  expect(simulator.ledger.messages).toMatchObject([{ edits: 1, content: 'two', visible: false }]);
});

test('history comes newest first, in pages', async () => {
  const ids = ['a', 'b', 'c', 'd'].map((text) => channel.say(text).id);
  const page = async (query: string) => {
    const { body } = await call(simulator, bot, 'GET', `/channels/${channel.id}/messages?${query}`);
    return (body as unknown as { content: string }[]).map((it) => it.content).join('');
  };
  expect(await page('limit=2')).toBe('dc');
  expect(await page(`after=${ids[0]}&limit=2`)).toBe('cb');
  expect(await page(`before=${ids[2]}`)).toBe('ba');
  expect(await page(`around=${ids[1]}&limit=3`)).toBe('cba');
  expect(await call(simulator, bot, 'GET', `/channels/${channel.id}/messages?limit=101`)).toMatchObject({
    status: 400,
  });
});

test('typing is counted', async () => {
  expect(await call(simulator, bot, 'POST', `/channels/${channel.id}/typing`)).toMatchObject({ status: 204 });
  expect(simulator.ledger.counts.typing).toBe(1);
});

const upload = (form: FormData): Promise<Response> =>
  fetch(`${simulator.url}/v10/channels/${channel.id}/messages`, {
    method: 'POST',
    headers: { authorization: `Bot ${bot.token}`, 'user-agent': 'DiscordBot (https://example.com, 1)' },
    body: form,
  });
const form = (payload: unknown, files: readonly string[]): FormData => {
  const made = new FormData();
  made.set('payload_json', JSON.stringify(payload));
  for (const [at, text] of files.entries()) made.set(`files[${at}]`, new Blob([text]), `${at}.txt`);
  return made;
};

test('files come as a form, with or without a text', async () => {
  const response = await upload(form({ attachments: [{ id: 0, filename: '0.txt' }] }, ['ä']));
  expect(await response.json()).toMatchObject({ content: '', attachments: [{ filename: '0.txt', size: 2 }] });
  expect(channel.transcript()).toMatchObject([{ text: '', files: [{ name: '0.txt', text: 'ä' }] }]);
});

test.each([
  ['more than ten files', () => form({}, ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']), 50035],
  ['a file that is named but not there', () => form({ content: 'a', attachments: [{ id: 1 }] }, ['a']), 50035],
  ['nothing at all', () => form({ content: ' ' }, []), 50006],
  ['too much', () => form({ content: 'a' }, ['x'.repeat(25 * 1024 * 1024)]), 40005],
])('refuses a form with %s', async (_, made, code) => {
  const response = await upload(made());
  expect([response.status, ((await response.json()) as { code: number }).code]).toEqual([400, code]);
  expect(channel.transcript()).toEqual([]);
});

test('an edit is judged like a message', async () => {
  const person = simulator.createPerson('ada');
  const { body } = await send({ content: 'a', nonce: 'n', enforce_nonce: true });
  const path = `/channels/${channel.id}/messages/${body['id']}`;
  await call(simulator, bot, 'PATCH', path, { body: { content: `<@${person.id}> https://example.com` } });
  expect(simulator.ledger.messages).toMatchObject([{ pings: [person.id], preview: true, edits: 1 }]);
  expect((await call(simulator, bot, 'PATCH', path, { body: { content: ' ' } })).body).toMatchObject({ code: 50006 });
});
