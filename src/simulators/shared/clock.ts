/**
 * The simulator's time. The base comes from outside; `advance` moves it on and lets everything that waits for that
 * moment happen, so a test of 24 hours needs none. Between two moves the timers run on real time.
 */
export class SimulatorClock {
  readonly #base: () => number;
  readonly #waiting = new Set<{ readonly due: number; readonly fire: () => void; readonly cancel: () => void }>();
  #skew = 0;

  constructor(base: () => number) {
    this.#base = base;
  }

  now(): number {
    return this.#base() + this.#skew;
  }

  /** Calls `action` once after `ms`; the result cancels it. */
  after(ms: number, action: () => void): () => void {
    const cancel = () => {
      clearTimeout(timer);
      this.#waiting.delete(entry);
    };
    const entry = {
      due: this.now() + ms,
      fire: () => {
        cancel();
        action();
      },
      cancel,
    };
    const timer = setTimeout(entry.fire, ms);
    this.#waiting.add(entry);
    return cancel;
  }

  advance(ms: number): void {
    this.#skew += ms;
    const now = this.now();
    const due = [...this.#waiting].filter((entry) => entry.due <= now).sort((a, b) => a.due - b.due);
    for (const entry of due) if (this.#waiting.has(entry)) entry.fire();
  }

  /** Forgets everything that waits: for the end of the simulator. */
  close(): void {
    for (const entry of [...this.#waiting]) entry.cancel();
  }

  /** The other end: what waits happens now, so that nobody waits on for a moment that no longer comes. */
  release(): void {
    for (const entry of [...this.#waiting]) entry.fire();
  }
}
