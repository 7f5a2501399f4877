import { z } from '@hono/zod-openapi';
import type { ZodType } from 'zod';
import type { Connector } from '../core/connector.ts';
import type { Integration } from '../core/integration.ts';
import type { ApiDeps } from './endpoint.ts';

/**
 * Where the platform is to send what happens, under the field that the connector names for it; nothing where its owner need
 * not know. Without a public URL of this server only the path can be told. A known address is no access: each request to it
 * is judged by its signature.
 */
export function hookUrl(
  { connectors, platformPort }: Pick<ApiDeps, 'connectors' | 'platformPort'>,
  { platform, botId }: Pick<Integration, 'platform' | 'botId'>,
): Record<string, string> {
  const field = connectors.get(platform)?.hook?.urlField;
  if (field === undefined) return {};
  return { [field]: `${platformPort(platform).hooksUrl ?? `/hooks/${platform}`}/${botId}` };
}

/** The name of that field, if there is one: clients send back what they got, so it is passed over in bodies. */
export function hookUrlNames({ hook }: Connector): string[] {
  return hook?.urlField === undefined ? [] : [hook.urlField];
}

/** The same for the documentation. */
export function hookUrlShape(connector: Connector): Record<string, ZodType> {
  const schema = z.string().openapi({
    description: `Where ${connector.title} is to send its events: enter it there. Not in lists.`,
    readOnly: true,
  });
  return Object.fromEntries(hookUrlNames(connector).map((name) => [name, schema]));
}
