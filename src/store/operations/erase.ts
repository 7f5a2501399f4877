import { expressionBuilder, type Kysely, sql } from 'kysely';
import { MAX_OVERHEARD, type Where } from '../../core/flow-store.ts';
import type { IntegrationId } from '../../core/ids.ts';
import { type ConversationKey, roomKey } from '../../core/message.ts';
import type { DialectParts } from '../dialect.ts';
import { hotWrite, type Slots } from '../hot.ts';
import type { Schema } from '../schema.ts';
import { epochsOf } from './fence.ts';

/** A part that said something. */
const NOTHING = JSON.stringify({ text: '' });
/** A message without what was said: what is left guards against repetition and is no part of any history. */
const emptied = { text: '', quote: null, due: 0, overheard: 0 };

const eraseParts = hotWrite((db, { rows }: Slots<readonly { readonly seq: number }[]>) =>
  db
    .updateTable('deliveries')
    .set({ part: NOTHING })
    .where('inbox_seq', 'in', (eb) =>
      eb.selectFrom(rows<{ seq: number }>({ seq: 'i' }, (seqs) => seqs)).select('v.seq'),
    ),
);

const eraseTexts = hotWrite((db, { rows }: Slots<readonly { readonly seq: number }[]>) =>
  db
    .updateTable('messages')
    .set(emptied)
    .where('seq', 'in', (eb) => eb.selectFrom(rows<{ seq: number }>({ seq: 'i' }, (seqs) => seqs)).select('v.seq')),
);

/** Only of messages that have their outcome, and that this transaction has locked. */
export async function eraseMessages(
  db: Kysely<Schema>,
  dialect: DialectParts,
  messages: readonly number[],
): Promise<void> {
  const seqs = messages.map((seq) => ({ seq }));
  await eraseParts(db, dialect, seqs);
  await eraseTexts(db, dialect, seqs);
}

export interface Conversation {
  readonly integrationId: IntegrationId;
  readonly conversation: ConversationKey;
}

export interface Before {
  readonly integrationId: IntegrationId;
  readonly where: Where;
  readonly seq: number;
}

function saidBefore(dialect: DialectParts, { integrationId, where, seq }: Before) {
  const eb = expressionBuilder<Schema, 'messages'>();
  if ('conversation' in where) return eb.and([eb('conversation', '=', where.conversation), eb('seq', '<', seq)]);
  const there = eb('channel', '=', where.channel);
  // PostgreSQL sorts text as people do, so that a room's keys need not be neighbours in its index.
  if (dialect.name === 'postgres') return eb.and([there, eb('seq', '<', seq)]);
  // All of them, and of few other channels. The sign keeps SQLite from looking through all that was ever said before.
  const room = roomKey(integrationId, where);
  const near = [eb('conversation', '>=', room), eb('conversation', '<', `${room}0`)];
  return eb.and([there, ...near, sql<boolean>`+seq < ${seq}`]);
}

/**
 * Everything that has its outcome, of an integration, or of one conversation or channel before `seq`. Answers the messages that have none
 * yet. Those that were due are locked first, then those overheard, each by their key, as `accept` does.
 */
export async function eraseSettled(
  db: Kysely<Schema>,
  dialect: DialectParts,
  of: { readonly integrationId: IntegrationId } | Before,
): Promise<number[]> {
  const said = (flag: 'due' | 'overheard') =>
    db
      .selectFrom('messages')
      .select(['seq', 'fate_kind'])
      .where('integration_id', '=', of.integrationId)
      .where('where' in of ? saidBefore(dialect, of) : sql.lit(true))
      .where(flag, '=', sql.lit(1))
      .orderBy('seq')
      .modifyEnd(dialect.forUpdate)
      .execute();
  const all = [...(await said('due')), ...(await said('overheard'))];
  const seqs = (some: typeof all) => some.map(({ seq }) => seq);
  const settled = all.filter(({ fate_kind }) => fate_kind !== null);
  if (settled.length > 0) await eraseMessages(db, dialect, seqs(settled));
  return seqs(all.filter(({ fate_kind }) => fate_kind === null));
}

const dropFromHistory = hotWrite((db, { rows }: Slots<readonly { readonly seq: number }[]>) =>
  db
    .updateTable('messages')
    .set({ due: 0 })
    .where('seq', 'in', (eb) => eb.selectFrom(rows<{ seq: number }>({ seq: 'i' }, (seqs) => seqs)).select('v.seq')),
);

export async function forget(db: Kysely<Schema>, dialect: DialectParts, of: Before): Promise<void> {
  const row = await db
    .selectFrom('integrations')
    .select('bot_id')
    .where('id', '=', of.integrationId)
    .executeTakeFirst();
  if (!row) return;
  await epochsOf(db, dialect, [row.bot_id]);
  const waiting = await eraseSettled(db, dialect, of);
  // Gone for whoever looks, and erased with their outcome.
  if (waiting.length > 0)
    await dropFromHistory(
      db,
      dialect,
      waiting.map((seq) => ({ seq })),
    );
}

const tooOld = (db: Kysely<Schema>, { rows }: Slots<readonly Conversation[]>) =>
  db
    .selectFrom('messages')
    .innerJoin(
      rows<{ integration: IntegrationId; conversation: string }>({ integration: 't', conversation: 't' }, (heard) =>
        heard.map(({ integrationId: integration, conversation }) => ({ integration, conversation })),
      ),
      (join) =>
        join
          .onRef('messages.integration_id', '=', 'v.integration')
          .onRef('messages.conversation', '=', 'v.conversation'),
    )
    .select('messages.seq')
    .where('messages.overheard', '=', sql.lit(1))
    .where('messages.seq', '<=', (eb) =>
      eb
        .selectFrom('messages as newer')
        .select('newer.seq')
        .whereRef('newer.integration_id', '=', 'v.integration')
        .whereRef('newer.conversation', '=', 'v.conversation')
        .where('newer.overheard', '=', sql.lit(1))
        .orderBy('newer.seq', 'desc')
        .limit(sql.lit(1))
        .offset(sql.lit(MAX_OVERHEARD)),
    );

const lockTooOld = hotWrite((db, slots: Slots<readonly Conversation[]>, dialect) =>
  tooOld(db, slots).orderBy('messages.seq').modifyEnd(dialect.forUpdateOfMessages),
);

const eraseTooOld = hotWrite((db, slots: Slots<readonly Conversation[]>) =>
  db
    .updateTable('messages')
    .set(emptied)
    .where('seq', 'in', () => tooOld(db, slots)),
);

/** Of what was overheard in these conversations only the newest stays. */
export async function forgetOverheard(
  db: Kysely<Schema>,
  dialect: DialectParts,
  conversations: readonly Conversation[],
): Promise<void> {
  if (dialect.locks) await lockTooOld(db, dialect, conversations);
  await eraseTooOld(db, dialect, conversations);
}
