import { type Kysely, sql } from 'kysely';
import type { DeliveryId } from '../../core/ids.ts';
import { TURNED_DOWN } from '../../core/responder.ts';
import type { DialectParts } from '../dialect.ts';
import { hot, hotWrite, type Slots } from '../hot.ts';
import type { DeliveryRow, MessageRow, Schema } from '../schema.ts';
import { eraseMessages } from './erase.ts';

/** What decides about a message, without what people wrote. */
export type MessageState = Pick<
  MessageRow,
  'bot_id' | 'integration_id' | 'due' | 'fate_kind' | 'fate_reason' | 'fate_at' | 'notice_kind' | 'notice_reason'
> & {
  readonly seq: number;
  /** Of its integration, */
  readonly enabled: number | null;
  /** as is this. */
  readonly store_content: number | null;
  composed: boolean;
};

export type PartState = Pick<
  DeliveryRow,
  'id' | 'inbox_seq' | 'idx' | 'state' | 'message_id' | 'attempts' | 'next_attempt_at' | 'maybe_duplicate' | 'reason'
>;

interface Wanted {
  readonly seqs: readonly { readonly seq: number }[];
  readonly ids: readonly { readonly id: DeliveryId }[];
}

const selectStates = hot((db, { rows }: Slots<Wanted>, dialect) =>
  db
    .selectFrom('messages')
    .select(['seq', 'bot_id', 'integration_id', 'due', 'fate_kind', 'fate_reason', 'fate_at'])
    .select(['notice_kind', 'notice_reason'])
    .select((eb) => [
      eb
        .exists(eb.selectFrom('deliveries').select(sql.lit(1).as('one')).whereRef('inbox_seq', '=', 'messages.seq'))
        .as('composed'),
      eb
        .selectFrom('integrations')
        .select('enabled')
        .whereRef('integrations.id', '=', 'messages.integration_id')
        .as('enabled'),
      eb
        .selectFrom('integrations')
        .select('store_content')
        .whereRef('integrations.id', '=', 'messages.integration_id')
        .as('store_content'),
    ])
    .where('seq', 'in', (eb) =>
      eb
        .selectFrom(rows<{ seq: number }>({ seq: 'i' }, ({ seqs }) => seqs))
        .select('v.seq')
        .union(
          eb
            .selectFrom('deliveries')
            .innerJoin(
              rows<{ id: DeliveryId }>({ id: 't' }, ({ ids }) => ids),
              'v.id',
              'deliveries.id',
            )
            .select('deliveries.inbox_seq as seq'),
        ),
    )
    .orderBy('seq')
    .modifyEnd(dialect.forUpdate),
);

/** The messages as they stand, and those of these deliveries, locked against other transactions until this one ends. */
export async function statesOf(
  db: Kysely<Schema>,
  dialect: DialectParts,
  seqs: readonly number[],
  deliveries: readonly DeliveryId[] = [],
): Promise<Map<number, MessageState>> {
  if (seqs.length === 0 && deliveries.length === 0) return new Map();
  const wanted = { seqs: seqs.map((seq) => ({ seq })), ids: deliveries.map((id) => ({ id })) };
  const rows = await selectStates(db, dialect, wanted);
  return new Map(rows.map((row) => [row.seq, { ...row, composed: Boolean(row.composed) }]));
}

type FateChange = Pick<MessageState, 'seq' | 'fate_kind' | 'fate_reason' | 'fate_at'>;

const updateFates = hotWrite((db, { rows }: Slots<readonly FateChange[]>) =>
  db
    .updateTable('messages')
    .from(
      rows<FateChange>({ seq: 'i', fate_kind: 't', fate_reason: 't', fate_at: 'i' }, (messages) =>
        messages.map(({ seq, fate_kind, fate_reason, fate_at }) => ({ seq, fate_kind, fate_reason, fate_at })),
      ),
    )
    .set((eb) => ({
      fate_kind: eb.ref('v.fate_kind'),
      fate_reason: eb.ref('v.fate_reason'),
      fate_at: eb.ref('v.fate_at'),
    }))
    .whereRef('messages.seq', '=', 'v.seq'),
);

/**
 * What was said goes with the outcome where nobody is to keep it: texts are not stored, the conversation was forgotten, nobody
 * listened, or a model turned it down and would do so again. A flood that was refused must not lie in the way of whoever reads
 * the history.
 */
export async function saveFates(
  db: Kysely<Schema>,
  dialect: DialectParts,
  messages: readonly MessageState[],
): Promise<void> {
  if (messages.length === 0) return;
  await updateFates(db, dialect, messages);
  const kept = ({ due, store_content, fate_kind, fate_reason }: MessageState) =>
    due === 1 && store_content === 1 && fate_kind !== 'ignored' && !(fate_reason && TURNED_DOWN.has(fate_reason));
  const erased = messages.flatMap((message) => (kept(message) ? [] : [message.seq]));
  if (erased.length > 0) await eraseMessages(db, dialect, erased);
}

type NoticeChange = Pick<MessageState, 'seq' | 'notice_kind' | 'notice_reason'>;

const updateNotices = hotWrite((db, { rows }: Slots<readonly NoticeChange[]>) =>
  db
    .updateTable('messages')
    .from(
      rows<NoticeChange>({ seq: 'i', notice_kind: 't', notice_reason: 't' }, (messages) =>
        messages.map(({ seq, notice_kind, notice_reason }) => ({ seq, notice_kind, notice_reason })),
      ),
    )
    .set((eb) => ({ notice_kind: eb.ref('v.notice_kind'), notice_reason: eb.ref('v.notice_reason') }))
    .whereRef('messages.seq', '=', 'v.seq'),
);

export async function saveNotices(
  db: Kysely<Schema>,
  dialect: DialectParts,
  messages: readonly MessageState[],
): Promise<void> {
  if (messages.length > 0) await updateNotices(db, dialect, messages);
}

const updateParts = hotWrite((db, { rows }: Slots<readonly PartState[]>) =>
  db
    .updateTable('deliveries')
    .from(
      rows<Omit<PartState, 'inbox_seq' | 'idx'>>(
        {
          id: 't',
          state: 't',
          message_id: 't',
          attempts: 'i',
          next_attempt_at: 'i',
          maybe_duplicate: 'i',
          reason: 't',
        },
        (parts) => parts,
      ),
    )
    .set((eb) => ({
      state: eb.ref('v.state'),
      message_id: eb.ref('v.message_id'),
      attempts: eb.ref('v.attempts'),
      next_attempt_at: eb.ref('v.next_attempt_at'),
      maybe_duplicate: eb.ref('v.maybe_duplicate'),
      reason: eb.ref('v.reason'),
    }))
    .whereRef('deliveries.id', '=', 'v.id'),
);

export async function saveParts(db: Kysely<Schema>, dialect: DialectParts, parts: readonly PartState[]): Promise<void> {
  if (parts.length > 0) await updateParts(db, dialect, parts);
}
