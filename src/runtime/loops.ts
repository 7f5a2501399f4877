import { Bounded } from './bounded.ts';

/** Shorter ones ("yes", "ok, thanks") people say again and again. */
const MIN_LENGTH = 16;
/** The beginning of an answer is enough to know it by. */
const KEPT_LENGTH = 200;
/** and these many of its parts: a relay that is slow brings the first ones back, too. */
const KEPT_PARTS = 8;
const MOST_ECHOES = 5;
const WINDOW_MS = 10 * 60_000;
const MAX_KNOWN = 10_000;

/** What one author has been saying in one conversation. */
interface Run {
  /** So many messages in a row brought our own words back. */
  readonly echoes: number;
  /** Not listened to before. */
  readonly until: number;
}

/**
 * Knows a relay that looks like a person: it brings our own words back, again and again. The platforms tell us of other
 * bots, which are never answered; of a bridge with somebody's account they know nothing. One that says words of its own is
 * stopped by the caps.
 */
export class Loops {
  readonly #answers = new Bounded<readonly string[]>(MAX_KNOWN);
  readonly #runs = new Bounded<Run>(MAX_KNOWN);

  /** What we said last. A relay may bring back part for part. */
  answered(conversation: string, parts: readonly string[]): void {
    const long = parts.slice(0, KEPT_PARTS).flatMap((part) => {
      const text = words(part);
      return text.length < MIN_LENGTH ? [] : [copied(text.slice(0, KEPT_LENGTH))];
    });
    this.#answers.set(conversation, long);
  }

  /** Whether this message belongs to a loop, and is not to be answered. `now`: ms of a clock that never goes back. */
  closes(conversation: string, author: string, text: string, now: number): boolean {
    const key = `${conversation} ${author}`;
    const run = this.#runs.get(key);
    if (run && now < run.until) return true;
    const said = words(text);
    const echoed = this.#answers.get(conversation)?.some((answer) => said.includes(answer)) ?? false;
    if (!echoed) {
      this.#runs.delete(key);
      return false;
    }
    const echoes = (run?.echoes ?? 0) + 1;
    const closed = echoes >= MOST_ECHOES;
    this.#runs.set(key, closed ? { echoes: 0, until: now + WINDOW_MS } : { echoes, until: 0 });
    return closed;
  }
}

/** A slice would keep all of the text that it was cut from in memory. */
const copied = (text: string): string => Buffer.from(text, 'utf16le').toString('utf16le');

/** The words alone: platforms and bridges change case, spaces and formatting. */
function words(text: string): string {
  return text
    .slice(0, 10_000)
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, ' ')
    .trim();
}
