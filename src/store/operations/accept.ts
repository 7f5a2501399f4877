import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import type { AcceptBatch, AcceptedMessage, AcceptResult, TurnDue, Unfinished } from '../../core/flow-store.ts';
import type { BotId, IntegrationId } from '../../core/ids.ts';
import type { Columns, DialectParts } from '../dialect.ts';
import { hot, hotWrite, type Slots } from '../hot.ts';
import { fateColumns, turnDueOf } from '../rows.ts';
import type { MessageRow, Schema } from '../schema.ts';
import { cursorsOf, moveCursors } from './cursors.ts';
import { type Conversation, forgetOverheard } from './erase.ts';
import { epochsOf } from './fence.ts';

type NewMessage = Omit<MessageRow, 'seq' | 'notice_kind' | 'notice_reason'>;

const messageColumns: Columns<NewMessage> = {
  bot_id: 't',
  message_id: 't',
  integration_id: 't',
  conversation: 't',
  scope: 't',
  channel: 't',
  thread: 't',
  author_id: 't',
  author_name: 't',
  author_kind: 't',
  text: 't',
  sent_at: 'i',
  received_at: 'i',
  reply_to: 't',
  addressed: 'i',
  addressed_elsewhere: 'i',
  quote: 't',
  direct: 'i',
  due: 'i',
  overheard: 'i',
  arrived: 'i',
  fate_kind: 't',
  fate_reason: 't',
  fate_at: 'i',
};

/** What goes in as it is. */
const plainNames = (Object.keys(messageColumns) as (keyof NewMessage)[]).flatMap((name) =>
  name === 'text' || name === 'overheard' ? [] : [name],
);
/** Whether the integration behind `v` keeps what it merely hears. */
const keepsOverheard = sql<number>`v.overheard * integrations.store_content`;

/** In the order of the rows, which becomes the order of acceptance; what no integration stands behind is passed over. */
const insertUnknown = hot((db, { rows }: Slots<readonly NewMessage[]>) =>
  db
    .insertInto('messages')
    .columns([...plainNames, 'text', 'overheard'])
    .expression((eb) =>
      eb
        .selectFrom(
          rows<NewMessage & { n: number }>({ ...messageColumns, n: 'i' }, (messages) =>
            messages.map((message, n) => ({ ...message, n })),
          ),
        )
        .innerJoin('integrations', 'integrations.id', 'v.integration_id')
        .select(plainNames.map((name) => `v.${name}` as const))
        .select([
          sql<string>`case when v.overheard > ${keepsOverheard} then '' else v.text end`.as('text'),
          keepsOverheard.as('overheard'),
        ])
        // SQLite would take `on conflict` for a join condition without it.
        .where(sql.lit(true))
        .orderBy('v.n'),
    )
    .onConflict((conflict) => conflict.columns(['bot_id', 'message_id']).doNothing())
    .returning(['seq', 'bot_id', 'message_id']),
);

interface Count {
  readonly id: IntegrationId;
  readonly n: number;
  readonly at: number;
}
const countColumns: Columns<Count> = { id: 't', n: 'i', at: 'i' };

const lockCounts = hotWrite((db, { rows }: Slots<readonly Count[]>, dialect) =>
  db
    .selectFrom('integrations')
    .select('id')
    .where('id', 'in', (eb) => eb.selectFrom(rows(countColumns, (counts) => counts)).select('v.id'))
    .orderBy('id')
    .modifyEnd(dialect.forNoKeyUpdate),
);

const updateCounts = hotWrite((db, { rows }: Slots<readonly Count[]>) =>
  db
    .updateTable('integrations')
    .from(rows(countColumns, (counts) => counts))
    .set((eb) => ({
      message_count: eb('integrations.message_count', '+', eb.ref('v.n')),
      last_message_at: sql<number>`case when last_message_at > v.at then last_message_at else v.at end`,
    }))
    .whereRef('integrations.id', '=', 'v.id'),
);

const takeArrived = hot((db, { rows }: Slots<readonly BotId[]>) =>
  db
    .updateTable('messages')
    .set({ arrived: sql.lit(0) })
    .where('arrived', '=', sql.lit(1))
    .where('fate_kind', 'is', null)
    .where('bot_id', 'in', (eb) =>
      eb.selectFrom(rows<{ id: BotId }>({ id: 't' }, (bots) => bots.map((id) => ({ id })))).select('v.id'),
    )
    .returningAll(),
);

