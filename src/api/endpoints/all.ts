import type { ApiDeps, Endpoint } from '../endpoint.ts';
import { createKeyMutex } from '../key-mutex.ts';
import { createPlatformCheck } from '../platform-check.ts';
import { integrationSchemas } from '../schemas.ts';
import { createIntegration } from './create-integration.ts';
import { createReplr } from './create-replr.ts';
import { deleteIntegration } from './delete-integration.ts';
import { deleteReplr } from './delete-replr.ts';
import { getIntegration } from './get-integration.ts';
import { getReplr } from './get-replr.ts';
import { listIntegrations } from './list-integrations.ts';
import { listReplrs } from './list-replrs.ts';
import { testIntegration } from './test-integration.ts';
import { updateIntegration } from './update-integration.ts';
import { updateReplr } from './update-replr.ts';

/** Everything under /v1, in the order of the documentation. */
export function allEndpoints(deps: ApiDeps): Endpoint[] {
  const check = createPlatformCheck(deps);
  const alone = createKeyMutex();
  const connectors = [...deps.connectors.values()];
  const schemas = integrationSchemas(connectors);
  return [
    listIntegrations(deps, schemas),
    ...connectors.map((connector) => createIntegration(deps, check, schemas, connector)),
    getIntegration(deps, schemas),
    updateIntegration(deps, check, schemas, alone),
    deleteIntegration(deps, alone),
    testIntegration(deps),
    listReplrs(deps),
    createReplr(deps),
    getReplr(deps),
    updateReplr(deps),
    deleteReplr(deps),
  ];
}
