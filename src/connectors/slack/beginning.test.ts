import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import type { BeginningState } from '../../core/connector.ts';
import { silentLog } from '../../core/log.ts';
import { beginning } from './beginning.ts';

const DATE = 'Mon, 21 Sep 2026 14:13:20 GMT';
const NOW = `${Date.parse(DATE) / 1000}.000000`;
const NEWEST = '1789999999.000700';
const ROOT = '1789999000.000001';

const ok = (messages: readonly object[]) => Response.json({ ok: true, messages }, { headers: { date: DATE } });
const no = (error: string) => Response.json({ ok: false, error });
const limited = () => new Response('', { status: 429, headers: { 'retry-after': '60', date: DATE } });

function setup(answer: (call: ScriptedCall) => ScriptedAnswer = () => ok([{ ts: NEWEST }])) {
  const { fetch, calls } = scriptedFetch(answer);
  const clock = createManualClock();
  const port = { apiUrl: 'http://api.test', fetch, clock, random: Math.random, log: silentLog };
  const begin = async (settings: object, state: Partial<BeginningState> = {}) => {
    const begun = await beginning({ bot_token: 'xoxb-secret' }, { ...settings }, port, { known: new Map(), ...state });
    return begun.ok ? Object.fromEntries(begun.cursors.map(({ name, value }) => [name, value])) : begun;
  };
  return { begin, calls, asked: () => calls.map(({ method, parameters }) => [method, parameters]) };
}

describe('beginning', () => {
  it('takes the newest message of each channel for its position and its floor', async () => {
    const { begin, asked } = setup(({ parameters }) => ok(parameters['channel'] === 'C1' ? [{ ts: NEWEST }] : []));
    expect(await begin({ channel_ids: ['C1', 'C2'] })).toEqual({
      'ch:C1': NEWEST,
      'from:C1': NEWEST,
      // Nothing was posted there, so nothing is older.
      'ch:C2': '0.000000',
      'from:C2': '0.000000',
    });
    expect(asked()).toEqual([
      ['conversations.history', { channel: 'C1', limit: '1' }],
      ['conversations.history', { channel: 'C2', limit: '1' }],
    ]);
  });

  it('begins only what is new', async () => {
    const { begin, calls } = setup();
    const known = new Map([
      ['ch:C1', '1.000000'],
      [`th:C1:${ROOT}`, ROOT],
    ]);
    const before = { channel_ids: ['C1'] };
    expect(Object.keys(await begin({ channel_ids: ['C1', 'C2'] }, { known, before }))).toEqual(['ch:C2', 'from:C2']);
    expect(calls).toHaveLength(1);
    expect(await begin({ channel_ids: ['C1'] }, { known, before })).toEqual({});
    expect(calls).toHaveLength(1);
  });

  it('puts threads behind what was said in them meanwhile, and forgets those that are gone', async () => {
    const { begin, asked } = setup(({ method, parameters }) => {
      if (method === 'conversations.history') return ok([{ ts: NEWEST }]);
      if (parameters['ts'] === ROOT) return ok([{ ts: ROOT, latest_reply: '1789999999.500000' }]);
      return parameters['ts'] === '3.000000' ? no('thread_not_found') : ok([{ ts: '2.000000' }]);
    });
    const known = new Map([
      [`th:C1:${ROOT}`, ROOT],
      ['th:C1:2.000000', '2.000005'],
      ['th:C1:3.000000', '3.000000'],
      ['th:C9:4.000000', '4.000000'],
      ['events', 'abc:1'],
    ]);
    expect(await begin({ channel_ids: ['C1'] }, { known })).toEqual({
      'ch:C1': NEWEST,
      'from:C1': NEWEST,
      [`th:C1:${ROOT}`]: '1789999999.500000',
      'th:C1:2.000000': '2.000005',
      'th:C1:3.000000': null,
    });
    expect(asked()[1]).toEqual(['conversations.replies', { channel: 'C1', ts: ROOT, limit: '1' }]);
  });

  it('goes by the platform’s time where it is not told more', async () => {
    const { begin, calls } = setup(() => limited());
    const ids = Array.from({ length: 30 }, (_, index) => `C${index}`);
    const known = new Map([[`th:C1:${ROOT}`, ROOT]]);
    const cursors = await begin({ channel_ids: ids }, { known });
    expect(Object.values(cursors)).toEqual(Array.from({ length: 61 }, () => NOW));
    // One round of channels and the thread: a limit that was told is kept.
    expect(calls.length).toBeLessThanOrEqual(6);
  });

  it('asks for no more than a part of the budget', async () => {
    const { begin, calls } = setup();
    const ids = Array.from({ length: 100 }, (_, index) => `C${index}`);
    const known = new Map(ids.map((id) => [`th:${id}:${ROOT}`, ROOT]));
    const cursors = await begin({ channel_ids: ids }, { known });
    expect(calls).toHaveLength(40);
    expect(cursors).toMatchObject({ 'ch:C0': NEWEST, 'ch:C99': NOW, [`th:C99:${ROOT}`]: NOW });
  });

  it('lets one lost channel keep none of the others', async () => {
    const { begin } = setup(({ parameters }) =>
      parameters['channel'] === 'C1' ? no('not_in_channel') : ok([{ ts: NEWEST }]),
    );
    expect(await begin({ channel_ids: ['C1', 'C2'] })).toMatchObject({ 'ch:C1': NOW, 'ch:C2': NEWEST });
  });

  it('has one position for all direct messages, from when they are wanted', async () => {
    const { begin } = setup();
    const settings = { channel_ids: ['C1'], direct_messages: true };
    expect(await begin(settings)).toMatchObject({ 'from:D': NOW });
    expect(await begin(settings, { before: { channel_ids: ['C1'] } })).toEqual({ 'from:D': NOW });
    expect(await begin(settings, { before: settings })).toEqual({});
  });

  it.each([
    ['a dead token', () => no('token_revoked'), { kind: 'rejected', reason: 'invalid_bot_token' }],
    ['an outage', () => new Response('', { status: 500 }), { kind: 'unavailable' }],
    ['a cut line', () => new Error('reset'), { kind: 'unavailable' }],
  ])('says so: %s', async (_name, answer, verdict) => {
    expect(await setup(answer).begin({ channel_ids: ['C1'] })).toMatchObject({ ok: false, ...verdict });
  });
});
