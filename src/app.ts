import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { createApi } from './api/server.ts';
import type { Config } from './config.ts';
import { connectors as registered } from './connectors/registry.ts';
import { createPool } from './connectors/shared/http.ts';
import { type Clock, systemClock } from './core/clock.ts';
import type { PlatformPort } from './core/connector.ts';
import { createIds } from './core/ids.ts';
import type { Log } from './core/log.ts';
import { ensureFirstKey, resolveSecretKey } from './keys.ts';
import { createMetrics } from './observe/metrics.ts';
import { createResponders } from './responders/registry.ts';
import { createRuntime } from './runtime/runtime.ts';
import { openStore } from './store/store.ts';
import { VERSION } from './version.ts';

/** Orchestrators kill what has not ended after 30 s or so. */
const DRAIN_MS = 10_000;
/** After that, what does not end is left as it is: with a store that does not answer, that would take longer than orchestrators wait. */
const CUT_MS = 6_000;
const CLOSE_MS = 1_000;
/** Settled messages are kept this long, ms: well beyond the 7 days in which a platform could send them again. */
const KEEP_MS = 30 * 24 * 60 * 60 * 1000;
/** Who sends a request slower than this is not served: a connection held open costs memory, ms. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
const SWEEP_EVERY_MS = 60 * 60 * 1000;

export interface App {
  /** Where the API listens. */
  readonly url: string;
  /** Shown once: the key made for the first user at the very first start. */
  readonly firstKey: string | undefined;
  /** Where the sealing key was written, if it was made just now. */
  readonly secretKeyFile: string | undefined;
  stop(): Promise<void>;
}

export interface AppOptions {
  readonly clock?: Clock;
  /** What is under way may take this long to end at a stop, ms; the rest is resumed at the next start. */
  readonly drainMs?: number;
  /** The store is gone for good: the process can only start anew. */
  readonly lost?: (error: Error) => void;
}

/** The composition root: every wire of the server is visible here. */
export async function startApp(config: Config, log: Log, options: AppOptions = {}): Promise<App> {
  const { clock = systemClock, drainMs = DRAIN_MS, lost } = options;
  const ids = createIds(randomBytes);
  const random = Math.random;
  const secret = await resolveSecretKey(config);
  const place = config.databaseUrl ? { databaseUrl: config.databaseUrl } : { dataDir: config.dataDir };
  const store = await openStore({
    ...place,
    secretKey: secret.key,
    clock,
    random: randomBytes,
    log,
    exclusive: true,
    ...(lost && { lost }),
  });
  const pool = createPool();
  try {
    const firstKey = await ensureFirstKey(store, ids, clock, config.apiKey);
    const connectors = new Map(registered.map((connector) => [connector.platform, connector]));
    const ports = new Map<string, PlatformPort>();
    for (const { platform, apiUrl } of registered) {
      const deployment = config.deployment.get(platform);
      const port = { apiUrl: config.apiUrls.get(platform) ?? apiUrl, fetch: pool.fetch, clock, random };
      ports.set(platform, {
        ...port,
        log: log.child({ platform }),
        ...(config.publicUrl !== undefined && { hooksUrl: `${config.publicUrl}/hooks/${platform}` }),
        ...(deployment && { deployment }),
      });
    }
    const portFor = (platform: string): PlatformPort => {
      const port = ports.get(platform);
      if (!port) throw new Error(`no connector for ${platform}`);
      return port;
    };
    const { metrics, page } = createMetrics();
    const responders = createResponders(
      {
        defaultModel: config.model,
        ...(config.fallbackModel ? { fallbackModel: config.fallbackModel } : {}),
        ...(config.openaiBaseUrl ? { openaiBaseUrl: config.openaiBaseUrl } : {}),
        ...(config.openaiApiKey ? { openaiApiKey: config.openaiApiKey } : {}),
        ...(config.anthropicApiKey ? { anthropicApiKey: config.anthropicApiKey } : {}),
        ...(config.googleApiKey ? { googleApiKey: config.googleApiKey } : {}),
        ...(config.ollamaBaseUrl ? { ollamaBaseUrl: config.ollamaBaseUrl } : {}),
      },
      { clock, log, random, metrics },
    );
    const problem = responders.check('default');
    if (problem) log.warn('default_model_unusable', { model: config.model, problem });
    const { respond } = responders;
    const flow = { store, connectors, portFor, respond, userLimits: config.userLimits };
    const runtime = createRuntime({ ...flow, ids, clock, random, log, metrics });
    let started = false;
    const api = createApi({
      store,
      control: runtime,
      connectors,
      platformPort: portFor,
      models: responders,
      ids,
      clock,
      log,
      version: VERSION,
      ...(config.publicUrl !== undefined && { publicUrl: config.publicUrl }),
      ready: async () => started && runtime.leased(),
      clientAddress: (env) =>
        (env as { incoming?: { socket?: { remoteAddress?: string } } })?.incoming?.socket?.remoteAddress ?? '',
      metrics: page,
    });
    const server = createAdaptorServer({ fetch: (request, env) => api.fetch(request, env), createServer }) as Server;
    server.headersTimeout = HEADERS_MS;
    server.requestTimeout = REQUEST_MS;
    await listen(server, config.host, config.port);
    server.on('error', (error) => log.error('http_server_error', { error }));
    await runtime.start().catch(async (error: unknown) => {
      // An open port would keep a process alive that serves nobody.
      server.close();
      server.closeAllConnections();
      await runtime.stop(0).catch(() => {});
      throw error;
    });
    started = true;
    responders.warm();
    const sweeping = new AbortController();
    const swept = sweepHourly(store, clock, log, sweeping.signal);
    return {
      url: urlOf(server, config.host),
      firstKey,
      secretKeyFile: secret.madeAt,
      async stop() {
        started = false;
        server.close();
        sweeping.abort();
        const ended = Promise.all([runtime.stop(drainMs), swept]);
        try {
          if (!(await within(drainMs + CUT_MS, ended, clock))) log.error('stop_cut_short');
        } finally {
          // Also when the store is away and the bots cannot be given back: what stays open would keep the process alive.
          ended.catch(() => {});
          server.closeAllConnections();
          await pool.close();
          if (!(await within(CLOSE_MS, store.close(), clock))) log.error('store_not_closed');
        }
      },
    };
  } catch (error) {
    await pool.close();
    await store.close();
    throw error;
  }
}

/** Whether it ended in time; rejects as it does. */
async function within(ms: number, ended: Promise<unknown>, clock: Clock): Promise<boolean> {
  const over = new AbortController();
  try {
    return await Promise.race([ended.then(() => true), clock.sleep(ms, over.signal).then(() => false)]);
  } finally {
    over.abort();
  }
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

async function sweepHourly(
  store: { sweep(before: number): Promise<{ messages: number }> },
  clock: Clock,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(SWEEP_EVERY_MS, signal);
    if (signal.aborted) return;
    try {
      const { messages } = await store.sweep(clock.now() - KEEP_MS);
      if (messages > 0) log.info('swept', { messages });
    } catch (error) {
      log.warn('sweep_failed', { error });
    }
  }
}
