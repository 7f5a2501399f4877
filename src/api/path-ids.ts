import type { IntegrationId, ReplrId } from '../core/ids.ts';
import type { Call } from './endpoint.ts';
import { notFound } from './errors.ts';

const INTEGRATION = /^int_[0-9a-f]{12}$/;
const REPLR = /^rp_[a-z0-9]{8}$/;

/** What does not look like an id cannot exist, and goes no further than this. */
export function integrationIdOf({ params }: Call): IntegrationId {
  const id = params['id'] ?? '';
  if (!INTEGRATION.test(id)) throw notFound('Integration');
  return id as IntegrationId;
}

export function replrIdOf(id: string | undefined): ReplrId {
  if (id === undefined || !REPLR.test(id)) throw notFound('REPLR');
  return id as ReplrId;
}
