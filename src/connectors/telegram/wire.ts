import type { Message, MessageEntity, Update, User } from '@grammyjs/types';
import type { PlatformPort } from '../../core/connector.ts';
import { type ExchangeLimits, exchange, type RequestParts } from '../shared/http.ts';

/**
 * What we read of the platform's objects, every field as doubtful as it is on the wire: other servers, newer versions
 * and broken proxies send other things than the documentation says.
 */
export type WireUser = Partial<Pick<User, 'id' | 'is_bot' | 'first_name' | 'last_name' | 'username'>> & {
  readonly can_join_groups?: boolean;
  readonly can_read_all_group_messages?: boolean;
};

export type WireEntity = Pick<MessageEntity, 'type' | 'offset' | 'length'> & { readonly user?: WireUser };

export type WireMessage = Pick<Message, 'message_id' | 'date'> &
  Partial<
    Pick<
      Message,
      | 'message_thread_id'
      | 'is_topic_message'
      | 'author_signature'
      | 'is_automatic_forward'
      | 'text'
      | 'caption'
      | 'forum_topic_created'
      | 'migrate_to_chat_id'
      | 'migrate_from_chat_id'
    >
  > & {
    readonly chat: { readonly id: number; readonly type: string; readonly title?: string };
    readonly from?: WireUser;
    readonly sender_chat?: { readonly id: number; readonly title?: string };
    readonly reply_to_message?: WireMessage;
    /** The piece of it that the person chose to quote. */
    readonly quote?: { readonly text?: string };
    readonly entities?: readonly WireEntity[];
    readonly caption_entities?: readonly WireEntity[];
  };

export type WireUpdate = Pick<Update, 'update_id'> & {
  readonly message?: WireMessage;
  readonly channel_post?: WireMessage;
};

export function isUpdate(value: unknown): value is WireUpdate {
  return isObject(value) && Number.isSafeInteger(value['update_id']);
}

/**
 * Always sent, because the server remembers the previous consumer's list otherwise [T1]. Only what `parse.ts` reads:
 * edits and button presses start no turn, so they need not travel.
 */
export const ALLOWED_UPDATES = ['message', 'channel_post'] as const satisfies readonly (keyof Update)[];

/** What came of one call. */
export type Reply =
  | { readonly kind: 'ok'; readonly result: unknown }
  /** 401, or 404 from the API itself, which a malformed token gets (platforms.md §2.1). */
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'limited'; readonly afterMs: number }
  /** The API's own no. `movedTo` is set when a group became a supergroup. */
  | { readonly kind: 'refused'; readonly code: number; readonly description: string; readonly movedTo?: string }
  /** An answer, but not the API's: a gateway's page, a cut body. */
  | { readonly kind: 'unreadable'; readonly status: number }
  | { readonly kind: 'failed'; readonly sent: 'no' | 'unknown'; readonly reason: string };

export type Method =
  | 'getMe'
  | 'getWebhookInfo'
  | 'getUpdates'
  | 'setWebhook'
  | 'deleteWebhook'
  | 'sendMessage'
  | 'sendDocument'
  | 'editMessageText'
  | 'deleteMessage'
  | 'sendChatAction';

export type Api = (
  method: Method,
  parameters: Readonly<Record<string, unknown>>,
  limits: Pick<ExchangeLimits, 'timeoutMs' | 'signal'> & { readonly maxBytes?: number },
) => Promise<Reply>;

/** Far above any single object the API returns. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** When the platform says "too many" without saying how long. */
const DEFAULT_WAIT_S = 3;
/** Timers overflow at 24.8 days and then fire at once; nobody waits longer than a day anyway. */
const MAX_WAIT_S = 24 * 60 * 60;

export function createApi(token: string, port: Pick<PlatformPort, 'apiUrl' | 'fetch' | 'clock'>): Api {
  // The colon is legal in a path segment, and the documented form of the URL has it bare.
  const base = `${port.apiUrl}/bot${encodeURIComponent(token).replaceAll('%3A', ':')}`;
  return async (method, parameters, limits) => {
    const init = { method: 'POST', ...contentOf(parameters) };
    const exchanged = await exchange(port, `${base}/${method}`, init, { maxBytes: MAX_ANSWER_BYTES, ...limits });
    if (!exchanged.ok) return { kind: 'failed', sent: exchanged.sent, reason: exchanged.reason };
    return readReply(exchanged.status, exchanged.text, exchanged.headers.get('retry-after'));
  };
}

/** JSON; a form where a file goes along, in which all that is not text is the JSON of it [T1]. */
function contentOf(parameters: Readonly<Record<string, unknown>>): Pick<RequestParts, 'headers' | 'body'> {
  const values = Object.entries(parameters);
  if (!values.some(([, value]) => value instanceof File)) {
    return { headers: { 'content-type': 'application/json' }, body: JSON.stringify(parameters) };
  }
  const body = new FormData();
  for (const [name, value] of values) {
    if (value instanceof File) body.set(name, value);
    else body.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  return { headers: {}, body };
}

function readReply(status: number, text: string, retryAfter: string | null): Reply {
  const envelope = parseJson(text);
  if (isObject(envelope)) {
    if (envelope['ok'] === true && 'result' in envelope) return { kind: 'ok', result: envelope['result'] };
    const code = envelope['error_code'];
    if (envelope['ok'] === false && typeof code === 'number') {
      const parameters = isObject(envelope['parameters']) ? envelope['parameters'] : {};
      if (code === 401 || code === 404) return { kind: 'unauthorized' };
      if (code === 429) return { kind: 'limited', afterMs: waitMs(parameters['retry_after']) };
      const movedTo = parameters['migrate_to_chat_id'];
      return {
        kind: 'refused',
        code,
        description: String(envelope['description'] ?? ''),
        ...(Number.isSafeInteger(movedTo) && { movedTo: String(movedTo) }),
      };
    }
  }
  // A dead token must stop us whoever says so (F065); a bare 404 may be a gateway that lost its way.
  if (status === 401) return { kind: 'unauthorized' };
  if (status === 429) return { kind: 'limited', afterMs: waitMs(Number(retryAfter ?? Number.NaN)) };
  return { kind: 'unreadable', status };
}

function waitMs(seconds: unknown): number {
  const known = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return Math.min(known ? seconds : DEFAULT_WAIT_S, MAX_WAIT_S) * 1000;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Who else receives this bot's messages (409)? The texts are all there is to tell them apart [T7]: "terminated by other
 * getUpdates request", "can't use getUpdates method while webhook is active", "terminated by setWebhook request".
 */
export function conflictOf(reply: Reply): 'webhook' | 'poller' | undefined {
  if (reply.kind !== 'refused' || reply.code !== 409) return undefined;
  return /webhook/i.test(reply.description) ? 'webhook' : 'poller';
}
