import { type Kysely, sql } from 'kysely';
import { type FlowStore, MAX_OVERHEARD, type Unfinished } from '../../core/flow-store.ts';
import type { BotId, IntegrationId } from '../../core/ids.ts';
import { type ConversationKey, conversationKey, type Place, roomOf } from '../../core/message.ts';
import type { HistoryEntry } from '../../core/responder.ts';
import type { DialectParts } from '../dialect.ts';
import { hot, type Slots } from '../hot.ts';
import { deliveryOf, noticeOf, parse, turnDueOf } from '../rows.ts';
import type { Schema } from '../schema.ts';
import { cursorsOf } from './cursors.ts';

export async function recover(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  { botId, epoch }: { botId: BotId; epoch: number },
): Promise<Unfinished | 'fenced'> {
  const bot = await db.selectFrom('bots').select('epoch').where('id', '=', botId).executeTakeFirst();
  if (bot?.epoch !== epoch) return 'fenced';
  const deliveries = await db
    .selectFrom('deliveries')
    .innerJoin('messages', 'messages.seq', 'deliveries.inbox_seq')
    .selectAll('deliveries')
    .select(['messages.integration_id', 'messages.conversation', 'messages.notice_kind', 'messages.notice_reason'])
    .where('deliveries.bot_id', '=', botId)
    .where('deliveries.state', 'in', [sql.lit('pending' as const), sql.lit('sending' as const)])
    .orderBy('deliveries.inbox_seq')
    .orderBy('deliveries.idx')
    .execute();
  const turns = await db
    .selectFrom('messages')
    .selectAll()
    .where('bot_id', '=', botId)
    .where('fate_kind', 'is', null)
    .where((eb) =>
      eb.not(
        eb.exists(eb.selectFrom('deliveries').select(sql.lit(1).as('one')).whereRef('inbox_seq', '=', 'messages.seq')),
      ),
    )
    .orderBy('seq')
    .execute();
  return {
    deliveries: deliveries.map((row) => {
      const notice = noticeOf(row);
      return { conversation: row.conversation, delivery: deliveryOf(row), ...(notice && { notice }) };
    }),
    turns: turns.map(turnDueOf),
    cursors: await cursorsOf(db, botId),
  };
}

export interface HistoryInput {
  readonly integrationId: IntegrationId;
  readonly conversation: ConversationKey;
  readonly seq: number;
  readonly limit: number;
}

/** One row for each part of an answer, or one for a message without, oldest first. */
const selectHistory = hot((db, { value }: Slots<HistoryInput>) =>
  db
    .selectFrom(() => {
      const said = () =>
        db
          .selectFrom('messages')
          .select(['seq', 'integration_id', 'author_name', 'text', 'sent_at', 'due', 'notice_kind'])
          .where(
            'integration_id',
            '=',
            value(({ integrationId }) => integrationId),
          )
          .where(
            'seq',
            '<',
            value(({ seq }) => seq),
          )
          .orderBy('seq', 'desc');
      const conversation = value<string>((input) => input.conversation);
      const room = value<string>((input) => roomOf(input.conversation));
      const due = said()
        .where('conversation', '=', conversation)
        .where('due', '=', sql.lit(1))
        .limit(value(({ limit }) => limit));
      // One by one, so that each is found by the index: of both together SQLite would look through all that was ever said.
      const overheard = (where: typeof room) =>
        said().where('conversation', '=', where).where('overheard', '=', sql.lit(1)).limit(sql.lit(MAX_OVERHEARD));
      return db
        .selectFrom(due.as('due'))
        .selectAll()
        .unionAll(db.selectFrom(overheard(conversation).as('overheard')).selectAll())
        .unionAll(db.selectFrom(overheard(room).as('outside')).selectAll())
        .as('heard');
    })
    .innerJoin('integrations', 'integrations.id', 'heard.integration_id')
    .innerJoin('replrs', 'replrs.id', 'integrations.replr_id')
    .leftJoin('deliveries', (join) =>
      join
        .onRef('deliveries.inbox_seq', '=', 'heard.seq')
        .on('heard.notice_kind', 'is', null)
        .on('deliveries.state', '<>', sql.lit('failed' as const))
        .on('deliveries.operation', '<>', sql.lit('delete' as const)),
    )
    .where('integrations.store_content', '=', sql.lit(1))
    .select(['heard.seq', 'heard.author_name', 'heard.text', 'heard.sent_at', 'heard.due', 'replrs.name as replr_name'])
    .select(['deliveries.part', 'deliveries.created_at'])
    .orderBy('heard.seq')
    .orderBy('deliveries.idx'),
);

