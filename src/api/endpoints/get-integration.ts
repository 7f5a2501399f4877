import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { notFound } from '../errors.ts';
import { hookUrl } from '../hook-url.ts';
import { integrationIdOf } from '../path-ids.ts';
import { presentIntegrationDetail } from '../present.ts';
import type { IntegrationSchemas } from '../schemas.ts';

export function getIntegration(deps: ApiDeps, schemas: IntegrationSchemas): Endpoint {
  return {
    method: 'get',
    path: '/v1/integrations/{id}',
    name: 'getIntegration',
    tag: 'Integrations',
    summary: 'Get details for a specific integration.',
    success: { status: 200, schema: schemas.detail },
    errors: ['not_found'],
    handle: async (call) => {
      const integration = await deps.store.getIntegration(call.userId, integrationIdOf(call));
      if (!integration) throw notFound('Integration');
      return { status: 200, body: { ...presentIntegrationDetail(integration), ...hookUrl(deps, integration) } };
    },
  };
}
