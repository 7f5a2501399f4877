export type Task = () => Promise<unknown>;

/** First in, first out within a key; side by side between keys. Keys with nothing to do cost nothing. */
export class Lanes {
  readonly #lanes = new Map<string, Task[]>();
  readonly #onError: (error: unknown) => void;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  push(key: string, task: Task): void {
    if (this.#stopped) return;
    const lane = this.#lanes.get(key);
    if (lane) {
      lane.push(task);
    } else {
      const fresh = [task];
      this.#lanes.set(key, fresh);
      void this.#run(key, fresh);
    }
  }

  /** Starts no further task; what waits is in the store and will be found there. Resolves when the running ones ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#lanes.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  async #run(key: string, lane: Task[]): Promise<void> {
    for (let task = lane[0]; task && !this.#stopped; task = lane[0]) {
      try {
        await task();
      } catch (error) {
        this.#onError(error);
      }
      lane.shift();
    }
    this.#lanes.delete(key);
    if (this.#lanes.size === 0) {
      for (const resolve of this.#idle.splice(0)) resolve();
    }
  }
}
