import type { Clock } from '../../core/clock.ts';
import type { Delivery, LookUp } from '../../core/delivery.ts';
import type { Self } from './parse.ts';
import type { Reader } from './sender.ts';
import { isTs, newestTs, tsEarlier } from './ts.ts';
import { nextCursor, objectsIn, type WireMessage } from './wire.ts';

/** Marks what we post. Every app of the workspace can read it, so it holds ids and nothing else. */
const EVENT_TYPE = 'replr_delivery';

/** Our clock and the platform's may differ by this, s. */
const SKEW_S = 15 * 60;
/** The platform's own advice [S9]. The strictest class of apps gets 15 whatever it asks for [S4]. */
const PAGE = 200;
const MAX_PAGES = 5;
const ATTEMPTS = 3;
const PAUSE_MS = 2_000;
/** An app of the strictest class waits a minute for its next read [S4]; to send without looking would be worse than to wait. */
const MAX_PAUSE_MS = 65_000;

/** `answers`: the time stamp of what is answered, so that history tells of whatever is answered there. */
export function metadataOf(delivery: Pick<Delivery, 'id' | 'replyTo' | 'to'>) {
  const answers = answeredTs(delivery);
  return { event_type: EVENT_TYPE, event_payload: { key: delivery.id, ...(answers !== undefined && { answers }) } };
}

/** What a post of ours answers; undefined when it does not say. */
export function answeredBy({ metadata }: WireMessage): string | undefined {
  const answers = metadata?.event_type === EVENT_TYPE ? metadata.event_payload?.['answers'] : undefined;
  return isTs(answers) ? answers : undefined;
}

/** Did it arrive? Looks for the mark among what was posted since the delivery was made; nothing else would tell [S8]. */
export async function lookUp(
  delivery: Delivery,
  self: Self,
  read: Reader,
  clock: Clock,
  signal: AbortSignal,
): Promise<LookUp> {
  if (delivery.operation !== 'create') return { kind: 'not_sent' };
  const { channel, thread } = delivery.to;
  const range = { channel, oldest: before(delivery), inclusive: true, limit: PAGE, include_all_metadata: true };
  let cursor: string | undefined;
  let blind = false;
  for (let page = 0; page < MAX_PAGES; page++) {
    const body = await patiently(() =>
      thread === undefined
        ? read('conversations.history', { ...range, cursor }, signal)
        : read('conversations.replies', { ...range, ts: thread, cursor }, signal),
    );
    if (!body) return { kind: 'unknown' };
    for (const message of objectsIn(body, 'messages') as WireMessage[]) {
      if (!isOurs(message, self) || !isTs(message.ts)) continue;
      if (keyOf(message) === delivery.id) return { kind: 'sent', messageId: message.ts };
      // A history that does not tell the mark cannot prove that this is another message with the same words.
      if (message.metadata === undefined && message.text === delivery.part.text) blind = true;
    }
    cursor = nextCursor(body);
    if (cursor === undefined) return { kind: blind ? 'unknown' : 'not_sent' };
  }
  return { kind: 'unknown' };

  async function patiently(ask: () => ReturnType<Reader>) {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (attempt > 0 && signal.aborted) return undefined;
      const reply = await ask();
      if (reply.kind === 'ok') return reply.body;
      if (reply.kind === 'unauthorized' || reply.kind === 'refused') return undefined;
      const asked = reply.kind === 'limited' ? reply.afterMs : PAUSE_MS;
      if (asked > MAX_PAUSE_MS) return undefined;
      await clock.sleep(asked, signal);
    }
    return undefined;
  }
}

/**
 * A moment that was over when it was posted. By the platform's own clock where there is one: what it replies to, and the
 * beginning of its thread, are older than any answer.
 */
function before(delivery: Delivery): string {
  const known = newestTs(delivery.to.thread, answeredTs(delivery));
  return known ?? tsEarlier(`${Math.floor(delivery.createdAt / 1000)}.000000`, SKEW_S);
}

function answeredTs({ to, replyTo }: Pick<Delivery, 'replyTo' | 'to'>): string | undefined {
  const [channel, ts] = (replyTo ?? '').split('/');
  return channel === to.channel && isTs(ts) ? ts : undefined;
}

/** Another app could mark its posts like ours. */
export function isOurs({ user, bot_id: bot }: WireMessage, self: Self): boolean {
  return user === self.userId || (bot !== undefined && bot === self.botId);
}

function keyOf({ metadata }: WireMessage): unknown {
  return metadata?.event_type === EVENT_TYPE ? metadata.event_payload?.['key'] : undefined;
}
