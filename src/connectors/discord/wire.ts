import type {
  APIChannel,
  APIGuild,
  APIMessage,
  APIRole,
  GatewayMessageCreateDispatchData,
} from 'discord-api-types/v10';
import type { PlatformPort } from '../../core/connector.ts';
import { type ExchangeLimits, exchange } from '../shared/http.ts';
import { breaker as shared } from './breaker.ts';

/**
 * What we read of the platform's objects, every field as doubtful as it is on the wire: other servers, newer versions
 * and broken proxies send other things than the documentation says.
 */
type Doubtful<T, K extends keyof T> = { readonly [Key in K]?: T[Key] | null };

export interface WireUser {
  readonly id?: string;
  readonly bot?: boolean;
  readonly username?: string;
  readonly global_name?: string | null;
}

export type WireMessage = Doubtful<
  GatewayMessageCreateDispatchData,
  'content' | 'timestamp' | 'type' | 'flags' | 'webhook_id' | 'guild_id' | 'channel_type' | 'nonce'
> & {
  readonly id: string;
  readonly channel_id: string;
  readonly author?: WireUser;
  readonly member?: { readonly nick?: string | null } | null;
  readonly mentions?: readonly (WireUser & { readonly member?: { readonly nick?: string | null } })[];
  readonly mention_roles?: readonly string[];
  readonly message_reference?: Doubtful<NonNullable<APIMessage['message_reference']>, 'type' | 'message_id'> | null;
  readonly referenced_message?: WireMessage | null;
  readonly message_snapshots?: readonly { readonly message?: { readonly content?: string } }[];
};

export type WireChannel = Doubtful<APIChannel, 'type'> & {
  readonly id?: string;
  readonly guild_id?: string | null;
  readonly parent_id?: string | null;
  readonly permission_overwrites?: readonly WireOverwrite[] | null;
};

export interface WireOverwrite {
  readonly id: string;
  /** 0 role, 1 member. */
  readonly type: number;
  readonly allow: string;
  readonly deny: string;
}

export type WireRole = Pick<APIRole, 'id' | 'permissions'> & {
  readonly tags?: { readonly bot_id?: string };
};

export type WireGuild = Doubtful<APIGuild, 'owner_id'> & {
  readonly id?: string;
  readonly name?: string;
  readonly roles?: readonly WireRole[] | null;
};

/** What came of one call. */
export type Reply =
  | { readonly kind: 'ok'; readonly result: unknown }
  | { readonly kind: 'unauthorized' }
  /** `ours`: not called at all, so that the platform does not lock this machine out. */
  | { readonly kind: 'limited'; readonly afterMs: number; readonly scope: 'route' | 'global'; readonly ours?: true }
  /** The API's own no. */
  | { readonly kind: 'refused'; readonly status: number; readonly code: number; readonly body: Record<string, unknown> }
  /** An answer, but not the API's: a gateway's page, a cut body. */
  | { readonly kind: 'unreadable'; readonly status: number }
  | { readonly kind: 'failed'; readonly sent: 'no' | 'unknown'; readonly reason: string };

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below the version, ids already checked or encoded: `/users/@me`. */
  readonly path: string;
  readonly body?: Readonly<Record<string, unknown>>;
  /** Goes with the body, which names it as attachment 0. */
  readonly file?: { readonly name: string; readonly content: string };
}

export type Api = (
  call: Call,
  limits: Pick<ExchangeLimits, 'timeoutMs' | 'signal'>,
) => Promise<{ readonly reply: Reply; readonly headers?: Headers }>;

/** A guild's channels with their overwrites can be large; nothing else comes near. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
/** Without this form the platform's shield may turn us away [D5]. */
const USER_AGENT = 'DiscordBot (https://github.com/replr/integrations, 1.0)';

/** Turned away by the shield in front of the API, for all that this machine sends (platforms.md §1.3). */
const SHIELD_WAIT_MS = 60_000;
const DEFAULT_WAIT_S = 5;
/** Timers overflow at 24.8 days and then fire at once; nobody waits longer than a day anyway. */
export const MAX_WAIT_MS = 24 * 60 * 60_000;
/** "Cloudflare is blocking your request" [D3]. */
const BLOCKED = 40333;
/** "Unauthorized", "invalid token" [D3]. */
const DEAD_TOKEN: readonly number[] = [40001, 50014];

