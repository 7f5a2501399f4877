import type { PlatformPort } from '../../core/connector.ts';
import { type ExchangeLimits, exchange } from '../shared/http.ts';

/**
 * What we read of the platform's objects, every field as doubtful as it is on the wire: other servers, newer versions
 * and broken proxies send other things than the documentation says.
 */
export interface WireMessage {
  readonly type?: string;
  readonly subtype?: string;
  readonly ts?: string;
  readonly user?: string;
  readonly bot_id?: string;
  readonly app_id?: string;
  readonly text?: string;
  readonly thread_ts?: string;
  readonly parent_user_id?: string;
  /** Not in history, where the call has named it. */
  readonly channel?: string;
  readonly channel_type?: string;
  readonly hidden?: boolean;
  readonly user_profile?: { readonly display_name?: string; readonly real_name?: string; readonly name?: string };
  readonly bot_profile?: { readonly name?: string };
  readonly metadata?: { readonly event_type?: string; readonly event_payload?: Readonly<Record<string, unknown>> };
  /** On the first message of a thread, in history and replies. */
  readonly latest_reply?: string;
  readonly reply_count?: number;
  /** Who replied, perhaps not all of them. */
  readonly reply_users?: readonly string[];
  readonly reply_users_count?: number;
}

export interface WireChannel {
  readonly id?: string;
  readonly name?: string;
  readonly is_member?: boolean;
  readonly is_archived?: boolean;
  readonly is_private?: boolean;
  readonly is_im?: boolean;
  readonly is_mpim?: boolean;
}

/** The body of an Events API request, and the payload of a Socket Mode envelope [S1][S2]. */
export interface WireOuter {
  readonly type?: string;
  readonly challenge?: string;
  readonly team_id?: string;
  readonly api_app_id?: string;
  readonly event_id?: string;
  /** When it happened, seconds since 1970. */
  readonly event_time?: number;
  readonly authorizations?: readonly {
    readonly team_id?: string;
    readonly user_id?: string;
    readonly is_bot?: boolean;
  }[];
  readonly event?: WireMessage & { readonly tokens?: { readonly bot?: readonly string[] } };
}

/** What came of one call. `headers` are those of HTTP: granted scopes, the platform's time. */
export type Reply =
  | { readonly kind: 'ok'; readonly body: Readonly<Record<string, unknown>>; readonly headers: Headers }
  /** Only this method of this workspace has to wait [S3]. */
  | { readonly kind: 'limited'; readonly afterMs: number; readonly headers: Headers }
  /** The token is dead; `error` says how. */
  | { readonly kind: 'unauthorized'; readonly error: string }
  /** The API's own no, by its code. `needed` and `provided` come with `missing_scope`. */
  | { readonly kind: 'refused'; readonly error: string; readonly needed?: string; readonly provided?: string }
  /** No answer, no answer of the API's, or one that says that the platform has trouble. */
  | { readonly kind: 'failed'; readonly sent: 'no' | 'unknown'; readonly reason: string };

/** Arguments are given as JSON where the method writes, and as a form where it reads (platforms.md §3). */
const WRITES = ['chat.postMessage', 'chat.update', 'chat.delete', 'conversations.join', 'conversations.open'] as const;
const WRITING: readonly string[] = WRITES;

export type Method =
  | (typeof WRITES)[number]
  | 'apps.connections.open'
  | 'auth.test'
  | 'bots.info'
  | 'conversations.history'
  | 'conversations.info'
  | 'conversations.list'
  | 'conversations.replies'
  | 'users.conversations'
  | 'users.info';

export type Api = (
  method: Method,
  args: Readonly<Record<string, unknown>>,
  limits: Pick<ExchangeLimits, 'timeoutMs' | 'signal'> & { readonly maxBytes?: number },
) => Promise<Reply>;

/** A page of 200 long messages with blocks and metadata is far below. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** When the platform says "too many" without saying how long. */
const DEFAULT_WAIT_S = 30;
/** "The workspace has reached its limit of messages": nothing heals that soon. */
const WORKSPACE_FULL_WAIT_S = 300;
/** Timers overflow at 24.8 days and then fire at once; nobody waits longer than a day anyway. */
const MAX_WAIT_S = 24 * 60 * 60;

