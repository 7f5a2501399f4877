import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import { PAUSED } from '../../core/connector.ts';
import type { Health } from '../../core/health.ts';
import type { Bot } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import { hookSecret } from './hook.ts';
import { webhook } from './webhook.ts';

const bot: Bot = { id: 'bot_1', platform: 'telegram', identity: '7', profile: {} };
const HOOKS = 'https://chat.example.com/hooks/telegram';
const URL_OF_BOT = `${HOOKS}/bot_1`;
const MINUTE = 60_000;

const done = (result: unknown) => Response.json({ ok: true, result });
const refused = (error_code: number, description: string, parameters?: unknown) =>
  Response.json({ ok: false, error_code, description, parameters }, { status: error_code });

const open: AbortController[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.abort();
});

/** The platform as far as a webhook goes: what is set, and what `answer` says instead. */
function setup(
  info: { url: string; [field: string]: unknown },
  options: {
    cursor?: string;
    random?: number;
    answer?: (call: ScriptedCall) => ScriptedAnswer | undefined;
  } = {},
) {
  const clock = createManualClock();
  const { fetch, calls } = scriptedFetch((call) => {
    const given = options.answer?.(call);
    if (given) return given;
    if (call.method === 'getWebhookInfo') return done(info);
    if (call.method === 'setWebhook') info.url = String(call.parameters['url']);
    if (call.method === 'deleteWebhook') info.url = '';
    return done(call.method === 'getUpdates' ? [] : true);
  });
  const health: Omit<Health, 'since'>[] = [];
  const stop = new AbortController();
  open.push(stop);
  const cursors = new Map(options.cursor === undefined ? [] : [['offset', options.cursor]]);
  const receiver = webhook(
    bot,
    { bot_token: '7:secret' },
    {
      apiUrl: 'http://api.test',
      hooksUrl: HOOKS,
      fetch,
      clock,
      random: () => options.random ?? 0.5,
      log: silentLog,
      cursors,
      routes: () => [],
      accept: async () => {
        throw new Error('updates come in elsewhere');
      },
      join: async () => {},
      moved: async () => {},
      report: (state) => void health.push(state),
    },
    HOOKS,
  );
  const running = receiver.run(stop.signal);
  return {
    clock,
    calls,
    info,
    stop,
    running,
    health,
    said: () => health.map(({ state, code }) => (code ? `${state} ${code}` : state)),
    methods: () => calls.map(({ method }) => method),
  };
}

describe('agreeing', () => {
  it('sets a webhook with its secret, and drops nothing', async () => {
    const { clock, calls, health, methods } = setup({ url: '' });
    await clock.advance(0);
    expect(methods()).toEqual(['getWebhookInfo', 'setWebhook']);
    expect(calls[1]?.parameters).toEqual({
      url: URL_OF_BOT,
      secret_token: hookSecret('7:secret'),
      max_connections: 40,
      allowed_updates: ['message', 'channel_post'],
      drop_pending_updates: false,
    });
    expect(health).toEqual([
      { state: 'connecting', transport: 'webhook' },
      { state: 'connected', transport: 'webhook' },
    ]);
  });

  it('first confirms what a poll has stored, and nothing more', async () => {
    const { clock, calls, methods } = setup({ url: '' }, { cursor: '42' });
    await clock.advance(0);
    expect(methods()).toEqual(['getWebhookInfo', 'getUpdates', 'setWebhook']);
    expect(calls[1]?.parameters).toMatchObject({ offset: 42, limit: 1, timeout: 0 });
  });

  it.each([URL_OF_BOT, 'https://before.example.com/hooks/telegram/bot_1', `${HOOKS}/bot_0`])(
    'takes its own over: %s',
    async (url) => {
      const { clock, info, methods } = setup({ url }, { cursor: '42' });
      await clock.advance(0);
      expect(methods()).toEqual(['getWebhookInfo', 'setWebhook']);
      expect(info.url).toBe(URL_OF_BOT);
    },
  );

  it('never removes another service’s, and recovers when it has gone', async () => {
    const { clock, info, methods, said } = setup({ url: 'https://elsewhere.test/hooks/telegram/bot_2' });
    await clock.advance(5 * MINUTE);
    expect(new Set(methods())).toEqual(new Set(['getWebhookInfo']));
    expect(methods().length).toBeLessThan(12);
    expect(said()).toEqual(['connecting', 'error webhook_active']);
    info.url = '';
    await clock.advance(MINUTE);
    expect(info.url).toBe(URL_OF_BOT);
    expect(said()).toEqual(['connecting', 'error webhook_active', 'connected']);
  });

  it('tells the operator of an address that the platform refuses', async () => {
    let good = false;
    const { clock, said, methods } = setup(
      { url: '' },
      {
        answer: ({ method }) =>
          method === 'setWebhook' && !good
            ? refused(400, 'Bad Request: bad webhook: An HTTPS URL must be provided for webhook')
            : undefined,
      },
    );
    await clock.advance(5 * MINUTE);
    expect(said()).toEqual(['connecting', 'error bad_public_url']);
    expect(methods().length).toBeLessThan(24);
    good = true;
    await clock.advance(MINUTE);
    expect(said().at(-1)).toBe('connected');
  });

  it('waits as long as it is told', async () => {
    let left = 1;
    const { clock, methods } = setup(
      { url: '' },
      {
        answer: ({ method }) =>
          method === 'setWebhook' && left-- > 0 ? refused(429, 'x', { retry_after: 35 }) : undefined,
      },
    );
    await clock.advance(34_999);
    expect(methods()).toHaveLength(2);
    await clock.advance(1);
    expect(methods()).toHaveLength(4);
  });

  it.each<[string, () => ScriptedAnswer]>([
    ['a page', () => new Response('<html>')],
    ['a strange answer', () => done('x')],
    ['its own trouble', () => refused(502, 'Bad Gateway')],
    ['nothing', () => new TypeError('fetch failed: http://api.test/bot7:secret')],
  ])('survives %s with growing patience', async (_name, answer) => {
    let bad = true;
    const { clock, calls, said, health } = setup({ url: '' }, { answer: () => (bad ? answer() : undefined) });
    await clock.advance(MINUTE);
    expect(calls.length).toBeLessThan(10);
    expect(said()).toEqual(['connecting', 'reconnecting unreachable']);
    expect(JSON.stringify(health)).not.toContain('secret');
    bad = false;
    await clock.advance(MINUTE);
    expect(said().at(-1)).toBe('connected');
  });

  it('stops for good when the token is dead', async () => {
    const { clock, said, running, calls } = setup({ url: '' }, { answer: () => refused(401, 'Unauthorized') });
    await clock.advance(10 * MINUTE);
    await running;
    expect(calls).toHaveLength(1);
    expect(said()).toEqual(['connecting', 'error bad_credentials']);
  });
});

