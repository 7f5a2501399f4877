import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type Caller,
  type Frame,
  hello,
  type ScriptedGateway,
  scriptedGateway,
} from '../../../test/support/scripted-gateway.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Health } from '../../core/health.ts';
import type { Bot, Integration } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import type { Cursor, InboundMessage } from '../../core/message.ts';
import { gateway } from './gateway.ts';

const GUILD = '1200000000000000001';
const CHANNEL = '1200000000000000002';
const FORUM = '1200000000000000003';
const THREAD = '1200000000000000004';
let self = '';
let bots = 1_200_000_000;
let bot: Bot;

let there: ScriptedGateway;
const open: (() => Promise<void>)[] = [];
beforeEach(async () => {
  // How fast a bot may begin anew is remembered beyond a link.
  self = `${++bots}000000`;
  bot = { id: 'bot_1', platform: 'discord', identity: self, profile: {} };
  there = await scriptedGateway();
});
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
  await there.close();
});

/** Waits are short, durations real: what is slept is kept. */
function hasty(slept: number[]): Clock {
  return {
    ...systemClock,
    sleep: (ms, signal) => {
      if (ms === 10_000 || ms === 5_000) return systemClock.sleep(ms, signal);
      slept.push(ms);
      return systemClock.sleep(Math.min(ms, 5), signal);
    },
  };
}

interface Options {
  readonly settings?: Record<string, unknown>;
  readonly accept?: (messages: readonly InboundMessage[]) => Promise<void>;
  readonly cursor?: string;
  readonly clock?: Partial<Clock>;
}

function start(options: Options = {}) {
  const heard: InboundMessage[] = [];
  const commits: { ids: string[]; seq: number | undefined }[] = [];
  const health: Omit<Health, 'since'>[] = [];
  const slept: number[] = [];
  const cursors = new Map(options.cursor === undefined ? [] : [['session', options.cursor]]);
  const stopping = new AbortController();
  const settings = { guild_id: GUILD, channel_ids: [CHANNEL, FORUM], ...options.settings };
  const routes = [{ settings } as unknown as Integration];
  const receiver = gateway(
    bot,
    { bot_token: 'secret' },
    {
      apiUrl: there.apiUrl,
      fetch,
      clock: { ...hasty(slept), ...options.clock },
      random: () => 0.5,
      log: silentLog,
      cursors,
      routes: () => routes,
      accept: async (messages: readonly InboundMessage[], moved: readonly Cursor[]) => {
        await options.accept?.(messages);
        heard.push(...messages);
        for (const { name, value } of moved) value === null ? cursors.delete(name) : cursors.set(name, value);
        const [cursor] = moved;
        const seq = cursor?.value ? (JSON.parse(cursor.value) as { seq: number }).seq : undefined;
        commits.push({ ids: messages.map(({ id }) => id), seq });
      },
      moved: async () => {},
      report: (state) => void health.push(state),
    },
  );
  const ended = receiver.run(stopping.signal);
  const stop = async (reason?: string) => {
    stopping.abort(reason);
    await ended;
  };
  open.push(stop);
  return { heard, commits, health, slept, cursors, ended, stop, routes };
}

