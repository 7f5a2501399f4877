import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { telegram } from '../../src/connectors/telegram/connector.ts';
import type { Connector } from '../../src/core/connector.ts';
import type { IntegrationId } from '../../src/core/ids.ts';
import { type ApiBench, apiBench, type Tenant } from '../support/api-bench.ts';
import { fakePlatform } from '../support/fake-platform.ts';
import { type ReferenceEndpoint, readReference, shortcomings } from '../support/reference.ts';

/** Our answers against the published reference: each documented name, with its type and format. More is allowed. */
const reference = readReference();

const unique = (ids: readonly string[]) => new Set(ids).size === ids.length;

const discord = fakePlatform({
  platform: 'discord',
  title: 'Discord',
  settings: z.object({
    guild_id: z.string().regex(/^\d{17,20}$/),
    channel_ids: z
      .array(z.string().regex(/^\d{17,20}$/))
      .min(1)
      .max(100)
      .refine(unique),
    direct_messages: z.boolean().optional(),
  }),
  updatable: ['channel_ids', 'direct_messages'],
}).connector;

const slack = fakePlatform({
  platform: 'slack',
  title: 'Slack',
  settings: z.object({
    workspace_id: z.string().regex(/^T[A-Z0-9]{8,}$/),
    channel_ids: z
      .array(z.string().regex(/^[CGD][A-Z0-9]{8,}$/))
      .min(1)
      .max(100)
      .refine(unique),
  }),
  updatable: ['channel_ids'],
}).connector;

/** The real fields and rules; only the platform itself is stood in for. */
const { verify, beginning } = fakePlatform().connector;
const telegramHere: Connector = { ...telegram, verify, ...(beginning && { beginning }) };

const documentedValues: Record<string, unknown> = {
  guild_id: '1098765432100001234',
  workspace_id: 'T04ABCDEF',
};
const channelsOf: Record<string, string[]> = {
  discord: ['1098765432100005678', '1098765432100009012'],
  slack: ['C04GHIJKL', 'C04MNOPQR'],
};
/** Shaped as each platform's own. */
const tokens: Record<string, string> = {
  discord: 'MTA5ODc2NTQzMjEwMDAwMTIzNA.Gabcde.ok-1_abcdefghijklmnopqrstuvwxyz',
  telegram: '123456789:AAok-1_abcdefghijklmnopqrstuvwxyzAB',
  slack: 'xoxb-1111111111111-2222222222222-ok-1abcdefghijklmnop',
};

let bench: ApiBench;
let tenant: Tenant;
const ids: Record<string, string> = {};
beforeAll(async () => {
  bench = await apiBench({ connectors: [discord, telegramHere, slack] });
  tenant = await bench.tenant('a');
});
afterAll(() => bench.close());

function documented(method: string, path: string): ReferenceEndpoint {
  const found = reference.find((endpoint) => endpoint.method === method && endpoint.path === path);
  if (!found) throw new Error(`the reference has no ${method} ${path}`);
  return found;
}

/** Made of the reference's own table: what it calls required, and nothing else. */
function bodyFor(platform: string): Record<string, unknown> {
  const values: Record<string, unknown> = {
    ...documentedValues,
    replr_id: tenant.replrId,
    bot_token: tokens[platform],
    channel_ids: channelsOf[platform],
  };
  const { fields } = documented('POST', `/v1/integrations/${platform}`);
  return Object.fromEntries(fields.filter(({ required }) => required).map(({ name }) => [name, values[name]]));
}

/** One message heard, as a node that owns the bot would store it. */
async function hear(id: string): Promise<void> {
  const { store, clock } = bench;
  const integrationId = id as IntegrationId;
  const integration = await store.getIntegration(tenant.userId, integrationId);
  if (!integration) throw new Error('no integration');
  const { botId } = integration;
  const owned = await store.takeBot('node_1', 60_000, botId);
  const at = clock.now();
  const author = { id: 'u1', name: 'Ann', kind: 'person' } as const;
  const message = { id: `m-${id}`, at: { channel: 'c' }, author, text: 'hi', sentAt: at, addressed: true };
  await store.accept({
    ...{ botId, epoch: owned?.epoch ?? 0, cursors: [], at },
    messages: [{ integrationId, conversation: `${id}/c/`, message, fate: null }],
  });
}

it('the reference is read whole', () => {
  expect(reference.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v1/integrations',
    'POST /v1/integrations/discord',
    'POST /v1/integrations/telegram',
    'POST /v1/integrations/slack',
    'GET /v1/integrations/:id',
    'PUT /v1/integrations/:id',
    'DELETE /v1/integrations/:id',
    'POST /v1/integrations/:id/test',
  ]);
  const { paths } = bench.api.openapi() as { paths: Record<string, Record<string, unknown>> };
  for (const { method, path } of reference) {
    expect(Object.keys(paths[path.replace(':id', '{id}')] ?? {})).toContain(method.toLowerCase());
  }
});

