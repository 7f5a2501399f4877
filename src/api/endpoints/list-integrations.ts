import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { readPage } from '../page.ts';
import { presentIntegration } from '../present.ts';
import { type IntegrationSchemas, integrationListSchema } from '../schemas.ts';

export function listIntegrations(deps: ApiDeps, schemas: IntegrationSchemas): Endpoint {
  return {
    method: 'get',
    path: '/v1/integrations',
    name: 'listIntegrations',
    tag: 'Integrations',
    summary: 'List all integrations for the current user.',
    description: 'Oldest first.',
    paged: true,
    success: { status: 200, schema: integrationListSchema(schemas) },
    errors: ['validation_error'],
    handle: async ({ userId, query }) => {
      const { data, total } = await deps.store.listIntegrations(userId, readPage(query));
      return { status: 200, body: { data: data.map(presentIntegration), total } };
    },
  };
}
