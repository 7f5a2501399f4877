import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../test/support/api-bench.ts';

let bench: ApiBench;
let tenant: Tenant;
let targets: string[];
beforeAll(async () => {
  bench = await apiBench({ rateLimit: { perMinute: 1_000_000 } });
  tenant = await bench.tenant('a');
  const { json } = await tenant.call('POST', '/v1/integrations/acme', connectBody(tenant));
  targets = [
    'POST /v1/integrations/acme',
    `PUT /v1/integrations/${json.id}`,
    `POST /v1/integrations/${json.id}/test`,
    'POST /v1/replrs',
    `PUT /v1/replrs/${tenant.replrId}`,
  ];
});
afterAll(() => bench.close());

const names = ['replr_id', 'bot_token', 'room_id', 'channel_ids', 'greeting', 'active', 'auto_respond', 'name'];
const name = fc.oneof(
  fc.constantFrom(
    ...names,
    'instructions',
    'model',
    'description',
    'avatar_url',
    'greeting_message',
    '__proto__',
    'id',
  ),
  fc.string({ unit: 'binary' }),
);
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\u0000', '\ud800', 'a\r\nb', 'C1', '1098', '%00'),
);
const value = fc.oneof(text, fc.array(text), fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue());
const body = fc.oneof(
  fc.array(fc.tuple(name, value)).map((entries) => JSON.stringify(Object.fromEntries(entries))),
  fc.string({ unit: 'binary' }),
  fc.json(),
);

it('answers whatever it is sent, never with a fault of its own', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.nat(4), body, async (target, sent) => {
      const [method = '', path = ''] = (targets[target] ?? '').split(' ');
      const { status, json } = await tenant.call(method, path, sent);
      expect([200, 201, 400, 404, 409, 413, 422, 429]).toContain(status);
      if (status >= 400)
        expect(Object.keys(json)).toEqual(expect.arrayContaining(['error', 'message', 'details', 'request_id']));
    }),
    { numRuns: 600 },
  );
});

it('finds nothing under ids that are none', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.constantFrom('integrations', 'replrs'), async (id, kind) => {
      const part = encodeURIComponent(id.toWellFormed());
      if (['', '.', '..'].includes(part)) return;
      const { status } = await tenant.call('GET', `/v1/${kind}/${part}`);
      expect(status).toBe(404);
    }),
    { numRuns: 300 },
  );
});
