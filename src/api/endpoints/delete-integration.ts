import { type ApiDeps, type Endpoint, tellControl } from '../endpoint.ts';
import { notFound } from '../errors.ts';
import type { createKeyMutex } from '../key-mutex.ts';
import { integrationIdOf } from '../path-ids.ts';
import { integrationDeletedSchema } from '../schemas.ts';

export function deleteIntegration(deps: ApiDeps, alone: ReturnType<typeof createKeyMutex>): Endpoint {
  return {
    method: 'delete',
    path: '/v1/integrations/{id}',
    name: 'deleteIntegration',
    tag: 'Integrations',
    summary: 'Disconnect and remove an integration.',
    description: 'Its messages and secrets are removed with it.',
    success: { status: 200, schema: integrationDeletedSchema },
    errors: ['not_found'],
    handle: async (call) => {
      const id = integrationIdOf(call);
      await alone(id, async () => {
        const { ok, bots } = await deps.store.deleteIntegration(call.userId, id);
        if (!ok) throw notFound('Integration');
        await tellControl(deps, call, bots);
      });
      return { status: 200, body: { id, deleted: true } };
    },
  };
}
