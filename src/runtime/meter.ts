import type { Clock } from '../core/clock.ts';
import type { Spending } from '../core/flow-store.ts';
import type { Integration } from '../core/integration.ts';
import type { Log } from '../core/log.ts';
import type { Store, StoreFailure } from '../core/store.ts';
import { Bounded } from './bounded.ts';

/** What other nodes have spent of a user's tokens is seen this late, ms. */
const USER_EVERY_MS = 10_000;
/** A bot has one owner, so what its people spend is known here; but it may have been elsewhere for a while, ms. */
const OWN_EVERY_MS = 5 * 60_000;
const MAX_KNOWN = 20_000;
/** No request takes more: a provider that says so is mistaken, and must not end the day for everybody. */
const MAX_TOKENS = 10_000_000;
/** So many are kept for a store that is away; what comes on top is not counted. */
const MAX_UNWRITTEN = 10_000;

export interface MeterDeps {
  readonly store: Pick<Store, 'spend' | 'spent'>;
  readonly clock: Clock;
  readonly log: Log;
}

/** Tokens used today. */
export interface Spent {
  readonly person: number;
  readonly integration: number;
  readonly user: number;
}

interface Counter {
  readonly day: string;
  /** With what is not written yet. */
  tokens: number;
  unwritten: number;
  readAt: number;
}

type Counters = Readonly<Record<keyof Spent, Counter>>;
type Whose = Pick<Integration, 'id' | 'userId'>;

interface Unwritten {
  readonly whose: Whose;
  readonly spending: Spending;
}

/** The day's tokens: counted here at once, kept in the store as good as it goes. No answer waits for that. */
export class Meter {
  readonly #deps: MeterDeps;
  readonly #counters = new Bounded<Counter>(MAX_KNOWN);
  /** By whose they are; written together. */
  #unwritten = new Map<string, Unwritten>();
  #writing: Promise<void> | undefined;
  /** By person of an integration. */
  readonly #reading = new Map<string, Promise<void>>();

  constructor(deps: MeterDeps) {
    this.#deps = deps;
  }

  async spent(whose: Whose, person: string): Promise<Spent> {
    const { clock } = this.#deps;
    const counters = this.#of(whose, person, dayOf(clock.now()));
    const now = clock.elapsed();
    const own = Math.min(counters.person.readAt, counters.integration.readAt);
    const [key] = keysOf(whose, person);
    if (own <= now - OWN_EVERY_MS || counters.user.readAt <= now - USER_EVERY_MS) {
      // Also when it fails: a store that is away is not asked more often.
      for (const counter of Object.values(counters)) counter.readAt = now;
      const reading = this.#read(whose, person, counters).finally(() => {
        if (this.#reading.get(key) === reading) this.#reading.delete(key);
      });
      this.#reading.set(key, reading);
    }
    // Who asks while the first answer is on its way would take all that was spent for nothing.
    await this.#reading.get(key);
    return { person: counters.person.tokens, integration: counters.integration.tokens, user: counters.user.tokens };
  }

  async #read(whose: Whose, person: string, counters: Counters): Promise<void> {
    const { store, log } = this.#deps;
    try {
      const stored = await store.spent(whose.id, person, counters.person.day);
      for (const key of ['person', 'integration', 'user'] as const) {
        counters[key].tokens = stored[key] + counters[key].unwritten;
      }
    } catch (error) {
      log.warn('spending_unknown', { integration: whose.id, error });
    }
  }

  /** What a provider says that one request took: taken for a whole number of a size that can be. */
  add(whose: Whose, person: string, used: number): void {
    const tokens = Number.isFinite(used) ? Math.min(Math.ceil(used), MAX_TOKENS) : 0;
    if (tokens <= 0) return;
    const day = dayOf(this.#deps.clock.now());
    for (const counter of Object.values(this.#of(whose, person, day))) {
      counter.tokens += tokens;
      counter.unwritten += tokens;
    }
    this.#keep(whose, { integrationId: whose.id, person, day, tokens });
    this.#writing ??= this.#write();
  }

  /** Writes what is left, if the store is there. */
  async close(): Promise<void> {
    await this.#writing;
    if (this.#unwritten.size > 0) await this.#write();
  }

  #keep(whose: Whose, spending: Spending): void {
    const key = `${spending.integrationId} ${spending.day} ${spending.person}`;
    const known = this.#unwritten.get(key);
    if (!known && this.#unwritten.size >= MAX_UNWRITTEN) return;
    const tokens = spending.tokens + (known?.spending.tokens ?? 0);
    this.#unwritten.set(key, { whose, spending: { ...spending, tokens } });
  }

  /** What comes meanwhile goes with the next write. */
  async #write(): Promise<void> {
    while (this.#unwritten.size > 0) {
      const batch = [...this.#unwritten.values()];
      this.#unwritten = new Map();
      // What could not be written goes with the next spending.
      if (!(await this.#store(batch))) break;
    }
    this.#writing = undefined;
  }

  /** `false`: the store is away. What it will never take is found row by row, and dropped, so that it stops no others. */
  async #store(batch: readonly Unwritten[]): Promise<boolean> {
    try {
      await this.#deps.store.spend(batch.map(({ spending }) => spending));
    } catch (error) {
      if (passes(error)) {
        this.#deps.log.warn('spending_not_stored', { error });
        for (const { whose, spending } of batch) this.#keep(whose, spending);
        return false;
      }
      if (batch.length > 1) return this.#storeEach(batch);
      this.#deps.log.error('spending_dropped', { integration: batch[0]?.whose.id, error });
    }
    for (const { whose, spending } of batch) {
      for (const key of keysOf(whose, spending.person)) {
        const counter = this.#counters.get(key);
        if (counter?.day === spending.day) counter.unwritten = Math.max(0, counter.unwritten - spending.tokens);
      }
    }
    return true;
  }

  async #storeEach(batch: readonly Unwritten[]): Promise<boolean> {
    for (const [index, one] of batch.entries()) {
      if (await this.#store([one])) continue;
      for (const { whose, spending } of batch.slice(index + 1)) this.#keep(whose, spending);
      return false;
    }
    return true;
  }

  #of(whose: Whose, person: string, day: string): Counters {
    const [ofPerson, ofIntegration, ofUser] = keysOf(whose, person);
    return {
      person: this.#counter(ofPerson, day),
      integration: this.#counter(ofIntegration, day),
      user: this.#counter(ofUser, day),
    };
  }

  #counter(key: string, day: string): Counter {
    const known = this.#counters.get(key);
    const counter = known?.day === day ? known : { day, tokens: 0, unwritten: 0, readAt: Number.NEGATIVE_INFINITY };
    this.#counters.set(key, counter);
    return counter;
  }
}

/** The same may be stored later: the database is away, or a mistake of which nothing is known. */
const passes = (error: unknown) => !(error instanceof Error && (error as Partial<StoreFailure>).away === false);

/** The day of UTC. */
const dayOf = (now: number) => new Date(now).toISOString().slice(0, 10);

const keysOf = ({ id, userId }: Whose, person: string) => [`${id} ${person}`, id, userId] as const;