/** tx1 for any number of receivers at once. */
export async function accept(
  db: Kysely<Schema>,
  dialect: DialectParts,
  batches: readonly AcceptBatch[],
): Promise<AcceptResult[]> {
  const epochs = await epochsOf(
    db,
    dialect,
    batches.map((batch) => batch.botId),
  );
  const owned = (batch: AcceptBatch) => {
    const epoch = epochs.get(batch.botId);
    return epoch !== undefined && (batch.epoch === null || batch.epoch === epoch);
  };
  const candidates = batches.filter(owned);

  const rows: NewMessage[] = [];
  const sources: { batch: AcceptBatch; accepted: AcceptedMessage }[] = [];
  const seen = new Map<string, number>();
  for (const batch of candidates) {
    for (const accepted of batch.messages) {
      const key = `${batch.botId} ${accepted.message.id}`;
      if (seen.has(key)) continue;
      seen.set(key, rows.length);
      rows.push(rowOf(batch, accepted));
      sources.push({ batch, accepted });
    }
  }

  const due = new Map<AcceptBatch, TurnDue[]>();
  const added = new Map<AcceptBatch, string[]>();
  const counts = new Map<IntegrationId, { n: number; at: number }>();
  const told = new Set<BotId>();
  const overheard = new Map<string, Conversation>();
  for (const stored of rows.length > 0 ? await insertUnknown(db, dialect, rows) : []) {
    const source = sources[seen.get(`${stored.bot_id} ${stored.message_id}`) ?? -1];
    if (!source) continue;
    const { batch, accepted } = source;
    const { integrationId, conversation, message } = accepted;
    const ids = added.get(batch) ?? [];
    ids.push(message.id);
    added.set(batch, ids);
    if (accepted.fate) {
      if (accepted.overheard) overheard.set(`${integrationId} ${conversation}`, { integrationId, conversation });
      continue;
    }
    if (batch.epoch === null) {
      told.add(batch.botId);
    } else {
      const turns = due.get(batch) ?? [];
      turns.push({ seq: stored.seq, botId: batch.botId, integrationId, conversation, message });
      due.set(batch, turns);
    }
    const count = counts.get(integrationId) ?? { n: 0, at: 0 };
    counts.set(integrationId, { n: count.n + 1, at: Math.max(count.at, batch.at) });
  }
  // Only where several nodes share the store can another one have taken something in.
  if (dialect.locks && due.size > 0) await addArrived(db, dialect, due);
  if (overheard.size > 0) await forgetOverheard(db, dialect, [...overheard.values()]);
  await addCounts(db, dialect, counts);
  await moveCursors(
    db,
    dialect,
    candidates.flatMap((batch) => batch.cursors.map((cursor) => ({ botId: batch.botId, ...cursor }))),
  );
  if (told.size > 0) await dialect.notify(db, [...told]);
  return batches.map((batch) =>
    owned(batch)
      ? { ok: true, due: (due.get(batch) ?? []).sort((a, b) => a.seq - b.seq), stored: added.get(batch) ?? [] }
      : { ok: false, reason: 'fenced' },
  );
}

/**
 * What other nodes took in goes first, or a later message of the same conversation would have its turn before. Of several
 * batches of a bot the first one takes it all.
 */
async function addArrived(db: Kysely<Schema>, dialect: DialectParts, due: Map<AcceptBatch, TurnDue[]>): Promise<void> {
  const bots = [...due.keys()].map(({ botId }) => botId);
  const first = new Map<BotId, TurnDue[]>();
  for (const [{ botId }, turns] of due) if (!first.has(botId)) first.set(botId, turns);
  for (const row of await takeArrived(db, dialect, bots)) first.get(row.bot_id)?.push(turnDueOf(row));
}

export async function adopt(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { botId, epoch }: { botId: BotId; epoch: number },
): Promise<Omit<Unfinished, 'deliveries'> | 'fenced'> {
  const epochs = await epochsOf(db, dialect, [botId]);
  if (epochs.get(botId) !== epoch) return 'fenced';
  const taken = await takeArrived(db, dialect, [botId]);
  return { turns: taken.map(turnDueOf).sort((a, b) => a.seq - b.seq), cursors: await cursorsOf(db, botId) };
}

function rowOf(
  batch: AcceptBatch,
  { integrationId, conversation, message, fate, overheard = false }: AcceptedMessage,
): NewMessage {
  return {
    bot_id: batch.botId,
    message_id: message.id,
    integration_id: integrationId,
    conversation,
    scope: message.at.scope ?? null,
    channel: message.at.channel,
    thread: message.at.thread ?? null,
    author_id: message.author.id,
    author_name: message.author.name,
    author_kind: message.author.kind,
    // Nobody reads the text of what is neither answered nor overheard: it stays as a compact row that only guards against repetition.
    text: fate && !overheard ? '' : message.text,
    sent_at: message.sentAt,
    received_at: batch.at,
    reply_to: message.replyTo ?? null,
    addressed: message.addressed ? 1 : 0,
    addressed_elsewhere: message.addressedElsewhere ? 1 : 0,
    quote: message.quote && !fate ? JSON.stringify(message.quote) : null,
    direct: message.direct ? 1 : 0,
    due: fate ? 0 : 1,
    overheard: fate && overheard ? 1 : 0,
    arrived: batch.epoch === null ? 1 : 0,
    ...fateColumns(fate),
    fate_at: fate ? batch.at : null,
  };
}

/** One increment per integration, sorted: no row is hot, no two transactions wait for each other. */
export async function addCounts(
  db: Kysely<Schema>,
  dialect: DialectParts,
  counts: ReadonlyMap<IntegrationId, { n: number; at: number }>,
): Promise<void> {
  if (counts.size === 0) return;
  const sorted = [...counts].map(([id, count]) => ({ id, ...count })).sort((a, b) => (a.id < b.id ? -1 : 1));
  // A lone row is locked by its update.
  if (dialect.locks && sorted.length > 1) await lockCounts(db, dialect, sorted);
  await updateCounts(db, dialect, sorted);
}
