import { type ApiDeps, type Endpoint, tellControl } from '../endpoint.ts';
import { notFound } from '../errors.ts';
import { replrIdOf } from '../path-ids.ts';
import { presentReplr } from '../present.ts';
import { readReplrUpdate, replrUpdateSchema } from '../replr-fields.ts';
import { replrSchema } from '../schemas.ts';

export function updateReplr(deps: ApiDeps): Endpoint {
  return {
    method: 'put',
    path: '/v1/replrs/{id}',
    name: 'updateReplr',
    tag: 'REPLRs',
    summary: 'Change a REPLR.',
    description: 'Only what is sent changes; `null` removes an optional field. Its integrations follow at once.',
    body: { schema: replrUpdateSchema },
    success: { status: 200, schema: replrSchema },
    errors: ['bad_request', 'validation_error', 'not_found'],
    handle: async (call) => {
      const id = replrIdOf(call.params['id']);
      const before = await deps.store.getReplr(call.userId, id);
      if (!before) throw notFound('REPLR');
      const fields = readReplrUpdate(deps, call);
      if (Object.keys(fields).length === 0) return { status: 200, body: presentReplr(before) };
      const change = await deps.store.updateReplr(call.userId, id, fields, deps.clock.now());
      if (!change) throw notFound('REPLR');
      await tellControl(deps, call, change.bots);
      return { status: 200, body: presentReplr(change.replr) };
    },
  };
}
