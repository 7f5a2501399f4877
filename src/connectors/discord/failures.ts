import type { Delivery } from '../../core/delivery.ts';
import type { Failure } from '../../core/failure.ts';
import type { Outcome } from './calls.ts';
import { isObject, type Reply, waitMs } from './wire.ts';

type Refusal = Extract<Reply, { kind: 'refused' }>;

export const MISSING_PERMISSION = 50013;

/** The platform's codes [D3], told as what to do next (platforms.md §1.3). */
const GONE: Readonly<Record<number, string>> = {
  10003: 'channel_not_found',
  10004: 'guild_not_found',
  50001: 'missing_access',
  [MISSING_PERMISSION]: 'missing_permission',
  50083: 'thread_archived',
  160005: 'thread_locked',
  40058: 'channel_wrong_type',
  50008: 'channel_wrong_type',
  50024: 'channel_wrong_type',
  50007: 'direct_messages_closed',
  50278: 'direct_messages_closed',
  40007: 'banned',
  340015: 'banned',
};

const REJECTED: Readonly<Record<number, string>> = {
  10008: 'message_not_found',
  50005: 'not_editable',
  50006: 'empty',
  50035: 'invalid_form',
  50109: 'invalid_form',
  40005: 'too_long',
  200000: 'automod',
  200001: 'automod',
  240000: 'harmful_link',
  30046: 'too_many_edits',
};

/** Slow mode, write limits, sending switched off for a while: the place recovers by itself. */
const PATIENCE: readonly number[] = [20016, 20028, 20029, 40004, 40062, 130000];
const PATIENCE_S = 10;

const INVALID_FORM = 50035;
/** "Cannot reply without permission to read message history", "cannot reply to a system message" [D3]. */
const NO_REPLY: readonly number[] = [160002, 50068];

/** Could the message go out without showing what it replies to? */
export function isReferenceTrouble({ code, body }: Refusal): boolean {
  if (NO_REPLY.includes(code)) return true;
  return code === INVALID_FORM && isObject(body['errors']) && 'message_reference' in body['errors'];
}

export function failureOf(outcome: Outcome, operation: Delivery['operation']): Failure {
  // Repeating an edit or a delete changes nothing more, so they are never ambiguous.
  const ambiguous = operation === 'create' ? 'unknown' : 'no';
  switch (outcome.kind) {
    case 'unauthorized':
      return { kind: 'unauthorized' };
    case 'held':
    case 'limited':
      return {
        kind: 'rate_limited',
        afterMs: outcome.afterMs,
        scope: outcome.scope === 'global' ? 'credential' : 'conversation',
      };
    case 'failed':
      return { kind: 'retry', delivered: outcome.sent === 'no' ? 'no' : ambiguous, reason: outcome.reason };
    case 'unreadable':
      if (outcome.status === 413) return { kind: 'rejected', reason: 'too_long' };
      return { kind: 'retry', delivered: ambiguous, reason: 'platform_error' };
    case 'refused':
      return verdict(outcome);
    case 'ok':
      return { kind: 'retry', delivered: ambiguous, reason: 'unreadable_answer' };
  }
}

function verdict({ status, code, body }: Refusal): Failure {
  const gone = GONE[code];
  if (gone !== undefined) return { kind: 'gone', reason: gone };
  const rejected = REJECTED[code];
  if (rejected !== undefined) return { kind: 'rejected', reason: rejected };
  if (PATIENCE.includes(code)) {
    return { kind: 'rate_limited', afterMs: waitMs(body['retry_after'], PATIENCE_S), scope: 'conversation' };
  }
  // A refusal that we do not know by its code: its class is all there is.
  if (status === 403) return { kind: 'gone', reason: 'forbidden' };
  if (status === 404) return { kind: 'gone', reason: 'channel_not_found' };
  return { kind: 'rejected', reason: status === 413 ? 'too_long' : 'bad_request' };
}
