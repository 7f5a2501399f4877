import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Environment } from '../../src/config.ts';

const START = fileURLToPath(new URL('../../bin/start.mjs', import.meta.url));

/** The server as an operator runs it, in a process of its own that can be killed. */
export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  /** What it wrote to its output, line by line. */
  readonly lines: readonly string[];
  /** Resolves with the exit code, `null` when a signal ended it. */
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

/**
 * Rejects with what it said when it ends before it listens. `under` is a command that does something and then becomes the
 * one that follows it, as `prlimit` does.
 */
export async function startServer(env: Environment, under: readonly string[] = []): Promise<ServerProcess> {
  const { PATH, HOME, TMPDIR } = process.env;
  const [command = '', ...rest] = [...under, process.execPath, START, 'serve'];
  const child = spawn(command, rest, {
    env: { PATH, HOME, TMPDIR, PORT: '0', LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    const read = (line: string) => {
      lines.push(line);
      if (line.includes('"event":"listening"')) resolve(JSON.parse(line).url);
    };
    createInterface({ input: child.stdout }).on('line', read);
    createInterface({ input: child.stderr }).on('line', read);
    exited.then((code) => reject(new Error(`the server ended with ${code}:\n${lines.slice(-20).join('\n')}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    lines,
    kill: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}
