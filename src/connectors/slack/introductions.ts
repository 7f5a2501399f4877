import type { SharedPort } from '../../core/connector.ts';
import type { Listener } from '../../core/hook.ts';
import { Names } from './names.ts';
import { createApi } from './wire.ts';

/** Bots that are looked after; the one that was spoken to longest ago goes first. */
const MAX_BOTS = 1_000;

interface Guest {
  readonly token: string;
  readonly names: Names;
  asking: Promise<void> | undefined;
}

/**
 * A socket brings events of bots whose receivers run on other nodes, and names are known to one process only. So whoever
 * reads those events has the names looked up as well, one call at a time for each bot, and only after an event. The message that
 * speaks of somebody for the first time waits a moment for it; when that is not enough it has the id instead.
 */
export class Introductions {
  readonly #port: SharedPort;
  readonly #signal: AbortSignal;
  readonly #guests = new Map<string, Guest>();

  constructor(port: SharedPort, signal: AbortSignal) {
    this.#port = port;
    this.#signal = signal;
  }

  /** An event of this bot is about to be read: who is not known is noted from now on. */
  expect({ bot: { identity }, credential }: Listener): void {
    const token = credential['bot_token'] ?? '';
    let guest = this.#guests.get(identity);
    // What an old token might not ask, a new one may.
    if (guest?.token !== token) {
      guest?.names.close();
      guest = { token, names: new Names(identity, createApi(token, this.#port), this.#port.clock), asking: undefined };
      guest.names.open();
    }
    this.#guests.delete(identity);
    this.#guests.set(identity, guest);
    const [oldest] = this.#guests;
    if (this.#guests.size <= MAX_BOTS || !oldest) return;
    oldest[1].names.close();
    this.#guests.delete(oldest[0]);
  }

  /** Somebody in what was just read for this bot is not known. */
  wants(identity: string): boolean {
    return this.#guests.get(identity)?.names.wanting === true;
  }

  /** Resolves when they are known, or `ms` are over; the look-up goes on then. */
  async meet(identities: readonly string[], ms: number): Promise<void> {
    const known = new AbortController();
    const asking = Promise.all(identities.map((identity) => this.#asking(identity)));
    await Promise.race([asking, this.#port.clock.sleep(ms, known.signal)]);
    known.abort();
  }

  /** Resolves when nothing is asked any more, soon after the signal. */
  async end(): Promise<void> {
    const guests = [...this.#guests.values()];
    this.#guests.clear();
    for (const { names } of guests) names.close();
    await Promise.all(guests.map(({ asking }) => asking));
  }

  #asking(identity: string): Promise<void> | undefined {
    const guest = this.#guests.get(identity);
    if (guest?.names.wanting && !guest.asking && !this.#signal.aborted) guest.asking = this.#ask(guest);
    return guest?.asking;
  }

  async #ask(guest: Guest): Promise<void> {
    while (guest.names.wanting && !this.#signal.aborted) await guest.names.lookUp(this.#signal);
    guest.asking = undefined;
  }
}
