import { describe, expect, it } from 'vitest';
import { fakePlatform } from '../../test/support/fake-platform.ts';
import { stillClock } from '../../test/support/still-clock.ts';
import { createIds } from '../core/ids.ts';
import { silentLog } from '../core/log.ts';
import type { ApiDeps } from './endpoint.ts';
import { createApi } from './server.ts';

/** Enough to describe the API; nothing of it is called. */
function documentOf(platforms: readonly string[]): Record<string, never> {
  const all = platforms.map((platform) => fakePlatform({ platform, title: platform.toUpperCase() }).connector);
  const deps = {
    connectors: new Map(all.map((connector) => [connector.platform, connector])),
    ids: createIds((count) => new Uint8Array(count)),
    clock: stillClock(),
    log: silentLog,
    version: '1.2.3',
  };
  return createApi(deps as unknown as ApiDeps).openapi() as Record<string, never>;
}

/** Each reference must lead somewhere. */
function danglingRefs(document: object): string[] {
  const refs = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map((match) => match[1] ?? '');
  const leads = (ref: string) =>
    ref.split('/').reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], document);
  return refs.filter((ref) => leads(ref) === undefined);
}

describe('the OpenAPI document', () => {
  const document = documentOf(['acme', 'zeta']) as Record<string, Record<string, Record<string, never>>>;

  it('is the same each time', () => {
    expect(JSON.stringify(documentOf(['acme', 'zeta']))).toBe(JSON.stringify(document));
  });

  it('is OpenAPI 3.1 with a key on everything under /v1', () => {
    expect(document['openapi']).toBe('3.1.0');
    for (const [path, methods] of Object.entries(document['paths'] ?? {})) {
      for (const operation of Object.values(methods)) {
        const { security, responses } = operation as { security: object[]; responses: Record<string, unknown> };
        expect([path, security]).toEqual([path, path.startsWith('/v1') ? [{ bearer: [] }] : []]);
        if (path.startsWith('/v1'))
          expect(Object.keys(responses)).toEqual(expect.arrayContaining(['401', '429', '500']));
      }
    }
    expect(danglingRefs(document)).toEqual([]);
  });

  it('has a route for each connector, with its fields', () => {
    expect(Object.keys(document['paths'] ?? {})).toEqual([
      '/v1/integrations',
      '/v1/integrations/acme',
      '/v1/integrations/zeta',
      '/v1/integrations/{id}',
      '/v1/integrations/{id}/test',
      '/v1/replrs',
      '/v1/replrs/{id}',
      '/healthz',
      '/readyz',
      '/openapi.json',
    ]);
    const schemas = document['components']?.['schemas'] as unknown as Record<
      string,
      { required: string[]; properties: Record<string, object> }
    >;
    const body = schemas['ZETAConnect'];
    expect(body?.required).toEqual(['replr_id', 'bot_token', 'room_id', 'channel_ids']);
    expect(body?.properties['bot_token']).toMatchObject({ type: 'string', writeOnly: true });
    for (const name of ['ZETAIntegration', 'ZETAIntegrationDetail']) {
      expect(Object.keys(schemas[name]?.properties ?? {})).toContain('room_id');
      expect(JSON.stringify(schemas[name])).not.toContain('bot_token');
    }
    expect(Object.keys(schemas['ZETAUpdate']?.properties ?? {})).toEqual([
      ...['channel_ids', 'greeting', 'active', 'auto_respond', 'replr_id'],
      ...['error_reply', 'store_content', 'context_tokens', 'limits', 'bot_token', 'app_token'],
    ]);
    expect(schemas['ZETAUpdate']?.required).toBeUndefined();
    const change = schemas['ZETAUpdate']?.properties ?? {};
    const removable = Object.keys(change).filter((name) => JSON.stringify(change[name]).includes('"null"'));
    expect(removable).toEqual([
      ...['greeting', 'auto_respond', 'error_reply', 'store_content', 'context_tokens', 'limits', 'app_token'],
    ]);
    expect(change['app_token']).toMatchObject({ writeOnly: true, format: 'password' });
    expect(JSON.stringify(body)).not.toContain('"null"');
  });
});
