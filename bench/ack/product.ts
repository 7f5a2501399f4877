import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../../src/config.ts';
import { createClient, makeReplr } from '../../test/support/client.ts';
import { freePort } from '../../test/support/server-env.ts';
import { startServer } from '../../test/support/server-process.ts';
import { wideLimits, wideUserLimits } from '../../test/support/wide-limits.ts';
import type { Transport } from './transport.ts';

const API_KEY = `sk_live_${'b'.repeat(32)}`;
/** A bot that is not connected by then never will be, ms. */
const CONNECTED_WITHIN_MS = 30_000;
const LOOK_MS = 100;

/** The server as an operator starts it, in a process of its own. */
export interface Product {
  readonly pid: number;
  /** Resolves when all its bots are connected. */
  connect(transport: Transport): Promise<void>;
  /** How many messages it says it has stored. */
  stored(transport: Transport): Promise<number>;
  /** How its bots receive, each way once. */
  receivesBy(transport: Transport): Promise<string[]>;
  stop(): Promise<void>;
}

export async function startProduct(folder: string, env: Environment): Promise<Product> {
  const port = await freePort();
  const server = await startServer({
    REPLR_API_KEY: API_KEY,
    REPLR_DATA_DIR: join(folder, 'data'),
    REPLR_SECRET_KEY: randomBytes(32).toString('base64'),
    PORT: String(port),
    REPLR_PUBLIC_URL: `http://127.0.0.1:${port}`,
    ...wideUserLimits,
    ...env,
  });
  const client = createClient(server.url, API_KEY);
  const replr_id = await makeReplr(client);
  const made = new Map<Transport, string[]>();

  const look = async (transport: Transport) =>
    await Promise.all((made.get(transport) ?? []).map(async (id) => (await client.get(`/v1/integrations/${id}`)).body));

  return {
    pid: server.pid,
    connect: async (transport) => {
      const ids: string[] = [];
      made.set(transport, ids);
      for (const seat of transport.seats) {
        const { status, body } = await client.post(`/v1/integrations/${transport.platform}`, {
          ...seat.connect,
          replr_id,
          limits: wideLimits,
        });
        if (status !== 201) throw new Error(`connect: ${status} ${JSON.stringify(body)}`);
        ids.push(body.id);
        seat.connected(body);
      }
      for (let waited = 0; ; waited += LOOK_MS) {
        const states = (await look(transport)).map(({ health }) => health);
        if (states.every(({ state }) => state === 'connected')) return;
        if (waited > CONNECTED_WITHIN_MS) throw new Error(`${transport.title}: ${JSON.stringify(states)}`);
        await sleep(LOOK_MS);
      }
    },
    stored: async (transport) => (await look(transport)).reduce((sum, { message_count }) => sum + message_count, 0),
    receivesBy: async (transport) => [...new Set((await look(transport)).map(({ health }) => health.transport))],
    stop: async () => {
      const code = await server.kill('SIGTERM');
      if (code !== 0) throw new Error(`the server ended with ${code}:\n${server.lines.slice(-20).join('\n')}`);
    },
  };
}
