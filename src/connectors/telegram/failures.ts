import type { Delivery } from '../../core/delivery.ts';
import type { Failure } from '../../core/failure.ts';
import { isObject, type Reply } from './wire.ts';

/** The id of the message when it is now as it should be. */
export function doneId(reply: Reply, { operation, messageId }: Delivery): string | undefined {
  if (reply.kind === 'refused') {
    const already = operation === 'edit' ? /message is not modified/i : /message to delete not found/i;
    return operation !== 'create' && already.test(reply.description) ? messageId : undefined;
  }
  if (reply.kind !== 'ok') return undefined;
  if (operation !== 'create') return messageId;
  const id = isObject(reply.result) ? reply.result['message_id'] : undefined;
  return Number.isSafeInteger(id) ? String(id) : undefined;
}

export function failureOf(reply: Reply, operation: Delivery['operation']): Failure {
  // Repeating an edit or a delete changes nothing more, so they are never ambiguous.
  const ambiguous = operation === 'create' ? 'unknown' : 'no';
  switch (reply.kind) {
    case 'unauthorized':
      return { kind: 'unauthorized' };
    case 'limited':
      return { kind: 'rate_limited', afterMs: reply.afterMs, scope: 'conversation' };
    case 'failed':
      return { kind: 'retry', delivered: reply.sent === 'no' ? 'no' : ambiguous, reason: reply.reason };
    case 'unreadable':
      if (reply.status === 413) return rejected('too_long');
      // A gateway that could not reach the API (502, 503) says so; any other page tells nothing of what happened.
      if (reply.status === 502 || reply.status === 503)
        return { kind: 'retry', delivered: 'no', reason: 'platform_error' };
      return { kind: 'retry', delivered: ambiguous, reason: 'platform_error' };
    case 'refused':
      if (reply.code === 504) return { kind: 'retry', delivered: ambiguous, reason: 'platform_error' };
      if (reply.code >= 500) return { kind: 'retry', delivered: 'no', reason: 'platform_error' };
      return verdict(reply.code, reply.description);
    case 'ok':
      return { kind: 'retry', delivered: ambiguous, reason: 'unreadable_answer' };
  }
}

/** The platform's refusals have no codes of their own: the texts of platforms.md §2.3 are all there is [T7]. */
const VERDICTS: readonly (readonly [code: number | undefined, text: RegExp, failure: Failure])[] = [
  [
    undefined,
    /not enough rights|have no rights|need administrator rights|CHAT_WRITE_FORBIDDEN|CHAT_RESTRICTED/i,
    gone('no_rights'),
  ],
  [403, /blocked by the user/i, gone('blocked')],
  [403, /kicked/i, gone('kicked')],
  [403, /not a member/i, gone('not_a_member')],
  [403, /deactivated/i, gone('deactivated')],
  [403, /chat was deleted/i, gone('chat_deleted')],
  [403, /./, gone('forbidden')],
  [400, /chat not found|PEER_ID_INVALID|upgraded to a supergroup/i, gone('chat_not_found')],
  [400, /TOPIC_CLOSED|TOPIC_DELETED|thread not found/i, gone('topic_closed')],
  [400, /too long/i, rejected('too_long')],
  [400, /text is empty|text must be non-empty/i, rejected('empty')],
  [400, /can't be edited|to edit not found/i, rejected('not_editable')],
  [413, /./, rejected('too_long')],
];

function verdict(code: number, description: string): Failure {
  const found = VERDICTS.find(([of, text]) => (of === undefined || of === code) && text.test(description || ' '));
  return found?.[2] ?? rejected('bad_request');
}

function gone(reason: string): Failure {
  return { kind: 'gone', reason };
}

export function rejected(reason: string): Failure {
  return { kind: 'rejected', reason };
}
