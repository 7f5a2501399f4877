import type { BeginningState, Connector, Verification } from '../core/connector.ts';
import type { IntegrationId } from '../core/ids.ts';
import type { Credential, Settings } from '../core/integration.ts';
import type { Claim, ClaimConflict } from '../core/integration-store.ts';
import type { Cursor } from '../core/message.ts';
import type { ApiDeps, Call } from './endpoint.ts';
import { ApiError } from './errors.ts';
import { createWindows } from './rate-limit.ts';

/**
 * Platforms count requests with bad tokens per address and lock the whole server out. So a tenant whose tokens are
 * refused again and again waits, before the platform makes everybody wait. Per user and minute.
 */
const MAX_REJECTIONS = 60;

/** Longer than asking a platform takes; it only matters when this process dies meanwhile. */
const RESERVE_MS = 60_000;

export type Verified = Verification & { ok: true };

export interface PlatformCheck {
  /** Asks the platform; throws what the caller is to be told when it says no or nothing. */
  verify(call: Call, connector: Connector, credential: Credential, settings: Settings): Promise<Verified>;
  /** Cursors that mean "now". */
  beginning(
    call: Call,
    connector: Connector,
    credential: Credential,
    settings: Settings,
    state: BeginningState,
  ): Promise<readonly Cursor[]>;
}

export function createPlatformCheck(deps: ApiDeps): PlatformCheck {
  const rejections = createWindows(MAX_REJECTIONS, deps.clock);

  const refused = (call: Call, no: Verification & { ok: false }): ApiError => {
    if (no.kind === 'rejected') rejections.take(call.userId);
    return asError(no);
  };

  return {
    verify: async (call, connector, credential, settings) => {
      const usage = rejections.look(call.userId);
      if (!usage.allowed) {
        throw new ApiError('rate_limit_exceeded', 'The platform refused too many of your credentials.', {
          details: { reason: 'too_many_rejections' },
          retryAfter: usage.retryAfter,
        });
      }
      const answer = await connector.verify(credential, settings, deps.platformPort(connector.platform));
      if (!answer.ok) throw refused(call, answer);
      return answer;
    },
    beginning: async (call, connector, credential, settings, state) => {
      if (!connector.beginning) return [];
      const answer = await connector.beginning(credential, settings, deps.platformPort(connector.platform), state);
      if (!answer.ok) throw refused(call, answer);
      return answer.cursors;
    },
  };
}

function asError(no: Verification & { ok: false }): ApiError {
  if (no.kind === 'rejected') {
    return new ApiError('unprocessable_entity', no.message, {
      details: { ...no.details, reason: no.reason, ...(no.fixUrl !== undefined && { fix_url: no.fixUrl }) },
    });
  }
  const retryAfter = no.retryAfterMs === undefined ? undefined : Math.max(1, Math.ceil(no.retryAfterMs / 1000));
  return new ApiError('upstream_error', no.message, {
    details: { reason: 'platform_unavailable', ...(retryAfter !== undefined && { retry_after: retryAfter }) },
    ...(retryAfter !== undefined && { retryAfter }),
  });
}

/** Only one's own integration is named: whether somebody else has connected this bot is nobody's business. */
export function claimed(conflict: ClaimConflict): ApiError {
  const { integrationId } = conflict;
  return new ApiError('conflict', 'This bot, or one of these channels, is already connected.', {
    details: integrationId === undefined ? {} : { integration_id: integrationId },
  });
}

/** Where the receiver of this bot stands, if there is such a bot already. */
export async function knownCursors(
  { store }: ApiDeps,
  bot: { platform: string; identity: string },
): Promise<ReadonlyMap<string, string>> {
  const [listener] = await store.findListeners(bot);
  return listener?.cursors ?? new Map();
}

/** Holds the claim while `work` runs, and gives it back unless that ends in something stored. */
export async function holdingClaim<T extends { ok: boolean }>(
  { store }: ApiDeps,
  call: Call,
  id: IntegrationId,
  claim: Claim,
  work: () => Promise<T>,
): Promise<T> {
  const reserved = await store.reserveClaim(id, call.userId, claim, RESERVE_MS);
  if (!reserved.ok) throw claimed(reserved);
  let stored = false;
  try {
    const result = await work();
    stored = result.ok;
    return result;
  } finally {
    if (!stored) {
      // Best effort: it runs out by itself, and what went wrong before is what the caller must hear.
      await store.releaseClaim(id).catch((error) => call.log.warn('claim_not_released', { error }));
    }
  }
}