describe('looking after it', () => {
  it('knows it by the platform’s spelling', async () => {
    const { clock, info, said, stop, running, methods } = setup({ url: '' });
    await clock.advance(0);
    info.url = URL_OF_BOT.replace('chat.example.com', 'CHAT.example.com:443');
    await clock.advance(20 * MINUTE);
    expect(said()).toEqual(['connecting', 'connected']);
    stop.abort(PAUSED);
    await running;
    expect(methods().at(-1)).toBe('deleteWebhook');
  });

  it('asks every minute, and says nothing when all is well', async () => {
    const { clock, methods, said } = setup({ url: '' });
    await clock.advance(60 * MINUTE);
    expect(methods().slice(0, 2)).toEqual(['getWebhookInfo', 'setWebhook']);
    expect(new Set(methods().slice(2))).toEqual(new Set(['getWebhookInfo']));
    expect(methods().length).toBeGreaterThan(50);
    expect(methods().length).toBeLessThan(70);
    expect(said()).toEqual(['connecting', 'connected']);
  });

  it.each([
    ['Connection refused', 'the connection is refused'],
    ['Read timeout expired', 'no answer comes in time'],
    ['Connection timed out', 'no answer comes in time'],
    ['SSL error {error:0A000086:SSL routines::certificate verify failed}', 'certificate'],
    ['Wrong response from the webhook: 502 Bad Gateway', 'status 502'],
    ['Failed to resolve host: Name or service not known', 'cannot be resolved'],
    ['<b>something</b> new', 'the connection fails'],
  ])('names a public address that does not work: %s', async (words, expected) => {
    const { clock, info, health, said } = setup({ url: '' });
    await clock.advance(0);
    Object.assign(info, { pending_update_count: 3, last_error_date: 1_790_000_000, last_error_message: words });
    await clock.advance(MINUTE);
    expect(said()).toEqual(['connecting', 'connected', 'reconnecting webhook_failing']);
    expect(health.at(-1)?.message).toContain(expected);
    expect(health.at(-1)?.message).not.toContain('<b>');
    info['pending_update_count'] = 0;
    await clock.advance(MINUTE);
    expect(said().at(-1)).toBe('connected');
  });

  it('takes neither an old failure nor one that was made good for trouble', async () => {
    const old = { pending_update_count: 2, last_error_date: 1_789_000_000, last_error_message: 'Connection refused' };
    const { clock, info, said } = setup({ url: URL_OF_BOT, ...old });
    await clock.advance(10 * MINUTE);
    Object.assign(info, { pending_update_count: 0, last_error_date: 1_790_000_000 });
    await clock.advance(10 * MINUTE);
    info['pending_update_count'] = 1;
    await clock.advance(10 * MINUTE);
    expect(said()).toEqual(['connecting', 'connected']);
  });

  it('does not fight whoever takes it, and recovers when that has gone', async () => {
    const { clock, info, said, methods } = setup({ url: '' });
    await clock.advance(MINUTE);
    info.url = 'https://elsewhere.test/hook';
    await clock.advance(10 * MINUTE);
    expect(said()).toEqual(['connecting', 'connected', 'error webhook_taken']);
    expect(methods().filter((method) => method === 'setWebhook')).toHaveLength(1);
    expect(info.url).toBe('https://elsewhere.test/hook');
    info.url = '';
    await clock.advance(MINUTE);
    expect(info.url).toBe(URL_OF_BOT);
    expect(said().at(-1)).toBe('connected');
  });

  it('sets one that disappeared again, but not against a program that removes it each time', async () => {
    const { clock, info, said, methods } = setup({ url: '' });
    await clock.advance(MINUTE);
    info.url = '';
    await clock.advance(5 * MINUTE);
    expect(info.url).toBe(URL_OF_BOT);
    expect(said()).toEqual(['connecting', 'connected']);
    for (let round = 0; round < 10; round++) {
      info.url = '';
      await clock.advance(5 * MINUTE);
    }
    expect(said()).toEqual(['connecting', 'connected', 'error webhook_taken']);
    expect(methods().filter((method) => method === 'setWebhook')).toHaveLength(2);
    await clock.advance(15 * MINUTE);
    expect(said().at(-1)).toBe('connected');
  });

  it('admits that the platform does not answer, and recovers', async () => {
    let away = false;
    const { clock, said } = setup({ url: '' }, { answer: ({ signal }) => (away ? hangs(signal) : undefined) });
    await clock.advance(MINUTE);
    away = true;
    await clock.advance(6 * MINUTE);
    expect(said()).toEqual(['connecting', 'connected', 'reconnecting unreachable']);
    away = false;
    await clock.advance(MINUTE);
    expect(said().at(-1)).toBe('connected');
  });

  it.each([0, 1])('notices within 90 seconds what makes no sound, whatever chance says: %d', async (random) => {
    let dead = false;
    const answer = () => (dead ? refused(401, 'x') : undefined);
    const [taken, revoked] = [setup({ url: '' }, { random }), setup({ url: '' }, { random, answer })];
    for (const { clock } of [taken, revoked]) await clock.advance(10 * MINUTE);
    taken.info.url = 'https://elsewhere.test/hook';
    dead = true;
    for (const { clock } of [taken, revoked]) await clock.advance(90_000);
    expect(taken.said().at(-1)).toBe('error webhook_taken');
    expect(revoked.said().at(-1)).toBe('error bad_credentials');
  });

  it('ends when the token dies', async () => {
    let dead = false;
    const { clock, said, running } = setup({ url: '' }, { answer: () => (dead ? refused(401, 'x') : undefined) });
    await clock.advance(MINUTE);
    dead = true;
    await clock.advance(6 * MINUTE);
    await running;
    expect(said().at(-1)).toBe('error bad_credentials');
  });
});

