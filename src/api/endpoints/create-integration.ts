import type { Connector } from '../../core/connector.ts';
import type { ReplrId } from '../../core/ids.ts';
import type { Credential, Integration, Settings } from '../../core/integration.ts';
import { changedOptions, defaultOptions, type Options } from '../../core/options.ts';
import { type ApiDeps, type Call, type Endpoint, tellControl } from '../endpoint.ts';
import { notFound } from '../errors.ts';
import { fieldReader, pick } from '../fields.ts';
import { hookUrl, hookUrlNames } from '../hook-url.ts';
import { optionsChange } from '../options.ts';
import { replrIdOf } from '../path-ids.ts';
import { claimed, holdingClaim, knownCursors, type PlatformCheck, type Verified } from '../platform-check.ts';
import { presentIntegration } from '../present.ts';
import { connectSchema, createSchema, type IntegrationSchemas } from '../schemas.ts';

/** 48 random bits: a second try is rare, a fifth means that something else is wrong. */
const MAX_TRIES = 5;

interface Wish {
  readonly replrId: ReplrId;
  readonly autoRespond: boolean;
  readonly options: Options;
  readonly credential: Credential;
  readonly settings: Settings;
}

/** Made once for each connector: a platform's route exists because its connector does. */
export function createIntegration(
  deps: ApiDeps,
  check: PlatformCheck,
  schemas: IntegrationSchemas,
  connector: Connector,
): Endpoint {
  return {
    method: 'post',
    path: `/v1/integrations/${connector.platform}`,
    name: `connect${connector.title.replace(/[^A-Za-z0-9]/g, '')}`,
    tag: 'Integrations',
    summary: `Connect a ${connector.title} bot to a REPLR.`,
    description: 'Credential, place and permissions are checked with the platform before this answers.',
    body: { schema: createSchema(connector) },
    success: { status: 201, schema: schemas.created(connector) },
    errors: ['bad_request', 'validation_error', 'not_found', 'conflict', 'unprocessable_entity', 'upstream_error'],
    handle: async (call) => {
      const wish = readWish(call, connector);
      if (!(await deps.store.getReplr(call.userId, wish.replrId))) throw notFound('REPLR');
      const verified = await check.verify(call, connector, wish.credential, wish.settings);
      const integration = await connect(deps, check, call, connector, wish, verified);
      return { status: 201, body: { ...presentIntegration(integration), ...hookUrl(deps, integration) } };
    },
  };
}

function readWish({ body }: Call, connector: Connector): Wish {
  const own = Object.keys(connectSchema.shape);
  const secrets = Object.keys(connector.credential.shape);
  const settings = Object.keys(connector.settings.shape);
  const reader = fieldReader(body, [...own, ...secrets, ...settings], hookUrlNames(connector));
  const common = reader.part(connectSchema, pick(body, own));
  const credential = reader.part(connector.credential, pick(body, secrets));
  const place = reader.part(connector.settings, pick(body, settings));
  reader.done();
  return {
    replrId: replrIdOf(common?.replr_id),
    autoRespond: common?.auto_respond ?? true,
    options: changedOptions(defaultOptions, optionsChange(common ?? {})),
    credential: credential as Credential,
    settings: place as Settings,
  };
}

/** Claim first, then ask where "now" is, then store: nobody else can have connected the same place in between. */
async function connect(
  deps: ApiDeps,
  check: PlatformCheck,
  call: Call,
  connector: Connector,
  { replrId, autoRespond, options, credential, settings }: Wish,
  { identity, profile, claims, notices }: Verified,
): Promise<Integration> {
  const { platform } = connector;
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const id = deps.ids.integration();
    const made = await holdingClaim(deps, call, id, { platform, identity, places: claims }, async () => {
      const known = await knownCursors(deps, { platform, identity });
      const cursors = await check.beginning(call, connector, credential, settings, { known });
      return deps.store.createIntegration({
        ...{ id, userId: call.userId, replrId, identity, platform, profile, settings, credential, claims, notices },
        ...{ cursors, autoRespond, options, transport: 'unknown', at: deps.clock.now() },
      });
    });
    if (made.ok) {
      await tellControl(deps, call, made.bots);
      return made.integration;
    }
    if (made.reason === 'claimed') throw claimed(made);
    if (made.reason !== 'id_taken') throw notFound('REPLR');
  }
  throw new Error('no free integration id');
}
