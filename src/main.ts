import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type App, startApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { connectors, secretShapes } from './connectors/registry.ts';
import { silentLog } from './core/log.ts';
import { createKey } from './keys.ts';
import { lineWriter } from './observe/lines.ts';
import { createLogger } from './observe/logger.ts';

const USAGE = `Usage:
  npm start                              the server
  npm run playground [-- --once]         the server with simulated platforms; --once posts one message on each and exits
  npm run simulators                     the simulated platforms alone
  npm run keys -- create --user NAME     a further API key, for a new or known user
  npm run openapi                        writes openapi.json`;

/** The first platform's simulator listens here, the others on the ports behind it. */
const SIMULATOR_PORT = 8081;

/** What is still open when the server has stopped may hold the process this long, ms. */
const LINGER_MS = 500;

const write = lineWriter(process.stdout);
const say = (line: string): void => write(`${line}\n`);

/** Aborts at the first INT or TERM; the second one ends the process at once. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(1);
      controller.abort();
    });
  }
  return controller.signal;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

async function serve(): Promise<number> {
  const stopping = interrupted();
  const config = readConfig(process.env, connectors);
  const log = createLogger(config.logLevel, write, secretShapes);
  // One connection's bug must not end everybody else's service; it is logged and its own loop starts again.
  process.on('unhandledRejection', (error) => log.error('unhandled_rejection', { error }));
  process.on('uncaughtException', (error) => log.error('uncaught_exception', { error }));
  const lost = Promise.withResolvers<Error>();
  const app: App = await startApp(config, log, { lost: lost.resolve });
  if (app.secretKeyFile) {
    say(`Made a key that seals your bots' tokens: ${app.secretKeyFile}. Keep a copy: without it they cannot be read.`);
  }
  if (app.firstKey) say(`Your API key, shown only this once: ${app.firstKey}`);
  log.info('listening', {
    url: app.url,
    store: config.databaseUrl ? 'postgresql' : config.dataDir,
    model: config.model,
  });
  const error = await Promise.race([aborted(stopping), lost.promise]);
  // Whoever watches over the process starts it anew; one that lives on without a store would only look alive.
  if (error) log.error('store_lost', { error });
  log.info('stopping');
  try {
    await app.stop();
  } finally {
    // A connection that waits for a store which does not answer would keep the process alive.
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
  log.info('stopped');
  return error ? 1 : 0;
}

async function play(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { once: { type: 'boolean', default: false } } });
  const { playground } = await import('./playground.ts');
  const env = { LOG_LEVEL: 'warn', ...process.env };
  const log = createLogger(readConfig(env, connectors).logLevel, lineWriter(process.stderr), secretShapes);
  const shows = process.stdin.isTTY === true;
  const terminal = { input: process.stdin, output: process.stdout, signal: interrupted(), shows };
  return playground(env, log, terminal, values.once);
}

async function simulate(): Promise<number> {
  const { simulators } = await import('./simulators/registry.ts');
  const stopping = interrupted();
  const running = await Promise.all(simulators.map((entry, index) => entry.start({ port: SIMULATOR_PORT + index })));
  for (const { platform, url } of running) say(`${platform}  ${url}  (control: ${url}/control)`);
  await aborted(stopping);
  await Promise.all(running.map((simulator) => simulator.close()));
  return 0;
}

async function keys(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { user: { type: 'string' } },
    allowPositionals: true,
  });
  const user = values.user?.trim();
  if (positionals[0] !== 'create' || !user || user.length > 80) {
    say(USAGE);
    return 2;
  }
  const config = readConfig(process.env, connectors);
  const log = createLogger('warn', lineWriter(process.stderr), secretShapes);
  say(`API key of ${user}, shown only this once: ${await createKey(config, log, user)}`);
  return 0;
}

/** Asks a real server, so that the file says what is served. */
async function openapi(): Promise<number> {
  const dataDir = await mkdtemp(join(tmpdir(), 'replr-openapi-'));
  try {
    const config = readConfig({ REPLR_DATA_DIR: dataDir, PORT: '0' }, connectors);
    const app = await startApp(config, silentLog);
    const document: unknown = await fetch(`${app.url}/openapi.json`).then((response) => response.json());
    await app.stop();
    await writeFile(new URL('../openapi.json', import.meta.url), `${JSON.stringify(document, null, 2)}\n`);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
  say('Wrote openapi.json');
  return 0;
}

async function run([command, ...args]: readonly string[]): Promise<number> {
  switch (command) {
    case 'serve':
      return serve();
    case 'playground':
      return play(args);
    case 'simulators':
      return simulate();
    case 'keys':
      return keys(args);
    case 'openapi':
      return openapi();
    default:
      say(USAGE);
      return 2;
  }
}

/** What the person who started it can do something about is told in one line; the rest is ours and shows where. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `${error.message}. Choose another port with PORT=…`;
  if (code?.startsWith('ERR_PARSE_ARGS')) return `${error.message}\n${USAGE}`;
  const expected = error instanceof ConfigError || /^Store\w+Error$/.test(error.name) || code !== undefined;
  return expected ? error.message : (error.stack ?? error.message);
}

try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`${explain(error)}\n`);
  process.exitCode = 1;
}
