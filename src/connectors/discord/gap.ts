import type { Clock } from '../../core/clock.ts';
import { MAX_AGE_MS } from '../../core/policy.ts';
import type { Caller, Outcome } from './calls.ts';
import { isNewer, newest } from './positions.ts';
import { firstIdAt, isObject, isSnowflake, type WireMessage } from './wire.ts';

/** Most that is read of a page [D4], of a gap, and taken of it: what is more nobody waits for any longer. */
const PAGE = 100;
const MAX_PAGES = 20;
const MAX_TAKEN = 1_000;
/** Longer than this nobody keeps others waiting: it comes back later. */
const MAX_PAUSE_MS = 10_000;

/** A channel, thread or direct message and how far it is known. */
export interface Place {
  /** Of its cursor. */
  readonly name: string;
  readonly channel: string;
  /** The channel that holds the thread. */
  readonly parent?: string;
  readonly guild?: string;
  readonly after: string;
  /** Its newest message, as the platform told when it was looked at. */
  readonly last?: string;
  /** Nobody will talk there without waking it first, so its position need not be kept. */
  readonly archived?: boolean;
}

export type Gap =
  | {
      readonly kind: 'read';
      /** Oldest first; without our own words and what they answer. */
      readonly messages: readonly WireMessage[];
      /** Up to here all is read, or not worth it. */
      readonly until: string;
      readonly capped: boolean;
    }
  | { readonly kind: 'refused'; readonly status: number; readonly code: number }
  | { readonly kind: 'unauthorized' }
  /** Not now. */
  | { readonly kind: 'later'; readonly afterMs?: number };

/** Older messages expire anyway: from where on it is worth to look. */
export function startOf({ after }: Place, now: number): string {
  return newest(after, firstIdAt(now - MAX_AGE_MS)) ?? after;
}

/**
 * Reads what was posted after the position. All of it before anything is taken: the history shows also what has been
 * answered already, which a store that was restored from a copy does not know.
 */
export async function readGap(
  place: Place,
  self: string,
  call: Caller,
  clock: Clock,
  signal: AbortSignal,
): Promise<Gap> {
  const messages: WireMessage[] = [];
  const answered = new Set<string>();
  let after = startOf(place, clock.now());
  let more = true;
  for (let page = 0; more && page < MAX_PAGES; page++) {
    const outcome = await pageAfter(after, place.channel, call, clock, signal);
    if (outcome.kind !== 'ok') return verdict(outcome);
    const found = (Array.isArray(outcome.result) ? outcome.result : [])
      .filter(isObject)
      .filter(({ id }) => isSnowflake(id)) as unknown as WireMessage[];
    for (const message of found) {
      const replied = message.message_reference?.message_id;
      if (message.author?.id !== self) messages.push(message);
      else if (replied) answered.add(replied);
    }
    more = found.length >= PAGE;
    after = newest(after, ...found.map(({ id }) => id)) ?? after;
  }
  messages.sort((a, b) => (isNewer(a.id, b.id) ? 1 : -1));
  const open = messages.filter(({ id }) => !answered.has(id));
  const until = newest(after, place.last) ?? after;
  return { kind: 'read', messages: open.slice(0, MAX_TAKEN), until, capped: more || open.length > MAX_TAKEN };
}

async function pageAfter(
  after: string,
  channel: string,
  call: Caller,
  clock: Clock,
  signal: AbortSignal,
): Promise<Outcome> {
  const path = `/channels/${channel}/messages?after=${after}&limit=${PAGE}`;
  for (;;) {
    const outcome = await call(channel, 'history', { method: 'GET', path }, signal);
    const asked = outcome.kind === 'held' || outcome.kind === 'limited' ? outcome.afterMs : Number.POSITIVE_INFINITY;
    if (asked > MAX_PAUSE_MS || signal.aborted) return outcome;
    await clock.sleep(asked, signal);
  }
}

function verdict(outcome: Exclude<Outcome, { kind: 'ok' }>): Gap {
  switch (outcome.kind) {
    case 'unauthorized':
      return { kind: 'unauthorized' };
    case 'refused':
      return { kind: 'refused', status: outcome.status, code: outcome.code };
    case 'held':
    case 'limited':
      return { kind: 'later', afterMs: outcome.afterMs };
    default:
      return { kind: 'later' };
  }
}