describe('the end', () => {
  it('leaves the webhook to whoever goes on', async () => {
    const { clock, stop, running, info, calls } = setup({ url: '' });
    await clock.advance(0);
    const before = calls.length;
    stop.abort();
    await running;
    expect(calls).toHaveLength(before);
    expect(info.url).toBe(URL_OF_BOT);
  });

  it('takes it down when nobody wants the bot, and keeps what waits', async () => {
    const { clock, stop, running, info, calls } = setup({ url: '' });
    await clock.advance(0);
    stop.abort(PAUSED);
    await running;
    expect(calls.at(-1)).toMatchObject({ method: 'deleteWebhook', parameters: { drop_pending_updates: false } });
    expect(info.url).toBe('');
  });

  it('does not take down what is another’s', async () => {
    const { clock, stop, running, info, methods } = setup({ url: '' });
    await clock.advance(0);
    info.url = 'https://elsewhere.test/hook';
    stop.abort(PAUSED);
    await running;
    expect(methods()).not.toContain('deleteWebhook');
  });

  it('is not held up by a platform that does not answer', async () => {
    let away = false;
    const { clock, stop, running } = setup({ url: '' }, { answer: ({ signal }) => (away ? hangs(signal) : undefined) });
    await clock.advance(0);
    away = true;
    stop.abort(PAUSED);
    await clock.advance(3_000);
    await running;
  });
});