export async function history(db: Kysely<Schema>, dialect: DialectParts, input: HistoryInput): Promise<HistoryEntry[]> {
  const heard = [...Map.groupBy(await selectHistory(db, dialect, input), (row) => row.seq).values()];
  const full = heard.filter(([first]) => first?.due === 1).length >= input.limit;
  // What was overheard before the oldest message that is told belongs to what is not told any more.
  const from = full ? heard.findIndex(([first]) => first?.due === 1) : 0;
  return heard.slice(from).flatMap((rows): HistoryEntry[] => {
    const [first] = rows;
    if (!first) return [];
    const said: HistoryEntry = { from: 'person', name: first.author_name, text: first.text, at: first.sent_at };
    if (first.created_at === null) return [said];
    const text = rows.flatMap(({ part }) => (part === null ? [] : [parse<{ text: string }>(part).text])).join('\n');
    return [said, { from: 'replr', name: first.replr_name, text, at: first.created_at }];
  });
}

export async function lastPlace(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  integrationId: IntegrationId,
): Promise<Place | undefined> {
  const row = await db
    .selectFrom('messages')
    .innerJoin('integrations', (join) =>
      // Chats that an earlier bot of the integration was in say nothing about its present one.
      join
        .onRef('integrations.id', '=', 'messages.integration_id')
        .onRef('integrations.bot_id', '=', 'messages.bot_id'),
    )
    .select(['messages.scope', 'messages.channel', 'messages.thread'])
    .where('messages.integration_id', '=', integrationId)
    .orderBy('messages.seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (!row) return undefined;
  return {
    ...(row.scope !== null && { scope: row.scope }),
    channel: row.channel,
    ...(row.thread !== null && { thread: row.thread }),
  };
}

export type ChannelMove = Parameters<FlowStore['moveChannel']>[0];

export async function moveChannel(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { botId, epoch, from, to, settings }: ChannelMove,
): Promise<'ok' | 'fenced'> {
  const owned = await db
    .updateTable('bots')
    .set((eb) => ({ version: eb('version', '+', 1), changed_at: dialect.now }))
    .where('id', '=', botId)
    .$if(epoch !== null, (query) => query.where('epoch', '=', epoch))
    .returning('id')
    .executeTakeFirst();
  if (!owned) return 'fenced';
  if (epoch === null) await dialect.notify(db, [botId]);
  const conversations = await db
    .selectFrom('messages')
    .select(['integration_id', 'thread'])
    .distinct()
    .where('bot_id', '=', botId)
    .where('channel', '=', from)
    .execute();
  for (const { integration_id, thread } of conversations) {
    const place: Place = { channel: to, ...(thread !== null && { thread }) };
    await db
      .updateTable('messages')
      .set({ channel: to, conversation: conversationKey(integration_id, place) })
      .where('integration_id', '=', integration_id)
      .where('bot_id', '=', botId)
      .where('channel', '=', from)
      .where('thread', thread === null ? 'is' : '=', thread)
      .execute();
  }
  const unfinished = await db
    .selectFrom('deliveries')
    .select(['id', 'place'])
    .where('bot_id', '=', botId)
    .where('state', 'in', [sql.lit('pending' as const), sql.lit('sending' as const)])
    .execute();
  for (const { id, place } of unfinished) {
    const old = parse<Place>(place);
    if (old.channel !== from) continue;
    const moved: Place = { ...old, channel: to };
    await db
      .updateTable('deliveries')
      .set({ place: JSON.stringify(moved) })
      .where('id', '=', id)
      .execute();
  }
  for (const change of settings) {
    await db
      .updateTable('integrations')
      .set({ settings: JSON.stringify(change.settings) })
      .where('id', '=', change.integrationId)
      .where('bot_id', '=', botId)
      .execute();
  }
  return 'ok';
}
