import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { presentReplr } from '../present.ts';
import { readReplrCreate, replrCreateSchema } from '../replr-fields.ts';
import { replrSchema } from '../schemas.ts';

/** 41 random bits: a second try is rare, a fifth means that something else is wrong. */
const MAX_TRIES = 5;

export function createReplr(deps: ApiDeps): Endpoint {
  return {
    method: 'post',
    path: '/v1/replrs',
    name: 'createReplr',
    tag: 'REPLRs',
    summary: 'Create a REPLR.',
    body: { schema: replrCreateSchema },
    success: { status: 201, schema: replrSchema },
    errors: ['bad_request', 'validation_error', 'conflict', 'unprocessable_entity'],
    handle: async (call) => {
      const fields = readReplrCreate(deps, call);
      for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
        const made = await deps.store.createReplr(deps.ids.replr(), call.userId, fields, deps.clock.now());
        if (made !== 'id_taken') return { status: 201, body: presentReplr(made) };
      }
      throw new Error('no free REPLR id');
    },
  };
}
