import { type Context, Hono } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { isStoreAway } from '../core/store.ts';
import { authenticate } from './auth.ts';
import { parseObject, readText } from './body.ts';
import type { ApiDeps, Call, Endpoint } from './endpoint.ts';
import { allEndpoints } from './endpoints/all.ts';
import type { Env } from './env.ts';
import { ApiError, errorBody, errorCodes, notFound } from './errors.ts';
import { addHooks } from './hooks.ts';
import { type Outcome, once } from './idempotency.ts';
import { openApiDocument } from './openapi.ts';
import { assertNoClash } from './present.ts';
import { createWindows, rateLimitHeaders } from './rate-limit.ts';
import { isReady } from './ready.ts';

export interface Api {
  /** `env` is whatever the HTTP server hands over; only `clientAddress` looks into it. Never rejects. */
  fetch(request: Request, env?: unknown): Promise<Response>;
  openapi(): object;
}

const DEFAULT_PER_MINUTE = 600;
/** When to come again while the store is away, s. */
const STORE_AWAY_S = 5;
/** Requests without a valid key, per address and minute. Those with one are never held back by it: behind a proxy, all share an address. */
const STRANGERS_PER_MINUTE = 60;

export function createApi(deps: ApiDeps): Api {
  for (const connector of deps.connectors.values()) assertNoClash(connector);
  const endpoints = allEndpoints(deps);
  const document = openApiDocument(deps, endpoints);
  const app = new Hono<Env>();
  addFrame(app, deps);
  addKeyCheck(app, deps);
  addPublicRoutes(app, deps, document);
  addHooks(app, deps);
  for (const endpoint of endpoints) {
    const path = endpoint.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.on(endpoint.method.toUpperCase(), path, (c) => serve(c, deps, endpoint));
  }
  app.notFound((c) => failure(c, deps, notFound('Endpoint')));
  app.onError((error, c) => failure(c, deps, error));
  return {
    fetch: async (request, env) => app.fetch(request, (env ?? {}) as object),
    openapi: () => document,
  };
}

/** What every answer carries and every request leaves in the log: one line, without bodies, queries or headers. */
function addFrame(app: Hono<Env>, { clock, ids, log }: ApiDeps): void {
  app.use(async (c, next) => {
    const started = clock.elapsed();
    c.set('requestId', ids.request());
    c.set('route', '-');
    await next();
    const { headers, status } = c.res;
    headers.set('X-Request-Id', c.var.requestId);
    headers.set('X-Content-Type-Options', 'nosniff');
    if (c.var.usage)
      for (const [name, value] of Object.entries(rateLimitHeaders(c.var.usage))) headers.set(name, value);
    if (c.req.path.startsWith('/v1')) headers.set('Cache-Control', 'no-store');
    log.info('request', {
      method: c.req.method,
      route: c.var.route,
      status,
      ms: Math.round(clock.elapsed() - started),
      user_id: c.var.caller?.userId,
      request_id: c.var.requestId,
    });
  });
}

function addPublicRoutes(app: Hono<Env>, deps: ApiDeps, document: object): void {
  const { metrics } = deps;
  const text = JSON.stringify(document);
  const open = (path: string, handle: (c: Context<Env>) => Promise<Response>) =>
    app.get(path, (c) => {
      c.set('route', path);
      return handle(c);
    });
  open('/healthz', async (c) => c.json({ status: 'ok' }));
  open('/readyz', async (c) => {
    if (await isReady(deps)) return c.json({ status: 'ready' });
    throw new ApiError('service_unavailable', 'The server cannot serve now.');
  });
  open('/openapi.json', async (c) => c.body(text, 200, { 'Content-Type': 'application/json' }));
  if (metrics) {
    open('/metrics', async (c) => {
      const { body, contentType } = await metrics();
      return c.body(body, 200, { 'Content-Type': contentType });
    });
  }
}

/** Stands before everything under /v1, routes that do not exist included: what exists is not told to strangers. */
function addKeyCheck(app: Hono<Env>, { store, clock, rateLimit, clientAddress }: ApiDeps): void {
  const callers = createWindows(rateLimit?.perMinute ?? DEFAULT_PER_MINUTE, clock);
  const strangers = createWindows(STRANGERS_PER_MINUTE, clock);
  app.use(async (c, next) => {
    const address = clientAddress?.(c.env) ?? '';
    c.set('usage', strangers.look(address));
    if (!/^\/v1(\/|$)/.test(c.req.path)) return next();
    const caller = await authenticate(store, c.req.header('authorization'));
    const usage = caller ? callers.take(caller.keyId) : strangers.take(address);
    c.set('usage', usage);
    if (caller) c.set('caller', caller);
    if (!usage.allowed) {
      throw new ApiError('rate_limit_exceeded', 'Too many requests.', { retryAfter: usage.retryAfter });
    }
    if (!caller) throw new ApiError('unauthorized', 'Send a valid API key: `Authorization: Bearer sk_live_…`.');
    return next();
  });
}

async function serve(c: Context<Env>, deps: ApiDeps, endpoint: Endpoint): Promise<Response> {
  c.set('route', endpoint.path);
  const { caller, requestId } = c.var;
  if (!caller) throw new Error('an endpoint was reached without a caller');
  const text = endpoint.body ? await readText(c.req.raw) : '';
  const empty = text === '' && (!endpoint.body || endpoint.body.optional === true);
  const call: Call = {
    userId: caller.userId,
    requestId,
    params: c.req.param() as Record<string, string>,
    query: new URL(c.req.url).searchParams,
    body: empty ? {} : parseObject(text, c.req.header('content-type') ?? null),
    log: deps.log.child({ request_id: requestId }),
  };
  const run = async (): Promise<Outcome> => {
    try {
      const { status, body } = await endpoint.handle(call);
      return { status, body: JSON.stringify(body) };
    } catch (error) {
      return refusal(c, deps, error);
    }
  };
  const key = endpoint.method === 'post' ? c.req.header('idempotency-key') : undefined;
  if (key === undefined) return respond(c, await run());
  const request = { key, method: endpoint.method, path: c.req.path, body: text };
  const outcome = await once(deps, call, request, run);
  if (outcome.replayed) c.header('Idempotency-Replayed', 'true');
  return respond(c, outcome);
}

/** A fault of ours is logged in full and told in general; only what was thrown to be told is told. */
function refusal(c: Context<Env>, { log }: ApiDeps, thrown: unknown): Outcome {
  const error = told(thrown);
  if (error !== thrown) log.error('request_failed', { request_id: c.var.requestId, route: c.var.route, error: thrown });
  return {
    status: errorCodes[error.code].status,
    body: JSON.stringify(errorBody(error, c.var.requestId)),
    retryAfter: error.retryAfter,
  };
}

function told(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (!isStoreAway(thrown)) return new ApiError('internal_error', 'Something went wrong on our side.');
  return new ApiError('service_unavailable', 'The store cannot be used now; try again.', {
    retryAfter: STORE_AWAY_S,
  });
}

function failure(c: Context<Env>, deps: ApiDeps, thrown: unknown): Response {
  return respond(c, refusal(c, deps, thrown));
}

function respond(c: Context<Env>, { status, body, retryAfter }: Outcome): Response {
  if (retryAfter !== undefined) c.header('Retry-After', String(retryAfter));
  if (status === 401) c.header('WWW-Authenticate', 'Bearer');
  return c.body(body, status as ContentfulStatusCode, { 'Content-Type': 'application/json' });
}
