import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayRig, gatewayRig, said, states, until } from '../../../test/support/gateway-rig.ts';
import type { Caller } from '../../../test/support/scripted-gateway.ts';

let there: GatewayRig;
beforeEach(async () => {
  there = await gatewayRig();
});
afterEach(() => there.end());

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
    there.heard = there.polite;
    const link = there.start();
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

  it('F048: frames that nobody knows change nothing, and those that are none cost the link at most', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    const odd = [
      { op: 99, d: {} },
      { op: 99, d: 'x'.repeat(2 << 20) },
      { d: 7 },
      { op: 0, t: 'SOMETHING_NEW', s: null, d: {} },
      { op: 0, t: 'MESSAGE_CREATE', s: 2, d: null },
      { op: 0, t: 'MESSAGE_CREATE', s: 3, d: { id: {}, author: 'x', content: [] } },
      { op: 0, t: 'GUILD_CREATE', s: 4, d: { id: [], threads: 'x', roles: 7 } },
      { op: 11, d: { surprise: true } },
    ];
    for (const frame of odd) caller?.send(frame);
    caller?.send(said(5, '100'));
    await until(() => link.heard.length === 1);
    expect(there.callers).toHaveLength(1);
    const none = ['7', 'null', '[]', Buffer.from([0x78, 0x9c, 0xde, 0xad, 0xff])];
    for (const [index, frame] of none.entries()) {
      there.callers[index]?.socket.send(frame);
      await until(() => there.callers[index + 1]?.frames[0] !== undefined);
      await until(() => link.health.at(-1)?.state === 'connected');
    }
    there.callers.at(-1)?.send(said(6, '101'));
    await until(() => link.heard.length === 2);
    expect(there.greetings()).toEqual([2, 6, 6, 6, 6]);
  });

  it.each([
    [4004, 'bad_credentials'],
    [4010, 'invalid_configuration'],
    [4011, 'invalid_configuration'],
    [4012, 'invalid_configuration'],
    [4013, 'invalid_configuration'],
    [4014, 'missing_intent'],
  ])('F038 F040: for good by close %i', async (code, reason) => {
    there.heard = (caller, { op }) => op === 2 && caller.socket.close(code);
    const link = there.start();
    await link.ended;
    expect(link.health.at(-1)).toMatchObject({ state: 'error', code: reason, message: expect.stringMatching(/\w/) });
    if (code !== 4004 && code !== 4014) return;
    expect(link.health.at(-1)?.fixUrl).toContain('https://discord.com/developers/applications');
  });

  it('F034: waits 1–5 s before it identifies anew', async () => {
    there.heard = (caller, { op }) =>
      op === 2 ? caller.send(there.ready()) : op === 6 && caller.send({ op: 9, d: false });
    const cursor = JSON.stringify({ session_id: 'old', resume_url: there.url, seq: 7, intents: 33281, roles: [] });
    const link = there.start({ cursor });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.greetings()).toEqual([6, 2]);
    expect(link.slept.at(-1)).toBe(3_000);
  });

  it('F033: gives a session up that cannot be resumed after three tries', async () => {
    there.heard = (caller, { op }) =>
      op === 6 ? caller.socket.terminate() : op === 2 && caller.send(there.ready('s2'));
    const cursor = JSON.stringify({ session_id: 'old', resume_url: there.url, seq: 7, intents: 33281, roles: [] });
    const link = there.start({ cursor });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.greetings()).toEqual([6, 6, 6, 2]);
  });

  it('asks for another address when the session’s own does not answer', async () => {
    there.heard = there.polite;
    const resume_url = 'ws://127.0.0.1:1';
    const link = there.start({
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
      if (op === 2) caller.send(there.ready());
      if (op !== 6) return;
      caller.send(said(2, '100'));
      caller.send(said(3, '101'));
      caller.send({ op: 0, t: 'RESUMED', s: 4, d: {} });
    };
    let refusals = 2;
    const link = there.start({
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

describe('the end', () => {
  it('of a paused bot is offline and forgets the session', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    await link.stop('paused');
    await until(() => there.callers[0]?.code !== undefined);
    expect(there.callers[0]?.code).toBe(1000);
    expect(link.cursors.has('session')).toBe(false);
  });

  it('of any other kind lets the next owner resume', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    there.callers[0]?.send({ op: 0, t: 'TYPING_START', s: 2, d: {} });
    there.callers[0]?.send(said(3, '100'));
    await until(() => link.heard.length === 1);
    await link.stop();
    const next = there.start({ cursor: link.cursors.get('session') ?? '' });
    await until(() => next.health.at(-1)?.state === 'connected');
    expect(there.callers[1]?.frames[0]).toEqual({ op: 6, d: { token: 'secret', session_id: 's1', seq: 3 } });
    expect(there.calls).toHaveLength(1);
  });
});
