import type { Clock } from '../../core/clock.ts';

/** A place that an event is about. */
export interface Spot {
  readonly channel: string;
  /** The thread's first message. */
  readonly root?: string;
}

/** What a bot's receiver knows of messages that nobody has pushed. */
export interface Backlog {
  /** Its history since the last gap has not been read there, and soon will be. */
  unread(spot: Spot): boolean;
  /** Reads it there first. Resolves when it has, or when nobody will. */
  read(spot: Spot): Promise<void>;
}

/** Of the receivers in this process by bot; per clock, because servers of one process are different worlds. */
const backlogs = new WeakMap<Clock, Map<string, Backlog>>();

/** Whoever hears events of this bot by a socket may ask from now on, until the function that is returned is called. */
export function announce(identity: string, backlog: Backlog, clock: Clock): () => void {
  const all = backlogs.get(clock) ?? new Map<string, Backlog>();
  backlogs.set(clock, all);
  all.set(identity, backlog);
  return () => {
    if (all.get(identity) === backlog) all.delete(identity);
  };
}

/** Undefined where its receiver runs on another node, or nowhere. */
export function backlogOf(identity: string, clock: Clock): Backlog | undefined {
  return backlogs.get(clock)?.get(identity);
}

/** Those who wait for something that has to be looked at again whenever anything has changed. */
export class Waiting {
  #all: { readonly over: () => boolean; readonly resolve: () => void }[] | undefined;

  until(over: () => boolean): Promise<void> {
    if (over()) return Promise.resolve();
    return new Promise((resolve) => {
      this.#all ??= [];
      this.#all.push({ over, resolve });
    });
  }

  changed(): void {
    if (!this.#all) return;
    for (const { over, resolve } of this.#all) if (over()) resolve();
    this.#all = this.#all.filter(({ over }) => !over());
    if (this.#all.length === 0) this.#all = undefined;
  }
}
