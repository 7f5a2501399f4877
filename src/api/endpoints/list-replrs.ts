import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { readPage } from '../page.ts';
import { presentReplr } from '../present.ts';
import { replrListSchema } from '../schemas.ts';

export function listReplrs(deps: ApiDeps): Endpoint {
  return {
    method: 'get',
    path: '/v1/replrs',
    name: 'listReplrs',
    tag: 'REPLRs',
    summary: 'List all REPLRs of the current user.',
    description: 'Oldest first.',
    paged: true,
    success: { status: 200, schema: replrListSchema },
    errors: ['validation_error'],
    handle: async ({ userId, query }) => {
      const { data, total } = await deps.store.listReplrs(userId, readPage(query));
      return { status: 200, body: { data: data.map(presentReplr), total } };
    },
  };
}
