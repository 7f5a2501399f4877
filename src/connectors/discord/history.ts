import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { Delivery, LookUp } from '../../core/delivery.ts';
import type { Caller, Outcome } from './calls.ts';
import { firstIdAt, isObject, isSnowflake } from './wire.ts';

/** For so long at least a second message with the same nonce is the first one: "the past few minutes" [D4]. */
const NONCE_MS = 2 * 60_000;
/** Our clock and the platform's may differ by this. */
const SKEW_MS = 60_000;
const PAGE = 100;
const MAX_PAGES = 10;
const ATTEMPTS = 3;
const PAUSE_MS = 2_000;
const MAX_PAUSE_MS = 30_000;

/**
 * Did it arrive? While the nonce holds, that need not be known: sending again is harmless. Later its own message is
 * looked for, from the time when the delivery was made (platforms.md §4.1).
 */
export async function lookUp(
  delivery: Delivery,
  channel: string,
  self: string,
  call: Caller,
  clock: Clock,
  signal: AbortSignal,
): Promise<LookUp> {
  if (delivery.operation !== 'create') return { kind: 'not_sent' };
  const age = clock.now() - delivery.createdAt;
  if (age >= 0 && age < NONCE_MS) return { kind: 'not_sent' };
  const nonce = nonceOf(delivery);
  let after = firstIdAt(delivery.createdAt - SKEW_MS);
  let blind = false;
  for (let page = 0; page < MAX_PAGES; page++) {
    const messages = await pageAfter(after, channel, call, clock, signal);
    if (!messages) return { kind: 'unknown' };
    for (const message of messages) {
      const author = isObject(message['author']) ? message['author']['id'] : undefined;
      if (author !== self) continue;
      if (message['nonce'] === nonce) return { kind: 'sent', messageId: String(message['id']) };
      // A history that does not tell nonces cannot prove that this is another message with the same words.
      if (message['nonce'] == null && message['content'] === delivery.part.text) blind = true;
    }
    if (messages.length < PAGE) return { kind: blind ? 'unknown' : 'not_sent' };
    after = messages.map(({ id }) => String(id)).reduce((a, b) => (BigInt(a) > BigInt(b) ? a : b), after);
  }
  return { kind: 'unknown' };
}

async function pageAfter(
  after: string,
  channel: string,
  call: Caller,
  clock: Clock,
  signal: AbortSignal,
): Promise<Record<string, unknown>[] | undefined> {
  const path = `/channels/${channel}/messages?after=${after}&limit=${PAGE}`;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0 && signal.aborted) return undefined;
    const outcome: Outcome = await call(channel, 'history', { method: 'GET', path }, signal);
    if (outcome.kind === 'ok' && Array.isArray(outcome.result)) {
      return outcome.result.filter(isObject).filter(({ id }) => isSnowflake(id));
    }
    if (outcome.kind === 'unauthorized' || outcome.kind === 'refused') return undefined;
    const asked = outcome.kind === 'limited' || outcome.kind === 'held' ? outcome.afterMs : PAUSE_MS;
    if (asked > MAX_PAUSE_MS) return undefined;
    await clock.sleep(asked, signal);
  }
  return undefined;
}

/**
 * The same for each attempt and another for each text: for some minutes the platform takes a second message with the
 * same nonce for the first one [D4], also when the text differs.
 */
export function nonceOf({ id, revision }: Pick<Delivery, 'id' | 'revision'>): string {
  return createHash('sha256').update(`${id}/${revision}`).digest('base64url').slice(0, 25);
}
