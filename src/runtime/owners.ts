import type { Clock } from '../core/clock.ts';
import type { BotId, NodeId } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { OwnedVersion, Store } from '../core/store.ts';

/** Every node tells that it lives, and looks what changed, this often, ms. Also the floor of `PUT effective within 2 s`. */
const BEAT_MS = 1_000;
/** A node silent for longer has lost its bots, by database time, ms. Take-over within this and one beat. */
export const LEASE_MS = 10_000;
/** A node stops acting for its bots this long before others may take them, ms. */
const LEASE_MARGIN_MS = 2_000;
/** Bots taken in one beat, so that a starting node does not open ten thousand links at once. */
const TAKE_PER_BEAT = 500;

export interface OwnersDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
  readonly node: NodeId;
  /** Told at each beat what this node owns, and between beats when another process changed a bot. */
  readonly follow: (owned: readonly OwnedVersion[]) => Promise<void>;
  readonly look: (bot: BotId) => Promise<void>;
}

/** Holds this node's bots: one heartbeat for all of them, judged by database time and fenced by epochs. */
export class Owners {
  readonly #deps: OwnersDeps;
  readonly #stopped = new AbortController();
  #heldUntil = Number.NEGATIVE_INFINITY;
  #draining = false;
  #loop: Promise<void> = Promise.resolve();
  #unwatch: (() => Promise<void>) | undefined;

  constructor(deps: OwnersDeps) {
    this.#deps = deps;
  }

  /** Whether no other node can have taken this node's bots, judged by our own clock's passing. */
  leased(): boolean {
    return this.#deps.clock.elapsed() < this.#heldUntil;
  }

  async start(): Promise<void> {
    const { store, log, node, look } = this.#deps;
    await this.#beat();
    this.#unwatch = await store.watchBots(node, (bot) => {
      look(bot).catch((error) => log.warn('look_failed', { bot, error }));
    });
    this.#loop = this.#run();
  }

  /** Takes bots for this node if they are free; the others stay where they are. */
  async take(bots: readonly BotId[]): Promise<void> {
    const { store, node } = this.#deps;
    if (this.#draining) return;
    await Promise.all(bots.map((bot) => store.takeBot(node, LEASE_MS, bot)));
  }

  /** Takes no further bots, but keeps those it has: what is under way still needs the lease. */
  drain(): void {
    this.#draining = true;
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#loop;
    await this.#unwatch?.();
  }

  /** Only after everything has stopped: from now on other nodes may take the bots. */
  async release(): Promise<void> {
    await this.#deps.store.releaseBots(this.#deps.node);
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    for (;;) {
      await clock.sleep(BEAT_MS, this.#stopped.signal);
      if (this.#stopped.signal.aborted) return;
      try {
        await this.#beat();
      } catch (error) {
        log.error('heartbeat_failed', { error });
      }
    }
  }

  async #beat(): Promise<void> {
    const { store, clock, node, follow, log } = this.#deps;
    const asked = clock.elapsed();
    const owned = await store.holdBots(node, LEASE_MS, this.#draining ? 0 : TAKE_PER_BEAT);
    this.#heldUntil = asked + LEASE_MS - LEASE_MARGIN_MS;
    // One bot that cannot be opened must not delay the next heartbeat.
    follow(owned).catch((error) => log.error('follow_failed', { error }));
  }
}
