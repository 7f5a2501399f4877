import { isDeepStrictEqual } from 'node:util';
import type { ZodObject } from 'zod';
import type { Connector } from '../../core/connector.ts';
import type { IntegrationId, ReplrId } from '../../core/ids.ts';
import { type Credential, type Integration, type Settings, statusOf } from '../../core/integration.ts';
import type { IntegrationChange, IntegrationUpdate } from '../../core/integration-store.ts';
import { changedOptions, type OptionsChange } from '../../core/options.ts';
import { newestCredential } from '../credential.ts';
import { type ApiDeps, type Call, type Endpoint, tellControl } from '../endpoint.ts';
import { ApiError, notFound } from '../errors.ts';
import { fieldReader, pick } from '../fields.ts';
import { hookUrl, hookUrlNames } from '../hook-url.ts';
import type { createKeyMutex } from '../key-mutex.ts';
import { optionsChange } from '../options.ts';
import { integrationIdOf, replrIdOf } from '../path-ids.ts';
import { claimed, holdingClaim, knownCursors, type PlatformCheck } from '../platform-check.ts';
import { presentIntegrationDetail } from '../present.ts';
import { changeSchema, type IntegrationSchemas } from '../schemas.ts';

interface Wish {
  readonly active?: boolean | undefined;
  readonly autoRespond?: boolean | undefined;
  readonly replrId?: ReplrId | undefined;
  /** Whole, with what was sent laid over what is stored; absent when no secret was sent. */
  readonly credential?: Credential | undefined;
  /** Likewise; absent when what was sent is what is stored. */
  readonly settings?: Settings | undefined;
  /** What was sent alone; absent when it changes nothing. */
  readonly options?: OptionsChange | undefined;
}

export function updateIntegration(
  deps: ApiDeps,
  check: PlatformCheck,
  schemas: IntegrationSchemas,
  alone: ReturnType<typeof createKeyMutex>,
): Endpoint {
  return {
    method: 'put',
    path: '/v1/integrations/{id}',
    name: 'updateIntegration',
    tag: 'Integrations',
    summary: 'Update settings for an existing integration.',
    description:
      'Only what is sent changes; read-only fields are ignored; `null` takes an optional field away or puts its default back. A new credential or place is checked with the platform first.',
    body: { schema: schemas.update },
    success: { status: 200, schema: schemas.detail },
    errors: ['bad_request', 'validation_error', 'not_found', 'conflict', 'unprocessable_entity', 'upstream_error'],
    handle: async (call) => {
      const id = integrationIdOf(call);
      const integration = await alone(id, () => update(deps, check, call, id));
      return { status: 200, body: { ...presentIntegrationDetail(integration), ...hookUrl(deps, integration) } };
    },
  };
}

async function update(deps: ApiDeps, check: PlatformCheck, call: Call, id: IntegrationId): Promise<Integration> {
  const { store, connectors } = deps;
  const before = await store.getIntegration(call.userId, id);
  const stored = before && (await newestCredential(deps, call, before));
  if (!before || !stored) throw notFound('Integration');
  const connector = connectors.get(before.platform);
  if (!connector) throw new ApiError('service_unavailable', 'This server does not serve this platform any more.');

  const wish = readWish(call, connector, before, stored);
  const newReplr = wish.replrId !== undefined && wish.replrId !== before.replrId ? wish.replrId : undefined;
  if (newReplr && !(await store.getReplr(call.userId, newReplr))) throw notFound('REPLR');

  const plain: Omit<IntegrationUpdate, 'at'> = {
    ...(wish.active !== undefined && wish.active !== before.enabled && { enabled: wish.active }),
    ...(wish.autoRespond !== undefined && { autoRespond: wish.autoRespond }),
    ...(newReplr !== undefined && { replrId: newReplr }),
    ...(wish.options !== undefined && { options: wish.options }),
    ...(wish.settings !== undefined && { settings: wish.settings }),
  };
  const asks = wish.credential !== undefined || wish.settings !== undefined || isRevived(wish, before);
  if (!asks && Object.keys(plain).length === 0) return before;

  const change = asks
    ? await updateVerified(deps, check, call, connector, before, plain, {
        credential: wish.credential ?? stored,
        settings: wish.settings ?? before.settings,
      })
    : await store.updateIntegration(call.userId, id, { ...plain, at: deps.clock.now() });
  if (!change.ok) throw refusal(change);
  await tellControl(deps, call, change.bots);
  return (await store.getIntegration(call.userId, id)) ?? change.integration;
}

