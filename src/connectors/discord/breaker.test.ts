import { describe, expect, it } from 'vitest';
import { gatewayRig, said, states, until } from '../../../test/support/gateway-rig.ts';
import { createManualClock, type ManualClock } from '../../../test/support/manual-clock.ts';
import { scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import { type Breaker, createBreaker, breaker as shared } from './breaker.ts';
import { createApi } from './wire.ts';

const NONE = new Headers();
const MINUTE = 60_000;

function refuse(breaker: Breaker, clock: ManualClock, times: number, token = 'bad', status = 403): void {
  for (let count = 0; count < times; count++) breaker.note(token, status, NONE, clock);
}

describe('the breaker', () => {
  it('lets those wait who are refused, after 2,000, and nobody else', () => {
    const [breaker, clock] = [createBreaker(), createManualClock()];
    refuse(breaker, clock, 1_999);
    expect(breaker.waitMs('bad', clock)).toBe(0);
    refuse(breaker, clock, 1);
    expect(breaker.waitMs('bad', clock)).toBe(MINUTE);
    expect(breaker.waitMs('good', clock)).toBe(0);
  });

  it('lets all wait after 5,000, far below the platform’s 10,000', () => {
    const [breaker, clock] = [createBreaker(), createManualClock()];
    for (let bot = 0; bot < 4_999; bot++) refuse(breaker, clock, 1, `bot ${bot}`);
    expect(breaker.waitMs('good', clock)).toBe(0);
    refuse(breaker, clock, 1);
    expect(breaker.waitMs('good', clock)).toBe(MINUTE);
  });

  it('forgets after ten minutes, and not before', async () => {
    const [breaker, clock] = [createBreaker(), createManualClock()];
    refuse(breaker, clock, 2_000);
    await clock.advance(10 * MINUTE);
    expect(breaker.waitMs('bad', clock)).toBeGreaterThan(0);
    expect(breaker.waitMs('bad', clock)).toBeLessThanOrEqual(10_000);
    await clock.advance(breaker.waitMs('bad', clock));
    expect(breaker.waitMs('bad', clock)).toBe(0);
  });

  it('slides: what comes later counts longer', async () => {
    const [breaker, clock] = [createBreaker(), createManualClock()];
    refuse(breaker, clock, 1_000);
    await clock.advance(6 * MINUTE);
    refuse(breaker, clock, 1_000);
    expect(breaker.waitMs('bad', clock)).toBe(MINUTE);
    await clock.advance(5 * MINUTE);
    expect(breaker.waitMs('bad', clock)).toBe(0);
    refuse(breaker, clock, 1_000);
    expect(breaker.waitMs('bad', clock)).toBe(MINUTE);
  });

  it('trusts a bot again after a good answer', () => {
    const [breaker, clock] = [createBreaker(), createManualClock()];
    refuse(breaker, clock, 2_500);
    breaker.note('bad', 200, NONE, clock);
    expect(breaker.waitMs('bad', clock)).toBe(0);
  });

  it.each<[number, Record<string, string>, boolean]>([
    [401, {}, true],
    [403, {}, true],
    [429, {}, true],
    [429, { 'x-ratelimit-scope': 'user' }, true],
    [429, { 'x-ratelimit-scope': 'shared' }, false],
    [400, {}, false],
    [404, {}, false],
    [502, {}, false],
  ])('counts %i %j: %s', (status, headers, counts) => {
    const [breaker, clock] = [createBreaker(), createManualClock()];
    for (let count = 0; count < 5_000; count++) breaker.note('bot', status, new Headers(headers), clock);
    expect(breaker.waitMs('other', clock) > 0).toBe(counts);
  });
});

describe('calls', () => {
  it('are not made while they have to wait, and go on afterwards', async () => {
    const [breaker, clock] = [createBreaker(), createManualClock()];
    const { fetch, calls } = scriptedFetch(() => Response.json({ message: 'no', code: 50013 }, { status: 403 }));
    const api = createApi('secret', { apiUrl: 'http://api.test', fetch, clock }, breaker);
    const ask = () => api({ method: 'GET', path: '/users/@me' }, { timeoutMs: 1_000 });
    for (let count = 0; count < 2_100; count++) await ask();
    expect(calls).toHaveLength(2_000);
    expect((await ask()).reply).toEqual({ kind: 'limited', afterMs: MINUTE, scope: 'global', ours: true });
    await clock.advance(11 * MINUTE);
    expect((await ask()).reply.kind).toBe('refused');
  });

  it('say when calls wait lest the platform lock everybody out', async () => {
    const there = await gatewayRig();
    there.heard = there.polite;
    const link = there.start();
    await until(() => link.health.at(-1)?.state === 'connected');
    const clock = { elapsed: () => performance.now() };
    for (let count = 0; count < 2_000; count++) shared.note('secret', 403, new Headers(), clock);
    there.callers[0]?.send(said(2, '100'));
    await until(() => states(link.health).at(-1) === 'connected held_back');
    shared.note('secret', 200, new Headers(), clock);
    there.callers[0]?.send(said(3, '101'));
    await until(() => states(link.health).at(-1) === 'connected');
    await there.end();
  });
});
