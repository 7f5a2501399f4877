import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { ApiError, notFound } from '../errors.ts';
import { replrIdOf } from '../path-ids.ts';
import { replrDeletedSchema } from '../schemas.ts';

export function deleteReplr(deps: ApiDeps): Endpoint {
  return {
    method: 'delete',
    path: '/v1/replrs/{id}',
    name: 'deleteReplr',
    tag: 'REPLRs',
    summary: 'Delete a REPLR that no integration uses.',
    success: { status: 200, schema: replrDeletedSchema },
    errors: ['not_found', 'conflict'],
    handle: async ({ userId, params }) => {
      const id = replrIdOf(params['id']);
      const result = await deps.store.deleteReplr(userId, id);
      if (result === 'missing') throw notFound('REPLR');
      if (result === 'in_use') {
        throw new ApiError('conflict', 'This REPLR is used by an integration. Delete or change that first.', {
          details: { reason: 'replr_in_use' },
        });
      }
      return { status: 200, body: { id, deleted: true } };
    },
  };
}
