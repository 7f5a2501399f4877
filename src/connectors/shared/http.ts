import { type LookupAddress, lookup as systemLookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { Agent, buildConnector, fetch as undiciFetch } from 'undici';
import type { PlatformPort } from '../../core/connector.ts';

/** Connections to the platforms, shared by all bots of the process. */
export interface Pool {
  readonly fetch: typeof fetch;
  /** Ends all connections, those in use included. */
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;
/**
 * An idle connection is kept so long, whatever the server promises: shorter than anything that notices a dead line, so
 * that what comes back then finds no dead connection waiting for it.
 */
const IDLE_MS = 25_000;
/** Until the other address family is tried as well: a dead IPv6 route costs this much, not a whole time-out (F080). */
const FAMILY_ATTEMPT_MS = 1_000;

/**
 * Call it once per process. HTTP/1.1 on purpose: each long poll has a connection of its own, so that one lost
 * connection does not make a hundred bots deaf at once.
 */
export function createPool(lookup: LookupFunction = systemLookup as LookupFunction): Pool {
  const families = stickyFamilies(lookup);
  const connector = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: FAMILY_ATTEMPT_MS,
    lookup: families.lookup,
    allowH2: false,
  });
  const agent = new Agent({
    allowH2: false,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
    connect: (options, callback) => {
      connector(options, (error, socket) => {
        if (error || !socket) return callback(neverSent(error ?? new Error('no socket')), null);
        families.worked(options.hostname, socket.remoteFamily);
        callback(null, socket);
      });
    },
  });
  const pooled = (input: string | URL, init?: object) => undiciFetch(input, { ...init, dispatcher: agent });
  return { fetch: pooled as unknown as typeof fetch, close: () => agent.destroy() };
}

/** Puts the addresses of the family that worked last first, so that a dead one is paid for once and not per connection. */
function stickyFamilies(lookup: LookupFunction) {
  const known = new Map<string, number>();
  const sorted: LookupFunction = (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, []);
      const preferred = known.get(hostname);
      const addresses = [...(found as LookupAddress[])].sort(
        (a, b) => Number(b.family === preferred) - Number(a.family === preferred),
      );
      const [first] = addresses;
      if (options.all || !first) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
  return {
    lookup: sorted,
    worked: (hostname: string, family: string | undefined) => {
      if (family) known.set(hostname, family === 'IPv6' ? 6 : 4);
    },
  };
}

/** One for all: an abort without a reason makes an error with a stack for each call. */
const OVER = new Error('the call has ended');

const NEVER_SENT = Symbol('never sent');

function neverSent(error: Error): Error {
  return Object.assign(error, { [NEVER_SENT]: true });
}

/** Codes that only occur before the first byte of a request is written: for a `fetch` that is not our pool's. */
const BEFORE_WRITE = /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT|.*CERT.*)$/;

function wasNeverSent(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (NEVER_SENT in at) return true;
    if ('code' in at && typeof at.code === 'string' && BEFORE_WRITE.test(at.code)) return true;
  }
  return false;
}

export interface RequestParts {
  readonly method: string;
  /** Without a content type where `body` is a form. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | FormData;
}

export interface ExchangeLimits {
  /** For the whole call, from connecting to the last byte of the answer. */
  readonly timeoutMs: number;
  /** Longest accepted answer after decompression, bytes. */
  readonly maxBytes: number;
  readonly signal?: AbortSignal;
}

export type Exchange =
  | { readonly ok: true; readonly status: number; readonly headers: Headers; readonly text: string }
  /** `sent: 'no'`: the request surely had no effect. */
  | {
      readonly ok: false;
      readonly sent: 'no' | 'unknown';
      readonly reason: 'aborted' | 'timeout' | 'unreachable' | 'broken_off' | 'redirected' | 'too_large';
    };

/**
 * One request and its whole answer. Never throws, and what it returns never holds the URL or an error of the HTTP
 * client: either may carry a secret. Redirects are not followed, so no credential goes where a platform points.
 */
export async function exchange(
  port: Pick<PlatformPort, 'fetch' | 'clock'>,
  url: string,
  init: RequestParts,
  limits: ExchangeLimits,
): Promise<Exchange> {
  if (limits.signal?.aborted) return { ok: false, sent: 'no', reason: 'aborted' };
  const call = new AbortController();
  const over = new AbortController();
  let cause: 'aborted' | 'timeout' | 'too_large' | undefined;
  const end = (why: typeof cause) => {
    cause ??= why;
    call.abort();
  };
  const aborted = () => end('aborted');
  limits.signal?.addEventListener('abort', aborted, { once: true });
  void port.clock.sleep(limits.timeoutMs, over.signal).then(() => {
    if (!over.signal.aborted) end('timeout');
  });
  try {
    const { body, ...rest } = init;
    const request =
      body instanceof FormData ? await withForm(rest, body) : { ...rest, ...(body !== undefined && { body }) };
    const response = await port.fetch(url, { ...request, redirect: 'manual', signal: call.signal });
    if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400)) {
      call.abort();
      return { ok: false, sent: 'no', reason: 'redirected' };
    }
    const text = await readText(response, limits.maxBytes);
    if (text === undefined) {
      end('too_large');
      return { ok: false, sent: 'unknown', reason: 'too_large' };
    }
    return { ok: true, status: response.status, headers: response.headers, text };
  } catch (error) {
    if (wasNeverSent(error)) return { ok: false, sent: 'no', reason: cause ?? 'unreachable' };
    return { ok: false, sent: 'unknown', reason: cause ?? 'broken_off' };
  } finally {
    over.abort(OVER);
    limits.signal?.removeEventListener('abort', aborted);
  }
}

/** A form as its bytes: the pool's `fetch` comes from a package and does not know the `FormData` of Node. */
async function withForm(init: Omit<RequestParts, 'body'>, body: FormData): Promise<RequestInit> {
  const form = new Response(body);
  const type = { 'content-type': form.headers.get('content-type') ?? '' };
  return { ...init, headers: { ...init.headers, ...type }, body: new Uint8Array(await form.arrayBuffer()) };
}

/** Counts what comes out of decompression, so that a small bomb does not become a large string. */
async function readText(response: Response, maxBytes: number): Promise<string | undefined> {
  if (!response.body) return '';
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) return undefined;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
