import { APICallError, StreamProviderError } from 'ai';
import type { ResponderReason } from '../core/responder.ts';
import { OversizedBody } from './bounded-fetch.ts';

/** Why an attempt brought no answer, told as what to do next. */
export interface ModelFailure {
  readonly reason: ResponderReason;
  readonly retry: boolean;
  /** The provider's own wish. */
  readonly afterMs?: number;
  readonly status?: number;
  /** The request surely did not reach the model: nothing was spent. */
  readonly free?: true;
  /** For people and logs. Ours alone: a provider's error text may quote the prompt or parts of a key. */
  readonly note: string;
}

export const timedOut: ModelFailure = {
  reason: 'model_timeout',
  retry: true,
  note: 'The model did not answer in time.',
};

export const cutShort: ModelFailure = {
  reason: 'model_unavailable',
  retry: true,
  note: 'The answer of the model broke off.',
};

export const refused: ModelFailure = {
  reason: 'model_refused',
  retry: false,
  note: 'The model or a content filter refused to answer.',
};

export const empty: ModelFailure = {
  reason: 'model_empty',
  retry: true,
  note: 'The model answered without any text.',
};

export const endless: ModelFailure = {
  reason: 'model_endless',
  retry: false,
  note: 'The model did not come to an end.',
};

/** By structured fields only. Anything unknown is taken for a passing fault of the provider or of the way to it. */
export function failureOf(error: unknown, now: number): ModelFailure {
  if (causes(error).some((cause) => cause instanceof OversizedBody)) return endless;
  const status = statusOf(error);
  if (status === undefined) return notConnected(error) ? { ...cutShort, free: true } : cutShort;
  const failed = {
    status,
    note: `The model provider answered with status ${status}.`,
    ...(turnedAway(error, status) && { free: true as const }),
  };
  if (status === 401 || status === 402 || status === 403 || outOfCredit(error)) {
    return { ...failed, reason: 'model_unauthorized', retry: false };
  }
  if (status === 404) return { ...failed, reason: 'model_unknown', retry: false };
  if (TIME_OUTS.has(status)) return { ...failed, reason: 'model_timeout', retry: true };
  if (status === 429 || status === 503 || status === 529) {
    const afterMs = retryAfterMs(error, now);
    return { ...failed, reason: 'model_overloaded', retry: true, ...(afterMs !== undefined && { afterMs }) };
  }
  if (codesOf(error).some((code) => FILTERED.has(code))) return { ...failed, ...refused };
  if (status >= 400 && status < 500) return { ...failed, reason: 'model_rejected', retry: false };
  // Below 400 the status was good and the body was not.
  return status >= 500 ? { ...failed, reason: 'model_unavailable', retry: true } : cutShort;
}

/** Providers also report trouble inside a stream that began with 200; the SDK then infers the status. */
function statusOf(error: unknown): number | undefined {
  if (APICallError.isInstance(error) || StreamProviderError.isInstance(error)) return error.statusCode;
  return undefined;
}

/** Of the provider, or (524) of what stands before it: the model was at work. */
const TIME_OUTS = new Set([408, 504, 524]);

/**
 * Before there was a stream: refused for what the request is, for want of room, or because the provider is out of order. Else
 * its outage would use up the day's tokens of people who got nothing. Inside a stream the model was at work already.
 */
const turnedAway = (error: unknown, status: number): boolean =>
  APICallError.isInstance(error) && status >= 400 && !TIME_OUTS.has(status);

const NOT_CONNECTED = new Set(
  'ECONNREFUSED ENOTFOUND EAI_AGAIN EHOSTUNREACH ENETUNREACH EADDRNOTAVAIL UND_ERR_CONNECT_TIMEOUT'.split(' '),
);

/** The connection was never made. A reset may as well come after the whole request. */
const notConnected = (error: unknown): boolean =>
  causes(error).some((cause) => NOT_CONNECTED.has(String(cause['code'])));

/** The error itself, and what lies behind it. */
function causes(error: unknown): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  for (let cause = error; isRecord(cause) && found.length < 5; cause = cause['cause']) found.push(cause);
  return found;
}

/** What services with the API of OpenAI call a prompt that a filter did not let through, as 400. */
const FILTERED = new Set(['content_filter', 'content_policy_violation']);

/** OpenAI says 429 when the account has no money left; waiting does not help. */
const outOfCredit = (error: unknown): boolean => codesOf(error).includes('insufficient_quota');

function codesOf(error: unknown): string[] {
  const told = StreamProviderError.isInstance(error)
    ? error
    : APICallError.isInstance(error) && isRecord(error.data)
      ? error.data['error']
      : undefined;
  return isRecord(told) ? [String(told['code']), String(told['type'])] : [];
}

function retryAfterMs(error: unknown, now: number): number | undefined {
  if (!APICallError.isInstance(error)) return undefined;
  const value = error.responseHeaders?.['retry-after']?.trim();
  if (!value) return undefined;
  const seconds = Number(value);
  const ms = Number.isFinite(seconds) ? seconds * 1_000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
