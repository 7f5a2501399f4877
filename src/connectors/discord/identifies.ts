import type { ReceiverPort } from '../../core/connector.ts';
import type { Cursor } from '../../core/message.ts';
import { isObject, parseJson } from './wire.ts';

export const IDENTIFIED = 'identified';

/** One identify per bot and so long, by the smallest `max_concurrency` there is [D1]. */
const DISTANCE_MS = 5_500;
const DAY_MS = 24 * 60 * 60_000;
/**
 * A day has 1,000 for a bot, and whoever uses them up loses the token [D1]. After so many within a day something is
 * broken, and one every ten minutes must do: 50 and at most 144 are less than the 200 of faults.md, F036.
 */
const FREELY = 50;
const SLOW_DISTANCE_MS = 10 * 60_000;
/** How often the platform's reserve may be used: a bot whose day is nearly used up is not offline for all of it. */
const RESERVE_DISTANCE_MS = 60 * 60_000;

/** When a bot last identified, for as long as it matters: it may be deleted and connected again, and then has no cursor. */
const lately = new Map<string, number>();

interface Tally {
  /** Of the last one, ms since 1970. */
  readonly at: number;
  /** How many there were since when. */
  readonly count: number;
  readonly since: number;
}

/** How often a bot has begun anew, kept with its cursors: a server that crashes again and again must know it, too. */
export class Identifies {
  readonly #botId: string;
  readonly #port: Pick<ReceiverPort, 'clock' | 'cursors' | 'accept'>;
  /** What was so before the stored one, while that has not been sent: a host that does not answer costs nothing. */
  #before: { readonly tally: Tally | undefined } | undefined;

  constructor(botId: string, port: Pick<ReceiverPort, 'clock' | 'cursors' | 'accept'>) {
    this.#botId = botId;
    this.#port = port;
  }

  /** How long to wait until the next, ms. */
  waitMs(): number {
    const { clock } = this.#port;
    const now = clock.elapsed();
    for (const [bot, at] of lately) if (now - at >= DISTANCE_MS) lately.delete(bot);
    const inProcess = (lately.get(this.#botId) ?? Number.NEGATIVE_INFINITY) + DISTANCE_MS - now;
    const tally = this.#tally();
    return Math.max(0, inProcess, tally ? this.#left(tally.count < FREELY ? DISTANCE_MS : SLOW_DISTANCE_MS) : 0);
  }

  /** How long to wait until one may be taken of what the platform leaves for the day's end, ms. */
  reserveWaitMs(): number {
    return this.#left(RESERVE_DISTANCE_MS);
  }

  /** One is about to be sent. Stored first: what a crash right afterwards forgets would not be counted. */
  async begin(): Promise<void> {
    const now = this.#port.clock.now();
    const tally = this.#tally();
    const { count, since } = tally ?? { count: 0, since: now };
    await this.#port.accept([], [cursorOf({ at: now, count: count + 1, since })]);
    this.#before = { tally };
  }

  /** It is on its way now. Returns what to store along with the session. */
  sent(): Cursor {
    lately.delete(this.#botId);
    lately.set(this.#botId, this.#port.clock.elapsed());
    this.#before = undefined;
    const now = this.#port.clock.now();
    return cursorOf({ ...(this.#tally() ?? { count: 1, since: now }), at: now });
  }

  #left(distanceMs: number): number {
    const tally = this.#tally();
    if (!tally) return 0;
    // A clock that was set back must not make anybody wait for longer than the distance.
    return Math.min(distanceMs, Math.max(0, tally.at + distanceMs - this.#port.clock.now()));
  }

  /** Undefined where there was none within a day. */
  #tally(): Tally | undefined {
    if (this.#before) return this.#before.tally;
    const stored = this.#port.cursors.get(IDENTIFIED);
    const value = stored === undefined ? undefined : parseJson(stored);
    if (!isObject(value)) return undefined;
    const [at, count, since] = [value['at'], value['count'], value['since']].map(Number) as [number, number, number];
    const now = this.#port.clock.now();
    return now - since < DAY_MS && now - since > -DAY_MS && count > 0 && at > 0 ? { at, count, since } : undefined;
  }
}

function cursorOf(tally: Tally): Cursor {
  return { name: IDENTIFIED, value: JSON.stringify(tally) };
}
