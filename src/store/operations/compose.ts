import type { Kysely } from 'kysely';
import type { Composed, ComposeResult } from '../../core/flow-store.ts';
import type { Columns, DialectParts } from '../dialect.ts';
import { hot, hotWrite, type Slots } from '../hot.ts';
import { deliveryOf } from '../rows.ts';
import type { DeliveryRow, Schema } from '../schema.ts';
import { epochsOf } from './fence.ts';
import { type MessageState, saveFates, saveNotices, statesOf } from './states.ts';

const deliveryColumns: Columns<DeliveryRow> = {
  id: 't',
  bot_id: 't',
  inbox_seq: 'i',
  idx: 'i',
  place: 't',
  reply_to: 't',
  part: 't',
  operation: 't',
  message_id: 't',
  revision: 'i',
  state: 't',
  attempts: 'i',
  next_attempt_at: 'i',
  created_at: 'i',
  maybe_duplicate: 'i',
  reason: 't',
};

const deliveryNames = Object.keys(deliveryColumns) as (keyof DeliveryRow)[];

const insertDeliveries = hotWrite((db, { rows }: Slots<readonly DeliveryRow[]>) =>
  db
    .insertInto('deliveries')
    .columns(deliveryNames)
    .expression((eb) => eb.selectFrom(rows(deliveryColumns, (deliveries) => deliveries)).select(deliveryNames)),
);

const selectStored = hot((db, { rows }: Slots<readonly { readonly seq: number }[]>) =>
  db
    .selectFrom('deliveries')
    .innerJoin(
      rows<{ seq: number }>({ seq: 'i' }, (seqs) => seqs),
      'v.seq',
      'deliveries.inbox_seq',
    )
    .selectAll('deliveries')
    .orderBy('deliveries.inbox_seq')
    .orderBy('deliveries.idx'),
);

/** tx2 for any number of answers at once. */
export async function compose(
  db: Kysely<Schema>,
  dialect: DialectParts,
  answers: readonly Composed[],
): Promise<ComposeResult[]> {
  const epochs = await epochsOf(
    db,
    dialect,
    answers.map((answer) => answer.botId),
  );
  const messages = await statesOf(
    db,
    dialect,
    answers.map((answer) => answer.seq),
  );
  const stored = await storedOf(db, dialect, [...messages.values()]);
  const rows: DeliveryRow[] = [];
  const paused: MessageState[] = [];
  const notices: MessageState[] = [];
  const refuse = (reason: 'fenced' | 'paused' | 'gone' | 'settled'): ComposeResult => ({ ok: false, reason });

  const judge = (answer: Composed): ComposeResult => {
    const epoch = epochs.get(answer.botId);
    if (epoch !== undefined && epoch !== answer.epoch) return refuse('fenced');
    const message = messages.get(answer.seq);
    if (epoch === undefined || message === undefined) return refuse('gone');
    if (message.bot_id !== answer.botId || message.integration_id !== answer.integrationId) return refuse('gone');
    if (message.fate_kind !== null) return refuse('settled');
    if (message.composed) return repeated(answer, stored.get(answer.seq)) ?? refuse('settled');
    if (message.enabled !== 1) {
      Object.assign(message, { fate_kind: 'ignored', fate_reason: 'paused', fate_at: answer.at });
      paused.push(message);
      return refuse('paused');
    }
    const own = rowsOf(answer);
    message.composed = own.length > 0;
    rows.push(...own);
    if (answer.notice && message.composed) {
      Object.assign(message, { notice_kind: answer.notice.kind, notice_reason: answer.notice.reason });
      notices.push(message);
    }
    const deliveries = own.map((row) => deliveryOf({ ...row, integration_id: answer.integrationId }));
    return { ok: true, deliveries };
  };
  const results = answers.map(judge);

  if (rows.length > 0) await insertDeliveries(db, dialect, rows);
  await saveNotices(db, dialect, notices);
  await saveFates(db, dialect, paused);
  return results;
}

async function storedOf(db: Kysely<Schema>, dialect: DialectParts, messages: readonly MessageState[]) {
  const seqs = messages.flatMap(({ seq, composed, fate_kind }) => (composed && fate_kind === null ? [{ seq }] : []));
  if (seqs.length === 0) return new Map<number, DeliveryRow[]>();
  const rows = await selectStored(db, dialect, seqs);
  return Map.groupBy(rows, (row) => row.inbox_seq);
}

/** The very same answer once more: its first commit succeeded, but the caller was never told, so nothing was sent yet. */
function repeated(answer: Composed, rows: readonly DeliveryRow[] | undefined): ComposeResult | undefined {
  const same = rows?.length === answer.parts.length && rows.every((row, idx) => row.id === answer.parts[idx]?.id);
  if (!same) return undefined;
  return { ok: true, deliveries: rows.map((row) => deliveryOf({ ...row, integration_id: answer.integrationId })) };
}

const rowsOf = (answer: Composed): DeliveryRow[] =>
  answer.parts.map(({ id, part }, idx) => ({
    id,
    bot_id: answer.botId,
    inbox_seq: answer.seq,
    idx,
    place: JSON.stringify(answer.to),
    reply_to: idx === 0 ? (answer.replyTo ?? null) : null,
    part: JSON.stringify(part),
    operation: 'create',
    message_id: null,
    revision: 0,
    state: idx === 0 ? 'sending' : 'pending',
    attempts: 0,
    next_attempt_at: answer.at,
    created_at: answer.at,
    maybe_duplicate: 0,
    reason: null,
  }));
