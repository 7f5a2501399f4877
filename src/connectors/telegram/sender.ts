import type { PlatformPort, Sender } from '../../core/connector.ts';
import type { Delivery, SendResult } from '../../core/delivery.ts';
import type { Failure } from '../../core/failure.ts';
import type { Credential } from '../../core/integration.ts';
import type { Place } from '../../core/message.ts';
import { createPacer, type Pace } from '../shared/pace.ts';
import { type Api, createApi, isObject, type Method, type Reply } from './wire.ts';

/** Longer than any answer takes, short enough to free the conversation. */
const CALL_TIMEOUT_MS = 30_000;
const TYPING_TIMEOUT_MS = 4_000;
/** The indicator lasts up to 5 s [T1]. */
const TYPING_MS = 4_000;

/** One message a second and chat, short bursts tolerated [T5]; a little more, because the platform counts arrivals. */
const EACH_CHAT: Pace = { everyMs: 1_050, burst: 3 };
/** And 20 a minute in a group [T5]. */
const EACH_GROUP: Pace = { ...EACH_CHAT, most: { count: 20, perMs: 61_000 } };

/** Previews tell a third party that a link was shown, without anybody clicking it (faults.md §3, 49). */
const NO_PREVIEW = { is_disabled: true };

/** The General topic of a forum has this number, but sending it always fails [T-i4]. */
const GENERAL_TOPIC = '1';