describe.each(['discord', 'telegram', 'slack'])('%s', (platform) => {
  const path = `/v1/integrations/${platform}`;

  it('refuses a body that lacks a required field, naming it', async () => {
    for (const { name, required } of documented('POST', path).fields) {
      if (!required) continue;
      const { status, json } = await tenant.call('POST', path, { ...bodyFor(platform), [name]: undefined });
      expect([status, Object.keys(json.details.fields)]).toEqual([400, [name]]);
    }
  });

  it('connects with the documented body and answers as documented', async () => {
    bench.clock.advance(1_000);
    const { response } = documented('POST', path);
    const { status, json, text } = await tenant.call('POST', path, bodyFor(platform));
    expect(status).toBe(201);
    expect(shortcomings(response, json)).toEqual([]);
    expect(Object.keys(json)).toEqual(Object.keys(response));
    expect([json.platform, json.status, json.message_count]).toEqual([platform, 'active', 0]);
    expect(text).not.toContain(tokens[platform]);
    ids[platform] = json.id;
  });

  it('shows one, without a time of the last message until there is one', async () => {
    const { response } = documented('GET', '/v1/integrations/:id');
    const own = Object.keys(documented('POST', path).response);
    const expected = Object.fromEntries(
      Object.entries(response).filter(
        ([name]) => own.includes(name) || ['auto_respond', 'last_message_at'].includes(name),
      ),
    );
    if ('workspace_id' in bodyFor(platform)) Object.assign(expected, documented('POST', path).response);
    const quiet = await tenant.call('GET', `/v1/integrations/${ids[platform]}`);
    expect(shortcomings(expected, quiet.json)).toEqual(['.last_message_at: missing']);
    expect(quiet.json.auto_respond).toBe(true);
    await hear(ids[platform] ?? '');
    const { status, json } = await tenant.call('GET', `/v1/integrations/${ids[platform]}`);
    expect(status).toBe(200);
    expect(shortcomings(expected, json)).toEqual([]);
    expect(json.message_count).toBe(1);
  });

  it('changes each documented setting', async () => {
    const put = documented('PUT', '/v1/integrations/:id');
    expect(put.fields.map(({ name }) => name)).toEqual(['channel_ids', 'active', 'auto_respond']);
    const known = channelsOf[platform];
    const channel_ids = known ? [...known, `${known[0]?.slice(0, -4)}3456`] : ['-1001234567890'];
    const { status, json } = await tenant.call('PUT', `/v1/integrations/${ids[platform]}`, {
      ...{ channel_ids, active: true, auto_respond: false },
    });
    expect(status).toBe(200);
    expect([json.channel_ids, json.auto_respond, json.status]).toEqual([channel_ids, false, 'active']);
    if (platform === 'discord') expect(shortcomings(put.response, json)).toEqual([]);
    const off = await tenant.call('PUT', `/v1/integrations/${ids[platform]}`, { active: false });
    expect(off.json.status).toBe('inactive');
    await tenant.call('PUT', `/v1/integrations/${ids[platform]}`, { active: platform !== 'slack' });
  });

  it('reports a test as documented', async () => {
    bench.testResult = {
      success: true,
      latencyMs: 142.4,
      messageId: '1098765432100099887',
      channelId: '1098765432100005678',
      deliveredAt: bench.clock.now(),
    };
    const { response } = documented('POST', '/v1/integrations/:id/test');
    const { status, json } = await tenant.call('POST', `/v1/integrations/${ids[platform]}/test`);
    expect([status, shortcomings(response, json)]).toEqual([200, []]);
  });
});

it('lists all as documented, each with its own fields only', async () => {
  const { response } = documented('GET', '/v1/integrations');
  const { status, json } = await tenant.call('GET', '/v1/integrations');
  expect([status, json.total]).toEqual([200, 3]);
  const examples = response['data'] as Record<string, unknown>[];
  for (const [index, example] of examples.entries()) {
    const item = json.data[index];
    expect(shortcomings(example, item)).toEqual([]);
    expect([item.platform, item.status]).toEqual([example['platform'], example['status']]);
    // Our one additive setting on this platform was used above.
    const further = example['platform'] === 'telegram' ? ['channel_ids'] : [];
    expect(Object.keys(item).filter((name) => !(name in example))).toEqual(further);
    for (const value of Object.values(item)) expect([null, '', undefined]).not.toContain(value);
  }
});

it('shows no allow-list once it is empty', async () => {
  await tenant.call('PUT', `/v1/integrations/${ids['telegram']}`, { channel_ids: [] });
  const { json } = await tenant.call('GET', '/v1/integrations');
  expect(Object.keys(json.data[1])).toEqual(Object.keys(documented('POST', '/v1/integrations/telegram').response));
});

it('deletes as documented', async () => {
  const { response } = documented('DELETE', '/v1/integrations/:id');
  for (const id of Object.values(ids)) {
    const { status, json } = await tenant.call('DELETE', `/v1/integrations/${id}`);
    expect([status, json]).toEqual([200, { ...response, id }]);
  }
  expect((await tenant.call('GET', '/v1/integrations')).json).toEqual({ data: [], total: 0 });
});
