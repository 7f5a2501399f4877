import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { type ScriptedAnswer, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import { createApi, nextCursor } from './wire.ts';

const TOKEN = 'xoxb-very-secret';

function setup(answer: () => ScriptedAnswer, token = TOKEN) {
  const inits: (RequestInit | undefined)[] = [];
  const { fetch: scripted, calls } = scriptedFetch(answer);
  const fetch: typeof scripted = (input, init) => {
    inits.push(init);
    return scripted(input, init);
  };
  const api = createApi(token, { apiUrl: 'http://api.test', fetch, clock: createManualClock() });
  return { api, calls, inits };
}

const limits = { timeoutMs: 1_000 };
const no = (error: unknown, more: object = {}) => Response.json({ ok: false, error, ...more });

describe('a call', () => {
  it('reads with a form and writes with JSON, the token in its header alone', async () => {
    const { api, calls, inits } = setup(() => Response.json({ ok: true }));
    await api('conversations.history', { channel: 'C1', limit: 15, inclusive: false, cursor: undefined }, limits);
    await api('chat.postMessage', { channel: 'C1', text: 'a&b', metadata: { event_type: 'x' } }, limits);
    expect(inits.map((init) => [init?.method, init?.headers, init?.body])).toEqual([
      [
        'POST',
        { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/x-www-form-urlencoded' },
        'channel=C1&limit=15&inclusive=false',
      ],
      [
        'POST',
        { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json; charset=utf-8' },
        '{"channel":"C1","text":"a&b","metadata":{"event_type":"x"}}',
      ],
    ]);
    expect(calls.map(({ url }) => url)).toEqual([
      'http://api.test/conversations.history',
      'http://api.test/chat.postMessage',
    ]);
  });

  const limited = (headers: Record<string, string> = {}) => new Response('', { status: 429, headers });
  it.each<[string, () => ScriptedAnswer, object]>([
    ['yes', () => Response.json({ ok: true, ts: '1.0' }), { kind: 'ok', body: { ts: '1.0' } }],
    ['a limit', () => limited({ 'retry-after': '12' }), { kind: 'limited', afterMs: 12_000 }],
    ['a limit without end', () => limited({ 'retry-after': '1e9' }), { kind: 'limited', afterMs: 86_400_000 }],
    ['a limit without a time', () => limited(), { kind: 'limited', afterMs: 30_000 }],
    ['a limit in words', () => no('ratelimited'), { kind: 'limited', afterMs: 30_000 }],
    ['a full workspace', () => no('message_limit_exceeded'), { kind: 'limited', afterMs: 300_000 }],
    [
      'a missing scope',
      () => no('missing_scope', { needed: 'chat:write', provided: 'im:read' }),
      { kind: 'refused', error: 'missing_scope', needed: 'chat:write', provided: 'im:read' },
    ],
    ['no by a code', () => no('channel_not_found'), { kind: 'refused', error: 'channel_not_found' }],
    ['no by something else', () => no('a b\n<html>'), { kind: 'refused', error: 'unknown_error' }],
    ['no without a reason', () => no(undefined), { kind: 'refused', error: 'unknown_error' }],
    ['trouble inside', () => no('internal_error'), { kind: 'failed', sent: 'unknown', reason: 'internal_error' }],
    ['trouble in the middle', () => no('fatal_error'), { kind: 'failed', sent: 'unknown', reason: 'fatal_error' }],
    ['a migration', () => no('team_added_to_org'), { kind: 'failed', sent: 'no', reason: 'team_added_to_org' }],
    [
      'an outage',
      () => new Response('<html>', { status: 503 }),
      { kind: 'failed', sent: 'unknown', reason: 'platform_error' },
    ],
    ['a page', () => new Response('<html>'), { kind: 'failed', sent: 'unknown', reason: 'unreadable_answer' }],
    ['a list', () => Response.json([1]), { kind: 'failed', sent: 'unknown', reason: 'unreadable_answer' }],
    ['nothing', () => new Response(''), { kind: 'failed', sent: 'unknown', reason: 'unreadable_answer' }],
    [
      'a closed door',
      () => Object.assign(new Error('no'), { code: 'ECONNREFUSED' }),
      { kind: 'failed', sent: 'no', reason: 'unreachable' },
    ],
    ['a cut line', () => new Error('reset'), { kind: 'failed', sent: 'unknown', reason: 'broken_off' }],
  ])('understands %s', async (_name, answer, reply) => {
    const { api, calls } = setup(answer);
    expect(await api('chat.postMessage', {}, limits)).toMatchObject(reply);
    expect(calls).toHaveLength(1);
  });

  it.each([
    ...['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired', 'org_login_required'],
    ...['user_removed_from_team', 'team_disabled'],
  ])('knows a dead token: %s', async (error) => {
    expect(await setup(() => no(error)).api('auth.test', {}, limits)).toEqual({ kind: 'unauthorized', error });
  });

  it('sends no token that a header cannot carry', async () => {
    for (const token of ['', 'a b', 'a\nb', 'ü', '😀']) {
      const { api, calls } = setup(() => Response.json({ ok: true }), token);
      expect((await api('auth.test', {}, limits)).kind).toBe('unauthorized');
      expect(calls).toHaveLength(0);
    }
  });

  it('never tells the token', async () => {
    for (const answer of [() => no(TOKEN), () => new Error(TOKEN), () => new Response(TOKEN)]) {
      const reply = await setup(answer).api('auth.test', {}, limits);
      expect(inspect(reply, { depth: 10 })).not.toContain('secret');
    }
  });
});

describe('pages', () => {
  it.each([
    [{ response_metadata: { next_cursor: 'abc=' } }, 'abc='],
    [{ response_metadata: { next_cursor: '' } }, undefined],
    [{ response_metadata: null }, undefined],
    [{}, undefined],
  ])('%j', (body, cursor) => {
    expect(nextCursor(body)).toBe(cursor);
  });
});
