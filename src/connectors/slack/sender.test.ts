import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import type { Delivery } from '../../core/delivery.ts';
import type { Bot } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import { sender } from './sender.ts';

const TS = '1790000001.000100';
const ROOT = '1789999000.000001';

const bot: Bot = { id: 'bot_1', platform: 'slack', identity: 'T1/U0BOT', profile: { botId: 'B0', appId: 'A1' } };
const never = new AbortController().signal;

const ok = (body: object = { ts: TS }) => Response.json({ ok: true, ...body });
const no = (error: string) => Response.json({ ok: false, error });
const limited = (seconds: number) => new Response('', { status: 429, headers: { 'retry-after': String(seconds) } });

function delivery(more: Partial<Delivery> = {}): Delivery {
  return {
    id: 'dlv_1',
    botId: 'bot_1',
    integrationId: 'int_1',
    inboxSeq: 1,
    to: { scope: 'T1', channel: 'C1' },
    part: { text: 'hello' },
    index: 0,
    operation: 'create',
    revision: 0,
    state: 'sending',
    attempts: 0,
    nextAttemptAt: 0,
    createdAt: 1_790_000_000_500,
    maybeDuplicate: false,
    ...more,
  };
}

function setup(answer: (call: ScriptedCall, index: number) => ScriptedAnswer = () => ok()) {
  const clock = createManualClock();
  const { fetch, calls } = scriptedFetch(answer);
  const port = { apiUrl: 'http://api.test', fetch, clock, random: Math.random, log: silentLog };
  const made = sender(bot, { bot_token: 'xoxb-secret' }, port);
  return {
    clock,
    calls,
    send: (more: Partial<Delivery> = {}) => made.send(delivery(more), never),
    lookUp: (more: Partial<Delivery> = {}) => made.lookUp?.(delivery(more), never),
  };
}

const edit = { operation: 'edit', messageId: TS } as const;
const erase = { operation: 'delete', messageId: TS } as const;
const inThread = { to: { scope: 'T1', channel: 'C1', thread: ROOT } };

describe('send', () => {
  it('posts with a mark, without previews and without names', async () => {
    const { send, calls } = setup();
    expect(await send()).toEqual({ ok: true, messageId: TS });
    expect(calls.map(({ method, parameters }) => [method, parameters])).toEqual([
      [
        'chat.postMessage',
        {
          channel: 'C1',
          text: 'hello',
          parse: 'none',
          link_names: false,
          unfurl_links: false,
          unfurl_media: false,
          metadata: { event_type: 'replr_delivery', event_payload: { key: 'dlv_1' } },
        },
      ],
    ]);
  });

  it('answers in the thread of the conversation, and in none where it has none', async () => {
    const { send, calls } = setup();
    await send({ ...inThread, replyTo: `C1/${TS}` });
    await send({ replyTo: `C1/${TS}` });
    expect(calls.map(({ parameters }) => parameters['thread_ts'])).toEqual([ROOT, undefined]);
  });

  it('edits and deletes by the id', async () => {
    const { send, calls } = setup();
    expect(await send(edit)).toEqual({ ok: true, messageId: TS });
    expect(await send(erase)).toEqual({ ok: true, messageId: TS });
    expect(calls.map(({ method, parameters }) => [method, parameters])).toEqual([
      ['chat.update', { channel: 'C1', ts: TS, text: 'hello', parse: 'none', link_names: false }],
      ['chat.delete', { channel: 'C1', ts: TS }],
    ]);
    expect(await send({ operation: 'edit' })).toMatchObject({ failure: { kind: 'rejected', reason: 'no_message_id' } });
    expect(calls).toHaveLength(2);
  });

  describe('of blocks', () => {
    const blocks = [{ type: 'divider' }];
    const part = { text: 'hello', format: { blocks } };

    it('goes with posts and edits', async () => {
      const { send, calls } = setup();
      await send({ part });
      await send({ ...edit, part });
      await send({ part: { text: 'hello', format: { blocks: [] } } });
      expect(calls.map(({ parameters }) => [parameters['text'], parameters['blocks']])).toEqual([
        ['hello', blocks],
        ['hello', blocks],
        ['hello', undefined],
      ]);
    });

    it.each(['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long'])(
      'that are refused (%s) leaves the text, once',
      async (error) => {
        for (const more of [{}, edit]) {
          const { send, calls } = setup((_call, index) => (index === 0 ? no(error) : ok()));
          expect(await send({ part, ...more })).toEqual({ ok: true, messageId: TS });
          const [first, second] = calls.map(({ method, parameters }) => ({ method, ...parameters }));
          expect(second).toEqual({ ...first, blocks: undefined });
        }
        const { send, calls } = setup(() => no(error));
        expect(await send({ part })).toMatchObject({ ok: false, failure: { kind: 'rejected' } });
        expect(calls).toHaveLength(2);
      },
    );
  });

  it('has deleted what is no more', async () => {
    expect(await setup(() => no('message_not_found')).send(erase)).toEqual({ ok: true, messageId: TS });
  });

  it.each<[string, () => ScriptedAnswer, Partial<Delivery>, object]>([
    ['no such channel', () => no('channel_not_found'), {}, { kind: 'gone', reason: 'channel_not_found' }],
    ['not a member', () => no('not_in_channel'), {}, { kind: 'gone', reason: 'not_in_channel' }],
    ['an archive', () => no('is_archived'), {}, { kind: 'gone', reason: 'is_archived' }],
    ['a restriction', () => no('restricted_action'), {}, { kind: 'gone', reason: 'restricted_action' }],
    ['a closed tab', () => no('messages_tab_disabled'), {}, { kind: 'gone', reason: 'messages_tab_disabled' }],
    ['a scope', () => no('missing_scope'), {}, { kind: 'gone', reason: 'missing_scope' }],
    ['a long text', () => no('msg_too_long'), {}, { kind: 'rejected', reason: 'too_long' }],
    ['an empty text', () => no('no_text'), {}, { kind: 'rejected', reason: 'empty' }],
    ['anything else', () => no('brand_new_error'), {}, { kind: 'rejected', reason: 'bad_request' }],
    ['a late edit', () => no('edit_window_closed'), edit, { kind: 'rejected', reason: 'not_editable' }],
    ['an edit of nothing', () => no('message_not_found'), edit, { kind: 'rejected', reason: 'message_not_found' }],
    ['trouble', () => no('internal_error'), {}, { kind: 'retry', delivered: 'unknown', reason: 'internal_error' }],
    ['trouble with an edit', () => no('internal_error'), edit, { kind: 'retry', delivered: 'no' }],
    ['a migration', () => no('team_added_to_org'), {}, { kind: 'retry', delivered: 'no' }],
    ['an outage', () => new Response('', { status: 502 }), {}, { kind: 'retry', delivered: 'unknown' }],
    ['a cut line', () => new Error('reset'), {}, { kind: 'retry', delivered: 'unknown', reason: 'broken_off' }],
    ['an answer without an id', () => ok({}), {}, { kind: 'retry', delivered: 'unknown', reason: 'unreadable_answer' }],
    ['a full workspace', () => no('message_limit_exceeded'), {}, { kind: 'rate_limited', afterMs: 300_000 }],
  ])('F098: tells %s', async (_name, answer, more, failure) => {
    const { send, calls } = setup(answer);
    expect(await send(more)).toMatchObject({ ok: false, failure });
    // Nothing is tried again behind the caller's back.
    expect(calls).toHaveLength(1);
  });

  it.each(['invalid_auth', 'token_revoked', 'account_inactive', 'token_expired'])(
    'F097: stops at %s',
    async (error) => {
      const { send, calls, lookUp } = setup(() => no(error));
      for (let round = 0; round < 3; round++) {
        expect(await send()).toEqual({ ok: false, failure: { kind: 'unauthorized' } });
      }
      expect(await lookUp()).toEqual({ kind: 'unknown' });
      expect(calls).toHaveLength(1);
    },
  );
});

