import type { RoomKey } from '../core/message.ts';
import { Bounded } from './bounded.ts';

/** Shorter ones ("yes", "ok, thanks") people say again and again. */
const MIN_LENGTH = 16;
/** The beginning of an answer is enough to know it by. */
const KEPT_LENGTH = 200;
/** and these many of its parts: a relay that is slow brings the first ones back, too. */
const KEPT_PARTS = 8;
/** In a room others are answered in between: so many parts of its answers are known at once. */
const KEPT_IN_ROOM = 16;
/** Of a long one, so much must be there: who quotes a sentence of it is no relay. */
const MOST_OF_IT = 0.75;
/** A bridge puts a name beside it, which platforms allow 80 characters at most, and some decoration. */
const MOST_BESIDE = 100;
const MOST_ECHOES = 5;
const WINDOW_MS = 10 * 60_000;
const MAX_ROOMS = 5_000;
const MAX_RUNS = 10_000;

interface Known {
  /** The beginning, in words. */
  readonly begins: string;
  readonly length: number;
}

/** What one author has been saying in one room. */
interface Run {
  /** So many messages in a row brought our own words back, with the same beside them. */
  readonly echoes: number;
  readonly beside: string;
  /** Not listened to before. */
  readonly until: number;
}

/**
 * Knows a relay that looks like a person: it brings our own words back, again and again. The platforms tell us of other
 * bots, which are never answered; of a bridge with somebody's account they know nothing. What it puts beside our words, a name
 * and the time, is always the same: who quotes us to ask something asks something else each time. One that says words of its
 * own is stopped by the caps.
 */
export class Loops {
  readonly #answers = new Bounded<readonly Known[]>(MAX_ROOMS);
  readonly #runs = new Bounded<Run>(MAX_RUNS);

  /** What we said last. A relay may bring back part for part. */
  answered(room: RoomKey, parts: readonly string[]): void {
    const long = parts.slice(0, KEPT_PARTS).flatMap((part) => {
      const text = words(part);
      return text.length < MIN_LENGTH ? [] : [{ begins: copied(text.slice(0, KEPT_LENGTH)), length: text.length }];
    });
    this.#answers.set(room, [...long, ...(this.#answers.get(room) ?? [])].slice(0, KEPT_IN_ROOM));
  }

  /** Whether this message belongs to a loop, and is not to be answered. `now`: ms of a clock that never goes back. */
  closes(room: RoomKey, author: string, text: string, now: number): boolean {
    const key = `${room} ${author}`;
    const run = this.#runs.get(key);
    if (run && now < run.until) return true;
    const said = words(text);
    const beside = echoed(said, this.#answers.get(room) ?? []);
    if (beside === undefined) {
      this.#runs.delete(key);
      return false;
    }
    const echoes = run?.beside === beside ? run.echoes + 1 : 1;
    const closed = echoes >= MOST_ECHOES;
    this.#runs.set(key, closed ? { echoes: 0, beside, until: now + WINDOW_MS } : { echoes, beside, until: 0 });
    return closed;
  }
}

/** What stands beside our words in a message that is little else; the figures before them may be the time. */
function echoed(said: string, answers: readonly Known[]): string | undefined {
  for (const { begins, length } of answers) {
    const start = said.indexOf(begins);
    if (start < 0 || said.length - start < length * MOST_OF_IT) continue;
    const before = said.slice(0, start).replace(/\p{N}+/gu, ' ');
    const beside = `${before}|${said.slice(start + length)}`;
    if (beside.length <= MOST_BESIDE) return copied(beside.replace(/\s+/g, ' ').trim());
  }
  return undefined;
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
