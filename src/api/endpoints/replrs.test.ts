import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../../test/support/api-bench.ts';

let bench: ApiBench;
let tenant: Tenant;
beforeAll(async () => {
  bench = await apiBench();
  tenant = await bench.tenant('a');
});
afterAll(() => bench.close());

const create = (fields: Record<string, unknown> = {}) =>
  tenant.call('POST', '/v1/replrs', { name: 'Ada', instructions: 'Be kind.', ...fields });

describe('REPLRs', () => {
  it('are made with defaults', async () => {
    const { status, json } = await create();
    expect(status).toBe(201);
    expect(json).toEqual({
      id: expect.stringMatching(/^rp_[a-z0-9]{8}$/),
      name: 'Ada',
      instructions: 'Be kind.',
      model: 'default',
      created_at: '2026-03-09T18:22:00Z',
      updated_at: '2026-03-09T18:22:00Z',
    });
    expect((await tenant.call('GET', `/v1/replrs/${json.id}`)).json).toEqual(json);
  });

  it.each([
    ['name', { name: '' }],
    ['name', { name: 'x'.repeat(81) }],
    ['name', { name: 'a\nb' }],
    ['name', { name: ['a'] }],
    ['instructions', { instructions: '  ' }],
    ['instructions', { instructions: undefined }],
    ['model', { model: 'no/such' }],
    ['model', { model: null }],
    ['avatar_url', { avatar_url: 'javascript:alert(1)' }],
    ['avatar_url', { avatar_url: 'x' }],
    ['description', { description: 5 }],
    ['user_id', { user_id: 'usr_1' }],
  ])('refuse a wrong %s', async (field, fields) => {
    const { status, json } = await create(fields);
    expect([status, json.error, Object.keys(json.details.fields)]).toEqual([400, 'validation_error', [field]]);
  });

  it('change by what is sent, lose by null, and tell the flow', async () => {
    const { json: before } = await create({ description: 'd', avatar_url: 'https://a.example/a.png' });
    const { json: used } = await tenant.call(
      'POST',
      '/v1/integrations/acme',
      connectBody(tenant, { replr_id: before.id, bot_token: 'ok-replr' }),
    );
    bench.changed.length = 0;
    bench.clock.advance(5_000);
    const { status, json } = await tenant.call('PUT', `/v1/replrs/${before.id}`, {
      ...before,
      name: 'Bo',
      description: null,
    });
    expect(status).toBe(200);
    const { description, ...rest } = before;
    expect(json).toEqual({ ...rest, name: 'Bo', updated_at: '2026-03-09T18:22:05Z' });
    expect(bench.changed).toHaveLength(1);
    expect(bench.changed[0]).toHaveLength(1);

    const refused = await tenant.call('DELETE', `/v1/replrs/${before.id}`);
    expect([refused.status, refused.json.error]).toEqual([409, 'conflict']);
    await tenant.call('DELETE', `/v1/integrations/${used.id}`);
    const gone = await tenant.call('DELETE', `/v1/replrs/${before.id}`);
    expect([gone.status, gone.json]).toEqual([200, { id: before.id, deleted: true }]);
    expect((await tenant.call('DELETE', `/v1/replrs/${before.id}`)).status).toBe(404);
  });

  it('are listed in pages', async () => {
    const pager = await bench.tenant('pager');
    for (let i = 0; i < 4; i++) await pager.call('POST', '/v1/replrs', { name: `R${i}`, instructions: 'x' });
    const all = await pager.call('GET', '/v1/replrs');
    expect([all.json.total, all.json.data.length]).toEqual([5, 5]);
    const page = await pager.call('GET', '/v1/replrs?limit=2&offset=1');
    expect(page.json).toEqual({ data: all.json.data.slice(1, 3), total: 5 });
    expect((await pager.call('GET', '/v1/replrs?offset=99')).json).toEqual({ data: [], total: 5 });
  });

  it.each([
    'limit=0',
    'limit=1001',
    'limit=x',
    'limit=',
    'limit=1.5',
    'limit=-1',
    'limit=1&limit=2',
    'offset=-1',
    'offset=1e3',
  ])('refuse the page %s', async (query) => {
    for (const path of ['/v1/replrs', '/v1/integrations']) {
      const { status, json } = await tenant.call('GET', `${path}?${query}`);
      expect([status, json.error]).toEqual([400, 'validation_error']);
      expect(Object.keys(json.details.fields)).toEqual([query.split('=')[0]]);
    }
  });
});