describe('pace', () => {
  it('is one a second and channel after a short burst', async () => {
    const { send, calls, clock } = setup();
    for (let count = 0; count < 3; count++) expect(await send()).toMatchObject({ ok: true });
    expect(await send()).toEqual({
      ok: false,
      failure: { kind: 'rate_limited', afterMs: 1_050, scope: 'conversation' },
    });
    expect(await send({ to: { scope: 'T1', channel: 'C2' } })).toMatchObject({ ok: true });
    await clock.advance(1_050);
    expect(await send()).toMatchObject({ ok: true });
    expect(calls).toHaveLength(5);
  });

  it('keeps a limit that was told, in all channels and for posts alone', async () => {
    const { send, calls, clock } = setup(({ method }, index) =>
      method === 'chat.postMessage' && index === 0 ? limited(20) : ok(),
    );
    const wait = { ok: false, failure: { kind: 'rate_limited', afterMs: 20_000, scope: 'credential' } };
    expect(await send()).toEqual(wait);
    expect(await send({ to: { scope: 'T1', channel: 'C2' } })).toEqual(wait);
    expect(calls).toHaveLength(1);
    expect(await send(edit)).toMatchObject({ ok: true });
    await clock.advance(19_999);
    expect(await send()).toMatchObject({ failure: { afterMs: 1 } });
    await clock.advance(1);
    expect(await send()).toMatchObject({ ok: true });
  });

  it('holds posts together below what a workspace takes', async () => {
    const { send, calls, clock } = setup();
    const held = { ok: false, failure: { kind: 'rate_limited', afterMs: 200, scope: 'conversation' } };
    for (let channel = 0; channel < 30; channel++) await send({ to: { scope: 'T1', channel: `C${channel}` } });
    const to = { scope: 'T1', channel: 'C30' };
    expect(await send({ id: 'dlv_2', to })).toEqual(held);
    expect(calls).toHaveLength(30);
    // Its channel has not lost anything by that: all three of its burst are left.
    await clock.advance(2_000);
    for (const id of ['dlv_2', 'dlv_3', 'dlv_4'] as const)
      expect(await send({ id, to })).toEqual({ ok: true, messageId: TS });
  });

  it('lets nobody overtake who has to wait', async () => {
    const { send, clock } = setup();
    for (const id of ['dlv_1', 'dlv_2', 'dlv_3'] as const) await send({ id });
    expect(await send({ id: 'dlv_4' })).toMatchObject({ failure: { afterMs: 1_050 } });
    await clock.advance(1_050);
    // Another conversation of the channel, at the right moment.
    expect(await send({ id: 'dlv_5' })).toMatchObject({ failure: { afterMs: 1_050 } });
    expect(await send({ id: 'dlv_4' })).toEqual({ ok: true, messageId: TS });
  });
});

