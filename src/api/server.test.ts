import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../test/support/api-bench.ts';
import { routesOf } from '../../test/support/routes.ts';

let bench: ApiBench;
let tenant: Tenant;
beforeAll(async () => {
  bench = await apiBench({ metrics: async () => ({ body: 'up 1\n', contentType: 'text/plain; version=0.0.4' }) });
  tenant = await bench.tenant('a');
});
afterAll(() => bench.close());

const withoutId = (text: string) => text.replace(/"request_id":"req_[0-9a-f]+"/, '');

describe('authentication', () => {
  const bad = (): Record<string, Record<string, string>> => ({
    none: {},
    empty: { authorization: '' },
    'scheme only': { authorization: 'Bearer ' },
    garbage: { authorization: 'Bearer x' },
    'well-formed, unknown': { authorization: `Bearer sk_live_${'a'.repeat(32)}` },
    'other scheme': { authorization: `Basic ${tenant.key}` },
    'no scheme': { authorization: tenant.key },
    twice: { authorization: `Bearer ${tenant.key}, Bearer ${tenant.key}` },
    'one character more': { authorization: `Bearer ${tenant.key}x` },
    'in another header': { 'x-api-key': tenant.key },
    overlong: { authorization: `Bearer ${'k'.repeat(5_000)}` },
  });

  it('refuses each bad credential on each documented route, and on unknown ones, with the same bytes', async () => {
    const routes = [
      ...routesOf(bench.api).filter(({ path }) => path.startsWith('/v1')),
      { method: 'GET', path: '/v1/nothing' },
      { method: 'PATCH', path: '/v1/integrations' },
      { method: 'OPTIONS', path: '/v1/integrations' },
      { method: 'GET', path: '/v1' },
    ];
    expect(routes.length).toBeGreaterThanOrEqual(15);
    const seen = new Set<string>();
    for (const { method, path } of routes) {
      for (const headers of Object.values(bad())) {
        // Each from an address of its own, so that the limit on strangers stays out of it.
        const answer = await bench.call(method, path, undefined, { ...headers, address: String(Math.random()) });
        expect(answer.status).toBe(401);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        seen.add(withoutId(answer.text));
      }
    }
    expect(seen.size).toBe(1);
    expect(JSON.parse([...seen][0]?.replace(',}', '}') ?? '')).toMatchObject({ error: 'unauthorized', details: {} });
  });

  it('never takes a key from the query', async () => {
    for (const name of ['api_key', 'key', 'access_token', 'authorization']) {
      expect((await bench.call('GET', `/v1/replrs?${name}=${tenant.key}`)).status).toBe(401);
    }
    expect(JSON.stringify(bench.logged)).not.toContain(tenant.key);
  });

  it('takes the scheme in any case', async () => {
    const { status } = await bench.call('GET', '/v1/replrs', undefined, { authorization: `bearer ${tenant.key}` });
    expect(status).toBe(200);
  });
});

describe('rate limits', () => {
  it('holds off strangers by address, and nobody with a key', async () => {
    for (let i = 0; i < 60; i++) await bench.call('GET', '/v1/replrs', undefined, { address: 'flood' });
    const refused = await bench.call('GET', '/v1/replrs', undefined, { address: 'flood' });
    expect(refused.status).toBe(429);
    expect(refused.headers.get('x-ratelimit-remaining')).toBe('0');
    expect((await bench.call('GET', '/v1/replrs', undefined, { address: 'other' })).status).toBe(401);
    const headers = { address: 'flood', authorization: `Bearer ${tenant.key}` };
    expect((await bench.call('GET', '/v1/replrs', undefined, headers)).status).toBe(200);
    bench.clock.advance(60_000);
    expect((await bench.call('GET', '/v1/replrs', undefined, { address: 'flood' })).status).toBe(401);
  });

  it('counts per key, says so on every answer, and tells when to come back', async () => {
    const small = await apiBench({ rateLimit: { perMinute: 3 } });
    try {
      const [one, two] = [await small.tenant('one'), await small.tenant('two')];
      const second = await one.call('GET', '/v1/replrs');
      expect(second.headers.get('x-ratelimit-limit')).toBe('3');
      expect(second.headers.get('x-ratelimit-remaining')).toBe('1');
      expect(Number(second.headers.get('x-ratelimit-reset'))).toBe(Math.ceil(small.clock.now() / 1000) + 60);
      expect((await one.call('GET', '/v1/nothing')).headers.get('x-ratelimit-remaining')).toBe('0');
      const refused = await one.call('GET', '/v1/replrs');
      expect(refused.status).toBe(429);
      expect(refused.json).toMatchObject({ error: 'rate_limit_exceeded', retry_after: 60 });
      expect(refused.headers.get('retry-after')).toBe('60');
      expect((await two.call('GET', '/v1/replrs')).status).toBe(200);
      small.clock.advance(60_000);
      expect((await one.call('GET', '/v1/replrs')).status).toBe(200);
    } finally {
      await small.close();
    }
  });
});

