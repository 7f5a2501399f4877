import type { PlatformPort, Sender } from '../../core/connector.ts';
import type { Delivery, SendResult } from '../../core/delivery.ts';
import type { Failure } from '../../core/failure.ts';
import type { Credential } from '../../core/integration.ts';
import { createPacer, type Pace } from '../shared/pace.ts';
import { doneId, failureOf, rejected } from './failures.ts';
import { isGroup, placeParameters, relent, requestOf, type Target, targetOf, threadOf } from './requests.ts';
import { type Api, createApi } from './wire.ts';

/** Longer than any answer takes, short enough to free the conversation. */
const CALL_TIMEOUT_MS = 30_000;
const TYPING_TIMEOUT_MS = 4_000;
/** The indicator lasts up to 5 s [T1]. */
const TYPING_MS = 4_000;

/** One message a second and chat, short bursts tolerated [T5]; a little more, because the platform counts arrivals. */
const EACH_CHAT: Pace = { everyMs: 1_050, burst: 3 };
/** And 20 a minute in a group [T5]. */
const EACH_GROUP: Pace = { ...EACH_CHAT, most: { count: 20, perMs: 61_000 } };

export function sender(credential: Credential, port: PlatformPort): Sender {
  const api = createApi(credential['bot_token'] ?? '', port);
  const pacer = createPacer(port.clock);
  /** A bot whose dead token is used on and on gets deleted by the platform (F065): after the first 401 nothing is sent. */
  let dead = false;

  const call: Api = async (method, parameters, limits) => {
    if (dead) return { kind: 'unauthorized' };
    const reply = await api(method, parameters, limits);
    if (reply.kind === 'unauthorized') dead = true;
    return reply;
  };

  const send = async (delivery: Delivery, signal: AbortSignal): Promise<SendResult> => {
    if (dead) return failed({ kind: 'unauthorized' });
    const { operation } = delivery;
    if (operation !== 'create' && delivery.messageId === undefined) return failed(rejected('no_message_id'));
    const chat = delivery.to.channel;
    const waitMs = operation === 'delete' ? pacer.blockedMs(chat) : pacer.take(chat, paceOf(chat));
    if (waitMs > 0) return failed({ kind: 'rate_limited', afterMs: waitMs, scope: 'conversation' });
    const target = targetOf(delivery);
    let movedTo: string | undefined;
    for (;;) {
      const { method, parameters } = requestOf(delivery, target);
      const reply = await call(method, parameters, { timeoutMs: CALL_TIMEOUT_MS, signal });
      if (reply.kind === 'refused') {
        if (reply.movedTo !== undefined && movedTo === undefined) {
          // The new group has its own numbers: neither topic nor message of the old one exists there.
          movedTo = reply.movedTo;
          Object.assign(target, { chat: movedTo, thread: undefined, replyTo: undefined } satisfies Partial<Target>);
          continue;
        }
        if (relent(reply, target)) continue;
      }
      if (reply.kind === 'limited') pacer.block(target.chat, reply.afterMs, paceOf(target.chat));
      const messageId = doneId(reply, delivery);
      if (messageId === undefined) return failed(failureOf(reply, operation));
      return { ok: true, messageId, ...(movedTo !== undefined && { movedTo }) };
    }
  };

  return {
    send,
    typingMs: TYPING_MS,
    typing: async (to, signal) => {
      if (dead || pacer.blockedMs(to.channel) > 0) return;
      const parameters = { ...placeParameters(to.channel, threadOf(to)), action: 'typing' };
      const reply = await call('sendChatAction', parameters, { timeoutMs: TYPING_TIMEOUT_MS, signal });
      if (reply.kind === 'limited') pacer.block(to.channel, reply.afterMs, paceOf(to.channel));
    },
  };
}

function paceOf(chat: string): Pace {
  return isGroup(chat) ? EACH_GROUP : EACH_CHAT;
}

function failed(failure: Failure): SendResult {
  return { ok: false, failure };
}
