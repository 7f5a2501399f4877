import { type Kysely, sql } from 'kysely';
import type { DialectParts } from '../dialect.ts';
import type { DeliveryRow, MessageRow, Schema } from '../schema.ts';

/** What decides about a message, without what people wrote. */
export type MessageState = Pick<MessageRow, 'bot_id' | 'integration_id' | 'fate_kind' | 'fate_reason' | 'fate_at'> & {
  readonly seq: number;
  composed: boolean;
};

export type PartState = Pick<
  DeliveryRow,
  'id' | 'inbox_seq' | 'idx' | 'state' | 'message_id' | 'attempts' | 'next_attempt_at' | 'maybe_duplicate' | 'reason'
>;

/** The messages as they stand, locked against other transactions until this one ends. */
export async function statesOf(
  db: Kysely<Schema>,
  dialect: DialectParts,
  seqs: readonly number[],
): Promise<Map<number, MessageState>> {
  if (seqs.length === 0) return new Map();
  const wanted = dialect.rows<{ seq: number }>(
    { seq: 'i' },
    [...new Set(seqs)].map((seq) => ({ seq })),
  );
  const rows = await db
    .selectFrom('messages')
    .select(['seq', 'bot_id', 'integration_id', 'fate_kind', 'fate_reason', 'fate_at'])
    .select((eb) =>
      eb
        .exists(eb.selectFrom('deliveries').select(sql.lit(1).as('one')).whereRef('inbox_seq', '=', 'messages.seq'))
        .as('composed'),
    )
    .where('seq', 'in', (eb) => eb.selectFrom(wanted).select('v.seq'))
    .orderBy('seq')
    .modifyEnd(dialect.forUpdate)
    .execute();
  return new Map(rows.map((row) => [row.seq, { ...row, composed: Boolean(row.composed) }]));
}

export async function saveFates(
  db: Kysely<Schema>,
  dialect: DialectParts,
  messages: readonly MessageState[],
): Promise<void> {
  if (messages.length === 0) return;
  const rows = dialect.rows<Pick<MessageState, 'seq' | 'fate_kind' | 'fate_reason' | 'fate_at'>>(
    { seq: 'i', fate_kind: 't', fate_reason: 't', fate_at: 'i' },
    messages.map(({ seq, fate_kind, fate_reason, fate_at }) => ({ seq, fate_kind, fate_reason, fate_at })),
  );
  await db
    .updateTable('messages')
    .from(rows)
    .set((eb) => ({
      fate_kind: eb.ref('v.fate_kind'),
      fate_reason: eb.ref('v.fate_reason'),
      fate_at: eb.ref('v.fate_at'),
    }))
    .whereRef('messages.seq', '=', 'v.seq')
    .execute();
}

export async function saveParts(db: Kysely<Schema>, dialect: DialectParts, parts: readonly PartState[]): Promise<void> {
  if (parts.length === 0) return;
  const rows = dialect.rows<Omit<PartState, 'inbox_seq' | 'idx'>>(
    {
      id: 't',
      state: 't',
      message_id: 't',
      attempts: 'i',
      next_attempt_at: 'i',
      maybe_duplicate: 'i',
      reason: 't',
    },
    parts,
  );
  await db
    .updateTable('deliveries')
    .from(rows)
    .set((eb) => ({
      state: eb.ref('v.state'),
      message_id: eb.ref('v.message_id'),
      attempts: eb.ref('v.attempts'),
      next_attempt_at: eb.ref('v.next_attempt_at'),
      maybe_duplicate: eb.ref('v.maybe_duplicate'),
      reason: eb.ref('v.reason'),
    }))
    .whereRef('deliveries.id', '=', 'v.id')
    .execute();
}