/** Where and how a message goes; what the platform refuses of it is dropped and tried once more. */
interface Target {
  chat: string;
  thread: string | undefined;
  replyTo: number | undefined;
}

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
    const target: Target = { chat, thread: threadOf(delivery.to), replyTo: replyOf(delivery) };
    let movedTo: string | undefined;
    for (;;) {
      const reply = await call(METHODS[operation], parametersOf(delivery, target), {
        timeoutMs: CALL_TIMEOUT_MS,
        signal,
      });
      if (reply.kind === 'refused') {
        if (reply.movedTo !== undefined && movedTo === undefined) {
          // The new group has its own numbers: neither topic nor message of the old one exists there.
          movedTo = reply.movedTo;
          Object.assign(target, { chat: movedTo, thread: undefined, replyTo: undefined } satisfies Target);
          continue;
        }
        if (relent(reply.description, target)) continue;
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

const METHODS: Readonly<Record<Delivery['operation'], Method>> = {
  create: 'sendMessage',
  edit: 'editMessageText',
  delete: 'deleteMessage',
};

function parametersOf(delivery: Delivery, { chat, thread, replyTo }: Target): Record<string, unknown> {
  const message_id = Number(delivery.messageId);
  const text = { text: delivery.part.text, link_preview_options: NO_PREVIEW };
  if (delivery.operation === 'delete') return { ...placeParameters(chat), message_id };
  if (delivery.operation === 'edit') return { ...placeParameters(chat), message_id, ...text };
  return {
    ...placeParameters(chat, thread),
    ...text,
    ...(replyTo !== undefined && { reply_parameters: { message_id: replyTo, allow_sending_without_reply: true } }),
  };
}

function placeParameters(chat: string, thread?: string): Record<string, unknown> {
  return { chat_id: Number(chat), ...(thread !== undefined && { message_thread_id: Number(thread) }) };
}

/** Private chats have the positive number of their user. */
function isGroup(chat: string): boolean {
  return chat.startsWith('-');
}

function paceOf(chat: string): Pace {
  return isGroup(chat) ? EACH_GROUP : EACH_CHAT;
}

function threadOf(to: Place): string | undefined {
  return to.thread === GENERAL_TOPIC ? undefined : to.thread;
}

/**
 * In a group the first part shows what it answers. In a private chat there is nobody else to talk to, and a quote above
 * each answer would only be noise. A message of another chat (before the group got a new id) cannot be replied to.
 */
function replyOf({ to, replyTo, index }: Delivery): number | undefined {
  if (index !== 0 || replyTo === undefined || !isGroup(to.channel)) return undefined;
  const [chat, message] = replyTo.split(':');
  return chat === to.channel && Number.isSafeInteger(Number(message)) ? Number(message) : undefined;
}

/** Can the message go out without what the platform did not find? Each thing is dropped at most once (F069). */
function relent(description: string, target: Target): boolean {
  if (target.thread !== undefined && /thread not found/i.test(description)) {
    target.thread = undefined;
    return true;
  }
  if (target.replyTo !== undefined && /repl(y|ied)\b.*not found/i.test(description)) {
    target.replyTo = undefined;
    return true;
  }
  return false;
}

/** The id of the message when it is now as it should be. */
function doneId(reply: Reply, { operation, messageId }: Delivery): string | undefined {
  if (reply.kind === 'refused') {
    const already = operation === 'edit' ? /message is not modified/i : /message to delete not found/i;
    return operation !== 'create' && already.test(reply.description) ? messageId : undefined;
  }
  if (reply.kind !== 'ok') return undefined;
  if (operation !== 'create') return messageId;
  const id = isObject(reply.result) ? reply.result['message_id'] : undefined;
  return Number.isSafeInteger(id) ? String(id) : undefined;
}

function failureOf(reply: Reply, operation: Delivery['operation']): Failure {
  // Repeating an edit or a delete changes nothing more, so they are never ambiguous.
  const ambiguous = operation === 'create' ? 'unknown' : 'no';
  switch (reply.kind) {
    case 'unauthorized':
      return { kind: 'unauthorized' };
    case 'limited':
      return { kind: 'rate_limited', afterMs: reply.afterMs, scope: 'conversation' };
    case 'failed':
      return { kind: 'retry', delivered: reply.sent === 'no' ? 'no' : ambiguous, reason: reply.reason };
    case 'unreadable':
      if (reply.status === 413) return rejected('too_long');
      // A gateway that could not reach the API (502, 503) says so; any other page tells nothing of what happened.
      if (reply.status === 502 || reply.status === 503)
        return { kind: 'retry', delivered: 'no', reason: 'platform_error' };
      return { kind: 'retry', delivered: ambiguous, reason: 'platform_error' };
    case 'refused':
      if (reply.code === 504) return { kind: 'retry', delivered: ambiguous, reason: 'platform_error' };
      if (reply.code >= 500) return { kind: 'retry', delivered: 'no', reason: 'platform_error' };
      return verdict(reply.code, reply.description);
    case 'ok':
      return { kind: 'retry', delivered: ambiguous, reason: 'unreadable_answer' };
  }
}

/** The platform's refusals have no codes of their own: the texts of platforms.md §2.3 are all there is [T7]. */
const VERDICTS: readonly (readonly [code: number | undefined, text: RegExp, failure: Failure])[] = [
  [
    undefined,
    /not enough rights|have no rights|need administrator rights|CHAT_WRITE_FORBIDDEN|CHAT_RESTRICTED/i,
    gone('no_rights'),
  ],
  [403, /blocked by the user/i, gone('blocked')],
  [403, /kicked/i, gone('kicked')],
  [403, /not a member/i, gone('not_a_member')],
  [403, /deactivated/i, gone('deactivated')],
  [403, /chat was deleted/i, gone('chat_deleted')],
  [403, /./, gone('forbidden')],
  [400, /chat not found|PEER_ID_INVALID|upgraded to a supergroup/i, gone('chat_not_found')],
  [400, /TOPIC_CLOSED|TOPIC_DELETED|thread not found/i, gone('topic_closed')],
  [400, /too long/i, rejected('too_long')],
  [400, /text is empty|text must be non-empty/i, rejected('empty')],
  [400, /can't be edited|to edit not found/i, rejected('not_editable')],
  [413, /./, rejected('too_long')],
];

function verdict(code: number, description: string): Failure {
  const found = VERDICTS.find(([of, text]) => (of === undefined || of === code) && text.test(description || ' '));
  return found?.[2] ?? rejected('bad_request');
}

function gone(reason: string): Failure {
  return { kind: 'gone', reason };
}

function rejected(reason: string): Failure {
  return { kind: 'rejected', reason };
}

function failed(failure: Failure): SendResult {
  return { ok: false, failure };
}
