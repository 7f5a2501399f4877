import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import type { Delivery } from '../../core/delivery.ts';
import { silentLog } from '../../core/log.ts';
import { sender } from './sender.ts';

const GROUP = '-1001234567890';
const signal = new AbortController().signal;

const done = (result: unknown = { message_id: 77 }) => Response.json({ ok: true, result });
const refused = (error_code: number, description: string, parameters?: unknown) =>
  Response.json({ ok: false, error_code, description, parameters }, { status: error_code });
const network = (code: string) =>
  Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('x'), { code }) });

function setup(answer: (call: ScriptedCall, index: number) => ScriptedAnswer) {
  const clock = createManualClock();
  const { fetch, calls } = scriptedFetch(answer);
  const port = { apiUrl: 'http://api.test', fetch, clock, random: Math.random, log: silentLog };
  return { clock, calls, ...sender({ bot_token: '123:secret' }, port) };
}

function delivery(given: Partial<Delivery> = {}): Delivery {
  return {
    id: 'dlv_1',
    botId: 'bot_1',
    integrationId: 'int_1',
    inboxSeq: 1,
    to: { channel: GROUP },
    replyTo: `${GROUP}:5`,
    part: { text: 'hello' },
    index: 0,
    operation: 'create',
    revision: 0,
    state: 'sending',
    attempts: 0,
    nextAttemptAt: 0,
    createdAt: 0,
    maybeDuplicate: false,
    ...given,
  };
}

describe('F071: what is sent', () => {
  const reply = { message_id: 5, allow_sending_without_reply: true };
  const plain = { text: 'hello', link_preview_options: { is_disabled: true } };
  it.each<[string, Partial<Delivery>, string, unknown]>([
    ['a reply in a group', {}, 'sendMessage', { chat_id: -1001234567890, ...plain, reply_parameters: reply }],
    ['a later part', { index: 1 }, 'sendMessage', { chat_id: -1001234567890, ...plain }],
    [
      'into a topic',
      { to: { channel: GROUP, thread: '40' } },
      'sendMessage',
      { chat_id: -1001234567890, message_thread_id: 40, ...plain, reply_parameters: reply },
    ],
    [
      'into the General topic',
      { to: { channel: GROUP, thread: '1' }, index: 1 },
      'sendMessage',
      { chat_id: -1001234567890, ...plain },
    ],
    ['to a person', { to: { channel: '501' }, replyTo: '501:5' }, 'sendMessage', { chat_id: 501, ...plain }],
    [
      'a reply to a message of the old group',
      { replyTo: '-4001:5' },
      'sendMessage',
      { chat_id: -1001234567890, ...plain },
    ],
    [
      'an edit',
      { operation: 'edit', messageId: '9' },
      'editMessageText',
      { chat_id: -1001234567890, message_id: 9, ...plain },
    ],
    ['a removal', { operation: 'delete', messageId: '9' }, 'deleteMessage', { chat_id: -1001234567890, message_id: 9 }],
  ])('%s', async (_name, given, method, parameters) => {
    const { send, calls } = setup(() => done());
    expect(await send(delivery(given), signal)).toEqual({ ok: true, messageId: given.messageId ?? '77' });
    expect(calls.map((call) => call.method)).toEqual([method]);
    expect(calls[0]?.url).toBe(`http://api.test/bot123:secret/${method}`);
    expect(calls[0]?.parameters).toEqual(parameters);
  });
});

describe('F071: entities', () => {
  const entities = [{ type: 'bold', offset: 0, length: 5 }];
  const part = { text: 'hello', format: { entities } };

  it('go with a message and with an edit, never a parse mode', async () => {
    const { send, calls } = setup(() => done());
    await send(delivery({ part }), signal);
    await send(delivery({ part, operation: 'edit', messageId: '9' }), signal);
    for (const { parameters } of calls) {
      expect(parameters).toMatchObject({ text: 'hello', entities, link_preview_options: { is_disabled: true } });
      expect(parameters).not.toHaveProperty('parse_mode');
    }
  });

  it.each([
    "Bad Request: can't parse entities: something",
    'Bad Request: ENTITY_BOUNDS_INVALID',
    'Bad Request: ENTITIES_TOO_LONG',
    'Bad Request: entity begins in a middle of a UTF-16 symbol at byte offset 4',
  ])('are left out once where the platform says %j', async (description) => {
    const { send, calls } = setup((_call, index) => (index === 0 ? refused(400, description) : done()));
    expect(await send(delivery({ part }), signal)).toEqual({ ok: true, messageId: '77' });
    expect(calls.map(({ parameters }) => parameters['entities'])).toEqual([entities, undefined]);
    expect(calls[1]?.parameters).toMatchObject({ text: 'hello', reply_parameters: { message_id: 5 } });
  });

  it('are left out once at most, and where there are none nothing is tried again', async () => {
    const { send, calls } = setup(() => refused(400, "Bad Request: can't parse entities: something"));
    const failure = { kind: 'rejected', reason: 'bad_request' };
    expect(await send(delivery({ part }), signal)).toEqual({ ok: false, failure });
    expect(calls).toHaveLength(2);
    expect(await send(delivery(), signal)).toEqual({ ok: false, failure });
    expect(calls).toHaveLength(3);
  });
});