/**
 * Switched on again, or asked for although its link has given up: in both cases the owner wants to hear whether it works
 * now. An integration that is at work is left in peace.
 */
function isRevived({ active }: Wish, before: Integration): boolean {
  return active === true && statusOf(before) !== 'active';
}

/**
 * The platform is asked, and only its yes is stored, with the new claims, in one commit. Where the bot is another one, or
 * was paused, listening begins "now"; where it is the same bot at work, its cursors stay, so that no message is lost, and
 * only places that are new begin now.
 */
async function updateVerified(
  deps: ApiDeps,
  check: PlatformCheck,
  call: Call,
  connector: Connector,
  before: Integration,
  plain: Omit<IntegrationUpdate, 'at'>,
  { credential, settings }: { credential: Credential; settings: Settings },
): Promise<IntegrationChange> {
  const { id, platform } = before;
  const { identity, profile, claims, notices } = await check.verify(call, connector, credential, settings);
  return holdingClaim(deps, call, id, { platform, identity, places: claims }, async () => {
    const begins = plain.enabled === true || identity !== before.identity;
    const moves = begins || plain.settings !== undefined;
    const known = moves ? await knownCursors(deps, { platform, identity }) : new Map<string, string>();
    const state = begins ? { known } : { known, before: before.settings };
    const cursors = moves ? await check.beginning(call, connector, credential, settings, state) : undefined;
    return deps.store.updateIntegration(call.userId, id, {
      ...plain,
      verified: { credential, identity, profile, claims, notices },
      ...(cursors && { cursors }),
      at: deps.clock.now(),
    });
  });
}

function refusal(change: IntegrationChange & { ok: false }): ApiError {
  if (change.reason === 'claimed') return claimed(change);
  return notFound(change.reason === 'missing' ? 'Integration' : 'REPLR');
}

/** What cannot be changed once connected is ignored like every other read-only field. */
function readWish({ body }: Call, connector: Connector, before: Integration, stored: Credential): Wish {
  const own = Object.keys(changeSchema.shape);
  const secrets = Object.keys(connector.credential.shape);
  const fixed = [...Object.keys(connector.settings.shape), ...hookUrlNames(connector)];
  const reader = fieldReader(body, [...own, ...secrets], fixed);
  const common = reader.part(changeSchema, pick(body, own));
  const sentSecrets = pick(body, secrets);
  const sentSettings = pick(body, connector.updatable);
  const credential = isEmpty(sentSecrets)
    ? undefined
    : reader.part(connector.credential, laidOver(connector.credential, stored, sentSecrets));
  const settings = isEmpty(sentSettings)
    ? undefined
    : reader.part(connector.settings, laidOver(connector.settings, before.settings, sentSettings));
  reader.done();
  const options = optionsChange(common ?? {});
  return {
    active: common?.active,
    autoRespond: common?.auto_respond === null ? true : common?.auto_respond,
    replrId: common?.replr_id === undefined ? undefined : replrIdOf(common.replr_id),
    options: isDeepStrictEqual(changedOptions(before.options, options), before.options) ? undefined : options,
    credential: credential as Credential | undefined,
    settings: isDeepStrictEqual(settings, before.settings) ? undefined : settings,
  };
}

/** What was sent over what is stored; `null` takes an optional field away. For any other it is a wrong value. */
function laidOver(schema: ZodObject, stored: Settings, sent: Settings): Settings {
  const removed = (name: string) => sent[name] === null && schema.shape[name]?.safeParse(undefined).success === true;
  return Object.fromEntries(Object.entries({ ...stored, ...sent }).filter(([name]) => !removed(name)));
}

const isEmpty = (fields: object) => Object.keys(fields).length === 0;