async function until(holds: () => boolean): Promise<void> {
  const deadline = performance.now() + 4_000;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error('did not happen');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const ready = (session_id = 's1', guilds = [{ id: GUILD, unavailable: true }]) => ({
  op: 0,
  t: 'READY',
  s: 1,
  d: { session_id, resume_gateway_url: `${there.url}/again`, user: { id: self }, guilds },
});
const said = (s: number, id: string, more: object = {}) => ({
  op: 0,
  t: 'MESSAGE_CREATE',
  s,
  d: {
    id,
    channel_id: CHANNEL,
    guild_id: GUILD,
    channel_type: 0,
    type: 0,
    content: `text ${id}`,
    timestamp: '2026-03-09T18:22:00.000000+00:00',
    author: { id: '5', username: 'ann' },
    ...more,
  },
});
/** Identify is answered with READY, resume with RESUMED. */
const polite = (caller: Caller, { op }: Frame) => {
  if (op === 2) caller.send(ready());
  if (op === 6) caller.send({ op: 0, t: 'RESUMED', s: 99, d: {} });
};
const states = (health: readonly Omit<Health, 'since'>[]) =>
  health.map(({ state, code }) => [state, code].filter(Boolean).join(' '));
const greetings = () => there.callers.map(({ frames }) => frames.find(({ op }) => op !== 1)?.op);

describe('a new link', () => {
  it('asks where to go, identifies, stores its session and says that it is connected', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.calls).toEqual(['/v10/gateway/bot']);
    expect(there.callers[0]?.url).toBe('/?v=10&encoding=json');
    expect(there.callers[0]?.frames[0]).toMatchObject({ op: 2, d: { token: 'secret', intents: 33281 } });
    expect(states(link.health)).toEqual(['connecting', 'connected']);
    expect(JSON.parse(link.cursors.get('session') ?? '')).toMatchObject({ session_id: 's1', seq: 1 });
  });

  it('asks for direct messages only where they are wanted, and anew when that changes', async () => {
    there.heard = polite;
    const link = start({ settings: { direct_messages: true } });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.callers[0]?.frames[0]?.d).toMatchObject({ intents: 37377 });
    link.routes.splice(0, 1, { settings: { guild_id: GUILD, channel_ids: [CHANNEL] } } as unknown as Integration);
    there.callers[0]?.send(said(2, '100'));
    await until(() => there.callers[1]?.frames[0] !== undefined);
    expect(there.callers[1]?.frames[0]).toMatchObject({ op: 2, d: { intents: 33281 } });
    expect(link.heard.map(({ id }) => id)).toEqual(['100']);
  });

  it('stores what came at once in one transaction, in order, with its sequence', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    for (const [s, id] of [
      [2, '100'],
      [3, '101'],
      [5, '102'],
    ] as const)
      caller?.send(said(s, id));
    caller?.send({ op: 0, t: 'PRESENCE_UPDATE', s: 6, d: { huge: true } });
    caller?.send({ op: 0, t: 'NEVER_HEARD_OF', s: 7, d: 'x' });
    await until(() => link.heard.length === 3);
    expect(link.heard.map(({ id }) => id)).toEqual(['100', '101', '102']);
    expect(link.commits.length).toBeLessThanOrEqual(4);
    await link.stop();
    expect(link.commits.at(-1)?.seq).toBe(7);
    await until(() => caller?.code !== undefined);
    expect(caller?.code).toBe(4000);
  });

  it('does not store for what nobody listens to, nor for its own words', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    caller?.send(said(2, '100', { author: { id: self, bot: true } }));
    caller?.send(said(3, '101', { channel_id: '1200000000000000077' }));
    caller?.send(said(4, '102'));
    await until(() => link.heard.some(({ id }) => id === '102'));
    expect(link.heard.map(({ id }) => id)).toEqual(['101', '102']);
    expect(link.commits.filter(({ seq }) => seq !== undefined).map(({ seq }) => seq)).toEqual([1, 4]);
  });

  it('knows the channel of a thread: told, asked once, or listed itself', async () => {
    there.heard = polite;
    const { answer } = there;
    there.answer = (path) =>
      path.startsWith('/v10/channels/') ? [200, { id: path.slice(14), type: 11, parent_id: FORUM }] : answer(path);
    const link = start({ settings: { channel_ids: [FORUM, '1200000000000000066'] } });
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    caller?.send({ op: 0, t: 'THREAD_CREATE', s: 2, d: { id: THREAD, type: 11, parent_id: FORUM, guild_id: GUILD } });
    const inside = (s: number, id: string, channel_id: string) => said(s, id, { channel_id, channel_type: 11 });
    caller?.send(inside(3, '100', THREAD));
    caller?.send(inside(4, '101', '1200000000000000055'));
    caller?.send(inside(5, '102', '1200000000000000055'));
    caller?.send(inside(6, '103', '1200000000000000066'));
    await until(() => link.heard.length === 4);
    expect(link.heard.map(({ at }) => at)).toEqual([
      { scope: GUILD, channel: FORUM, thread: THREAD },
      { scope: GUILD, channel: FORUM, thread: '1200000000000000055' },
      { scope: GUILD, channel: FORUM, thread: '1200000000000000055' },
      { scope: GUILD, channel: '1200000000000000066' },
    ]);
    expect(there.calls.filter((path) => path.includes('/channels/'))).toHaveLength(1);
  });

  it('takes a mention of its own role for a mention', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const roles = [{ id: '31', tags: { bot_id: self } }, { id: '32' }];
    there.callers[0]?.send({ op: 0, t: 'GUILD_CREATE', s: 2, d: { id: GUILD, roles, threads: [] } });
    there.callers[0]?.send(said(3, '100', { mention_roles: ['31'], content: '<@&31> hello' }));
    there.callers[0]?.send(said(4, '101', { mention_roles: ['32'], content: '<@&32> hello' }));
    await until(() => link.heard.length === 2);
    expect(link.heard.map(({ addressed, text }) => [addressed, text])).toEqual([
      [true, 'hello'],
      [false, '<@&32> hello'],
    ]);
  });
});

