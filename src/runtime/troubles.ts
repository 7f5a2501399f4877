import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { Health } from '../core/health.ts';
import type { BotId } from '../core/ids.ts';
import type { OwnedVersion } from '../core/store.ts';

const RETRY: Backoff = { baseMs: 1_000, capMs: 60_000 };
/** What a store forgets again by itself is not told to an owner: only what fails this often in a row. */
const PASSING = 2;

export class ConnectorMissingError extends Error {
  constructor(platform: string) {
    super(`no connector for ${platform}`);
    this.name = 'ConnectorMissingError';
  }
}

interface Trouble {
  readonly times: number;
  readonly until: number;
  readonly owned: OwnedVersion | undefined;
}

/** Bots that could not be opened or reloaded: when to try again, and what to tell their owners. */
export class Troubles {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #bots = new Map<BotId, Trouble>();

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** It failed lately, and nothing about it has changed since. */
  rests({ botId, epoch, version }: OwnedVersion): boolean {
    const trouble = this.#bots.get(botId);
    if (!trouble || this.#clock.elapsed() >= trouble.until) return false;
    const { owned } = trouble;
    return owned === undefined || (owned.epoch === epoch && owned.version === version);
  }

  over(id: BotId): void {
    this.#bots.delete(id);
  }

  /** Forgets the bots that are none of ours any more. */
  keep(mine: ReadonlySet<BotId>): void {
    for (const id of this.#bots.keys()) if (!mine.has(id)) this.#bots.delete(id);
  }

  /** Returns the health that is to be shown, if any. */
  add(id: BotId, owned: OwnedVersion | undefined, error: unknown): Omit<Health, 'since' | 'transport'> | undefined {
    const times = (this.#bots.get(id)?.times ?? 0) + 1;
    const until = this.#clock.elapsed() + backoffMs(times - 1, RETRY, this.#random);
    this.#bots.set(id, { times, until, owned });
    const name = error instanceof Error ? error.name : '';
    if (name === 'ConnectorMissingError') {
      return {
        state: 'error',
        code: 'platform_not_served',
        message: 'This server does not serve this platform any more: ask its operator.',
      };
    }
    // By name: what can go wrong with a seal is the store's own affair.
    if (name === 'SealError') {
      return {
        state: 'error',
        code: 'secret_unreadable',
        message: 'The stored token cannot be opened with the key of this server: send the token again.',
      };
    }
    if (times <= PASSING) return undefined;
    return { state: 'reconnecting', code: 'cannot_open', message: 'This server cannot start this bot; trying again.' };
  }
}
