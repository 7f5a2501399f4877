import type { Clock } from '../../src/core/clock.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** Wall clock of the world when it begins, ms since 1970. */
export const EPOCH_MS = 1_790_000_000_000;

/** How a request travels, ms each way; `lost` never comes back. */
export interface Journey {
  readonly there: number;
  readonly back: number;
}

interface OnItsWay {
  readonly arrive: () => void;
  readonly callOff: () => void;
}

/** One server process: its clock, its requests under way, and what becomes of them when it dies or stands still. */
export class Process {
  readonly name: string;
  readonly clock: Clock;
  runtime: Runtime | undefined;
  /** Its wall clock is off by this, ms. */
  skewMs = 0;
  #dead = false;
  #frozen = false;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #held: (() => void)[] = [];
  readonly #onItsWay = new Set<OnItsWay>();
  #sleepers = 0;

  constructor(name: string, timeline: Timeline, random: Random) {
    this.name = name;
    this.#timeline = timeline;
    this.#random = random;
    this.clock = {
      now: () => EPOCH_MS + Math.floor(timeline.now) + this.skewMs,
      elapsed: () => timeline.now,
      sleep: (ms, signal) => this.#sleep(ms, signal),
    };
  }

  get alive(): boolean {
    return !this.#dead;
  }
  get frozen(): boolean {
    return this.#frozen;
  }
  /** Timers that somebody still waits for. */
  get sleepers(): number {
    return this.#sleepers;
  }

  /** Something comes in from outside: at once, when it thaws, or never. */
  enter(act: () => void): void {
    if (this.#dead) return;
    if (this.#frozen) this.#held.push(act);
    else act();
  }

  /**
   * Carries a request to somebody outside, who acts on it, and the answer back. Never settles for one that is dead.
   * Cut while it is on its way there, it has arrived by now or never will.
   */
  request<T>({ there, back }: Journey, effect: () => T | Promise<T>, cut?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#dead) return;
      const arrive = () => {
        this.#onItsWay.delete(underWay);
        const answer = Promise.resolve(effect());
        const home = (act: () => void) => {
          if (back === 0) this.enter(act);
          else this.#timeline.after(back, () => this.enter(act));
        };
        answer.then(
          (value) => home(() => resolve(value)),
          (error) => home(() => reject(error)),
        );
      };
      const callOff = there === 0 ? () => {} : this.#timeline.after(there, arrive);
      const underWay: OnItsWay = { arrive, callOff };
      if (there === 0) return arrive();
      this.#onItsWay.add(underWay);
      cut?.addEventListener('abort', () => this.#cut(underWay), { once: true });
    });
  }

  /** kill -9. A request under way has arrived by now or never will. */
  kill(): void {
    this.#dead = true;
    this.#held.length = 0;
    for (const underWay of [...this.#onItsWay]) this.#cut(underWay);
  }

  freeze(): void {
    this.#frozen = true;
  }

  thaw(): void {
    this.#frozen = false;
    // Its timers and answers are all due at once; the kernel promises no order between them.
    const held = this.#held.splice(0);
    while (held.length > 0 && this.alive) {
      const [act] = held.splice(this.#random.between(0, held.length - 1), 1);
      if (act) this.#timeline.after(0, () => this.enter(act));
    }
  }

  #cut(underWay: OnItsWay): void {
    if (!this.#onItsWay.delete(underWay)) return;
    underWay.callOff();
    if (this.#random.chance(0.5)) underWay.arrive();
  }

  #sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      this.#sleepers++;
      let over = false;
      const wake = () => {
        if (over) return;
        over = true;
        this.#sleepers--;
        callOff();
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      // As Node's timers: nothing is shorter than a millisecond.
      const callOff = this.#timeline.after(Math.max(1, Math.ceil(ms)), () => this.enter(wake));
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