describe('a part with a file', () => {
  const part = { text: 'See the file.', file: { name: 'answer.md', content: '# All of it\n😀' } };

  async function formOf(init: RequestInit | undefined): Promise<FormData> {
    return new Response(init?.body ?? null, { headers: new Headers(init?.headers) }).formData();
  }

  it('goes out as one document, into its topic and as a reply', async () => {
    const forms: FormData[] = [];
    const { fetch, calls } = scriptedFetch(() => done());
    const port = { apiUrl: 'http://api.test', clock: createManualClock(), random: Math.random, log: silentLog };
    const recorded: typeof fetch = async (url, init) => {
      forms.push(await formOf(init));
      return fetch(url, init);
    };
    const { send } = sender({ bot_token: '123:secret' }, { ...port, fetch: recorded });
    const to = { channel: GROUP, thread: '40' };
    expect(await send(delivery({ part, to }), signal)).toEqual({ ok: true, messageId: '77' });
    expect(calls.map(({ url }) => url)).toEqual(['http://api.test/bot123:secret/sendDocument']);
    const { document, ...rest } = Object.fromEntries(forms[0] ?? []);
    expect(rest).toEqual({
      chat_id: GROUP,
      message_thread_id: '40',
      caption: 'See the file.',
      reply_parameters: '{"message_id":5,"allow_sending_without_reply":true}',
    });
    if (!(document instanceof File)) throw new Error('no file');
    expect([document.name, await document.text()]).toEqual(['answer.md', '# All of it\n😀']);
  });

  it('that may not be sent is told of; where nothing may be said, that is the failure', async () => {
    const { send, calls } = setup((_call, index) =>
      index === 1 ? done() : refused(400, 'Bad Request: not enough rights to send documents to the chat'),
    );
    expect(await send(delivery({ part }), signal)).toEqual({ ok: true, messageId: '77' });
    expect(calls[1]?.url).toContain('/sendMessage');
    expect(calls[1]?.parameters).toMatchObject({
      text: 'The answer is too long for a chat, and its file may not be sent here.',
      reply_parameters: { message_id: 5 },
    });
    expect(await send(delivery({ part }), signal)).toMatchObject({ failure: { kind: 'gone', reason: 'no_rights' } });
  });

  it.each([
    [413, 'Request Entity Too Large'],
    [400, 'Bad Request: file must be non-empty'],
  ])('that is refused with %i is told of', async (code, description) => {
    const { send, calls } = setup((_call, index) => (index === 0 ? refused(code, description) : done()));
    expect(await send(delivery({ part }), signal)).toEqual({ ok: true, messageId: '77' });
    expect(calls[1]?.url).toContain('/sendMessage');
  });

  it('fails, waits and is doubtful like any other', async () => {
    const answers = [
      network('ECONNRESET'),
      refused(403, 'Forbidden: bot was blocked by the user'),
      refused(429, 'x', { retry_after: 9 }),
    ];
    const { send, calls } = setup((_call, index) => answers[index] ?? done());
    const failures = [
      { kind: 'retry', delivered: 'unknown', reason: 'broken_off' },
      { kind: 'gone', reason: 'blocked' },
      { kind: 'rate_limited', afterMs: 9_000, scope: 'conversation' },
    ];
    for (const failure of failures) expect(await send(delivery({ part }), signal)).toEqual({ ok: false, failure });
    expect(await send(delivery({ part }), signal)).toMatchObject({ failure: { kind: 'rate_limited' } });
    expect(calls).toHaveLength(3);
  });
});

