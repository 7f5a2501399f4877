import type { Kysely } from 'kysely';
import type { IntegrationId } from '../../core/ids.ts';
import type { Composed, ComposeResult } from '../../core/store.ts';
import type { Columns, DialectParts } from '../dialect.ts';
import { deliveryOf } from '../rows.ts';
import type { DeliveryRow, Schema } from '../schema.ts';
import { epochsOf } from './fence.ts';
import { type MessageState, saveFates, statesOf } from './states.ts';

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
  const enabled = await enabledOf(db, dialect, [...messages.values()]);
  const stored = await storedOf(db, dialect, [...messages.values()]);
  const rows: DeliveryRow[] = [];
  const paused: MessageState[] = [];
  const refuse = (reason: 'fenced' | 'paused' | 'gone' | 'settled'): ComposeResult => ({ ok: false, reason });

  const judge = (answer: Composed): ComposeResult => {
    const epoch = epochs.get(answer.botId);
    if (epoch !== undefined && epoch !== answer.epoch) return refuse('fenced');
    const message = messages.get(answer.seq);
    if (epoch === undefined || message === undefined) return refuse('gone');
    if (message.bot_id !== answer.botId || message.integration_id !== answer.integrationId) return refuse('gone');
    if (message.fate_kind !== null) return refuse('settled');
    if (message.composed) return repeated(answer, stored.get(answer.seq)) ?? refuse('settled');
    if (!enabled.get(answer.integrationId)) {
      Object.assign(message, { fate_kind: 'ignored', fate_reason: 'paused', fate_at: answer.at });
      paused.push(message);
      return refuse('paused');
    }
    const own = rowsOf(answer);
    message.composed = own.length > 0;
    rows.push(...own);
    const deliveries = own.map((row) => deliveryOf({ ...row, integration_id: answer.integrationId }));
    return { ok: true, deliveries };
  };
  const results = answers.map(judge);

  if (rows.length > 0) {
    const names = Object.keys(deliveryColumns) as (keyof DeliveryRow)[];
    await db
      .insertInto('deliveries')
      .columns(names)
      .expression((eb) => eb.selectFrom(dialect.rows(deliveryColumns, rows)).select(names))
      .execute();
  }
  await saveFates(db, dialect, paused);
  return results;
}

async function enabledOf(db: Kysely<Schema>, dialect: DialectParts, messages: readonly MessageState[]) {
  const ids = [...new Set(messages.map((message) => message.integration_id))].map((id) => ({ id }));
  if (ids.length === 0) return new Map<IntegrationId, boolean>();
  const wanted = dialect.rows<{ id: IntegrationId }>({ id: 't' }, ids);
  const rows = await db
    .selectFrom('integrations')
    .innerJoin(wanted, 'v.id', 'integrations.id')
    .select(['v.id', 'integrations.enabled'])
    .execute();
  return new Map(rows.map((row) => [row.id, row.enabled === 1]));
}

async function storedOf(db: Kysely<Schema>, dialect: DialectParts, messages: readonly MessageState[]) {
  const seqs = messages.flatMap(({ seq, composed, fate_kind }) => (composed && fate_kind === null ? [{ seq }] : []));
  if (seqs.length === 0) return new Map<number, DeliveryRow[]>();
  const rows = await db
    .selectFrom('deliveries')
    .innerJoin(dialect.rows<{ seq: number }>({ seq: 'i' }, seqs), 'v.seq', 'deliveries.inbox_seq')
    .selectAll('deliveries')
    .orderBy('deliveries.inbox_seq')
    .orderBy('deliveries.idx')
    .execute();
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