describe('heartbeats', () => {
  it('confirm only what has been stored', async () => {
    there.met = (caller) => caller.send(hello(100));
    there.heard = polite;
    const store = Promise.withResolvers<void>();
    const link = start({ accept: (messages) => (messages.length > 0 ? store.promise : Promise.resolve()) });
    await until(() => link.health.at(-1)?.state === 'connected');
    const beats = () => there.callers[0]?.frames.filter(({ op }) => op === 1).map(({ d }) => d) ?? [];
    there.callers[0]?.send(said(2, '100'));
    const before = beats().length;
    await until(() => beats().length >= before + 2);
    expect(beats()).not.toContain(2);
    store.resolve();
    await until(() => beats().includes(2));
  });

  it('answer when asked', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    there.callers[0]?.send({ op: 1, d: null });
    await until(() => there.callers[0]?.frames.some(({ op }) => op === 1) === true);
  });

  it('find a dead link, which is left without ending the session, and the new one starts afresh', async () => {
    there.met = (caller, index) => caller.send(hello(index === 0 ? 300 : 45_000));
    there.heard = (caller, frame) => {
      polite(caller, frame);
      return caller === there.callers[0];
    };
    const link = start();
    await until(() => there.callers.length === 2 && link.health.at(-1)?.state === 'connected');
    expect(there.callers[0]?.code).toBe(4000);
    expect(greetings()).toEqual([2, 6]);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(there.callers).toHaveLength(2);
  });
});