describe('F074: what a refusal means', () => {
  const no = (reason: string) => ({ kind: 'retry', delivered: 'no', reason });
  const unknown = (reason: string) => ({ kind: 'retry', delivered: 'unknown', reason });
  const gone = (reason: string) => ({ kind: 'gone', reason });
  const rejected = (reason: string) => ({ kind: 'rejected', reason });
  it.each<[string, () => ScriptedAnswer, unknown]>([
    ['a dead token', () => refused(401, 'Unauthorized'), { kind: 'unauthorized' }],
    ['a malformed token', () => refused(404, 'Not Found'), { kind: 'unauthorized' }],
    ['blocked', () => refused(403, 'Forbidden: bot was blocked by the user'), gone('blocked')],
    ['deactivated', () => refused(403, 'Forbidden: user is deactivated'), gone('deactivated')],
    ['kicked', () => refused(403, 'Forbidden: bot was kicked from the supergroup chat'), gone('kicked')],
    ['not a member', () => refused(403, 'Forbidden: bot is not a member of the group chat'), gone('not_a_member')],
    ['group deleted', () => refused(403, 'Forbidden: the group chat was deleted'), gone('chat_deleted')],
    [
      'never spoken to',
      () => refused(403, "Forbidden: bot can't initiate conversation with a user"),
      gone('forbidden'),
    ],
    ['no such chat', () => refused(400, 'Bad Request: chat not found'), gone('chat_not_found')],
    ['no such peer', () => refused(400, 'Bad Request: PEER_ID_INVALID'), gone('chat_not_found')],
    ['closed topic', () => refused(400, 'Bad Request: TOPIC_CLOSED'), gone('topic_closed')],
    ['deleted topic', () => refused(400, 'Bad Request: TOPIC_DELETED'), gone('topic_closed')],
    [
      'no rights',
      () => refused(400, 'Bad Request: not enough rights to send text messages to the chat'),
      gone('no_rights'),
    ],
    ['may not write', () => refused(400, 'Bad Request: CHAT_WRITE_FORBIDDEN'), gone('no_rights')],
    ['too long', () => refused(400, 'Bad Request: message is too long'), rejected('too_long')],
    ['payload too large', () => new Response('<html>', { status: 413 }), rejected('too_long')],
    ['empty', () => refused(400, 'Bad Request: message text is empty'), rejected('empty')],
    ['anything else', () => refused(400, 'Bad Request: something new'), rejected('bad_request')],
    [
      'too many',
      () => refused(429, 'Too Many Requests', { retry_after: 17 }),
      { kind: 'rate_limited', afterMs: 17_000, scope: 'conversation' },
    ],
    ['its own error', () => refused(500, 'Internal Server Error'), no('platform_error')],
    ['its own 502', () => refused(502, 'Bad Gateway'), no('platform_error')],
    ['a gateway without a server', () => new Response('<html>', { status: 502 }), no('platform_error')],
    ['a gateway that gave up', () => new Response('<html>', { status: 504 }), unknown('platform_error')],
    ['garbage', () => new Response('{"ok":tru', { status: 200 }), unknown('platform_error')],
    ['a success without an id', () => done({}), unknown('unreadable_answer')],
    [
      'a redirect',
      () => new Response('', { status: 302, headers: { location: 'http://elsewhere' } }),
      no('redirected'),
    ],
    ['nobody listens', () => network('ECONNREFUSED'), no('unreachable')],
    ['no such host', () => network('ENOTFOUND'), no('unreachable')],
    ['a bad certificate', () => network('ERR_TLS_CERT_ALTNAME_INVALID'), no('unreachable')],
    ['a reset', () => network('ECONNRESET'), unknown('broken_off')],
    ['a closed connection', () => network('UND_ERR_SOCKET'), unknown('broken_off')],
  ])('%s', async (_name, answer, failure) => {
    const { send, calls } = setup(answer);
    expect(await send(delivery(), signal)).toEqual({ ok: false, failure });
    expect(calls).toHaveLength(1);
  });

  it('a time-out is ambiguous for a new message only', async () => {
    const { send, clock } = setup((call) => hangs(call.signal));
    const sent = send(delivery(), signal);
    const edited = send(delivery({ operation: 'edit', messageId: '9' }), signal);
    await clock.advance(30_000);
    expect(await sent).toEqual({ ok: false, failure: unknown('timeout') });
    expect(await edited).toEqual({ ok: false, failure: no('timeout') });
  });

  it('an edit that changes nothing and a removal of nothing have succeeded', async () => {
    const { send } = setup((call) =>
      call.method === 'deleteMessage'
        ? refused(400, 'Bad Request: message to delete not found')
        : refused(400, 'Bad Request: message is not modified: specified new message content …'),
    );
    for (const operation of ['edit', 'delete'] as const) {
      expect(await send(delivery({ operation, messageId: '9' }), signal)).toEqual({ ok: true, messageId: '9' });
    }
  });
});

