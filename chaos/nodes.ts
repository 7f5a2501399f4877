import { setTimeout as sleep } from 'node:timers/promises';
import type { Environment } from '../src/config.ts';
import { type ServerProcess, startServer } from '../test/support/server-process.ts';

export type How = 'kill' | 'term' | 'stop';

/** The servers of a campaign, each a process of its own that dies when it is told to. */
export class Nodes {
  /** What must not have happened to a process. */
  readonly problems: string[] = [];
  readonly #env: Environment;
  readonly #servers: (ServerProcess | undefined)[];

  constructor(env: Environment, count: number) {
    this.#env = env;
    this.#servers = new Array(count).fill(undefined);
  }

  get count(): number {
    return this.#servers.length;
  }

  get urls(): string[] {
    return this.#servers.flatMap((server) => server?.url ?? []);
  }

  async startAll(): Promise<void> {
    for (let index = 0; index < this.count; index++) await this.start(index);
  }

  async start(index: number): Promise<void> {
    this.#servers[index] = await startServer(this.#env);
  }

  /** Resolves when it is gone. */
  async kill(index: number): Promise<void> {
    const code = await this.#take(index)?.kill('SIGKILL');
    if (code !== null) this.problems.push(`server ${index} had ended by itself with ${code}`);
  }

  async term(index: number): Promise<void> {
    const server = this.#take(index);
    const code = await server?.kill('SIGTERM');
    if (code !== 0)
      this.problems.push(`TERM ended server ${index} with ${code}: ${server?.lines.slice(-3).join('\n')}`);
  }

  async freeze(index: number, ms: number): Promise<void> {
    const server = this.#servers[index];
    if (!server) return;
    process.kill(server.pid, 'SIGSTOP');
    await sleep(ms);
    process.kill(server.pid, 'SIGCONT');
  }

  async termAll(): Promise<void> {
    await Promise.all(this.#servers.map((server, index) => server && this.term(index)));
  }

  /** Whatever state it is in. */
  async abandon(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server?.kill('SIGKILL')));
  }

  #take(index: number): ServerProcess | undefined {
    const server = this.#servers[index];
    this.#servers[index] = undefined;
    return server;
  }
}
