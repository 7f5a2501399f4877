import { Bounded } from './bounded.ts';

/** Shorter ones ("yes", "ok, thanks") people say again and again. */
const MIN_LENGTH = 16;
/** The beginning of a text is enough to know it by. */
const KEPT_LENGTH = 200;
const MOST_ECHOES = 5;
const MOST_REPEATS = 10;
const WINDOW_MS = 10 * 60_000;
const MAX_KNOWN = 10_000;

/** What one author has been saying in one conversation. */
interface Run {
  readonly echoes: number;
  readonly same: string;
  readonly repeats: number;
  readonly since: number;
  /** Not listened to before. */
  readonly until: number;
}

const FRESH: Run = { echoes: 0, same: '', repeats: 0, since: 0, until: 0 };

/**
 * Knows a relay that looks like a person: one that brings our own words back, or says the same over and over. The platforms
 * tell us of other bots, which are never answered; of a bridge with somebody's account they know nothing.
 */
export class Loops {
  readonly #answers = new Bounded<readonly string[]>(MAX_KNOWN);
  readonly #runs = new Bounded<Run>(MAX_KNOWN);

  /** What we said last. A relay may bring back part for part. */
  answered(conversation: string, parts: readonly string[]): void {
    const long = parts.map(words).filter((text) => text.length >= MIN_LENGTH);
    this.#answers.set(
      conversation,
      long.map((text) => text.slice(0, KEPT_LENGTH)),
    );
  }

  /** Whether this message belongs to a loop, and is not to be answered. `now`: ms of a clock that never goes back. */
  closes(conversation: string, author: string, text: string, now: number): boolean {
    const key = `${conversation} ${author}`;
    const run = this.#runs.get(key) ?? FRESH;
    if (now < run.until) return true;
    const said = words(text);
    if (said.length < MIN_LENGTH) {
      this.#runs.delete(key);
      return false;
    }
    const echoed = this.#answers.get(conversation)?.some((answer) => said.includes(answer)) ?? false;
    const same = `${said.length} ${said.slice(0, KEPT_LENGTH)} ${said.slice(-KEPT_LENGTH)}`;
    const again = same === run.same && now - run.since <= WINDOW_MS;
    const echoes = echoed ? run.echoes + 1 : 0;
    const repeats = again ? run.repeats + 1 : 1;
    const closed = echoes >= MOST_ECHOES || repeats >= MOST_REPEATS;
    const since = again ? run.since : now;
    this.#runs.set(key, closed ? { ...FRESH, until: now + WINDOW_MS } : { echoes, same, repeats, since, until: 0 });
    return closed;
  }
}

/** The words alone: platforms and bridges change case, spaces and formatting. */
function words(text: string): string {
  return text
    .slice(0, 10_000)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
}