describe('every answer', () => {
  it('carries a request id, the limits, and no permission for other origins', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics', '/openapi.json', '/nothing', '/v1/replrs']) {
      const { headers, text, status } = await bench.call('GET', path, undefined, { origin: 'https://evil.example' });
      expect(headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/);
      for (const name of ['limit', 'remaining', 'reset']) expect(headers.get(`x-ratelimit-${name}`)).toMatch(/^\d+$/);
      expect([...headers.keys()].filter((name) => name.startsWith('access-control'))).toEqual([]);
      expect(headers.get('cache-control')).toBe(path.startsWith('/v1') ? 'no-store' : null);
      if (status >= 400) expect(JSON.parse(text).request_id).toBe(headers.get('x-request-id'));
    }
  });

  it('is JSON also where there is nothing', async () => {
    for (const [method, path] of [
      ['GET', '/'],
      ['GET', '/v1/nothing'],
      ['PATCH', '/v1/integrations'],
      ['DELETE', '/v1/replrs'],
      ['POST', '/v1/integrations/nosuch'],
      ['OPTIONS', '/v1/replrs'],
      ['GET', '/v1/integrations/'],
      ['GET', '/v1/replrs/%E0%A4%A'],
      ['GET', '/v1/integrations/..%2Freplrs'],
    ] as const) {
      const { status, json, headers } = await tenant.call(method, path);
      expect([path, status, json.error]).toEqual([path, 404, 'not_found']);
      expect(headers.get('content-type')).toBe('application/json');
    }
  });

  it('to HEAD is the head of the same GET', async () => {
    const { status, text, headers } = await tenant.call('HEAD', '/v1/replrs');
    expect([status, text, headers.get('content-type')]).toEqual([200, '', 'application/json']);
  });

  it('leaves one line in the log that names the route and nothing that was sent', async () => {
    bench.logged.length = 0;
    const id = 'int_00000000aaaa';
    await tenant.call('PUT', `/v1/integrations/${id}?token=canary`, { active: true, bot_token: 'canary' });
    expect(bench.logged.map(({ event }) => event)).toEqual(['request']);
    expect(bench.logged[0]?.fields).toMatchObject({
      method: 'PUT',
      route: '/v1/integrations/{id}',
      status: 404,
      user_id: tenant.userId,
    });
    expect(JSON.stringify(bench.logged)).not.toMatch(/canary|int_0000/);
  });
});

describe('operation', () => {
  it('answers without a key', async () => {
    expect((await bench.call('GET', '/healthz')).json).toEqual({ status: 'ok' });
    expect((await bench.call('GET', '/readyz')).json).toEqual({ status: 'ready' });
    expect((await bench.call('GET', '/metrics')).text).toBe('up 1\n');
    expect((await bench.call('GET', '/openapi.json')).json).toEqual(JSON.parse(JSON.stringify(bench.api.openapi())));
  });

  it('is not ready when something needed is not up', async () => {
    const other = await apiBench({ ready: async () => false });
    const { status, json } = await other.call('GET', '/readyz');
    expect([status, json.error]).toEqual([503, 'service_unavailable']);
    await other.close();
    expect((await other.call('GET', '/readyz')).status).toBe(503);
  });

  it('F020: while the store is away everybody is asked to come again', async () => {
    const other = await apiBench();
    const someone = await other.tenant('someone');
    await other.close();
    const { status, json, headers } = await someone.call('GET', '/v1/integrations');
    expect([status, json.error, headers.get('retry-after')]).toEqual([503, 'service_unavailable', '5']);
  });
});

describe('a fault of ours', () => {
  it('is told in general and logged in full', async () => {
    const { status, json, text } = await tenant.call(
      'POST',
      '/v1/integrations/acme',
      connectBody(tenant, { bot_token: 'bug-canary' }),
    );
    expect([status, json.error, json.details]).toEqual([500, 'internal_error', {}]);
    expect(text).not.toMatch(/canary|bug| at |Error:/);
    expect(bench.logged.some(({ event, fields }) => event === 'request_failed' && 'error' in fields)).toBe(true);
  });
});