describe('a link that ends', () => {
  it.each<[string, (caller: Caller) => void, number]>([
    ['op 7', (caller) => caller.send({ op: 7, d: null }), 6],
    ['op 9, resumable', (caller) => caller.send({ op: 9, d: true }), 6],
    ['op 9', (caller) => caller.send({ op: 9, d: false }), 2],
    ['a broken connection', (caller) => caller.socket.terminate(), 6],
    ['garbage', (caller) => caller.socket.send('{"op":'), 6],
    ...[1000, 1001, 4000, 4001, 4002, 4005, 4008].map((code): [string, (caller: Caller) => void, number] => [
      `close ${code}`,
      (caller) => caller.socket.close(code),
      6,
    ]),
    ...[4003, 4007, 4009].map((code): [string, (caller: Caller) => void, number] => [
      `close ${code}`,
      (caller) => caller.socket.close(code),
      2,
    ]),
  ])('by %s', async (name, end, next) => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    there.callers[0]?.send(said(2, '100'));
    await until(() => link.heard.length === 1);
    for (const caller of there.callers) end(caller);
    await until(() => there.callers[1]?.frames[0] !== undefined && link.health.at(-1)?.state === 'connected');
    expect(there.callers[1]?.frames[0]?.op).toBe(next);
    if (next === 6) {
      expect(there.callers[1]?.url).toBe('/again?v=10&encoding=json');
      expect(there.callers[1]?.frames[0]?.d).toEqual({ token: 'secret', session_id: 's1', seq: 2 });
    }
    // Where it is for us to close, the session must live on.
    if (/op|garbage/.test(name)) expect(there.callers[0]?.code).toBe(4000);
    expect(states(link.health)).toContain('reconnecting connection_lost');
  });

  it.each([
    [4004, 'bad_credentials'],
    [4010, 'invalid_configuration'],
    [4011, 'invalid_configuration'],
    [4012, 'invalid_configuration'],
    [4013, 'invalid_configuration'],
    [4014, 'missing_intent'],
  ])('for good by close %i', async (code, reason) => {
    there.heard = (caller, { op }) => op === 2 && caller.socket.close(code);
    const link = start();
    await link.ended;
    expect(link.health.at(-1)).toMatchObject({ state: 'error', code: reason, message: expect.stringMatching(/\w/) });
    if (code !== 4004 && code !== 4014) return;
    expect(link.health.at(-1)?.fixUrl).toContain('https://discord.com/developers/applications');
  });

  it('waits 1–5 s before it identifies anew', async () => {
    there.heard = (caller, { op }) => (op === 2 ? caller.send(ready()) : op === 6 && caller.send({ op: 9, d: false }));
    const cursor = JSON.stringify({ session_id: 'old', resume_url: there.url, seq: 7, intents: 33281, roles: [] });
    const link = start({ cursor });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(greetings()).toEqual([6, 2]);
    expect(link.slept.at(-1)).toBe(3_000);
  });

  it('gives a session up that cannot be resumed after three tries', async () => {
    there.heard = (caller, { op }) => (op === 6 ? caller.socket.terminate() : op === 2 && caller.send(ready('s2')));
    const cursor = JSON.stringify({ session_id: 'old', resume_url: there.url, seq: 7, intents: 33281, roles: [] });
    const link = start({ cursor });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(greetings()).toEqual([6, 6, 6, 2]);
  });

  it('asks for another address when the session’s own does not answer', async () => {
    there.heard = polite;
    const resume_url = 'ws://127.0.0.1:1';
    const link = start({
      cursor: JSON.stringify({ session_id: 'old', resume_url, seq: 7, intents: 33281, roles: [] }),
    });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.callers[0]?.frames[0]).toEqual({ op: 6, d: { token: 'secret', session_id: 'old', seq: 7 } });
    expect(states(link.health)).toContain('reconnecting unreachable');
  });
});

describe('what could not be stored', () => {
  it('comes again: the link closes and resumes after what is stored', async () => {
    there.heard = (caller, { op }) => {
      if (op === 2) caller.send(ready());
      if (op !== 6) return;
      caller.send(said(2, '100'));
      caller.send(said(3, '101'));
      caller.send({ op: 0, t: 'RESUMED', s: 4, d: {} });
    };
    let refusals = 2;
    const link = start({
      accept: async (messages) => {
        if (messages.length > 0 && refusals-- > 0) throw new Error('the disk is full');
      },
    });
    await until(() => link.health.at(-1)?.state === 'connected');
    there.callers[0]?.send(said(2, '100'));
    await until(() => link.heard.length === 2);
    expect(link.heard.map(({ id }) => id)).toEqual(['100', '101']);
    expect(there.callers.slice(1).map(({ frames }) => frames[0]?.d)).toMatchObject([{ seq: 1 }, { seq: 1 }]);
    expect(there.callers.slice(0, 2).map(({ code }) => code)).toEqual([4000, 4000]);
    expect(states(link.health)).toContain('reconnecting store_unavailable');
    await until(() => link.health.at(-1)?.state === 'connected');
  });
});

describe('a slow store', () => {
  it('makes the platform wait; nothing is lost, and the link is not taken for dead', async () => {
    there.met = (caller) => caller.send(hello(300));
    there.heard = polite;
    const store = Promise.withResolvers<void>();
    const link = start({ accept: (messages) => (messages.length > 0 ? store.promise : Promise.resolve()) });
    await until(() => link.health.at(-1)?.state === 'connected');
    const ids = Array.from({ length: 3_000 }, (_, index) => String(1_000 + index));
    for (const [index, id] of ids.entries()) there.callers[0]?.send(said(index + 2, id));
    // Three times as long as an acknowledgement may take.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(link.heard).toHaveLength(0);
    store.resolve();
    await until(() => link.heard.length === ids.length);
    expect(link.heard.map(({ id }) => id)).toEqual(ids);
    expect(there.callers).toHaveLength(1);
    expect(link.commits.length).toBeLessThan(100);
  });
});

