import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { Store } from '../core/store.ts';
import type { Call } from './endpoint.ts';
import { ApiError } from './errors.ts';

/** Longer than any request can take: asking a platform has its own, much shorter deadlines. */
const STALE_MS = 120_000;

const VISIBLE_ASCII = /^[!-~]{1,255}$/;

/** A finished answer as it goes out; status and body are what is kept. */
export interface Outcome {
  readonly status: number;
  readonly body: string;
  /** Seconds. */
  readonly retryAfter?: number | undefined;
}

export interface IdempotentRequest {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  /** As it was sent. */
  readonly body: string;
}

/**
 * Carries a request out at most once per key, for a client that never saw the first answer. What is kept is an outcome
 * of having tried: not our own faults (5xx, 429), and not a request that was malformed and so never begun (400).
 */
export async function once(
  { store, clock }: { store: Store; clock: Clock },
  call: Call,
  { key, method, path, body }: IdempotentRequest,
  run: () => Promise<Outcome>,
): Promise<Outcome & { replayed: boolean }> {
  if (!VISIBLE_ASCII.test(key)) {
    throw new ApiError('bad_request', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  }
  const begun = await store.beginRequest({
    userId: call.userId,
    key,
    fingerprint: createHash('sha256').update(`${method} ${path}\n${body}`, 'utf8').digest('hex'),
    at: clock.now(),
    staleMs: STALE_MS,
  });
  if (begun.kind === 'done') return { status: begun.status, body: begun.body, replayed: true };
  if (begun.kind === 'running') {
    throw new ApiError('conflict', 'The first request with this Idempotency-Key is still running.', {
      details: { reason: 'idempotency_key_running' },
    });
  }
  if (begun.kind === 'different') {
    throw new ApiError('unprocessable_entity', 'This Idempotency-Key was used for a different request.', {
      details: { reason: 'idempotency_key_reused' },
    });
  }
  const outcome = await run();
  try {
    const { status, body: kept } = outcome;
    if (isKept(status)) await store.finishRequest(call.userId, key, { status, body: kept });
    else await store.abandonRequest(call.userId, key);
  } catch (error) {
    // The work is done; only its memory failed. A repetition is held off until the key is stale.
    call.log.error('idempotent_answer_not_kept', { error });
  }
  return { ...outcome, replayed: false };
}

function isKept(status: number): boolean {
  return status < 500 && status !== 429 && status !== 400;
}
