import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../test/support/api-bench.ts';

const PATH = '/v1/integrations/acme';

let bench: ApiBench;
let tenant: Tenant;
beforeAll(async () => {
  bench = await apiBench();
  tenant = await bench.tenant('a');
});
beforeEach(() => {
  bench.platform.calls.length = 0;
});
afterAll(() => bench.close());

const post = (key: string, fields: Record<string, unknown>) =>
  tenant.call('POST', PATH, connectBody(tenant, fields), { 'idempotency-key': key });

describe('Idempotency-Key', () => {
  it('replays the first answer and does nothing again', async () => {
    const first = await post('k1', { bot_token: 'ok-i1' });
    const second = await post('k1', { bot_token: 'ok-i1' });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.text).toBe(first.text);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(bench.platform.calls).toEqual(['verify ok-i1', 'beginning ok-i1']);
  });

  it('refuses another request under the same key', async () => {
    await post('k2', { bot_token: 'ok-i2' });
    const other = await post('k2', { bot_token: 'ok-i3' });
    expect([other.status, other.json.details.reason]).toEqual([422, 'idempotency_key_reused']);
    const path = await tenant.call('POST', '/v1/replrs', connectBody(tenant, { bot_token: 'ok-i2' }), {
      'idempotency-key': 'k2',
    });
    expect(path.status).toBe(422);
  });

  it('belongs to one user', async () => {
    const other = await bench.tenant('b');
    await post('k3', { bot_token: 'ok-i4' });
    const { status } = await other.call('POST', PATH, connectBody(other, { bot_token: 'ok-i5' }), {
      'idempotency-key': 'k3',
    });
    expect(status).toBe(201);
  });

  it('says when the first request is still running', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.platform.hold = promise;
    const first = post('k4', { bot_token: 'ok-i6' });
    await expect.poll(() => bench.platform.calls.length).toBe(1);
    const second = await post('k4', { bot_token: 'ok-i6' });
    expect([second.status, second.json.error]).toEqual([409, 'conflict']);
    resolve();
    bench.platform.hold = undefined;
    expect((await first).status).toBe(201);
  });

  it('keeps refusals of the platform, and forgets what was never carried out', async () => {
    expect((await post('k5', { bot_token: 'rejected' })).status).toBe(422);
    expect((await post('k5', { bot_token: 'rejected' })).headers.get('idempotency-replayed')).toBe('true');
    expect((await post('k6', { bot_token: 'down' })).status).toBe(502);
    expect((await post('k6', { bot_token: 'down' })).headers.get('idempotency-replayed')).toBeNull();
    expect((await post('k7', { bot_token: 'bug' })).status).toBe(500);
    expect((await post('k7', { bot_token: 'ok-i7' })).status).toBe(201);
    expect((await post('k8', { room_id: 'x' })).status).toBe(400);
    expect((await post('k8', { bot_token: 'ok-i8' })).status).toBe(201);
  });

  it.each(['', 'a b', 'ü', 'x'.repeat(256), 'a\tb'])('refuses the key %j', async (key) => {
    const { status, json } = await post(key, { bot_token: 'ok-i9' });
    expect([status, json.error]).toEqual([400, 'bad_request']);
    expect(bench.platform.calls).toEqual([]);
  });

  it('is honoured on creating REPLRs and on tests', async () => {
    const body = { name: 'R', instructions: 'x' };
    const make = () => tenant.call('POST', '/v1/replrs', body, { 'idempotency-key': 'k9' });
    expect((await make()).json.id).toBe((await make()).json.id);
    const { json } = await post('k10', { bot_token: 'ok-i10' });
    const test = () => tenant.call('POST', `/v1/integrations/${json.id}/test`, undefined, { 'idempotency-key': 'k11' });
    await test();
    expect((await test()).headers.get('idempotency-replayed')).toBe('true');
  });
});
