import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GatewayRig, GUILD, gatewayRig, said, states, until } from '../../../test/support/gateway-rig.ts';
import { hello } from '../../../test/support/scripted-gateway.ts';

let there: GatewayRig;
beforeEach(async () => {
  there = await gatewayRig();
});
afterEach(() => there.end());

describe('restraint', () => {
  it('F037: does not identify when the day’s share is used up, and says until when', async () => {
    const { answer } = there;
    let asked = 0;
    there.answer = (path) =>
      asked++ === 0
        ? [200, { url: there.url, session_start_limit: { total: 1000, remaining: 0, reset_after: 7_200_000 } }]
        : answer(path);
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(link.slept[0]).toBe(7_200_000);
    expect(states(link.health)).toEqual(['connecting', 'reconnecting identify_limit', 'connected']);
    expect(link.health[1]?.message).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
  });

  it('F036: keeps a reserve of identifies', async () => {
    there.answer = () => [
      200,
      { url: there.url, session_start_limit: { total: 1000, remaining: 90, reset_after: 60_000 } },
    ];
    there.heard = (caller, { op }) => op === 2 && caller.socket.close(4009);
    const link = there.start();
    await until(() => states(link.health).includes('reconnecting identify_limit'));
    expect(there.callers).toHaveLength(1);
  });

  it('keeps its distance to what another process did', async () => {
    there.heard = there.polite;
    const at = Date.now();
    const link = there.start({ cursors: { identified: JSON.stringify({ at, count: 3, since: at }) } });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(link.slept[0]).toBeGreaterThan(4_500);
    expect(link.slept[0]).toBeLessThanOrEqual(5_500);
    const stored = JSON.parse(link.cursors.get('identified') ?? '');
    expect(stored).toMatchObject({ count: 4, since: at });
    expect(stored.at).toBeGreaterThanOrEqual(at);
  });

  it('is slow after 50 of a day, and says until when', async () => {
    there.heard = there.polite;
    const at = Date.now();
    const link = there.start({ cursors: { identified: JSON.stringify({ at, count: 50, since: at }) } });
    await until(() => states(link.health).includes('reconnecting identify_limit'));
    expect(link.slept[0]).toBeGreaterThan(9 * 60_000);
    expect(link.health[1]?.message).toMatch(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/);
    expect(there.callers).toHaveLength(0);
    expect(there.calls).toHaveLength(0);
  });

  it('keeps the reserve over a restart, and takes one of it when the last is an hour ago', async () => {
    const start = { total: 1000, remaining: 90, reset_after: 60_000_000 };
    there.answer = () => [200, { url: there.url, session_start_limit: start }];
    there.heard = there.polite;
    const record = (ms: number) => JSON.stringify({ at: Date.now() - ms, count: 3, since: Date.now() - ms });
    const soon = there.start({ cursors: { identified: record(30 * 60_000) } });
    await until(() => states(soon.health).includes('reconnecting identify_limit'));
    expect(soon.slept[0]).toBeGreaterThan(29 * 60_000);
    expect(soon.slept[0]).toBeLessThanOrEqual(30 * 60_000);
    await soon.stop();
    expect(there.callers).toHaveLength(0);
    const late = there.start({ cursors: { identified: record(61 * 60_000) } });
    await until(() => late.health.at(-1)?.state === 'connected');
  });

  it('does not identify where that cannot be stored', async () => {
    there.heard = there.polite;
    let refusals = 2;
    const link = there.start({
      accept: async () => {
        if (refusals-- > 0) throw new Error('the disk is full');
      },
    });
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(states(link.health)).toEqual(['connecting', 'reconnecting store_unavailable', 'connected']);
    expect(there.callers).toHaveLength(1);
  });

  it('F040: stops at a dead token, for good', async () => {
    there.answer = () => [401, { message: '401: Unauthorized', code: 0 }];
    const link = there.start();
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
    const link = there.start();
    await until(() => states(link.health).includes('error untrusted_gateway'));
    expect(there.callers).toHaveLength(0);
  });

  it('does not resume elsewhere, and says so', async () => {
    there.heard = (caller, frame) => {
      const first = there.ready();
      if (frame.op === 2) caller.send({ ...first, d: { ...first.d, resume_gateway_url: 'wss://169.254.169.254' } });
      else there.polite(caller, frame);
    };
    const link = there.start();
    await until(() => states(link.health).includes('connected untrusted_gateway'));
    there.callers[0]?.socket.terminate();
    await until(() => there.callers[1]?.frames[0] !== undefined);
    expect(there.callers[1]?.frames[0]?.op).toBe(6);
  });

  it('F050: says in which of its servers the bot is no more, an outage apart', async () => {
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const [caller] = there.callers;
    caller?.send({ op: 0, t: 'GUILD_DELETE', s: 2, d: { id: GUILD, unavailable: true } });
    caller?.send(said(3, '100'));
    await until(() => link.heard.length === 1);
    expect(states(link.health)).toEqual(['connecting', 'connected']);
    caller?.send({ op: 0, t: 'GUILD_DELETE', s: 4, d: { id: GUILD } });
    await until(() => link.health.at(-1)?.places !== undefined);
    const place = { setting: 'guild_id', value: GUILD, code: 'removed_from_guild' };
    expect(link.health.at(-1)).toMatchObject({ state: 'connected', places: [place] });
    caller?.send({ op: 0, t: 'GUILD_CREATE', s: 5, d: { id: GUILD, roles: [], threads: [] } });
    await until(() => link.health.at(-1)?.places === undefined);
  });

  it('F046: leaves a server that says nothing after 30 s', async () => {
    let passed = 0;
    const slow = { elapsed: () => performance.now() + passed };
    there.met = (_caller, index) => {
      if (index > 0) there.callers[index]?.send(hello());
    };
    there.heard = there.polite;
    const link = there.start({ clock: slow });
    await until(() => there.callers.length === 1);
    passed = 30_100;
    await until(() => link.health.at(-1)?.state === 'connected');
    expect(there.callers.length).toBe(2);
  });
});
