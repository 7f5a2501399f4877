import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { StorePlace } from '../test/support/stores.ts';

type Row = Readonly<Record<string, unknown>>;

/** What the server's own store says, for people and for one figure that only it knows; no verdict comes from here. */
export interface Stored {
  /** Deliveries that were sent again without knowing whether they had arrived, by platform. */
  marked(): Promise<ReadonlyMap<string, number>>;
  /** What is stored of the message with this text and of its answer. */
  story(text: string): Promise<string[]>;
  close(): Promise<void>;
}

const MARKED = `select b.platform as platform, count(*) as count from deliveries d join bots b on b.id = d.bot_id
  where d.maybe_duplicate = 1 group by b.platform`;
const STORY = `select m.seq, m.message_id, m.conversation, m.sent_at, m.received_at, m.due, m.arrived, m.fate_kind, m.fate_reason,
  m.fate_at, d.id as delivery, d.state, d.attempts, d.reason, d.message_id as answer, d.created_at, d.maybe_duplicate
  from messages m left join deliveries d on d.inbox_seq = m.seq where m.text = `;

/** No server may run on it any more. */
export async function openStored({ env }: StorePlace): Promise<Stored> {
  const { rows, placeholder, close } = await opened(env);
  return {
    marked: async () => new Map((await rows(MARKED)).map((row) => [String(row['platform']), Number(row['count'])])),
    story: async (text) => (await rows(STORY + placeholder, text)).map((row) => JSON.stringify(row)),
    close,
  };
}

async function opened(env: StorePlace['env']) {
  if (env['DATABASE_URL'] !== undefined) {
    const client = new pg.Client({ connectionString: env['DATABASE_URL'] });
    await client.connect();
    const rows = async (sql: string, ...values: string[]): Promise<Row[]> => (await client.query(sql, values)).rows;
    return { rows, placeholder: '$1', close: () => client.end() };
  }
  const database = new DatabaseSync(join(env['REPLR_DATA_DIR'] ?? '', 'store.db'));
  const rows = async (sql: string, ...values: string[]): Promise<Row[]> => database.prepare(sql).all(...values);
  return { rows, placeholder: '?', close: async () => database.close() };
}
