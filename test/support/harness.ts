import { type App, startApp } from '../../src/app.ts';
import { type Environment, readConfig } from '../../src/config.ts';
import { connectors, secretShapes } from '../../src/connectors/registry.ts';
import { createKey } from '../../src/keys.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { type Client, createClient, makeReplr } from './client.ts';
import type { BotDriver, PlatformDriver, World } from './driver.ts';
import { API_KEY, serverEnv } from './server-env.ts';
import { makeStore, type StoreKind } from './stores.ts';

/** Long enough for what a simulator answers at once, short for a test of what it does not, ms. */
const DRAIN_MS = 1_000;

/** The whole server on a real store against a simulated platform. */
export interface Harness {
  readonly world: World;
  readonly client: Client;
  readonly url: string;
  /** The log so far, one JSON line each. */
  readonly log: readonly string[];
  /** Connects a bot to a new REPLR; the integration's id. */
  connect(bot: BotDriver, extra?: Record<string, unknown>): Promise<string>;
  /** A new API key of the named user, made beside the running server as `npm run keys` does. */
  userKey(user: string): Promise<string>;
  /** Stops the server as an operator would, and starts another on the same store. */
  restart(): Promise<void>;
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

export async function startHarness(driver: PlatformDriver, kind: StoreKind, env: Environment = {}): Promise<Harness> {
  const { platform } = driver;
  const world = await driver.start();
  const place = await makeStore(kind);
  const log: string[] = [];
  const logger = createLogger('debug', (line) => log.push(line), secretShapes);
  const config = readConfig({ PORT: '0', ...(await serverEnv(driver, world, place)), ...env }, connectors);
  const start = (): Promise<App> => startApp(config, logger, { drainMs: DRAIN_MS });
  let app: App | undefined = await start();
  const running = (): App => {
    if (!app) throw new Error('the server is stopped');
    return app;
  };
  const client = (): Client => createClient(running().url, API_KEY);
  const stop = async () => {
    await app?.stop();
    app = undefined;
  };
  return {
    world,
    get client() {
      return client();
    },
    get url() {
      return running().url;
    },
    log,
    userKey: (user) => createKey(config, logger, user),
    async connect(bot, extra = {}) {
      const replr_id = await makeReplr(client());
      const body = { ...(await bot.connect()), replr_id, ...extra };
      const created = await client().post(`/v1/integrations/${platform}`, body);
      if (created.status !== 201) throw new Error(`connect: ${created.status} ${JSON.stringify(created.body)}`);
      await bot.connected?.(created.body);
      return created.body.id;
    },
    stop,
    start: async () => {
      app ??= await start();
    },
    restart: async () => {
      await stop();
      app = await start();
    },
    async close() {
      await stop();
      await world.close();
      await place.drop();
    },
  };
}
