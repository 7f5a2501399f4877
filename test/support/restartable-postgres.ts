import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execute, startPostgres } from './postgres.ts';

/** A PostgreSQL server of its own for one test, which can go away and come back with all that it has stored. */
export interface RestartablePostgres {
  readonly url: string;
  /** Its socket, for a proxy in front of it. */
  readonly socket: string;
  /** Stops it; its clients are told, as by an operator's restart. */
  down(): Promise<void>;
  /** Starts it again; `standby` follows a primary that is not there, so that it can only be read. */
  up(mode?: 'primary' | 'standby'): Promise<void>;
  /** What could only be read can be written from now on. */
  promote(): Promise<void>;
  close(): Promise<void>;
}

/** As the one that starts it first does: nothing outlives this process. */
const KEEPER = 'eval "$COMMAND" & s=$!; cat >/dev/null; kill -INT $s; wait $s';
const READY_MS = 30_000;

export async function startRestartablePostgres(): Promise<RestartablePostgres> {
  const server = await startPostgres();
  const root = new URL(server.url).searchParams.get('host') ?? '';
  const data = join(root, 'data');
  const { uid, gid } = statSync(data);
  // The server notes how it was called.
  const command = readFileSync(join(data, 'postmaster.opts'), 'utf8').trim();
  let keeper: ChildProcess | undefined;

  const running = (): number | undefined => {
    try {
      return Number(readFileSync(join(data, 'postmaster.pid'), 'utf8').split('\n')[0]);
    } catch {
      return undefined;
    }
  };
  const down = async () => {
    const pid = running();
    if (pid === undefined) return;
    process.kill(pid, 'SIGINT');
    await until(() => running() === undefined);
    keeper?.stdin?.end();
    keeper = undefined;
  };
  return {
    url: server.url,
    socket: join(root, '.s.PGSQL.5432'),
    down,
    async up(mode = 'primary') {
      if (mode === 'standby') writeFileSync(join(data, 'standby.signal'), '');
      else rmSync(join(data, 'standby.signal'), { force: true });
      keeper = spawn('/bin/sh', ['-c', KEEPER], {
        cwd: '/',
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { ...process.env, COMMAND: command },
        ...(process.getuid?.() === 0 && { uid, gid }),
      });
      keeper.stdin?.on('error', () => {});
      await until(() => answers(server.url));
    },
    promote: () => execute(server.url, 'select pg_promote()'),
    async close() {
      await down();
      await server.stop();
    },
  };
}

const answers = (url: string): Promise<boolean> =>
  execute(url, 'select 1').then(
    () => true,
    () => false,
  );

async function until(so: () => boolean | Promise<boolean>): Promise<void> {
  const giveUp = Date.now() + READY_MS;
  while (!(await so())) {
    if (Date.now() > giveUp) throw new Error('PostgreSQL did not do as it was told');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
