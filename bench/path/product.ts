import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Environment } from '../../src/config.ts';
import { createClient, makeReplr } from '../../test/support/client.ts';
import { startServer } from '../../test/support/server-process.ts';
import { wideLimits, wideUserLimits } from '../../test/support/wide-limits.ts';
import type { Bots, Subject } from './subject.ts';

const API_KEY = `sk_live_${'b'.repeat(32)}`;
/** As many requests of the API at once. */
const ABREAST = 10;

/** The server as an operator starts it, its bots connected by its own API. */
export async function startProduct(apiUrl: string, bots: Bots, folder: string, env: Environment): Promise<Subject> {
  const server = await startServer({
    TELEGRAM_API_URL: apiUrl,
    REPLR_API_KEY: API_KEY,
    REPLR_DATA_DIR: join(folder, 'data'),
    REPLR_SECRET_KEY: randomBytes(32).toString('base64'),
    REPLR_MODEL: 'builtin/echo',
    ...wideUserLimits,
    ...env,
  });
  const client = createClient(server.url, API_KEY);
  const stop = async () => {
    const code = await server.kill('SIGTERM');
    if (code !== 0) throw new Error(`the server ended with ${code}:\n${server.lines.slice(-20).join('\n')}`);
  };
  try {
    const replr_id = await makeReplr(client);
    for (let at = 0; at < bots.length; at += ABREAST) {
      await Promise.all(
        bots.slice(at, at + ABREAST).map(async ({ token }) => {
          const made = await client.post('/v1/integrations/telegram', {
            replr_id,
            bot_token: token,
            limits: wideLimits,
          });
          if (made.status !== 201) throw new Error(`connect: ${made.status} ${JSON.stringify(made.body)}`);
        }),
      );
    }
  } catch (error) {
    await server.kill('SIGKILL');
    throw error;
  }
  return {
    pid: server.pid,
    stored: async () => {
      let count = 0;
      for (let offset = 0; ; ) {
        const page: readonly { message_count: number }[] = (
          await client.get(`/v1/integrations?limit=1000&offset=${offset}`)
        ).body.data;
        for (const { message_count } of page) count += message_count;
        offset += page.length;
        if (page.length === 0 || offset >= bots.length) return count;
      }
    },
    obituary: () =>
      existsSync(`/proc/${server.pid}`) ? undefined : `ended; its last words:\n${server.lines.slice(-5).join('\n')}`,
    stop,
  };
}
