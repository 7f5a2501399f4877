import type { PlatformPort, Sender } from '../../core/connector.ts';
import type { Delivery, SendResult } from '../../core/delivery.ts';
import type { Bot, Credential } from '../../core/integration.ts';
import { createPacer, type Pace } from '../shared/pace.ts';
import { failureOf } from './failures.ts';
import { selfOf } from './parse.ts';
import { lookUp, metadataOf } from './reconcile.ts';
import { isTs } from './ts.ts';
import { Turns } from './turns.ts';
import { createApi, isObject, type Method, type Reply } from './wire.ts';

/** Longer than any answer takes, short enough to free the conversation. */
const CALL_TIMEOUT_MS = 30_000;

/** One message a second and channel, short bursts tolerated [S3]; a little more, because the platform counts arrivals. */
const EACH_CHANNEL: Pace = { everyMs: 1_050, burst: 3 };
/** "Several hundred" posts a minute in a workspace [S3]. */
const ALL_POSTS: Pace = { everyMs: 200, burst: 30 };
/** 50 edits a minute, and as many deletions: Tier 3 [S3][S6]. */
const EDITS: Pace = { everyMs: 1, burst: 45, most: { count: 45, perMs: 61_000 } };

const METHODS = { create: 'chat.postMessage', edit: 'chat.update', delete: 'chat.delete' } as const satisfies Record<
  Delivery['operation'],
  Method
>;

/** The platform does not take these blocks; it takes the text without them. */
const BLOCKS_REFUSED: readonly string[] = ['invalid_blocks', 'invalid_blocks_format', 'msg_blocks_too_long'];

/** Previews tell a third party that a link was shown, without anybody clicking it (faults.md §3, 49). */
const NO_PREVIEW = { unfurl_links: false, unfurl_media: false };
/** Nothing is made of words that look like a name or a channel (47). Edits need it as well: their default is another. */
const AS_WRITTEN = { parse: 'none', link_names: false };

/** What came of a call: the platform's answer, or how long we hold it back ourselves. */
export type Outcome =
  | Reply
  | { readonly kind: 'held'; readonly afterMs: number; readonly scope: 'conversation' | 'credential' };

/** Reads, with the same care for a dead token. */
export type Reader = (
  method: 'conversations.history' | 'conversations.replies',
  args: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
) => Promise<Reply>;

export function sender(bot: Bot, credential: Credential, port: PlatformPort): Sender {
  const api = createApi(credential['bot_token'] ?? '', port);
  const pacer = createPacer(port.clock);
  const turns = new Turns(port.clock);
  /** After the first refusal of the token nothing is sent (F097). */
  let dead = false;

  const call = async (method: Method, args: Readonly<Record<string, unknown>>, signal: AbortSignal) => {
    if (dead) return { kind: 'unauthorized', error: 'invalid_auth' } satisfies Reply;
    const reply = await api(method, args, { timeoutMs: CALL_TIMEOUT_MS, signal });
    if (reply.kind === 'unauthorized') dead = true;
    return reply;
  };

  /** How long we hold it back ourselves, ms: first until its turn in the channel, then until that in the workspace. */
  const heldMs = ({ id, operation, to }: Delivery): number => {
    const method = METHODS[operation];
    const inChannel = operation === 'delete' ? 0 : turns.ask(to.channel, id, EACH_CHANNEL);
    if (inChannel > 0) return inChannel;
    const inAll = operation === 'create' ? turns.ask(method, id, ALL_POSTS) : pacer.take(method, EDITS);
    if (inAll > 0) return inAll;
    turns.use(to.channel, id);
    turns.use(method, id);
    return 0;
  };

  const carryOut = async (delivery: Delivery, signal: AbortSignal): Promise<Outcome> => {
    const { operation } = delivery;
    const method = METHODS[operation];
    const posts = operation === 'create';
    // A limit that the platform told is everybody's; with our own pace each delivery has a turn of its own.
    const blockedMs = posts ? turns.blockedMs(method) : pacer.blockedMs(method);
    if (blockedMs > 0) return { kind: 'held', afterMs: blockedMs, scope: posts ? 'credential' : 'conversation' };
    const afterMs = heldMs(delivery);
    if (afterMs > 0) return { kind: 'held', afterMs, scope: 'conversation' };
    let reply = await call(method, argumentsOf(delivery), signal);
    if (reply.kind === 'refused' && BLOCKS_REFUSED.includes(reply.error) && blocksOf(delivery)) {
      port.log.warn('blocks_refused', { bot: bot.id, delivery: delivery.id, reason: reply.error });
      reply = await call(method, argumentsOf({ ...delivery, part: { text: delivery.part.text } }), signal);
    }
    if (reply.kind === 'limited' && posts) turns.block(method, reply.afterMs, ALL_POSTS);
    else if (reply.kind === 'limited') pacer.block(method, reply.afterMs, EDITS);
    return reply;
  };

  const send = async (delivery: Delivery, signal: AbortSignal): Promise<SendResult> => {
    const { operation, messageId } = delivery;
    if (dead) return { ok: false, failure: { kind: 'unauthorized' } };
    if (operation !== 'create' && !isTs(messageId)) {
      return { ok: false, failure: { kind: 'rejected', reason: 'no_message_id' } };
    }
    const outcome = await carryOut(delivery, signal);
    const done = doneId(outcome, delivery);
    return done === undefined ? { ok: false, failure: failureOf(outcome, operation) } : { ok: true, messageId: done };
  };

  return {
    send,
    lookUp: (delivery, signal) =>
      lookUp(delivery, selfOf(bot.identity, bot.profile), call satisfies Reader, port.clock, signal),
  };
}

/**
 * The thread is that of the conversation and not of what is replied to: where answers go to the channel itself there is
 * none. A thread is named by its first message, never by a reply [S8].
 */
export function argumentsOf(delivery: Delivery): Readonly<Record<string, unknown>> {
  const { to, part, operation, messageId } = delivery;
  if (operation === 'delete') return { channel: to.channel, ts: messageId };
  const blocks = blocksOf(delivery);
  const content = { channel: to.channel, text: part.text, ...(blocks && { blocks }), ...AS_WRITTEN };
  if (operation === 'edit') return { ...content, ts: messageId };
  const thread = to.thread !== undefined && { thread_ts: to.thread };
  return { ...content, ...thread, ...NO_PREVIEW, metadata: metadataOf(delivery) };
}

function blocksOf({ part }: Delivery): readonly unknown[] | undefined {
  const { format } = part;
  if (!isObject(format) || !Array.isArray(format['blocks']) || format['blocks'].length === 0) return undefined;
  return format['blocks'];
}

/** The id of the message when it is now as it should be. */
function doneId(outcome: Outcome, { operation, messageId }: Delivery): string | undefined {
  if (outcome.kind === 'refused' && outcome.error === 'message_not_found' && operation === 'delete') return messageId;
  if (outcome.kind !== 'ok') return undefined;
  if (operation !== 'create') return messageId;
  const { ts } = outcome.body;
  return isTs(ts) ? ts : undefined;
}
