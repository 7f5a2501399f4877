import { type Kysely, sql } from 'kysely';
import type { BotId, IntegrationId } from '../../core/ids.ts';
import { type ConversationKey, conversationKey, type Place } from '../../core/message.ts';
import type { HistoryEntry } from '../../core/responder.ts';
import type { FlowStore, Unfinished } from '../../core/store.ts';
import type { DialectParts } from '../dialect.ts';
import { deliveryOf, parse, turnDueOf } from '../rows.ts';
import type { Schema } from '../schema.ts';

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
    .select(['messages.integration_id', 'messages.conversation'])
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
  const cursors = await db.selectFrom('cursors').select(['name', 'value']).where('bot_id', '=', botId).execute();
  return {
    deliveries: deliveries.map((row) => ({ conversation: row.conversation, delivery: deliveryOf(row) })),
    turns: turns.map(turnDueOf),
    cursors: new Map(cursors.map((row) => [row.name, row.value])),
  };
}

export interface HistoryInput {
  readonly integrationId: IntegrationId;
  readonly conversation: ConversationKey;
  readonly seq: number;
  readonly limit: number;
}

export async function history(
  db: Kysely<Schema>,
  dialect: DialectParts,
  { integrationId, conversation, seq, limit }: HistoryInput,
): Promise<HistoryEntry[]> {
  const messages = await db
    .selectFrom('messages')
    .innerJoin('integrations', 'integrations.id', 'messages.integration_id')
    .innerJoin('replrs', 'replrs.id', 'integrations.replr_id')
    .select(['messages.seq', 'messages.author_name', 'messages.text', 'messages.sent_at', 'replrs.name as replr_name'])
    .where('messages.integration_id', '=', integrationId)
    .where('messages.conversation', '=', conversation)
    .where('messages.seq', '<', seq)
    .where('messages.due', '=', sql.lit(1))
    // What came while the integration was paused was never heard.
    .where((eb) =>
      eb.or([
        eb('messages.fate_kind', 'is', null),
        eb('messages.fate_kind', '<>', 'ignored'),
        eb('messages.fate_reason', '<>', 'paused'),
      ]),
    )
    .orderBy('messages.seq', 'desc')
    .limit(limit)
    .execute();
  if (messages.length === 0) return [];
  const wanted = dialect.rows<{ seq: number }>(
    { seq: 'i' },
    messages.map((message) => ({ seq: message.seq })),
  );
  const parts = await db
    .selectFrom('deliveries')
    .innerJoin(wanted, 'v.seq', 'deliveries.inbox_seq')
    .select(['deliveries.inbox_seq', 'deliveries.part', 'deliveries.created_at'])
    .where('deliveries.state', '<>', 'failed')
    .where('deliveries.operation', '<>', 'delete')
    .orderBy('deliveries.inbox_seq')
    .orderBy('deliveries.idx')
    .execute();
  const answers = Map.groupBy(parts, (part) => part.inbox_seq);
  return messages.reverse().flatMap((message): HistoryEntry[] => {
    const said: HistoryEntry = { from: 'person', name: message.author_name, text: message.text, at: message.sent_at };
    const answer = answers.get(message.seq);
    if (!answer?.[0]) return [said];
    const text = answer.map((part) => parse<{ text: string }>(part.part).text).join('\n');
    return [said, { from: 'replr', name: message.replr_name, text, at: answer[0].created_at }];
  });
}

export async function lastPlace(
  db: Kysely<Schema>,
  _dialect: DialectParts,
  integrationId: IntegrationId,
): Promise<Place | undefined> {
  const row = await db
    .selectFrom('messages')
    .select(['scope', 'channel', 'thread'])
    .where('integration_id', '=', integrationId)
    .orderBy('seq', 'desc')
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
    .where('epoch', '=', epoch)
    .returning('id')
    .executeTakeFirst();
  if (!owned) return 'fenced';
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
