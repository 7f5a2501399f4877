import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Hook, Intake } from '../../core/hook.ts';
import { parse, selfOf } from './parse.ts';
import { isUpdate } from './wire.ts';

const HEADER = 'x-telegram-bot-api-secret-token';
/** 32 bytes in base64url, within the 1–256 letters that the platform allows [T1]. */
const SHAPE = /^[A-Za-z0-9_-]{43}$/;

/**
 * What the platform repeats in each request so that we know it. Made from the token: nothing has to be stored, any node
 * can check it, each bot has its own, and a new token ends it. Nobody gets from it to the token.
 */
export function hookSecret(token: string): string {
  return createHmac('sha256', token).update('replr-telegram-webhook').digest('base64url');
}

const nothing: Intake = { messages: [], cursors: [] };

/**
 * Updates pushed by the platform. It repeats one until it hears 2xx and sends no two of one chat at once [T8], so the order
 * of a conversation holds. No cursor moves: updates of different chats come out of order, and whoever polls after us must
 * get what was never acknowledged. Numbers start anew after a quiet week [T1], so none is judged by its number either; what
 * comes twice has the same message id.
 */
export const hook: Hook = {
  plausible: (request) => SHAPE.test(request.header(HEADER) ?? ''),
  open: (request, secrets) => {
    const token = secrets['bot_token'];
    const given = request.header(HEADER);
    if (token === undefined || given === undefined || !same(given, hookSecret(token))) {
      return { kind: 'refused', reason: 'wrong_secret' };
    }
    const event = parseJson(request.body);
    // Refusing it would bring it again for a day.
    return isUpdate(event) ? { kind: 'event', event } : { kind: 'nothing' };
  },
  read: (event, { bot }) => {
    if (!isUpdate(event)) return nothing;
    try {
      return { ...nothing, ...parse(event, selfOf(bot)) };
    } catch {
      // Confirmed like one we do not know: it would only come again, and hold up the chat.
      return nothing;
    }
  },
};

/** Digests are compared, so that neither content nor length shows in the time it takes. */
function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body));
  } catch {
    return undefined;
  }
}
