import type { Context, Hono } from 'hono';
import type { HookAnswer } from '../core/control.ts';
import type { HookRequest } from '../core/hook.ts';
import type { BotId } from '../core/ids.ts';
import { readBytes } from './body.ts';
import type { ApiDeps } from './endpoint.ts';
import type { Env } from './env.ts';
import { ApiError, notFound } from './errors.ts';
import { isShared } from './private-address.ts';
import { createWindows } from './rate-limit.ts';

/** Far above what platforms push; whoever sends more is none. */
export const MAX_HOOK_BYTES = 1024 * 1024;
/** Platforms give up on an answer after 3 s or so; a body that takes this long is not one of theirs, ms. */
export const HOOK_BODY_MS = 2_000;
/** When to come again with what could not be stored, s. Platforms that do not read this have a rhythm of their own. */
const COME_BACK_S = 5;
/** Requests that were refused, per address and minute. */
const REFUSALS_PER_MINUTE = 300;

const BOT = /^bot_[0-9a-f]{16}$/;

/**
 * What platforms push. Nobody has a key here: each request is judged by its connector, by headers before its body is read
 * and by its signature before anything in it is believed. Whether a bot exists is not told to those who cannot sign for it.
 */
export function addHooks(app: Hono<Env>, deps: ApiDeps): void {
  const refusals = createWindows(REFUSALS_PER_MINUTE, deps.clock);

  const serve = async (c: Context<Env>, route: string): Promise<Response> => {
    c.set('route', route);
    const address = deps.clientAddress?.(c.env) ?? '';
    const usage = refusals.look(address);
    c.set('usage', usage);
    // Behind a proxy all the world has its address: then one sender's refusals must not hold back a platform.
    if (!usage.allowed && !isShared(address)) {
      throw new ApiError('rate_limit_exceeded', 'Too many requests.', { retryAfter: usage.retryAfter });
    }
    try {
      return answered(c, await take(deps, c));
    } catch (error) {
      if (error instanceof ApiError && error.code !== 'service_unavailable') c.set('usage', refusals.take(address));
      throw error;
    }
  };

  app.post('/hooks/:platform', (c) => serve(c, '/hooks/{platform}'));
  app.post('/hooks/:platform/:botId', (c) => serve(c, '/hooks/{platform}/{botId}'));
}

async function take(deps: ApiDeps, c: Context<Env>): Promise<HookAnswer> {
  const { connectors, control, clock, log } = deps;
  const { platform = '', botId } = c.req.param() as { platform?: string; botId?: string };
  const hook = connectors.get(platform)?.hook;
  if (!hook || (botId !== undefined && !BOT.test(botId))) throw notFound('Endpoint');
  // A signature is over the bytes as they came; nothing is unpacked here, so nothing small can become something huge.
  if (!/^(identity)?$/i.test(c.req.header('content-encoding')?.trim() ?? '')) {
    throw new ApiError('bad_request', 'Send the body as it is, without a content encoding.');
  }
  const header = (name: string) => onlyOnce(c.req.header(name));
  if (!hook.plausible({ header, body: new Uint8Array() }, clock.now())) throw refused();
  const request: HookRequest = { header, body: await readInTime(deps, c.req.raw) };
  try {
    return await control.hook(platform, botId as BotId | undefined, request);
  } catch (error) {
    log.error('hook_failed', { platform, request_id: c.var.requestId, error });
    throw new ApiError('service_unavailable', 'It could not be stored.', { retryAfter: COME_BACK_S });
  }
}

/** A header given twice arrives joined by a comma, which no signature, secret or time stamp contains. */
function onlyOnce(value: string | undefined): string | undefined {
  return value?.includes(',') ? undefined : value;
}

async function readInTime({ clock }: ApiDeps, request: Request): Promise<Uint8Array> {
  const read = new AbortController();
  const late = new AbortController();
  const timer = clock.sleep(HOOK_BODY_MS, read.signal).then(() => {
    if (!read.signal.aborted) late.abort(new ApiError('request_timeout', 'The body took too long.'));
  });
  try {
    return await readBytes(request, MAX_HOOK_BYTES, late.signal);
  } finally {
    read.abort();
    await timer;
  }
}

function answered(c: Context<Env>, answer: HookAnswer): Response {
  switch (answer.kind) {
    case 'accepted':
      return c.body('', 200);
    case 'reply':
      return c.body(answer.body, 200, { 'Content-Type': answer.contentType });
    case 'refused':
    case 'unknown':
      throw refused();
  }
}

const refused = () => new ApiError('unauthorized', 'The request is not signed as it must be.');
