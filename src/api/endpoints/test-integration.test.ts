import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../../test/support/api-bench.ts';

let bench: ApiBench;
let tenant: Tenant;
let id: string;
beforeAll(async () => {
  bench = await apiBench();
  tenant = await bench.tenant('a');
  id = (await tenant.call('POST', '/v1/integrations/acme', connectBody(tenant))).json.id;
});
beforeEach(() => bench.clock.advance(60_000));
afterAll(() => bench.close());

const test = (body?: unknown) => tenant.call('POST', `/v1/integrations/${id}/test`, body);

it('tells what arrived where', async () => {
  const { status, json } = await test();
  expect(status).toBe(200);
  expect(json).toEqual({
    id,
    platform: 'acme',
    status: 'active',
    test_result: {
      success: true,
      latency_ms: 142,
      message_id: '99',
      channel_id: 'C1',
      delivered_at: '2026-03-09T18:22:00Z',
    },
  });
});

it('tells why nothing arrived', async () => {
  bench.testResult = { success: false, latencyMs: 3.4, reason: 'no_chat_yet', message: 'Write to it first.' };
  const { status, json } = await test({});
  expect(status).toBe(200);
  expect(json.test_result).toEqual({
    success: false,
    latency_ms: 3,
    reason: 'no_chat_yet',
    message: 'Write to it first.',
  });
});

it('takes no fields, and JSON if anything', async () => {
  expect((await test({ text: 'hi' })).json.details.fields).toEqual({ text: 'Unknown field.' });
  expect((await test('{')).json.error).toBe('bad_request');
});

it('is held to ten a minute for one integration', async () => {
  for (let i = 0; i < 10; i++) expect((await test()).status).toBe(200);
  const refused = await test();
  expect([refused.status, refused.json.error]).toEqual([429, 'rate_limit_exceeded']);
  expect(refused.json.details.reason).toBe('too_many_tests');
  expect(refused.headers.get('retry-after')).toBe('60');
  bench.clock.advance(60_000);
  expect((await test()).status).toBe(200);
});
