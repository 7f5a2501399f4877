import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, type ScriptedAnswer, type ScriptedCall, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import type { Health } from '../../core/health.ts';
import type { Bot } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import type { Cursor, InboundMessage } from '../../core/message.ts';
import { polling } from './polling.ts';

const bot: Bot = { id: 'bot_1', platform: 'telegram', identity: '7', profile: { username: 'AriaBot' } };
const CONFLICT = 'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running';

const batch = (...updates: unknown[]) => Response.json({ ok: true, result: updates });
const refused = (error_code: number, description: string, parameters?: unknown) =>
  Response.json({ ok: false, error_code, description, parameters }, { status: error_code });
const info = (url: string) => Response.json({ ok: true, result: { url } });
const said = (update_id: number, text: string, chat: object = { id: 5, type: 'private' }) => ({
  update_id,
  message: { message_id: update_id, date: 1, chat, from: { id: 5, is_bot: false, first_name: 'A' }, text },
});

const open: AbortController[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.abort();
});

interface Taken {
  readonly texts: readonly string[];
  readonly cursors: readonly Cursor[];
}

function setup(
  answer: (call: ScriptedCall, index: number) => ScriptedAnswer,
  options: { cursor?: string; accept?: (taken: Taken) => Promise<void> } = {},
) {
  const clock = createManualClock();
  const { fetch, calls } = scriptedFetch(answer);
  const taken: (Taken | string)[] = [];
  const health: string[] = [];
  const stop = new AbortController();
  open.push(stop);
  const receiver = polling(
    bot,
    { bot_token: '7:secret' },
    {
      apiUrl: 'http://api.test',
      fetch,
      clock,
      random: () => 0.5,
      log: silentLog,
      cursors: new Map(options.cursor === undefined ? [] : [['offset', options.cursor]]),
      routes: () => [],
      accept: async (messages: readonly InboundMessage[], cursors: readonly Cursor[]) => {
        const one = { texts: messages.map((message) => message.text), cursors };
        await options.accept?.(one);
        taken.push(one);
      },
      join: async () => {},
      moved: async (from, to) => void taken.push(`${from} > ${to}`),
      report: ({ state, code }: Omit<Health, 'since'>) => void health.push(code ? `${state} ${code}` : state),
    },
  );
  const running = receiver.run(stop.signal);
  return { clock, calls, taken, health, stop, running };
}

const at = (value: string) => [{ name: 'offset', value }];