describe('lookUp', () => {
  const mark = (key: string) => ({ event_type: 'replr_delivery', event_payload: { key } });
  const post = (more: object) => ({ ts: TS, user: 'U0BOT', bot_id: 'B0', text: 'hello', ...more });
  const history = (...messages: object[]) => ok({ messages });

  it('finds its mark in the channel', async () => {
    const { lookUp, calls } = setup(() =>
      history(post({ metadata: mark('dlv_0') }), post({ metadata: mark('dlv_1') })),
    );
    expect(await lookUp()).toEqual({ kind: 'sent', messageId: TS });
    expect(calls[0]).toMatchObject({
      method: 'conversations.history',
      parameters: { channel: 'C1', oldest: '1789999100.000000', inclusive: 'true', include_all_metadata: 'true' },
    });
  });

  it('begins where the platform’s own clock says, however wrong ours is', async () => {
    const { lookUp, calls } = setup(() => history());
    const createdAt = 1_890_000_000_000;
    for (const more of [inThread, { replyTo: `C1/${TS}` }, { ...inThread, replyTo: `C1/${TS}` }]) {
      await lookUp({ ...more, createdAt });
    }
    // What was said elsewhere, or has no time, tells nothing.
    for (const replyTo of [`C2/${TS}`, 'C1/x']) await lookUp({ replyTo, createdAt: 1_790_000_000_500 });
    expect(calls.map(({ parameters }) => parameters['oldest'])).toEqual([
      ...[ROOT, TS, TS, '1789999100.000000', '1789999100.000000'],
    ]);
  });

  it('finds its mark on a later page of the thread', async () => {
    const { lookUp, calls } = setup(({ parameters }) =>
      parameters['cursor'] === undefined
        ? ok({ messages: [{ ts: ROOT, user: 'U1' }], response_metadata: { next_cursor: 'two=' } })
        : history(post({ metadata: mark('dlv_1') })),
    );
    expect(await lookUp(inThread)).toEqual({ kind: 'sent', messageId: TS });
    expect(calls.map(({ method, parameters }) => [method, parameters['ts'], parameters['cursor']])).toEqual([
      ['conversations.replies', ROOT, undefined],
      ['conversations.replies', ROOT, 'two='],
    ]);
  });

  it.each<[string, () => ScriptedAnswer, object]>([
    ['nothing', () => history(), { kind: 'not_sent' }],
    ['other answers', () => history(post({ metadata: mark('dlv_7') })), { kind: 'not_sent' }],
    [
      'the mark of a stranger',
      () => history({ ts: TS, user: 'U6', bot_id: 'B6', metadata: mark('dlv_1') }),
      { kind: 'not_sent' },
    ],
    ['the same words without a mark', () => history(post({})), { kind: 'unknown' }],
    ['other words without a mark', () => history(post({ text: 'good morning' })), { kind: 'not_sent' }],
    ['a refusal', () => no('missing_scope'), { kind: 'unknown' }],
    ['a long wait', () => limited(120), { kind: 'unknown' }],
    ['pages without end', () => ok({ messages: [], response_metadata: { next_cursor: 'x' } }), { kind: 'unknown' }],
  ])('judges %s', async (_name, answer, verdict) => {
    expect(await setup(answer).lookUp()).toEqual(verdict);
  });

  it('waits out the minute of an app of the strictest class, rather than send without looking', async () => {
    const answers = [limited(60), history(post({ metadata: mark('dlv_1') }))];
    const { lookUp, clock } = setup((_call, index) => answers[index] ?? no('too_many_calls'));
    const found = lookUp();
    await clock.advance(60_000);
    expect(await found).toEqual({ kind: 'sent', messageId: TS });
  });

  it('waits out a short limit and a short trouble', async () => {
    const answers = [limited(5), no('internal_error'), history(post({ metadata: mark('dlv_1') }))];
    const { lookUp, clock } = setup((_call, index) => answers[index] ?? no('too_many_calls'));
    const found = lookUp();
    await clock.advance(5_000);
    await clock.advance(2_000);
    expect(await found).toEqual({ kind: 'sent', messageId: TS });
  });

  it('need not look for what may be repeated', async () => {
    const { lookUp, calls } = setup();
    expect(await lookUp(edit)).toEqual({ kind: 'not_sent' });
    expect(calls).toHaveLength(0);
  });
});