/** The token is dead until its owner does something (platforms.md §3.3, §3.2.2). */
const DEAD: readonly string[] = [
  ...['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired', 'org_login_required'],
  ...['user_removed_from_team', 'team_disabled'],
];
/** Trouble in the middle of the work: it may have been done in part. */
const BROKEN: readonly string[] = ['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout'];
/** Trouble at the door: nothing was done, and it passes. */
const CLOSED: readonly string[] = ['team_added_to_org', 'accesslimited'];
const LIMITED: readonly string[] = ['ratelimited', 'rate_limited'];

/** One attempt per call and nothing behind its back; never throws. The token goes in a header and nowhere else. */
export function createApi(token: string, port: Pick<PlatformPort, 'apiUrl' | 'fetch' | 'clock'>): Api {
  // A header takes no other characters; such a token is nobody's, and the HTTP client's error would hold it.
  const sendable = /^[\x21-\x7e]+$/.test(token);
  return async (method, args, limits) => {
    if (!sendable) return { kind: 'unauthorized', error: 'invalid_auth' };
    const json = WRITING.includes(method);
    const init = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': json ? 'application/json; charset=utf-8' : 'application/x-www-form-urlencoded',
      },
      body: json ? JSON.stringify(args) : form(args),
    };
    const exchanged = await exchange(port, `${port.apiUrl}/${method}`, init, { maxBytes: MAX_ANSWER_BYTES, ...limits });
    if (!exchanged.ok) return { kind: 'failed', sent: exchanged.sent, reason: exchanged.reason };
    return readReply(exchanged.status, exchanged.text, exchanged.headers);
  };
}

function form(args: Readonly<Record<string, unknown>>): string {
  const fields = new URLSearchParams();
  for (const [name, value] of Object.entries(args)) {
    if (value !== undefined) fields.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return fields.toString();
}

function readReply(status: number, text: string, headers: Headers): Reply {
  const body = parseJson(text);
  const error = isObject(body) && body['ok'] === false ? codeOf(body['error']) : undefined;
  if (status === 429 || (error !== undefined && LIMITED.includes(error))) {
    return { kind: 'limited', afterMs: waitMs(headers.get('retry-after'), DEFAULT_WAIT_S), headers };
  }
  if (error === 'message_limit_exceeded') {
    return { kind: 'limited', afterMs: waitMs(headers.get('retry-after'), WORKSPACE_FULL_WAIT_S), headers };
  }
  // No status but 429 and those of an outage means anything [S15]: what a gateway said of the call is not known.
  if (status >= 500) return { kind: 'failed', sent: 'unknown', reason: 'platform_error' };
  if (isObject(body) && body['ok'] === true) return { kind: 'ok', body, headers };
  if (!isObject(body) || error === undefined) return { kind: 'failed', sent: 'unknown', reason: 'unreadable_answer' };
  if (DEAD.includes(error)) return { kind: 'unauthorized', error };
  if (BROKEN.includes(error)) return { kind: 'failed', sent: 'unknown', reason: error };
  if (CLOSED.includes(error)) return { kind: 'failed', sent: 'no', reason: error };
  const { needed, provided } = body;
  return {
    kind: 'refused',
    error,
    ...(typeof needed === 'string' && { needed }),
    ...(typeof provided === 'string' && { provided }),
  };
}

/** A code ends up in logs and reasons: whatever does not look like one is not repeated. */
function codeOf(error: unknown): string {
  return typeof error === 'string' && /^[a-z0-9_]{1,80}$/i.test(error) ? error.toLowerCase() : 'unknown_error';
}

function waitMs(header: string | null, defaultS: number): number {
  const seconds = Number(header ?? Number.NaN);
  const known = Number.isFinite(seconds) && seconds > 0;
  return Math.ceil(Math.min(known ? seconds : defaultS, MAX_WAIT_S) * 1000);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The objects of a list in an answer; whatever else is in it is passed over. */
export function objectsIn(body: Readonly<Record<string, unknown>>, name: string): Record<string, unknown>[] {
  const list = body[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** Where the next page begins; undefined at the end. A short page is no end [S9]. */
export function nextCursor(body: Readonly<Record<string, unknown>>): string | undefined {
  const metadata = body['response_metadata'];
  const cursor = isObject(metadata) ? metadata['next_cursor'] : undefined;
  return typeof cursor === 'string' && cursor !== '' ? cursor : undefined;
}