describe('F069 F070: what is dropped and sent once more', () => {
  it('a topic that is not there', async () => {
    const { send, calls } = setup((_call, index) =>
      index === 0 ? refused(400, 'Bad Request: message thread not found') : done(),
    );
    expect(await send(delivery({ to: { channel: GROUP, thread: '40' } }), signal)).toEqual({
      ok: true,
      messageId: '77',
    });
    expect(calls.map((call) => call.parameters['message_thread_id'])).toEqual([40, undefined]);
  });

  it('a reply to what is not there', async () => {
    const { send, calls } = setup((_call, index) =>
      index === 0 ? refused(400, 'Bad Request: message to be replied not found') : done(),
    );
    expect(await send(delivery(), signal)).toEqual({ ok: true, messageId: '77' });
    expect(calls[1]?.parameters).not.toHaveProperty('reply_parameters');
  });

  it('the old id of a group, with all that belonged to it', async () => {
    const upgraded = refused(400, 'Bad Request: group chat was upgraded to a supergroup chat', {
      migrate_to_chat_id: -1009,
    });
    const { send, calls } = setup((_call, index) => (index === 0 ? upgraded : done()));
    const to = { channel: '-4001' };
    expect(await send(delivery({ to, replyTo: '-4001:5' }), signal)).toEqual({
      ok: true,
      messageId: '77',
      movedTo: '-1009',
    });
    expect(calls[1]?.parameters).toEqual({
      chat_id: -1009,
      text: 'hello',
      link_preview_options: { is_disabled: true },
    });
  });

  it('never more than that, whatever the platform says', async () => {
    const texts = [
      'message thread not found',
      'message to be replied not found',
      'group chat was upgraded to a supergroup chat',
    ];
    const { send, calls } = setup((_call, index) =>
      refused(400, texts[index % 3] ?? '', { migrate_to_chat_id: -1009 - index }),
    );
    expect((await send(delivery({ to: { channel: GROUP, thread: '40' } }), signal)).ok).toBe(false);
    expect(calls.length).toBeLessThanOrEqual(4);
  });
});

describe('restraint', () => {
  it('F065: uses a dead token no more, for typing neither', async () => {
    const { send, typing, calls } = setup(() => refused(401, 'Unauthorized'));
    await typing?.({ channel: GROUP }, signal);
    for (let round = 0; round < 5; round++) {
      expect(await send(delivery(), signal)).toEqual({ ok: false, failure: { kind: 'unauthorized' } });
      await typing?.({ channel: GROUP }, signal);
    }
    expect(calls).toHaveLength(1);
  });

  it('waits by itself before the platform has to ask, in this chat only', async () => {
    const { send, clock, calls } = setup(() => done());
    for (let part = 0; part < 3; part++) expect((await send(delivery(), signal)).ok).toBe(true);
    const fourth = await send(delivery(), signal);
    expect(fourth).toMatchObject({ ok: false, failure: { kind: 'rate_limited', scope: 'conversation' } });
    expect(calls).toHaveLength(3);
    expect((await send(delivery({ to: { channel: '501' } }), signal)).ok).toBe(true);
    await clock.advance(1_050);
    expect((await send(delivery(), signal)).ok).toBe(true);
  });

  it('F068: two hundred answers for one group go out in order, and the platform never has to ask for patience', async () => {
    const taken: number[] = [];
    const { send, clock, calls } = setup(() => {
      const now = clock.elapsed();
      const within = (ms: number) => taken.filter((at) => at > now - ms).length;
      // 20 a minute in a group, and about one a second for long [T1].
      if (within(60_000) >= 20 || within(10_000) >= 13) return refused(429, 'x', { retry_after: 30 });
      taken.push(now);
      return done();
    });
    for (let number = 0; number < 200; number++) {
      for (;;) {
        const result = await send(delivery({ part: { text: String(number) } }), signal);
        if (result.ok) break;
        if (result.failure.kind !== 'rate_limited') throw new Error(result.failure.kind);
        await clock.advance(result.failure.afterMs);
      }
    }
    expect(calls.map(({ parameters }) => parameters['text'])).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
    // No slower than it has to be, either.
    expect(clock.elapsed()).toBeLessThan(11 * 60_000);
  });

  it('makes no call before the time is over that the platform named', async () => {
    const { send, typing, clock, calls } = setup((_call, index) =>
      index === 0 ? refused(429, 'x', { retry_after: 30 }) : done(),
    );
    await send(delivery(), signal);
    await clock.advance(29_999);
    await typing?.({ channel: GROUP }, signal);
    expect(await send(delivery(), signal)).toMatchObject({ failure: { kind: 'rate_limited', afterMs: 1 } });
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect((await send(delivery(), signal)).ok).toBe(true);
  });

  it('shows typing in the topic and bears any failure', async () => {
    const { typing, calls } = setup(() => network('ECONNRESET'));
    await typing?.({ channel: GROUP, thread: '40' }, signal);
    expect(calls[0]?.parameters).toEqual({ chat_id: -1001234567890, message_thread_id: 40, action: 'typing' });
  });

  it('has sent nothing when it was stopped before', async () => {
    const { send, calls } = setup(() => done());
    expect(await send(delivery(), AbortSignal.abort())).toMatchObject({ failure: { kind: 'retry', delivered: 'no' } });
    expect(calls).toHaveLength(0);
  });
});
