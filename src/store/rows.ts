import type { Delivery } from '../core/delivery.ts';
import type { TurnDue } from '../core/flow-store.ts';
import type { Health } from '../core/health.ts';
import type { Integration, Replr } from '../core/integration.ts';
import type { Fate, InboundMessage, Quote } from '../core/message.ts';
import { optionsOf } from './options.ts';
import type { BotRow, DeliveryRow, IntegrationRow, MessageRow, ReplrRow } from './schema.ts';

/** The column's type cannot say what the JSON in it is; the row's writer is the only one who puts it there. */
export const parse = <T>(json: string): T => JSON.parse(json) as T;

export const replrOf = (row: ReplrRow): Replr => ({
  id: row.id,
  userId: row.user_id,
  name: row.name,
  instructions: row.instructions,
  description: row.description,
  model: row.model,
  avatarUrl: row.avatar_url,
  greetingMessage: row.greeting_message,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
});

export const integrationOf = (row: IntegrationRow & Pick<BotRow, 'identity' | 'health'>): Integration => ({
  id: row.id,
  userId: row.user_id,
  replrId: row.replr_id,
  botId: row.bot_id,
  platform: row.platform,
  identity: row.identity,
  settings: parse(row.settings),
  options: optionsOf(row),
  enabled: row.enabled === 1,
  autoRespond: row.auto_respond === 1,
  messageCount: row.message_count,
  connectedAt: row.connected_at,
  lastMessageAt: row.last_message_at,
  health: parse<Health>(row.health),
  notices: parse(row.notices),
});

type StoredMessage = Omit<MessageRow, 'seq'> & { seq: number };

export const messageOf = (row: StoredMessage): InboundMessage => ({
  id: row.message_id,
  at: {
    ...(row.scope !== null && { scope: row.scope }),
    channel: row.channel,
    ...(row.thread !== null && { thread: row.thread }),
  },
  author: { id: row.author_id, name: row.author_name, kind: row.author_kind },
  text: row.text,
  sentAt: row.sent_at,
  addressed: row.addressed === 1,
  ...(row.addressed_elsewhere === 1 && { addressedElsewhere: true }),
  ...(row.reply_to !== null && { replyTo: row.reply_to }),
  ...(row.quote !== null && { quote: parse<Quote>(row.quote) }),
  ...(row.direct === 1 && { direct: true }),
});

export const turnDueOf = (row: StoredMessage): TurnDue => ({
  seq: row.seq,
  botId: row.bot_id,
  integrationId: row.integration_id,
  conversation: row.conversation,
  message: messageOf(row),
});

export const deliveryOf = (row: DeliveryRow & Pick<MessageRow, 'integration_id'>): Delivery => ({
  id: row.id,
  botId: row.bot_id,
  integrationId: row.integration_id,
  inboxSeq: row.inbox_seq,
  to: parse(row.place),
  ...(row.reply_to !== null && { replyTo: row.reply_to }),
  part: parse(row.part),
  index: row.idx,
  operation: row.operation,
  ...(row.message_id !== null && { messageId: row.message_id }),
  revision: row.revision,
  state: row.state,
  attempts: row.attempts,
  nextAttemptAt: row.next_attempt_at,
  createdAt: row.created_at,
  maybeDuplicate: row.maybe_duplicate === 1,
});

/** The columns of a fate; an `answered` has no reason. */
export const fateColumns = (fate: Fate | null) => ({
  fate_kind: fate?.kind ?? null,
  fate_reason: fate && fate.kind !== 'answered' ? fate.reason : null,
});

/** What becomes of the message when what is being sent for it is no answer. */
export function noticeOf({ notice_kind, notice_reason }: Pick<MessageRow, 'notice_kind' | 'notice_reason'>) {
  if (notice_kind === null || notice_kind === 'answered' || notice_reason === null) return undefined;
  return { kind: notice_kind, reason: notice_reason };
}
