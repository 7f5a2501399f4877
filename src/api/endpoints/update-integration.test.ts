import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody, type Tenant } from '../../../test/support/api-bench.ts';
import type { IntegrationId } from '../../core/ids.ts';

let bench: ApiBench;
let tenant: Tenant;
let path: string;
let bot = 0;
beforeAll(async () => {
  bench = await apiBench();
  tenant = await bench.tenant('a');
});
beforeEach(async () => {
  bot += 1;
  const { json } = await tenant.call('POST', '/v1/integrations/acme', connectBody(tenant, { bot_token: `ok-u${bot}` }));
  path = `/v1/integrations/${json.id}`;
  bench.platform.calls.length = 0;
  bench.changed.length = 0;
});
afterAll(() => bench.close());

const put = (body: unknown) => tenant.call('PUT', path, body);

describe('PUT /v1/integrations/:id', () => {
  it('switches and points elsewhere without asking the platform', async () => {
    const { json: replr } = await tenant.call('POST', '/v1/replrs', { name: 'Bo', instructions: 'x' });
    const { status, json } = await put({ auto_respond: false, active: false, replr_id: replr.id });
    expect(status).toBe(200);
    expect(json).toMatchObject({
      auto_respond: false,
      status: 'inactive',
      replr_id: replr.id,
      channel_ids: ['C1', 'C2'],
    });
    expect(bench.platform.calls).toEqual([]);
    expect(bench.changed).toHaveLength(1);
  });

  it('takes back what it gave, changing nothing', async () => {
    const { json: before } = await tenant.call('GET', path);
    const { status, json } = await put({ ...before, message_count: 99, status: 'inactive', notices: [] });
    expect([status, json]).toEqual([200, before]);
    expect(bench.platform.calls).toEqual([]);
  });

  it('changes options one by one, and puts the defaults back with null', async () => {
    const { json: before } = await tenant.call('GET', path);
    const { limits } = before;
    const first = await put({ context_tokens: 9_000, limits: { turns_per_minute: 7, concurrent_turns: 2 } });
    expect(first.json).toMatchObject({
      context_tokens: 9_000,
      error_reply: 'notice',
      limits: { ...limits, turns_per_minute: 7, concurrent_turns: 2 },
    });
    expect(bench.changed).toHaveLength(1);
    const second = await put({ store_content: false, limits: { turns_per_minute: null, tokens_per_day: 5 } });
    expect(second.json).toMatchObject({
      ...{ context_tokens: 9_000, store_content: false },
      limits: { ...limits, concurrent_turns: 2, tokens_per_day: 5 },
    });
    expect((await put({ limits: null })).json.limits).toEqual(limits);
    expect(bench.platform.calls).toEqual([]);
    const { status, json } = await put({ limits: { turns: 1, tokens_per_day: '5' } });
    expect([status, json.details.fields]).toEqual([400, { limits: expect.any(String) }]);
    expect((await tenant.call('GET', path)).json).toMatchObject({ limits, store_content: false });
    expect((await put({ auto_respond: false })).json.auto_respond).toBe(false);
    const back = await put({ auto_respond: null, error_reply: null, store_content: null, context_tokens: null });
    const defaults = { auto_respond: true, error_reply: 'notice', store_content: true, context_tokens: 6_000 };
    expect(back.json).toMatchObject(defaults);
  });

  it('leaves alone what another node changes while the platform is asked', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.platform.hold = promise;
    const asked = put({ app_token: 'app-1', error_reply: 'silent', limits: { tokens_per_day: 5 } });
    await expect.poll(() => bench.platform.calls.length).toBe(1);
    bench.platform.hold = undefined;
    const options = { storeContent: false, limits: { turnsPerMinute: 7 } };
    const id = path.split('/').at(-1) as IntegrationId;
    await bench.store.updateIntegration(tenant.userId, id, { options, at: bench.clock.now() });
    resolve();
    const { status, json } = await asked;
    const limits = expect.objectContaining({ turns_per_minute: 7, tokens_per_day: 5 });
    expect(status).toBe(200);
    expect(json).toMatchObject({ store_content: false, error_reply: 'silent', limits });
  });

  it('ignores settings that are fixed once connected, and refuses unknown fields', async () => {
    expect((await put({ room_id: '999' })).json.room_id).toBe('1098');
    const { status, json } = await put({ room_id: '999', guild: '1', active: 'yes' });
    expect([status, json.error]).toEqual([400, 'validation_error']);
    expect(json.details.fields).toEqual({ guild: 'Unknown field.', active: expect.any(String) });
  });

  it('asks the platform about new places, and from where to listen in them', async () => {
    const { status, json } = await put({ channel_ids: ['C1', 'C7'] });
    expect([status, json.channel_ids]).toEqual([200, ['C1', 'C7']]);
    expect(bench.platform.calls).toEqual([`verify ok-u${bot}`, `beginning ok-u${bot}`]);
    const again = connectBody(tenant, { bot_token: `ok-u${bot}`, channel_ids: ['C2'] });
    expect((await tenant.call('POST', '/v1/integrations/acme', again)).status).toBe(201);
  });

  it('refuses places that another integration has, and stays as it was', async () => {
    const body = connectBody(tenant, { bot_token: `ok-u${bot}`, channel_ids: ['C5'] });
    const { json: neighbour } = await tenant.call('POST', '/v1/integrations/acme', body);
    const { status, json } = await put({ channel_ids: ['C1', 'C5'], active: false });
    expect([status, json.details]).toEqual([409, { integration_id: neighbour.id }]);
    expect((await tenant.call('GET', path)).json).toMatchObject({ channel_ids: ['C1', 'C2'], status: 'active' });
  });

  it('changes nothing when the platform is down or says no', async () => {
    const down = await put({ bot_token: 'down', auto_respond: false });
    expect([down.status, down.json.error]).toEqual([502, 'upstream_error']);
    const rejected = await put({ bot_token: 'rejected', auto_respond: false });
    expect([rejected.status, rejected.json.details.reason]).toEqual([422, 'invalid_bot_token']);
    expect((await tenant.call('GET', path)).json.auto_respond).toBe(true);
    expect(bench.changed).toEqual([]);
    await put({ channel_ids: ['C8'] });
    expect(bench.platform.calls).toContain(`verify ok-u${bot}`);
  });

  it('lays a new secret over the stored ones; the same bot goes on where it was', async () => {
    const { status } = await put({ app_token: 'app-1' });
    expect(status).toBe(200);
    expect((await put({ bot_token: `new-ok-u${bot}` })).status).toBe(200);
    expect(bench.platform.calls).toEqual([`verify ok-u${bot}`, `verify new-ok-u${bot}`]);
  });

  it('takes an optional secret away with null, and then asks without it', async () => {
    const id = path.split('/').at(-1) as IntegrationId;
    await put({ app_token: 'app-1' });
    expect(await bench.store.getCredential(tenant.userId, id)).toEqual({ bot_token: `ok-u${bot}`, app_token: 'app-1' });
    bench.platform.calls.length = 0;
    expect((await put({ app_token: null })).status).toBe(200);
    expect(bench.platform.calls).toEqual([`verify ok-u${bot}`]);
    expect(await bench.store.getCredential(tenant.userId, id)).toEqual({ bot_token: `ok-u${bot}` });
  });

  it('takes an optional setting away with null', async () => {
    expect((await put({ greeting: 'Hi' })).json.greeting).toBe('Hi');
    const { status, json } = await put({ greeting: null });
    expect(status).toBe(200);
    expect(json).not.toHaveProperty('greeting');
    bench.platform.calls.length = 0;
    expect((await put({ greeting: null })).status).toBe(200);
    expect(bench.platform.calls).toEqual([]);
  });

  it('refuses null for what must be there', async () => {
    const { status, json } = await put({ bot_token: null, channel_ids: null, active: null });
    expect([status, Object.keys(json.details.fields).sort()]).toEqual([400, ['active', 'bot_token', 'channel_ids']]);
    const body = connectBody(tenant, { bot_token: `ok-u${bot}`, channel_ids: ['C5'], app_token: null });
    expect((await tenant.call('POST', '/v1/integrations/acme', body)).json.details.fields).toHaveProperty('app_token');
  });

  it("asks with the bot's newest token, which a neighbour may have got", async () => {
    const body = connectBody(tenant, { bot_token: `ok-u${bot}`, channel_ids: ['C5'] });
    const { json: neighbour } = await tenant.call('POST', '/v1/integrations/acme', body);
    bench.clock.advance(1_000);
    await tenant.call('PUT', `/v1/integrations/${neighbour.id}`, { bot_token: `new-ok-u${bot}` });
    bench.platform.calls.length = 0;
    await put({ greeting: 'Hi' });
    expect(bench.platform.calls[0]).toBe(`verify new-ok-u${bot}`);
  });

  it("never asks with a token of somebody else's on the same bot", async () => {
    const other = await bench.tenant(`other ${bot}`);
    const body = connectBody(other, { bot_token: `theirs-ok-u${bot}`, channel_ids: ['C5'] });
    bench.clock.advance(1_000);
    expect((await other.call('POST', '/v1/integrations/acme', body)).status).toBe(201);
    bench.platform.calls.length = 0;
    await put({ greeting: 'Hi' });
    expect(bench.platform.calls[0]).toBe(`verify ok-u${bot}`);
  });

  it('begins anew with another bot', async () => {
    expect((await put({ bot_token: `ok-v${bot}` })).status).toBe(200);
    expect(bench.platform.calls).toEqual([`verify ok-v${bot}`, `beginning ok-v${bot}`]);
    const freed = connectBody(tenant, { bot_token: `ok-u${bot}` });
    expect((await tenant.call('POST', '/v1/integrations/acme', freed)).status).toBe(201);
  });

  it('leaves an active one in peace, and begins anew when one is resumed', async () => {
    expect((await put({ active: true })).status).toBe(200);
    expect(bench.platform.calls).toEqual([]);
    await put({ active: false });
    expect((await put({ active: true })).json.status).toBe('active');
    expect(bench.platform.calls).toEqual([`verify ok-u${bot}`, `beginning ok-u${bot}`]);
  });

  it('asks again about one whose link has given up, and loses nothing of what waits', async () => {
    const { store, clock } = bench;
    const integration = await store.getIntegration(tenant.userId, path.split('/').at(-1) as IntegrationId);
    const botId = integration?.botId ?? 'bot_';
    const epoch = (await store.takeBot('node_1', 60_000, botId))?.epoch ?? 0;
    const health = { state: 'error', code: 'conflict', since: clock.now(), transport: 'polling' } as const;
    await store.reportHealth(botId, epoch, health);
    expect((await tenant.call('GET', path)).json).toMatchObject({ status: 'error', health: { code: 'conflict' } });
    expect((await put({ active: true })).status).toBe(200);
    expect(bench.platform.calls).toEqual([`verify ok-u${bot}`]);
    expect(bench.changed).toEqual([[botId]]);
    expect(await store.recover(botId, epoch)).toMatchObject({ cursors: new Map([['offset', '7']]) });
  });

  it('stays paused when its bot is refused on resuming', async () => {
    await put({ active: false });
    bench.platform.beginningFails = { ok: false, kind: 'rejected', reason: 'gone', message: 'Gone.' };
    expect((await put({ active: true })).status).toBe(422);
    bench.platform.beginningFails = undefined;
    expect((await tenant.call('GET', path)).json.status).toBe('inactive');
  });

  it.each(['another change', 'a delete'])('is finished before %s begins', async (what) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.platform.hold = promise;
    const first = put({ channel_ids: ['C3'] });
    await expect.poll(() => bench.platform.calls.length).toBe(1);
    bench.platform.hold = undefined;
    const second = what === 'a delete' ? tenant.call('DELETE', path) : put({ channel_ids: ['C4'] });
    await new Promise((later) => setTimeout(later, 20));
    expect(bench.platform.calls).toHaveLength(1);
    resolve();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect((await first).json.channel_ids).toEqual(['C3']);
    expect((await tenant.call('GET', path)).json.channel_ids).toEqual(what === 'a delete' ? undefined : ['C4']);
  });
});

describe('DELETE /v1/integrations/:id', () => {
  it('says so once, tells the flow, and frees the place', async () => {
    const id = path.split('/').at(-1);
    const { status, json } = await tenant.call('DELETE', path);
    expect([status, json]).toEqual([200, { id, deleted: true }]);
    expect(bench.changed).toHaveLength(1);
    expect((await tenant.call('DELETE', path)).status).toBe(404);
    expect((await tenant.call('GET', path)).status).toBe(404);
    const body = connectBody(tenant, { bot_token: `ok-u${bot}` });
    expect((await tenant.call('POST', '/v1/integrations/acme', body)).status).toBe(201);
  });
});