describe('the end', () => {
  it('of a paused bot is offline and forgets the session', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    await link.stop('paused');
    await until(() => there.callers[0]?.code !== undefined);
    expect(there.callers[0]?.code).toBe(1000);
    expect(link.cursors.has('session')).toBe(false);
  });

  it('of any other kind lets the next owner resume', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    there.callers[0]?.send({ op: 0, t: 'TYPING_START', s: 2, d: {} });
    there.callers[0]?.send(said(3, '100'));
    await until(() => link.heard.length === 1);
    await link.stop();
    const next = start({ cursor: link.cursors.get('session') ?? '' });
    await until(() => next.health.at(-1)?.state === 'connected');
    expect(there.callers[1]?.frames[0]).toEqual({ op: 6, d: { token: 'secret', session_id: 's1', seq: 3 } });
    expect(there.calls).toHaveLength(1);
  });
});

describe('restraint', () => {
  it('does not identify when the day’s share is used up, and says until when', async () => {
    const { answer } = there;
    let asked = 0;
    there.answer = (path) =>
      asked++ === 0
        ? [200, { url: there.url, session_start_limit: { total: 1000, remaining: 0, reset_after: 7_200_000 } }]
        : answer(path);
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(link.slept[0]).toBe(7_200_000);
    expect(states(link.health)).toEqual(['connecting', 'reconnecting identify_limit', 'connected']);
    expect(link.health[1]?.message).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
  });

  it('keeps a reserve of identifies', async () => {
    there.answer = () => [
      200,
      { url: there.url, session_start_limit: { total: 1000, remaining: 90, reset_after: 60_000 } },
    ];
    there.heard = (caller, { op }) => op === 2 && caller.socket.close(4009);
    const link = start();
    await until(() => states(link.health).includes('reconnecting identify_limit'));
    expect(there.callers).toHaveLength(1);
  });

  it('stops at a dead token, for good', async () => {
    there.answer = () => [401, { message: '401: Unauthorized', code: 0 }];
    const link = start();
    await link.ended;
    expect(states(link.health)).toEqual(['connecting', 'error bad_credentials']);
    expect(there.calls).toHaveLength(1);
  });

  it.each([
    'wss://169.254.169.254/',
    'ws://localhost/',
    'wss://discord.gg.example.com',
    'https://gateway.discord.gg',
    7,
  ])('does not follow %s', async (url) => {
    there.answer = () => [200, { url }];
    const link = start();
    await until(() => states(link.health).includes('error untrusted_gateway'));
    expect(there.callers).toHaveLength(0);
  });

  it('does not resume elsewhere, and says so', async () => {
    there.heard = (caller, frame) => {
      const first = ready();
      if (frame.op === 2) caller.send({ ...first, d: { ...first.d, resume_gateway_url: 'wss://169.254.169.254' } });
      else polite(caller, frame);
    };
    const link = start();
    await until(() => states(link.health).includes('connected untrusted_gateway'));
    there.callers[0]?.socket.terminate();
    await until(() => there.callers[1]?.frames[0] !== undefined);
    expect(there.callers[1]?.frames[0]?.op).toBe(6);
  });

  it('says when the bot is in none of its servers any more, an outage apart', async () => {
    there.heard = polite;
    const link = start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    caller?.send({ op: 0, t: 'GUILD_DELETE', s: 2, d: { id: GUILD, unavailable: true } });
    caller?.send(said(3, '100'));
    await until(() => link.heard.length === 1);
    expect(states(link.health)).toEqual(['connecting', 'connected']);
    caller?.send({ op: 0, t: 'GUILD_DELETE', s: 4, d: { id: GUILD } });
    await until(() => states(link.health).includes('connected removed_from_guild'));
    caller?.send({ op: 0, t: 'GUILD_CREATE', s: 5, d: { id: GUILD, roles: [], threads: [] } });
    await until(() => link.health.at(-1)?.code === undefined);
  });

  it('leaves a server that says nothing after 30 s', async () => {
    let passed = 0;
    const slow = { elapsed: () => performance.now() + passed };
    there.met = (_caller, index) => {
      if (index > 0) there.callers[index]?.send(hello());
    };
    there.heard = polite;
    const link = start({ clock: slow });
    await until(() => there.callers.length === 1);
    passed = 30_100;
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.callers.length).toBe(2);
  });
});
