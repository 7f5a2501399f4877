import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What one process lets the one that started it do, by name; arguments and results pass as JSON. */
export type Actions = Readonly<Record<string, (argument: never) => unknown>>;

interface Asked {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

interface Answered {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** In the child, which ends when who started it lets go of it or is no more. */
export function obey(actions: Actions): void {
  process.on('message', async ({ id, name, argument }: Asked) => {
    const answer = (answered: Omit<Answered, 'id'>) => process.send?.({ id, ...answered });
    try {
      answer({ result: await actions[name]?.(argument as never) });
    } catch (error) {
      answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
  process.once('disconnect', () => process.exit());
}

/** In the parent: a child that obeys. */
export class Remote<A extends Actions> {
  readonly child: ChildProcess;
  /** How it ended: exit code, or signal. */
  readonly exited: Promise<number | string>;
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>();
  #last = 0;

  constructor(child: ChildProcess) {
    this.child = child;
    this.exited = new Promise((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 0)));
    child.on('message', ({ id, result, error }: Answered) => {
      const asked = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) asked?.resolve(result);
      else asked?.reject(new Error(error));
    });
    void this.exited.then((how) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the process ended with ${how}`));
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  ask<N extends keyof A & string>(name: N, argument?: Parameters<A[N]>[0]): Promise<Awaited<ReturnType<A[N]>>> {
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve: (result) => resolve(result as Awaited<ReturnType<A[N]>>), reject });
      this.child.send({ id, name, argument }, (error) => {
        if (error) reject(error);
      });
    });
  }

  async end(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exited;
  }
}

/** `program` is a file beside this one. */
export function startRemote<A extends Actions>(program: string, argv: readonly string[] = []): Remote<A> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const stdio = ['ignore', 'inherit', 'inherit', 'ipc'] as const;
  return new Remote(spawn(process.execPath, ['--expose-gc', file, ...argv], { stdio: [...stdio] }));
}
