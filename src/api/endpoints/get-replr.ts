import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { notFound } from '../errors.ts';
import { replrIdOf } from '../path-ids.ts';
import { presentReplr } from '../present.ts';
import { replrSchema } from '../schemas.ts';

export function getReplr(deps: ApiDeps): Endpoint {
  return {
    method: 'get',
    path: '/v1/replrs/{id}',
    name: 'getReplr',
    tag: 'REPLRs',
    summary: 'Get one REPLR.',
    success: { status: 200, schema: replrSchema },
    errors: ['not_found'],
    handle: async ({ userId, params }) => {
      const replr = await deps.store.getReplr(userId, replrIdOf(params['id']));
      if (!replr) throw notFound('REPLR');
      return { status: 200, body: presentReplr(replr) };
    },
  };
}
