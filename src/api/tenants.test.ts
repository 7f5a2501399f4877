import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../test/support/api-bench.ts';
import { routesOf } from '../../test/support/routes.ts';

const CANARY = 'ok-canary4711';
const APP_CANARY = 'app-canary4711';

let bench: ApiBench;
let owner: Tenant;
let other: Tenant;
let integrationId: string;
beforeAll(async () => {
  bench = await apiBench();
  owner = await bench.tenant('owner');
  other = await bench.tenant('other');
  const body = connectBody(owner, { bot_token: CANARY, app_token: APP_CANARY });
  const { json, status } = await owner.call('POST', '/v1/integrations/acme', body);
  expect(status).toBe(201);
  integrationId = json.id;
});
afterAll(() => bench.close());

const withoutId = (text: string) => text.replace(/"request_id":"req_[0-9a-f]+"/, '');

/** Bodies that would do something on one's own object, and some that are wrong in themselves. */
const bodies = [{ active: false }, { name: 'Eve' }, { bot_token: 'ok-evil' }, {}, { unknown: 1 }];

describe('objects of somebody else', () => {
  it('are, byte for byte, objects that do not exist, on each route with an id', async () => {
    const theirs = routesOf(bench.api, { integration: integrationId, replr: owner.replrId });
    const missing = routesOf(bench.api, { integration: 'int_0123456789ab', replr: 'rp_abcd1234' });
    let compared = 0;
    for (const [index, { method, path }] of theirs.entries()) {
      const without = missing[index]?.path ?? '';
      if (path === without) continue;
      for (const body of method === 'PUT' || method === 'POST' ? bodies : [undefined]) {
        const foreign = await other.call(method, path, body);
        const random = await other.call(method, without, body);
        expect([method, path, withoutId(foreign.text)]).toEqual([method, path, withoutId(random.text)]);
        expect(foreign.status).toBe(random.status);
        if (!body || Object.keys(body)[0] !== 'unknown') expect([404, 400]).toContain(foreign.status);
        expect(foreign.status).toBeGreaterThanOrEqual(400);
        compared += 1;
      }
    }
    expect(compared).toBeGreaterThanOrEqual(15);
    expect((await owner.call('GET', `/v1/integrations/${integrationId}`)).json.status).toBe('active');
    expect((await owner.call('GET', `/v1/replrs/${owner.replrId}`)).json.name).toBe('Ada');
  });

  it('cannot be built upon', async () => {
    const create = await other.call('POST', '/v1/integrations/acme', connectBody(owner, { bot_token: 'ok-2' }));
    const missing = await other.call(
      'POST',
      '/v1/integrations/acme',
      connectBody(owner, { bot_token: 'ok-2', replr_id: 'rp_abcd1234' }),
    );
    expect(create.status).toBe(404);
    expect(withoutId(create.text)).toBe(withoutId(missing.text));
    const own = await other.call('POST', '/v1/integrations/acme', connectBody(other, { bot_token: 'ok-3' }));
    const moved = await other.call('PUT', `/v1/integrations/${own.json.id}`, { replr_id: owner.replrId });
    expect(moved.status).toBe(404);
    expect((await other.call('GET', `/v1/integrations/${own.json.id}`)).json.replr_id).toBe(other.replrId);
  });

  it('are in no list and no total', async () => {
    const { json } = await other.call('GET', '/v1/integrations');
    expect(json.data.every((item: { replr_id: string }) => item.replr_id === other.replrId)).toBe(true);
    expect(json.total).toBe(json.data.length);
    expect((await other.call('GET', '/v1/replrs')).json.total).toBe(1);
  });

  it('are not confirmed by a conflict', async () => {
    const same = connectBody(owner, { bot_token: CANARY });
    const mine = await owner.call('POST', '/v1/integrations/acme', same);
    expect([mine.status, mine.json.details]).toEqual([409, { integration_id: integrationId }]);
    const theirs = await other.call('POST', '/v1/integrations/acme', { ...same, replr_id: other.replrId });
    expect([theirs.status, theirs.json.error, theirs.json.details]).toEqual([409, 'conflict', {}]);
  });
});

describe('secrets', () => {
  it('come out of no route, not even to their owner, and not into the log', async () => {
    let all = '';
    for (const { method, path } of routesOf(bench.api, { integration: integrationId, replr: owner.replrId })) {
      if (method === 'DELETE') continue;
      const body = method === 'PUT' || path.includes('acme') ? { bot_token: CANARY, app_token: APP_CANARY } : {};
      all += (await owner.call(method, path, method === 'GET' ? undefined : body)).text;
    }
    const rejected = await owner.call(
      'POST',
      '/v1/integrations/acme',
      connectBody(owner, { bot_token: 'rejected-canary4711', app_token: 4711 }),
    );
    all += rejected.text;
    expect(all).toContain(integrationId);
    expect(all).not.toContain('canary4711');
    expect(JSON.stringify(bench.logged)).not.toContain('canary4711');
  });
});
