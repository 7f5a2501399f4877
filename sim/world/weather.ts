import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';

/** Outages and standstills end within this, ms. */
const LONGEST_TROUBLE_MS = 40_000;

/** What goes wrong in one world, how often, and a count of it by kind. Healed: nothing goes wrong any more. */
export class Weather {
  readonly counts: Record<string, number> = {};
  /** Probability that a call of the store fails or dawdles. */
  readonly store: number;
  /** The same for what is sent to a platform. */
  readonly sends: number;
  /** The same for receiving: fetches that fail, repeats, notifications that get lost. */
  readonly receiving: number;
  /** The same for the model. */
  readonly model: number;
  /** Whether calls take time at all: where they take none, more of a run fits in the time there is. */
  readonly latency: boolean;
  readonly random: Random;
  #healed = false;
  #storeAway = 0;
  #still = 0;
  /** When the store, or a node on its way to it, was not as it should be. */
  readonly #troubled: number[] = [];
  readonly #timeline: Timeline;

  constructor(random: Random, timeline: Timeline) {
    this.random = random;
    this.#timeline = timeline;
    this.store = random.pick([0, 0, 0.01, 0.05, 0.15]);
    this.sends = random.pick([0, 0.1, 0.3, 0.6]);
    this.receiving = random.pick([0, 0.1, 0.3]);
    this.model = random.pick([0, 0.1, 0.3]);
    this.latency = random.chance(0.6);
  }

  get healed(): boolean {
    return this.#healed;
  }
  get storeAway(): boolean {
    return this.#storeAway > 0;
  }

  strikes(kind: 'store' | 'sends' | 'receiving' | 'model'): boolean {
    return !this.#healed && this.random.chance(this[kind]);
  }

  count(kind: string): void {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
  }

  trouble(kind: string): void {
    this.count(kind);
    this.#troubled.push(this.#timeline.now);
  }

  /** Nothing stood between the nodes and the store since then. */
  calmSince(at: number): boolean {
    return this.#storeAway === 0 && this.#still === 0 && (this.#troubled.at(-1) ?? Number.NEGATIVE_INFINITY) < at;
  }

  /** Troubles that last are marked at their ends: a span within one is not seen to be troubled. */
  calmBetween(from: number, to: number): boolean {
    return !this.#troubled.some((at) => at >= from - LONGEST_TROUBLE_MS && at <= to);
  }

  storeGoes(): void {
    this.#storeAway++;
    this.trouble('store_outage');
  }

  storeReturns(): void {
    this.#storeAway--;
    this.#troubled.push(this.#timeline.now);
  }

  /** One more node is frozen, or one less. */
  standsStill(by: 1 | -1): void {
    this.#still += by;
    this.#troubled.push(this.#timeline.now);
  }

  heal(): void {
    this.#healed = true;
    this.#storeAway = 0;
  }
}
