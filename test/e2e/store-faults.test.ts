import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { describe, it, type TestContext } from 'vitest';
import { discordDriver } from '../support/discord-driver.ts';
import { type FaultScene, openScene } from '../support/fault-scene.ts';
import { execute } from '../support/postgres.ts';
import { type RestartablePostgres, startRestartablePostgres } from '../support/restartable-postgres.ts';
import { startServer } from '../support/server-process.ts';
import { slackByEvents } from '../support/slack-driver.ts';
import { hasDisks, readOnly, smallDisk } from '../support/small-disk.ts';
import { makeStore, type StorePlace } from '../support/stores.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { telegramByWebhook, telegramDriver } from '../support/telegram-driver.ts';

/** The long campaign: the database is off for ten minutes, the disk full for five, and dead lines are waited for. */
const LONG = process.env['REPLR_LONG'] === '1';
/** Longer than a node may act without its heartbeat, so that the lease runs out. */
const DATABASE_OFF_MS = LONG ? 600_000 : 9_500;
const DISK_FULL_MS = LONG ? 300_000 : 10_000;
/** Talk before and after a fault, ms. */
const CALM_MS = 2_000;
const LIMIT_MS = LONG ? 1_800_000 : 240_000;
/** An answer that takes longer is missing, ms. */
const PATIENCE_MS = LONG ? 400_000 : 60_000;
/** In ten minutes nobody says more than may wait in a conversation. */
const PACE = LONG ? { paceMs: 6_000 } : {};
const KEY = Buffer.alloc(32, 7).toString('base64');

async function ownPostgres({ onTestFinished: afterwards }: TestContext): Promise<RestartablePostgres> {
  const postgres = await startRestartablePostgres();
  afterwards(() => postgres.close());
  return postgres;
}

const placeOf = (url: string): StorePlace => ({
  env: { DATABASE_URL: url, REPLR_SECRET_KEY: KEY },
  drop: async () => {},
});

/** The same database by way of a port of this machine. */
const through = (url: string, port: number): string => {
  const { username, pathname } = new URL(url);
  return `postgres://${username}@127.0.0.1:${port}${pathname}`;
};

/** Nothing can be changed, and the caller is told to come again. */
async function refuses({ expect }: TestContext, { client }: FaultScene): Promise<void> {
  const { status, body, headers } = await client.post('/v1/replrs', { name: 'Ada', instructions: 'You are Ada.' });
  expect([status, body.error]).toEqual([503, 'service_unavailable']);
  expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
}

/** What is stored can be read all the time; whether the node is ready turns with its lease. */
async function readsOnly(context: TestContext, scene: FaultScene, lapsed = true): Promise<void> {
  const { expect } = context;
  const [integration] = scene.integrations;
  expect((await scene.client.get(`/v1/integrations/${integration?.id}`)).status).toBe(200);
  await refuses(context, scene);
  if (lapsed) expect(await scene.ready()).toBe(503);
}

/** The fault is seen from outside, the store is called away in the log, and all is well again without a restart. */
async function heals({ expect }: TestContext, scene: FaultScene, pid: number): Promise<void> {
  await scene.answeredOnce(PATIENCE_MS);
  await expect.poll(() => scene.ready(), { timeout: 20_000 }).toBe(200);
  for (const { platform, id } of scene.integrations) {
    const shown = async () => (await scene.client.get(`/v1/integrations/${id}`)).body;
    const turns = scene.people.filter((one) => one.driver.platform === platform).flatMap(({ said }) => said).length;
    await expect
      .poll(shown, { timeout: 40_000 })
      .toMatchObject({ status: 'active', health: { state: 'connected' }, message_count: 2 * turns });
  }
  expect(scene.server.pid).toBe(pid);
  process.kill(pid, 0);
  expect(scene.logged('uncaught_exception')).toEqual([]);
  expect(scene.logged('unhandled_rejection')).toEqual([]);
}

const toldUnavailable = (scene: FaultScene) =>
  scene.logged('link_changed').filter((line) => line['code'] === 'store_unavailable').length;

