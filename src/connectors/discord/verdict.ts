import type { PlatformPort, Verification } from '../../core/connector.ts';
import type { Credential } from '../../core/integration.ts';
import { PORTAL } from './closes.ts';
import { createApi, isObject, type Reply, type WireChannel } from './wire.ts';

/** For all calls together: somebody waits for the answer. */
const DEADLINE_MS = 10_000;

export type Ask = (path: string) => Promise<Reply>;

/** Reads with one deadline for all. `told` sees the headers of each answer. */
export function createAsk(credential: Credential, port: PlatformPort, told?: (headers: Headers) => void): Ask {
  const api = createApi(credential['bot_token'] ?? '', port);
  const end = port.clock.elapsed() + DEADLINE_MS;
  return async (path) => {
    const timeoutMs = Math.max(1, end - port.clock.elapsed());
    const { reply, headers } = await api({ method: 'GET', path }, { timeoutMs });
    if (headers) told?.(headers);
    return reply;
  };
}

type Negative = Extract<Verification, { ok: false }>;

/** Ends a check from within. */
export class Refused extends Error {
  readonly verdict: Negative;
  constructor(verdict: Negative) {
    super('refused');
    this.verdict = verdict;
  }
}

/** Throws `Refused` for all that is not an answer. */
export function objectOf(reply: Reply): Record<string, unknown> {
  if (reply.kind !== 'ok' || !isObject(reply.result)) throw new Refused(refusal(reply));
  return reply.result;
}

/** Throws as `objectOf`. */
export function listOf(reply: Reply): WireChannel[] {
  if (reply.kind !== 'ok' || !Array.isArray(reply.result)) throw new Refused(refusal(reply));
  return reply.result.filter(isObject);
}

export function unavailable(retryAfterMs?: number): Negative {
  const message = 'Discord cannot be asked at the moment.';
  return { ok: false, kind: 'unavailable', message, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

export function refusal(reply: Reply): Negative {
  if (reply.kind === 'unauthorized') {
    const message = 'Discord does not accept this bot token. Copy it from the developer portal, or reset it there.';
    return rejected('invalid_bot_token', message, PORTAL);
  }
  return unavailable(reply.kind === 'limited' ? reply.afterMs : undefined);
}

export function rejected(
  reason: string,
  message: string,
  fixUrl?: string,
  details?: Record<string, unknown>,
): Negative {
  return { ok: false, kind: 'rejected', reason, message, ...(fixUrl && { fixUrl }), ...(details && { details }) };
}
