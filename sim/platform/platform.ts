import type { Delivery, LookUp, SendResult } from '../../src/core/delivery.ts';
import type { DeliveryId } from '../../src/core/ids.ts';
import type { Place } from '../../src/core/message.ts';
import { EPOCH_MS } from '../world/process.ts';
import type { Random } from '../world/random.ts';
import type { Timeline } from '../world/timeline.ts';
import type { Trace } from '../world/trace.ts';
import type { Weather } from '../world/weather.ts';

/** What a platform does about a message sent twice: removes it, tells what arrived, or neither. */
export type Manner = 'keyed' | 'lookup' | 'plain';
export const MANNERS = ['keyed', 'lookup', 'plain'] as const;

/** How long a platform that removes repeats remembers a key, ms. */
const KEY_WINDOW_MS = 180_000;

export interface Post {
  /** Position in the bot's log, from 1; the message's id is `m<n>`. */
  readonly n: number;
  readonly identity: string;
  readonly at: Place;
  readonly text: string;
  /** Virtual time. */
  readonly posted: number;
  /** As the platform dates it, ms since 1970. */
  readonly sentAt: number;
  /** When it was first told that the message is in safe hands. */
  acknowledged: number | undefined;
}

/** A message that people see. */
export interface Shown {
  readonly key: DeliveryId;
  readonly identity: string;
  readonly to: Place;
  readonly text: string;
  readonly at: number;
  readonly messageId: string;
}

export interface Account {
  readonly identity: string;
  readonly receives: 'pull' | 'hook' | 'both';
  token: string;
  dead: boolean;
  readonly log: Post[];
  readonly waiting: Set<() => void>;
  /** Called for each new post; hooks are pushed by this. */
  posted: (post: Post) => void;
}

export interface PlatformDeps {
  readonly manner: Manner;
  readonly timeline: Timeline;
  readonly random: Random;
  readonly weather: Weather;
  readonly trace: Trace;
  /** Judged in the very moment in which the platform may forget the message. */
  readonly acknowledged: (platform: Platform, post: Post) => void;
  /** A request has arrived and taken effect; nobody who sent it knows yet. */
  readonly shown: (shown: Shown) => void;
  /** A look-up calls unsent what the platform would remove if it were sent again. */
  readonly trusting: boolean;
}

/** The other end: keeps what was posted and what was shown. Verdicts come from its ledger and the store alone. */
export class Platform {
  readonly manner: Manner;
  readonly accounts = new Map<string, Account>();
  readonly ledger: Shown[] = [];
  /** Look-ups that could not be answered, by delivery. */
  readonly unanswered = new Map<DeliveryId, number>();
  readonly #deps: PlatformDeps;
  readonly #gone = new Set<string>();

  constructor(deps: PlatformDeps) {
    this.manner = deps.manner;
    this.#deps = deps;
  }

  join(identity: string, receives: Account['receives']): Account {
    const account: Account = {
      identity,
      receives,
      token: `${identity}-1`,
      dead: false,
      log: [],
      waiting: new Set(),
      posted: () => {},
    };
    this.accounts.set(identity, account);
    return account;
  }

  post(account: Account, at: Place, ageMs: number): Post {
    const { timeline, trace } = this.#deps;
    const n = account.log.length + 1;
    const sentAt = EPOCH_MS + Math.floor(timeline.now) - ageMs;
    const text = `${account.identity}.${n}`;
    const post: Post = {
      ...{ n, identity: account.identity, at, text, posted: timeline.now, sentAt },
      acknowledged: undefined,
    };
    account.log.push(post);
    trace.say(`posted ${text} in ${at.channel}${at.thread ? `/${at.thread}` : ''}`);
    for (const wake of [...account.waiting]) wake();
    account.posted(post);
    return post;
  }

  acknowledge(post: Post): void {
    if (post.acknowledged !== undefined) return;
    post.acknowledged = this.#deps.timeline.now;
    this.#deps.acknowledged(this, post);
  }

  /** Nobody can speak there any more. */
  close(channel: string): void {
    this.#gone.add(channel);
  }

  /** All up to there has been received: whoever asks for what comes next says so. */
  confirm(account: Account, upTo: number): void {
    for (const post of account.log.slice(0, upTo)) this.acknowledge(post);
  }

  /** What was posted after `from`, some of it perhaps once more. */
  fetch(account: Account, from: number): readonly Post[] {
    const { weather, random } = this.#deps;
    let first = from;
    if (from > 0 && weather.strikes('receiving')) {
      weather.count('repeated_fetch');
      first = Math.max(0, from - random.between(1, 5));
    }
    return account.log.slice(first, from + random.between(1, 6));
  }

  /** A send has arrived. */
  take(delivery: Delivery, identity: string, token: string, by: string): SendResult {
    const { timeline, weather, trace } = this.#deps;
    const account = this.accounts.get(identity);
    const { id: key, to, part } = delivery;
    if (!account || account.dead || token !== account.token) return { ok: false, failure: { kind: 'unauthorized' } };
    if (this.#gone.has(to.channel)) return { ok: false, failure: { kind: 'gone', reason: 'channel_gone' } };
    if (this.manner === 'keyed') {
      const before = this.ledger.findLast((shown) => shown.key === key);
      if (before && timeline.now - before.at < KEY_WINDOW_MS) {
        weather.count('removed_repeat');
        return { ok: true, messageId: before.messageId };
      }
    }
    const messageId = `p${this.ledger.length + 1}`;
    const shown: Shown = { key, identity, to, text: part.text, at: timeline.now, messageId };
    this.ledger.push(shown);
    trace.say(`shown ${part.text} in ${to.channel} (${key.slice(-4)}) by ${by}`);
    this.#deps.shown(shown);
    return { ok: true, messageId };
  }

  lookUp(delivery: Delivery): LookUp {
    const { timeline, weather } = this.#deps;
    if (weather.strikes('sends')) {
      weather.count('look_up_unanswered');
      this.unanswered.set(delivery.id, (this.unanswered.get(delivery.id) ?? 0) + 1);
      return { kind: 'unknown' };
    }
    const found = this.ledger.find((shown) => shown.key === delivery.id);
    if (!found) return { kind: 'not_sent' };
    // Sent again now, it would be removed: true as long as "now" is now.
    const removable = this.manner === 'keyed' && timeline.now - found.at < KEY_WINDOW_MS / 2;
    if (removable && this.#deps.trusting) return { kind: 'not_sent' };
    return { kind: 'sent', messageId: found.messageId };
  }
}
