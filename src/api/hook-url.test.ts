import { afterEach, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, connectBody } from '../../test/support/api-bench.ts';
import { fakePlatform } from '../../test/support/fake-platform.ts';
import { hookUrl } from './hook-url.ts';

const hook = {
  urlField: 'events_url',
  plausible: () => false,
  open: () => ({ kind: 'refused', reason: 'never' }) as const,
  read: () => undefined,
};
const pushy = { ...fakePlatform({ platform: 'pushy', title: 'Pushy' }).connector, hook };

let bench: ApiBench | undefined;
afterEach(() => bench?.close());

describe("the URL of an integration's hook", () => {
  it('is shown where one looks at it, never in lists, and passed over in bodies', async () => {
    bench = await apiBench({ connectors: [pushy] });
    const tenant = await bench.tenant('a');
    const body = connectBody(tenant, { events_url: 'https://evil.example' });
    const made = await tenant.call('POST', '/v1/integrations/pushy', body);
    expect([made.status, made.json.events_url]).toEqual([
      201,
      expect.stringMatching(/^\/hooks\/pushy\/bot_[0-9a-f]{16}$/),
    ]);
    const path = `/v1/integrations/${made.json.id}`;
    const { json } = await tenant.call('GET', path);
    expect(json.events_url).toBe(made.json.events_url);
    const put = await tenant.call('PUT', path, { ...json, auto_respond: false, events_url: 'https://evil.example' });
    expect([put.status, put.json]).toEqual([200, { ...json, auto_respond: false }]);
    const { json: list } = await tenant.call('GET', '/v1/integrations');
    expect(list.data[0]).not.toHaveProperty('events_url');
  });

  it('is a field of that platform alone', async () => {
    bench = await apiBench({ connectors: [pushy] });
    const tenant = await bench.tenant('a');
    const refused = await tenant.call('POST', '/v1/integrations/acme', connectBody(tenant, { events_url: 'x' }));
    expect([refused.status, refused.json.details.fields]).toEqual([400, { events_url: 'Unknown field.' }]);
    const { json } = await tenant.call('POST', '/v1/integrations/acme', connectBody(tenant));
    expect(json).not.toHaveProperty('events_url');
    const { components } = bench.api.openapi() as {
      components: { schemas: Record<string, { properties: Record<string, object>; required: string[] }> };
    };
    const { AcmeIntegrationDetail, PushyIntegrationDetail, PushyIntegration, PushyConnect, PushyUpdate } =
      components.schemas;
    expect(PushyIntegrationDetail?.properties['events_url']).toMatchObject({ type: 'string', readOnly: true });
    expect(PushyIntegrationDetail?.required).toContain('events_url');
    expect(PushyIntegration?.properties).toHaveProperty('events_url');
    expect(PushyIntegration?.required).not.toContain('events_url');
    for (const other of [AcmeIntegrationDetail, PushyConnect, PushyUpdate]) {
      expect(Object.keys(other?.properties ?? {})).not.toContain('events_url');
    }
  });

  it('is whole where the server knows its own', () => {
    const connectors = new Map([['pushy', pushy]]);
    const platformPort = () => ({ hooksUrl: 'https://bots.example.com/hooks/pushy' }) as never;
    const at = { platform: 'pushy', botId: 'bot_0123456789abcdef' } as const;
    expect(hookUrl({ connectors, platformPort }, at)).toEqual({
      events_url: 'https://bots.example.com/hooks/pushy/bot_0123456789abcdef',
    });
    expect(hookUrl({ connectors, platformPort }, { ...at, platform: 'nosuch' })).toEqual({});
  });
});
