import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../../test/support/api-bench.ts';

const PATH = '/v1/integrations/acme';

let bench: ApiBench;
let tenant: Tenant;
beforeAll(async () => {
  bench = await apiBench();
  tenant = await bench.tenant('a');
});
beforeEach(() => {
  bench.platform.calls.length = 0;
  bench.changed.length = 0;
});
afterAll(() => bench.close());

const total = async () => (await tenant.call('GET', '/v1/integrations')).json.total;

describe('POST /v1/integrations/<platform>', () => {
  it('checks, stores, tells the flow, and answers 201 with the public fields', async () => {
    const { status, json } = await tenant.call('POST', PATH, connectBody(tenant, { greeting: '' }));
    expect(status).toBe(201);
    expect(json).toEqual({
      id: expect.stringMatching(/^int_[0-9a-f]{12}$/),
      platform: 'acme',
      replr_id: tenant.replrId,
      status: 'active',
      room_id: '1098',
      channel_ids: ['C1', 'C2'],
      message_count: 0,
      connected_at: '2026-03-09T18:22:00Z',
    });
    expect(bench.platform.calls).toEqual(['verify ok-1', 'beginning ok-1']);
    expect(bench.changed).toHaveLength(1);
    expect(bench.changed[0]).toHaveLength(1);
    const single = await tenant.call('GET', `/v1/integrations/${json.id}`);
    expect(single.json).toMatchObject({ ...json, auto_respond: true, health: { state: 'connecting' } });
    expect('last_message_at' in single.json).toBe(false);
  });

  it('keeps auto_respond and ignores what nobody can set', async () => {
    const body = connectBody(tenant, { bot_token: 'ok-quiet', auto_respond: false, id: 'int_x', status: 'error' });
    const { json, status } = await tenant.call('POST', PATH, { ...body, message_count: 9, connected_at: 'x' });
    expect([status, json.status, json.message_count]).toEqual([201, 'active', 0]);
    expect((await tenant.call('GET', `/v1/integrations/${json.id}`)).json.auto_respond).toBe(false);
  });

  it('takes options and shows all that hold', async () => {
    const options = {
      ...{ error_reply: 'silent', store_content: false, context_tokens: 500 },
      limits: { person_turns_per_minute: 1, tokens_per_day: 1_000_000_000_000 },
    };
    const { json } = await tenant.call('POST', PATH, connectBody(tenant, { bot_token: 'ok-options', ...options }));
    expect(json).not.toHaveProperty('limits');
    expect((await tenant.call('GET', `/v1/integrations/${json.id}`)).json).toMatchObject({
      ...options,
      limits: {
        ...options.limits,
        chat_turns_per_minute: 120,
        turns_per_minute: 1_200,
        person_tokens_per_day: 2_000_000,
        concurrent_turns: 100,
      },
    });
  });

  it.each([
    ['a missing field', { room_id: undefined }, { room_id: 'Required.' }],
    ['a number for a string', { room_id: 1098 }, { room_id: expect.any(String) }],
    ['null', { bot_token: null }, { bot_token: expect.any(String) }],
    ['an item that is no channel', { channel_ids: ['C1', '../x'] }, { channel_ids: 'At 1: Must be a channel ID.' }],
    ['channels twice', { channel_ids: ['C1', 'C1'] }, { channel_ids: 'Must be unique.' }],
    ['a string for a list', { channel_ids: 'C1' }, { channel_ids: expect.any(String) }],
    ['a token with a slash', { bot_token: 'a/../b' }, { bot_token: 'Must be a token.' }],
    ['a token with a line break', { bot_token: 'a\r\nb' }, { bot_token: 'Must be a token.' }],
    ['a truth that is a word', { auto_respond: 'yes' }, { auto_respond: expect.any(String) }],
    ['a field of another platform', { guild: '1' }, { guild: 'Unknown field.' }],
    ['a field that only PUT has', { active: true }, { active: 'Unknown field.' }],
    ['an unknown way', { error_reply: 'loud' }, { error_reply: expect.any(String) }],
    ['too little context', { context_tokens: 499 }, { context_tokens: expect.any(String) }],
    ['a limit of nothing', { limits: { turns_per_minute: 0 } }, { limits: expect.stringMatching('turns_per_minute') }],
    ['half a token', { limits: { tokens_per_day: 1.5 } }, { limits: expect.stringMatching('tokens_per_day') }],
    ['an unknown limit', { limits: { words: 1, 'a b': 2 } }, { limits: 'Unknown: words, a b.' }],
    ['limits that are none', { limits: [] }, { limits: expect.any(String) }],
    ['several at once', { room_id: 'x', tenant_id: 1 }, { room_id: 'Must be a room ID.', tenant_id: 'Unknown field.' }],
  ])('refuses %s before anybody is asked', async (_, fields, expected) => {
    const before = await total();
    const { status, json } = await tenant.call('POST', PATH, connectBody(tenant, fields));
    expect([status, json.error]).toEqual([400, 'validation_error']);
    expect(json.details.fields).toEqual(expected);
    expect(bench.platform.calls).toEqual([]);
    expect(await total()).toBe(before);
  });

  it('refuses bodies that are none', async () => {
    const big = await tenant.call('POST', PATH, connectBody(tenant, { greeting: 'x'.repeat(300_000) }));
    expect([big.status, big.json.error]).toEqual([413, 'payload_too_large']);
    for (const text of ['{', '[]', '"x"', 'null', '']) {
      const { status, json } = await tenant.call('POST', PATH, text);
      expect([text, status, json.error]).toEqual([text, 400, 'bad_request']);
    }
    const plain = await tenant.call('POST', PATH, connectBody(tenant), { 'content-type': 'text/plain' });
    expect([plain.status, plain.json.error]).toEqual([400, 'bad_request']);
    const none = await tenant.call('POST', PATH);
    expect([none.status, none.json.error]).toEqual([400, 'bad_request']);
  });

  it("hands on the platform's own reason, having asked once and stored nothing", async () => {
    const before = await total();
    const { status, json } = await tenant.call('POST', PATH, connectBody(tenant, { bot_token: 'rejected' }));
    expect([status, json.error]).toEqual([422, 'unprocessable_entity']);
    expect(json.details).toEqual({ reason: 'invalid_bot_token', fix_url: 'https://acme.example/fix' });
    expect(bench.platform.calls).toEqual(['verify rejected']);
    expect(await total()).toBe(before);
    expect(bench.changed).toEqual([]);
  });

  it('answers 502 when the platform cannot be asked, and stores nothing', async () => {
    const before = await total();
    const { status, json, headers } = await tenant.call('POST', PATH, connectBody(tenant, { bot_token: 'down' }));
    expect([status, json.error]).toEqual([502, 'upstream_error']);
    expect(json.details).toEqual({ reason: 'platform_unavailable', retry_after: 2 });
    expect(headers.get('retry-after')).toBe('2');
    expect(bench.platform.calls).toEqual(['verify down']);
    expect(await total()).toBe(before);
  });

  it('gives the claim back when the beginning fails', async () => {
    bench.platform.beginningFails = { ok: false, kind: 'unavailable', message: 'Down.' };
    const body = connectBody(tenant, { bot_token: 'ok-begin' });
    expect((await tenant.call('POST', PATH, body)).status).toBe(502);
    bench.platform.beginningFails = undefined;
    expect((await tenant.call('POST', PATH, body)).status).toBe(201);
  });

  it('lets one of two at the same time win', async () => {
    const body = connectBody(tenant, { bot_token: 'ok-race' });
    const both = await Promise.all([tenant.call('POST', PATH, body), tenant.call('POST', PATH, body)]);
    expect(both.map(({ status }) => status).sort()).toEqual([201, 409]);
  });

  it('refuses any overlap of places as a whole, but not other places of the same bot', async () => {
    const first = await tenant.call('POST', PATH, connectBody(tenant, { bot_token: 'ok-places' }));
    const overlap = connectBody(tenant, { bot_token: 'ok-places', channel_ids: ['C9', 'C2'] });
    const refused = await tenant.call('POST', PATH, overlap);
    expect([refused.status, refused.json.details]).toEqual([409, { integration_id: first.json.id }]);
    const beside = await tenant.call('POST', PATH, { ...overlap, channel_ids: ['C9'] });
    expect(beside.status).toBe(201);
  });

  it('holds a tenant off whose tokens are refused again and again, and nobody else', async () => {
    const [careless, careful] = [await bench.tenant('careless'), await bench.tenant('careful')];
    const body = connectBody(careless, { bot_token: 'rejected' });
    for (let i = 0; i < 60; i++) expect((await careless.call('POST', PATH, body)).status).toBe(422);
    bench.platform.calls.length = 0;
    const held = await careless.call('POST', PATH, body);
    expect([held.status, held.json.details.reason]).toEqual([429, 'too_many_rejections']);
    expect(bench.platform.calls).toEqual([]);
    expect((await careful.call('POST', PATH, connectBody(careful, { bot_token: 'rejected' }))).status).toBe(422);
  });
});