describe.concurrent('a store that goes away, under load', () => {
  it('F017: PostgreSQL is stopped, and started again', { timeout: LIMIT_MS }, async (context) => {
    const { expect } = context;
    const postgres = await ownPostgres(context);
    const store = placeOf(postgres.url);
    const scene = await openScene(context, { drivers: [telegramDriver, discordDriver], store, ...PACE });
    const { pid } = scene.server;
    const hush = scene.talk();
    await sleep(CALM_MS);
    await postgres.down();
    await expect.poll(() => scene.ready(), { timeout: 10_000 }).toBe(503);
    await sleep(DATABASE_OFF_MS);
    expect(await scene.ready()).toBe(503);
    await refuses(context, scene);
    const before = await Promise.all(scene.people.map(({ chat }) => chat.answers()));
    await postgres.up();
    await sleep(CALM_MS);
    expect(await hush()).toBeGreaterThan(before.flat().length + 20);
    expect(toldUnavailable(scene)).toBeGreaterThan(0);
    await heals(context, scene, pid);
  });

  it('F011 F017 F019: the line to PostgreSQL is half-open: another node takes over, and the first does no harm', {
    timeout: LIMIT_MS,
  }, async (context) => {
    const { expect, onTestFinished: afterwards } = context;
    const place = await makeStore('postgresql');
    afterwards(() => place.drop());
    const { DATABASE_URL = '' } = place.env;
    const host = new URL(DATABASE_URL).searchParams.get('host') ?? '';
    const proxy = await startTcpProxy({ path: join(host, '.s.PGSQL.5432') });
    afterwards(() => proxy.close());
    const scene = await openScene(context, {
      drivers: [telegramDriver, discordDriver],
      store: place,
      env: { DATABASE_URL: through(DATABASE_URL, proxy.port) },
    });
    const first = scene.server;
    const second = await startServer({ ...scene.env, DATABASE_URL });
    afterwards(async () => void (await second.kill('SIGKILL')));
    scene.others.push(second);
    const hush = scene.talk();
    await sleep(CALM_MS);
    proxy.become({ kind: 'half_open' });
    const cut = scene.people.map(({ said }) => said.length);
    const goesOn = async () => {
      const answers = await Promise.all(scene.people.map(({ chat }) => chat.answers()));
      return answers.every((texts, index) => new Set(texts).size > (cut[index] ?? 0) + 1);
    };
    // The lease has to run out, and the platforms have to let go of the first one's connections.
    await expect.poll(goesOn, { timeout: 90_000 }).toBe(true);
    expect(await scene.ready()).toBe(503);
    // What is opened from now on works; what is open is dead, and noticed by nobody but by waiting.
    proxy.become({ kind: 'clear' });
    await sleep(CALM_MS);
    // Half a minute and more.
    if (LONG) await expect.poll(() => scene.ready(), { timeout: 45_000 }).toBe(200);
    expect(await hush()).toBeGreaterThan(cut.length * 6);
    await scene.answeredOnce(PATIENCE_MS);
    // What it cannot give back it does not wait for longer than orchestrators do.
    if (LONG) expect(await first.kill('SIGTERM')).toBe(0);
    expect(await second.kill('SIGTERM')).toBe(0);
  });

  it('F015: another program holds the lock of the SQLite file', { timeout: LIMIT_MS }, async (context) => {
    const { expect, onTestFinished: afterwards } = context;
    const store = await makeStore('sqlite');
    afterwards(() => store.drop());
    const scene = await openScene(context, { drivers: [telegramDriver, discordDriver], store, ...PACE });
    const { pid } = scene.server;
    const hush = scene.talk();
    await sleep(CALM_MS);
    const other = new DatabaseSync(join(store.env['REPLR_DATA_DIR'] ?? '', 'store.db'), { timeout: 10_000 });
    afterwards(() => other.close());
    other.exec('begin immediate');
    await expect.poll(() => toldUnavailable(scene), { timeout: 10_000 }).toBeGreaterThan(0);
    const before = await Promise.all(scene.people.map(({ chat }) => chat.answers()));
    await sleep(DATABASE_OFF_MS);
    await readsOnly(context, scene);
    other.exec('rollback');
    await sleep(CALM_MS);
    expect(await hush()).toBeGreaterThan(before.flat().length + 20);
    await heals(context, scene, pid);
  });

  it('F003 F086: PostgreSQL is lost again and again, for a moment each', { timeout: LIMIT_MS }, async (context) => {
    const { expect, onTestFinished: afterwards } = context;
    const place = await makeStore('postgresql');
    afterwards(() => place.drop());
    const { DATABASE_URL = '' } = place.env;
    const host = new URL(DATABASE_URL).searchParams.get('host') ?? '';
    const proxy = await startTcpProxy({ path: join(host, '.s.PGSQL.5432') });
    afterwards(() => proxy.close());
    const store = { ...place, env: { ...place.env, DATABASE_URL: through(DATABASE_URL, proxy.port) } };
    const scene = await openScene(context, { drivers: [telegramByWebhook, slackByEvents], store });
    const { pid } = scene.server;
    const hush = scene.talk();
    const opened = proxy.opened;
    // Sixteen times in the middle of whatever goes on, commits whose answer is lost among them.
    for (let cut = 0; cut < 16; cut++) {
      proxy.become({ kind: 'reset' });
      await sleep(20);
      proxy.become({ kind: 'clear' });
      await sleep(150 + 45 * cut);
    }
    // Every connection ended by the database itself.
    await execute(
      DATABASE_URL,
      `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
    );
    proxy.become({ kind: 'black_hole' });
    await expect.poll(() => scene.ready(), { timeout: 10_000 }).toBe(503);
    proxy.become({ kind: 'latency', ms: 40 });
    await sleep(CALM_MS);
    proxy.become({ kind: 'clear' });
    expect(await hush()).toBeGreaterThan(60);
    expect(proxy.opened).toBeGreaterThan(opened + 16);
    await heals(context, scene, pid);
  });

  it('F019: PostgreSQL can only be read, until it is promoted', { timeout: LIMIT_MS }, async (context) => {
    const { expect } = context;
    const postgres = await ownPostgres(context);
    const scene = await openScene(context, {
      drivers: [telegramByWebhook, slackByEvents],
      store: placeOf(postgres.url),
    });
    const { pid } = scene.server;
    const hush = scene.talk();
    await sleep(CALM_MS);
    await postgres.down();
    await postgres.up('standby');
    const refused = () => scene.logged('heartbeat_failed').filter((line) => JSON.stringify(line).includes('recovery'));
    await expect.poll(() => refused().length, { timeout: 10_000 }).toBeGreaterThan(1);
    await readsOnly(context, scene, false);
    await postgres.promote();
    await sleep(CALM_MS);
    expect(await hush()).toBeGreaterThan(30);
    await heals(context, scene, pid);
  });

  it('F020: slow queries use up the connections of the API', { timeout: LIMIT_MS }, async (context) => {
    const { expect, onTestFinished: afterwards } = context;
    const store = await makeStore('postgresql');
    afterwards(() => store.drop());
    const scene = await openScene(context, { drivers: [telegramDriver, discordDriver], store });
    const { pid } = scene.server;
    const hush = scene.talk();
    const other = new pg.Client({ connectionString: store.env['DATABASE_URL'] });
    afterwards(() => other.end());
    await other.connect();
    await other.query('begin');
    await other.query('lock table api_keys in access exclusive mode');
    const calls = Array.from({ length: 100 }, () => scene.client.get('/v1/integrations'));
    const before = (await Promise.all(scene.people.map(({ chat }) => chat.answers()))).flat().length;
    // Longer than a lease: the heartbeats go on, and so do the answers.
    await sleep(DATABASE_OFF_MS);
    const after = (await Promise.all(scene.people.map(({ chat }) => chat.answers()))).flat().length;
    expect(after).toBeGreaterThan(before + 4 * scene.people.length);
    await other.query('rollback');
    const statuses = new Set((await Promise.all(calls)).map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 200)).toEqual([503]);
    expect(scene.logged('heartbeat_failed')).toEqual([]);
    await hush();
    await heals(context, scene, pid);
  });

  it.skipIf(!hasDisks)('F013: the disk is full', { timeout: LIMIT_MS }, async (context) => {
    const { expect, onTestFinished: afterwards } = context;
    const dataDir = mkdtempSync(join(tmpdir(), 'replr-disk-'));
    afterwards(() => rm(dataDir, { recursive: true }));
    const disk = smallDisk(dataDir, 16);
    const store = { ...placeOf(''), env: { REPLR_DATA_DIR: dataDir, REPLR_SECRET_KEY: KEY } };
    const drivers = [telegramDriver, discordDriver];
    const scene = await openScene(context, { drivers, store, under: disk.under, ...PACE });
    const { pid } = scene.server;
    const hush = scene.talk();
    await sleep(CALM_MS);
    disk.fill(pid);
    await expect.poll(() => toldUnavailable(scene), { timeout: 10_000 }).toBeGreaterThan(0);
    const before = await Promise.all(scene.people.map(({ chat }) => chat.answers()));
    await sleep(DISK_FULL_MS);
    await readsOnly(context, scene);
    disk.free(pid);
    await sleep(CALM_MS);
    expect(await hush()).toBeGreaterThan(before.flat().length + 20);
    await heals(context, scene, pid);
  });

  it('F016: a second process on one SQLite data directory is refused', async ({
    expect,
    onTestFinished: afterwards,
  }) => {
    const store = await makeStore('sqlite');
    afterwards(() => store.drop());
    const first = await startServer(store.env);
    afterwards(async () => void (await first.kill('SIGKILL')));
    const dataDir = store.env['REPLR_DATA_DIR'] ?? '';
    await expect(startServer(store.env)).rejects.toThrow(
      `ended with 1:\nanother process is using the store in ${dataDir}: stop it first, or choose another data directory`,
    );
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    await first.kill('SIGKILL');
    const next = await startServer(store.env);
    expect(await next.kill('SIGTERM')).toBe(0);
  });

  it.skipIf(!hasDisks)(
    'F013: no server starts where it cannot write',
    async ({ expect, onTestFinished: afterwards }) => {
      const store = await makeStore('sqlite');
      afterwards(() => store.drop());
      const first = await startServer(store.env);
      expect(await first.kill('SIGTERM')).toBe(0);
      const dataDir = store.env['REPLR_DATA_DIR'] ?? '';
      writeFileSync(join(dataDir, 'untouched'), 'x');
      await expect(startServer(store.env, readOnly(dataDir))).rejects.toThrow(
        /ended with 1:\n.*(read-?only|unable to open)/i,
      );
    },
  );
});
