import type { PostgresPool, PostgresPoolClient } from 'kysely';
import type pg from 'pg';
import { hotTraits } from './hot.ts';

export interface PoolTraits {
  /**
   * Hot statements are prepared once per connection under their own name. That halves what the server does for one, but
   * must be off behind a pooler that hands connections around and does not follow such names.
   */
  readonly named: boolean;
  /** What each transaction sets for itself. Not the connection: a pooler may give that to others. */
  readonly settings: string;
}

const BEGIN = 'start transaction';
/** What Kysely looks at in the result of a statement that nobody looks at. */
const NOTHING = { command: 'SET' as const, rowCount: 0, rows: [] };

/**
 * Between Kysely and `pg`, whose clients must be made with `pipeline`. What begins a transaction, and hot statements
 * that nobody awaits an answer of, are only put on the wire; the next statement leaves with them, and the server works
 * through them in order. Were one to fail, everything after it fails too, the commit above all: its error is the one
 * reported.
 *
 * Connections whose server fell silent are thrown away: back in the pool, each would cost the next caller the same wait.
 */
export function pipeliningPool(pool: pg.Pool, { named, settings }: PoolTraits): PostgresPool {
  return {
    options: pool.options,
    end: () => pool.end(),
    connect: async () => {
      const client = await pool.connect();
      let silent: Error | undefined;
      let open = false;
      let sent: Promise<void>[] = [];
      let failure: { readonly error: unknown } | undefined;

      const heed = (error: unknown): void => {
        if (error instanceof Error && error.message === 'Query read timeout') silent = error;
      };
      const send = async (text: string, values: readonly unknown[]) => {
        if (text.startsWith(BEGIN)) return await client.query(`${text}${settings}`);
        const name = named ? hotTraits(text)?.name : undefined;
        return await client.query({ text, values: [...values], ...(name !== undefined && { name }) });
      };
      const query = async (text: string, values: readonly unknown[] = []) => {
        if (silent) throw silent;
        const result = send(text, values);
        if (text.startsWith(BEGIN)) open = true;
        if (open && (text.startsWith(BEGIN) || hotTraits(text)?.unanswered)) {
          const noted = result.then(
            () => {},
            (error: unknown) => {
              heed(error);
              failure ??= { error };
            },
          );
          sent.push(noted);
          return NOTHING;
        }
        try {
          const answer = await result;
          await Promise.all(sent);
          if (failure && text !== 'rollback') throw failure.error;
          return answer;
        } catch (error) {
          heed(error);
          await Promise.all(sent);
          throw failure ? failure.error : error;
        } finally {
          sent = [];
          if (text === 'commit' || text === 'rollback') {
            open = false;
            failure = undefined;
          }
        }
      };
      return Object.assign(Object.create(client), {
        query,
        release: () => client.release(silent),
      }) as PostgresPoolClient;
    },
  };
}
