import type { Kysely } from 'kysely';
import { deliveryMoves } from '../../core/delivery.ts';
import type { Settled } from '../../core/flow-store.ts';
import type { DeliveryId, IntegrationId } from '../../core/ids.ts';
import type { Fate } from '../../core/message.ts';
import type { DialectParts } from '../dialect.ts';
import { hot, type Slots } from '../hot.ts';
import { fateColumns, noticeOf } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { addCounts } from './accept.ts';
import { epochsOf } from './fence.ts';
import { type MessageState, type PartState, saveFates, saveParts, statesOf } from './states.ts';

/** All that a batch of settles may touch, changed in memory in the order of the calls and written back once. */
interface Work {
  readonly messages: ReadonlyMap<number, MessageState>;
  readonly parts: ReadonlyMap<DeliveryId, PartState>;
  /** The parts of each answer, in order. */
  readonly answers: ReadonlyMap<number, readonly PartState[]>;
  readonly changedMessages: Set<MessageState>;
  readonly changedParts: Set<PartState>;
  readonly counts: Map<IntegrationId, { n: number; at: number }>;
}

const selectParts = hot((db, { rows }: Slots<readonly number[]>) =>
  db
    .selectFrom('deliveries')
    .innerJoin(
      rows<{ seq: number }>({ seq: 'i' }, (seqs) => seqs.map((seq) => ({ seq }))),
      'v.seq',
      'deliveries.inbox_seq',
    )
    .select([
      'id',
      'inbox_seq',
      'idx',
      'state',
      'message_id',
      'attempts',
      'next_attempt_at',
      'maybe_duplicate',
      'reason',
    ])
    .orderBy('inbox_seq')
    .orderBy('idx'),
);

/** tx3 for any number of outcomes at once. */
export async function settle(
  db: Kysely<Schema>,
  dialect: DialectParts,
  settles: readonly Settled[],
): Promise<('ok' | 'fenced')[]> {
  const epochs = await epochsOf(
    db,
    dialect,
    settles.map((settled) => settled.botId),
  );
  const work = await load(db, dialect, settles);
  const results = settles.map((settled) => {
    const epoch = epochs.get(settled.botId);
    if (epoch === undefined) return 'ok';
    if (epoch !== settled.epoch) return 'fenced';
    apply(work, settled);
    return 'ok';
  });
  await saveParts(db, dialect, [...work.changedParts]);
  await saveFates(db, dialect, [...work.changedMessages]);
  await addCounts(db, dialect, work.counts);
  return results;
}

async function load(db: Kysely<Schema>, dialect: DialectParts, settles: readonly Settled[]): Promise<Work> {
  const ids: DeliveryId[] = [];
  const seqs: number[] = [];
  for (const { change } of settles) {
    if (change.kind === 'fate') seqs.push(change.seq);
    else ids.push(change.delivery);
  }
  // The lock on the message guards its parts too: whoever changes a part holds its message.
  const messages = await statesOf(db, dialect, seqs, ids);
  const parts = new Map<DeliveryId, PartState>();
  const answers = new Map<number, PartState[]>();
  if (messages.size > 0) {
    const rows = await selectParts(db, dialect, [...messages.keys()]);
    for (const row of rows) {
      parts.set(row.id, row);
      const answer = answers.get(row.inbox_seq) ?? [];
      answer.push(row);
      answers.set(row.inbox_seq, answer);
    }
  }
  return { messages, parts, answers, changedMessages: new Set(), changedParts: new Set(), counts: new Map() };
}

function apply(work: Work, { botId, at, change }: Settled): void {
  if (change.kind === 'fate') {
    const message = work.messages.get(change.seq);
    if (message?.bot_id !== botId || !decide(work, message, change.fate, at)) return;
    // Nothing may go on being sent for a message that has its outcome.
    const reason = change.fate.kind === 'answered' ? 'answered' : change.fate.reason;
    for (const part of work.answers.get(change.seq) ?? []) fail(work, part, reason);
    return;
  }
  const part = work.parts.get(change.delivery);
  const message = part && work.messages.get(part.inbox_seq);
  if (!part || message?.bot_id !== botId) return;
  switch (change.kind) {
    case 'sending':
      if (part.state !== 'sending' && !mayBecome(part, 'sending')) return;
      part.state = 'sending';
      part.attempts = change.attempts;
      if (change.maybeDuplicate) part.maybe_duplicate = 1;
      work.changedParts.add(part);
      return;
    case 'postponed':
      if (part.state !== 'pending' && !mayBecome(part, 'pending')) return;
      part.state = 'pending';
      part.attempts = change.attempts;
      part.next_attempt_at = change.nextAttemptAt;
      work.changedParts.add(part);
      return;
    case 'failed': {
      if (!mayBecome(part, 'failed')) return;
      part.attempts = change.attempts;
      for (const later of work.answers.get(part.inbox_seq) ?? []) {
        if (later.idx >= part.idx) fail(work, later, change.reason);
      }
      decide(work, message, noticeOf(message) ?? { kind: 'failed', reason: change.reason }, at);
      return;
    }
    case 'delivered': {
      if (!mayBecome(part, 'delivered')) return;
      part.state = 'delivered';
      part.message_id = change.messageId;
      part.attempts = change.attempts;
      if (change.maybeDuplicate) part.maybe_duplicate = 1;
      work.changedParts.add(part);
      const answer = work.answers.get(part.inbox_seq) ?? [];
      const next = answer.find((other) => other.state === 'pending');
      if (next) {
        next.state = 'sending';
        work.changedParts.add(next);
      } else if (
        answer.every((other) => other.state === 'delivered') &&
        decide(work, message, noticeOf(message) ?? { kind: 'answered' }, at) &&
        message.fate_kind === 'answered'
      ) {
        const count = work.counts.get(message.integration_id) ?? { n: 0, at: 0 };
        work.counts.set(message.integration_id, { n: count.n + 1, at: Math.max(count.at, at) });
      }
    }
  }
}

const mayBecome = (part: PartState, state: PartState['state']): boolean => deliveryMoves[part.state].includes(state);

function fail(work: Work, part: PartState, reason: string): void {
  if (!mayBecome(part, 'failed')) return;
  part.state = 'failed';
  part.reason = reason;
  work.changedParts.add(part);
}

/** A message has one outcome: the first. */
function decide(work: Work, message: MessageState, fate: Fate, at: number): boolean {
  if (message.fate_kind !== null) return false;
  Object.assign(message, fateColumns(fate), { fate_at: at });
  work.changedMessages.add(message);
  return true;
}