export function createApi(
  token: string,
  port: Pick<PlatformPort, 'apiUrl' | 'fetch' | 'clock'>,
  breaker = shared,
): Api {
  const base = `${port.apiUrl}/v10`;
  const authorization = `Bot ${token}`;
  return async ({ method, path, body, file }, limits) => {
    const heldMs = breaker.waitMs(token, port.clock);
    if (heldMs > 0) return { reply: { kind: 'limited', afterMs: heldMs, scope: 'global', ours: true } };
    const headers = {
      authorization,
      'user-agent': USER_AGENT,
      ...(body && !file && { 'content-type': 'application/json' }),
    };
    const json = body && JSON.stringify(body);
    const init = { method, headers, ...(json && { body: file ? formOf(json, file) : json }) };
    const exchanged = await exchange(port, `${base}${path}`, init, { maxBytes: MAX_ANSWER_BYTES, ...limits });
    if (!exchanged.ok) return { reply: { kind: 'failed', sent: exchanged.sent, reason: exchanged.reason } };
    const { status, text, headers: given } = exchanged;
    breaker.note(token, status, given, port.clock);
    return { reply: readReply(status, text, given), headers: given };
  };
}

function formOf(json: string, { name, content }: NonNullable<Call['file']>): FormData {
  const form = new FormData();
  form.set('payload_json', json);
  form.set('files[0]', new Blob([content], { type: 'text/markdown; charset=utf-8' }), name);
  return form;
}

export function readReply(status: number, text: string, headers: Headers): Reply {
  const body = parseJson(text);
  // A dead token must stop us whoever says so (F040).
  if (status === 401) return { kind: 'unauthorized' };
  if (status === 429) return limited(body, headers);
  if (status === 204) return { kind: 'ok', result: undefined };
  const json = isObject(body) ? body : undefined;
  if (status >= 200 && status < 300) {
    return json || Array.isArray(body) ? { kind: 'ok', result: body } : { kind: 'unreadable', status };
  }
  const code = json?.['code'];
  // A page instead of the API's own 403 comes from the shield, and it is meant for all of us (F058).
  if (code === BLOCKED || (status === 403 && !json)) {
    return { kind: 'limited', afterMs: SHIELD_WAIT_MS, scope: 'global' };
  }
  if (!json || status >= 500) return { kind: 'unreadable', status };
  if (typeof code === 'number' && DEAD_TOKEN.includes(code)) return { kind: 'unauthorized' };
  return { kind: 'refused', status, code: typeof code === 'number' ? code : 0, body: json };
}

function limited(body: unknown, headers: Headers): Reply {
  if (!isObject(body)) {
    // No body of the API's: the shield again. What it names may be shorter than its patience is (F058).
    const named = waitMs(Number(headers.get('retry-after') ?? Number.NaN));
    return { kind: 'limited', afterMs: Math.max(SHIELD_WAIT_MS, named), scope: 'global' };
  }
  const global = body['global'] === true || headers.get('x-ratelimit-scope') === 'global';
  const seconds = body['retry_after'] ?? Number(headers.get('retry-after') ?? Number.NaN);
  return { kind: 'limited', afterMs: waitMs(seconds), scope: global ? 'global' : 'route' };
}

/** Seconds as the platform names them, with decimals [D2], in ms; the default when it names none. */
export function waitMs(seconds: unknown, defaultS = DEFAULT_WAIT_S): number {
  const known = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return Math.min(Math.ceil((known ? seconds : defaultS) * 1000), MAX_WAIT_MS);
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

export function isSnowflake(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}

const EPOCH_MS = 1_420_070_400_000;

/** When the id was made, ms since 1970 [D5]. */
export function madeAt(snowflake: string): number {
  return Number(BigInt(snowflake) >> 22n) + EPOCH_MS;
}

/** The smallest id made at that time: ids sort by time. */
export function firstIdAt(ms: number): string {
  return String(BigInt(Math.max(0, Math.floor(ms) - EPOCH_MS)) << 22n);
}
