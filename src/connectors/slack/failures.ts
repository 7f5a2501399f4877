import type { Delivery } from '../../core/delivery.ts';
import type { Failure } from '../../core/failure.ts';
import type { Outcome } from './sender.ts';

/** The platform's codes, told as what to do next (platforms.md §3.3). `gone` is what only people there can mend. */
const GONE: readonly string[] = [
  ...['channel_not_found', 'is_archived', 'not_in_channel', 'is_inactive', 'posting_to_channel_denied'],
  ...['restricted_action', 'restricted_action_read_only_channel', 'restricted_action_thread_only_channel'],
  ...['restricted_action_non_threadable_channel', 'restricted_action_thread_locked', 'cannot_reply_to_message'],
  ...['messages_tab_disabled', 'thread_not_found', 'channel_is_limited_access', 'team_not_found'],
  // Of the app rather than of the place; but other places may have been granted to it, and its token is good.
  ...['missing_scope', 'not_allowed_token_type', 'no_permission', 'access_denied', 'team_access_not_granted'],
  ...['ekm_access_denied', 'enterprise_is_restricted', 'two_factor_setup_required'],
];

const REJECTED: Readonly<Record<string, string>> = {
  no_text: 'empty',
  msg_too_long: 'too_long',
  msg_blocks_too_long: 'too_long',
  message_not_found: 'message_not_found',
  cant_update_message: 'not_editable',
  edit_window_closed: 'not_editable',
  cant_delete_message: 'not_editable',
  streaming_state_conflict: 'not_editable',
};

export function failureOf(outcome: Outcome, operation: Delivery['operation']): Failure {
  // Repeating an edit or a delete changes nothing more, so they are never ambiguous.
  const ambiguous = operation === 'create' ? 'unknown' : 'no';
  switch (outcome.kind) {
    case 'unauthorized':
      return { kind: 'unauthorized' };
    case 'held':
      return { kind: 'rate_limited', afterMs: outcome.afterMs, scope: outcome.scope };
    case 'limited':
      // The limit is that of the method in this workspace, whatever channel it was met in [S3].
      return {
        kind: 'rate_limited',
        afterMs: outcome.afterMs,
        scope: operation === 'create' ? 'credential' : 'conversation',
      };
    case 'failed':
      return { kind: 'retry', delivered: outcome.sent === 'no' ? 'no' : ambiguous, reason: outcome.reason };
    case 'refused':
      if (GONE.includes(outcome.error)) return { kind: 'gone', reason: outcome.error };
      return { kind: 'rejected', reason: REJECTED[outcome.error] ?? 'bad_request' };
    case 'ok':
      return { kind: 'retry', delivered: ambiguous, reason: 'unreadable_answer' };
  }
}