describe('polling', () => {
  it('F081: tells early that it is connected, then waits long', async () => {
    const { clock, calls, health } = setup((call, index) => (index === 0 ? batch() : hangs(call.signal)), {
      cursor: '40',
    });
    await clock.advance(0);
    expect(calls.map((call) => call.parameters)).toEqual([
      { offset: 40, limit: 100, timeout: 0, allowed_updates: ['message', 'channel_post'] },
      { offset: 40, limit: 100, timeout: 40, allowed_updates: ['message', 'channel_post'] },
    ]);
    expect(health).toEqual(['connecting', 'connected']);
  });

  it('stores a batch at once and acknowledges it by the next poll only', async () => {
    const store = Promise.withResolvers<void>();
    const { clock, calls, taken } = setup(
      (call, index) =>
        index === 0 ? batch(said(11, 'a'), { update_id: 12, poll: {} }, said(13, 'b')) : hangs(call.signal),
      { accept: () => store.promise },
    );
    await clock.advance(1_000);
    expect(calls).toHaveLength(1);
    store.resolve();
    await clock.advance(0);
    expect(taken).toEqual([{ texts: ['a', 'b'], cursors: at('14') }]);
    expect(calls[1]?.parameters['offset']).toBe(14);
  });

  it('asks again for what could not be stored', async () => {
    let refusals = 3;
    const { clock, calls, taken, health } = setup(
      (call) => (call.parameters['offset'] === 11 ? batch(said(11, 'a')) : hangs(call.signal)),
      { cursor: '11', accept: async () => (refusals-- > 0 ? Promise.reject(new Error('disk')) : undefined) },
    );
    await clock.advance(10_000);
    expect(calls.map((call) => call.parameters['offset'])).toEqual([11, 11, 11, 11, 12]);
    expect(taken).toEqual([{ texts: ['a'], cursors: at('12') }]);
    expect(health).toEqual(['connecting', 'reconnecting store_unavailable', 'connected']);
  });

  it('divides a batch where a group changes its id', async () => {
    const group = { id: -4, type: 'group' };
    const { clock, taken } = setup((call, index) =>
      index === 0
        ? batch(
            said(1, 'before', group),
            { update_id: 2, message: { message_id: 2, date: 1, chat: group, migrate_to_chat_id: -1004 } },
            {
              update_id: 3,
              message: { message_id: 1, date: 1, chat: { id: -1004, type: 'supergroup' }, migrate_from_chat_id: -4 },
            },
            said(4, 'after', { id: -1004, type: 'supergroup' }),
          )
        : hangs(call.signal),
    );
    await clock.advance(0);
    expect(taken).toEqual([
      { texts: ['before'], cursors: at('2') },
      '-4 > -1004',
      { texts: ['after'], cursors: at('5') },
    ]);
  });

  it('confirms what it cannot read', async () => {
    const { clock, taken } = setup((call, index) =>
      index === 0 ? batch({ update_id: 8, message: { text: 'no chat' } }, said(9, 'ok')) : hangs(call.signal),
    );
    await clock.advance(0);
    expect(taken).toEqual([{ texts: ['ok'], cursors: at('10') }]);
  });

  it.each<[string, () => ScriptedAnswer]>([
    ['a page', () => new Response('<html>', { status: 200 })],
    ['half an answer', () => new Response('{"ok":true,"result":[{', { status: 200 })],
    ['an object', () => Response.json({ ok: true, result: {} })],
    ['things without a number', () => batch({ hello: 1 }, 'x', null)],
    ['its own trouble', () => refused(500, 'Internal Server Error')],
    ['a lost way', () => new Response('not here', { status: 404 })],
    ['a redirect', () => new Response('', { status: 301, headers: { location: 'http://elsewhere' } })],
    ['nothing', () => new TypeError('fetch failed')],
  ])('F063: survives %s with growing patience', async (_name, answer) => {
    const { clock, calls, health } = setup((call, index) =>
      index < 12 ? answer() : index === 12 ? batch() : hangs(call.signal),
    );
    await clock.advance(60_000);
    expect(calls.length).toBeLessThan(10);
    await clock.advance(6 * 30_000);
    // The script ends there, and a poll that is never answered is given up in its turn.
    expect(health.slice(0, 3)).toEqual(['connecting', 'reconnecting unreachable', 'connected']);
  });

  it('waits exactly as long as it was told', async () => {
    const { clock, calls } = setup((call, index) =>
      index === 0 ? refused(429, 'x', { retry_after: 35 }) : hangs(call.signal),
    );
    await clock.advance(34_999);
    expect(calls).toHaveLength(1);
    await clock.advance(1);
    expect(calls).toHaveLength(2);
  });

  it('F064: gives up a half-open poll within a minute', async () => {
    const { clock, calls, health } = setup((call, index) => (index === 0 ? batch() : hangs(call.signal)));
    await clock.advance(52_000);
    expect(calls.map((call) => call.parameters['timeout'])).toEqual([0, 40, 0]);
    expect(health.at(-1)).toBe('reconnecting unreachable');
  });

  it('F065: stops for good when the token is dead', async () => {
    const { clock, calls, health, running } = setup((_call, index) =>
      index === 0 ? batch() : refused(401, 'Unauthorized'),
    );
    await clock.advance(120_000);
    await running;
    expect(calls).toHaveLength(2);
    expect(health).toEqual(['connecting', 'connected', 'error bad_credentials']);
  });

  it('bears an overlap of seconds without a word', async () => {
    const { clock, health } = setup((call, index) =>
      index > 0 && index < 4 ? refused(409, CONFLICT) : index === 0 ? batch() : hangs(call.signal),
    );
    await clock.advance(15_000);
    expect(health).toEqual(['connecting', 'connected']);
  });

  it('F061: names a second poller within half a minute and recovers when it has gone', async () => {
    let gone = false;
    const { clock, health } = setup((call) => {
      if (call.parameters['timeout'] === 0) return batch();
      if (!gone) return clockAnswer(clock.sleep(2_000), refused(409, CONFLICT));
      return clockAnswer(clock.sleep(Number(call.parameters['timeout']) * 1000, call.signal), batch());
    });
    await clock.advance(30_000);
    expect(health).toEqual(['connecting', 'connected', 'error conflict']);
    await clock.advance(120_000);
    expect(health).toHaveLength(3);
    gone = true;
    await clock.advance(45_000);
    expect(health).toEqual(['connecting', 'connected', 'error conflict', 'connected']);
  });

  it('F062: names a webhook at once and recovers when it has gone', async () => {
    let gone = false;
    const { clock, calls, health } = setup((call) => {
      if (gone) return call.parameters['timeout'] === 0 ? batch() : hangs(call.signal);
      if (call.method === 'getWebhookInfo') return info('https://elsewhere.test/hooks/telegram/bot_2');
      return refused(
        409,
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      );
    });
    await clock.advance(10 * 60_000);
    expect(health).toEqual(['connecting', 'error webhook_active']);
    expect(calls.length).toBeLessThan(44);
    expect(calls.map(({ method }) => method)).not.toContain('deleteWebhook');
    gone = true;
    await clock.advance(60_000);
    expect(health.at(-1)).toBe('connected');
  });

  it('takes its own webhook of an earlier configuration down, keeps what waits and goes on from its position', async () => {
    let url = 'https://before.test/hooks/telegram/bot_1';
    const { clock, calls, health, taken } = setup(
      (call) => {
        if (call.method === 'getWebhookInfo') return info(url);
        if (call.method === 'deleteWebhook') {
          url = '';
          return Response.json({ ok: true, result: true });
        }
        if (url !== '') return refused(409, "Conflict: can't use getUpdates method while webhook is active");
        return call.parameters['offset'] === 11 ? batch(said(30, 'never acknowledged')) : hangs(call.signal);
      },
      { cursor: '11' },
    );
    await clock.advance(2_000);
    expect(calls.find(({ method }) => method === 'deleteWebhook')?.parameters).toEqual({ drop_pending_updates: false });
    expect(taken).toEqual([{ texts: ['never acknowledged'], cursors: at('31') }]);
    expect(health).toEqual(['connecting', 'connected']);
  });

  it('does not spin on a server that does not hold polls', async () => {
    const { clock, calls } = setup(() => batch());
    await clock.advance(10_000);
    expect(calls.length).toBeLessThanOrEqual(12);
  });

  it('does not spin on a server that repeats what was confirmed', async () => {
    const { clock, calls } = setup(() => batch(said(5, 'again')));
    await clock.advance(10_000);
    expect(calls.length).toBeLessThanOrEqual(12);
  });

  it('asks for fewer when an answer is too large', async () => {
    const huge = 'x'.repeat(33 * 1024 * 1024);
    const { clock, calls } = setup((call, index) => (index === 0 ? new Response(huge) : hangs(call.signal)));
    await clock.advance(2_000);
    expect(calls.map((call) => call.parameters['limit'])).toEqual([100, 10]);
  });

  it('ends the request at once when it is stopped', async () => {
    const { clock, calls, stop, running, health } = setup((call, index) =>
      index === 0 ? batch() : hangs(call.signal),
    );
    await clock.advance(0);
    stop.abort();
    await running;
    expect(calls[1]?.signal.aborted).toBe(true);
    expect(health).toEqual(['connecting', 'connected']);
  });
});

async function clockAnswer(wait: Promise<void>, answer: Response): Promise<Response> {
  await wait;
  return answer;
}
