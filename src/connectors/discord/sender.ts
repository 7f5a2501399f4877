import type { PlatformPort, Sender } from '../../core/connector.ts';
import type { Delivery, SendResult } from '../../core/delivery.ts';
import type { Bot, Credential } from '../../core/integration.ts';
import type { Place } from '../../core/message.ts';
import type { Pace } from '../shared/pace.ts';
import { createCaller, type Outcome } from './calls.ts';
import { failureOf, isReferenceTrouble, MISSING_PERMISSION } from './failures.ts';
import { lookUp } from './history.ts';
import { repliesTo, requestOf, withoutFile } from './requests.ts';
import { isObject, isSnowflake } from './wire.ts';

/** The indicator lasts 10 s [D10]. */
const TYPING_MS = 8_000;

/** 50 requests a second and bot, over all routes [D2]; a little less, because the platform counts arrivals. */
const GLOBAL: Pace = { everyMs: 1, burst: 45, most: { count: 45, perMs: 1_050 } };

/** "Unknown Message" [D3]. */
const UNKNOWN_MESSAGE = 10008;

export function sender(bot: Bot, credential: Credential, port: PlatformPort): Sender {
  const call = createCaller(credential['bot_token'] ?? '', port, GLOBAL);

  const send = async (delivery: Delivery, signal: AbortSignal): Promise<SendResult> => {
    const { operation, messageId, to } = delivery;
    if (operation !== 'create' && !isSnowflake(messageId)) {
      return { ok: false, failure: { kind: 'rejected', reason: 'no_message_id' } };
    }
    const channel = channelOf(to);
    let withReply = repliesTo(delivery) !== undefined;
    let sent = delivery;
    for (;;) {
      const outcome = await call(channel, operation, requestOf(sent, channel, withReply), signal);
      // `fail_if_not_exists` covers a message that is gone; not one that may not be read, or is of another kind (F060).
      if (withReply && outcome.kind === 'refused' && isReferenceTrouble(outcome)) {
        withReply = false;
        continue;
      }
      const done = doneId(outcome, delivery);
      if (done !== undefined) return { ok: true, messageId: done };
      const failure = failureOf(outcome, operation);
      // Whatever is wrong with it: an answer that ends in the middle without a word is worse.
      const isFileTrouble = failure.kind === 'rejected' || isRefused(outcome, MISSING_PERMISSION);
      if (operation === 'create' && sent.part.file && isFileTrouble) {
        sent = withoutFile(delivery);
        continue;
      }
      return { ok: false, failure };
    }
  };

  return {
    send,
    lookUp: (delivery, signal) => lookUp(delivery, channelOf(delivery.to), bot.identity, call, port.clock, signal),
    typingMs: TYPING_MS,
    typing: async (to, signal) => {
      const channel = channelOf(to);
      await call(channel, 'typing', { method: 'POST', path: `/channels/${channel}/typing` }, signal);
    },
  };
}

/** A thread is a channel. */
function channelOf({ channel, thread }: Place): string {
  return thread ?? channel;
}

const isRefused = (outcome: Outcome, code: number) => outcome.kind === 'refused' && outcome.code === code;

/** The id of the message when it is now as it should be. */
function doneId(outcome: Outcome, { operation, messageId }: Delivery): string | undefined {
  if (isRefused(outcome, UNKNOWN_MESSAGE)) {
    if (operation === 'delete') return messageId;
    // The nonce is known, but its message has been deleted since: it was sent, and has no id any more [D-i6].
    return operation === 'create' ? '' : undefined;
  }
  if (outcome.kind !== 'ok') return undefined;
  if (operation !== 'create') return messageId;
  const id = isObject(outcome.result) ? outcome.result['id'] : undefined;
  return isSnowflake(id) ? id : undefined;
}
