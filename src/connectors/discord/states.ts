import type { PlaceTrouble } from '../../core/health.ts';
import type { State } from './closes.ts';
import { type Api, isObject, MAX_WAIT_MS } from './wire.ts';

const CALL_TIMEOUT_MS = 10_000;
/** This share of a day's identifies is kept for when they are needed most: the platform resets tokens beyond [D1]. */
const RESERVE = 0.1;

export const CONNECTED: State = { state: 'connected' };
export const LOST: State = {
  state: 'reconnecting',
  code: 'connection_lost',
  message: 'The connection to Discord ended; connecting again.',
};
export const UNREACHABLE: State = {
  state: 'reconnecting',
  code: 'unreachable',
  message: 'Discord does not answer as it should; trying again.',
};
export const STORE_UNAVAILABLE: State = {
  state: 'reconnecting',
  code: 'store_unavailable',
  message: 'Messages wait at Discord until they can be stored here.',
};
const LIMITED: State = { state: 'reconnecting', code: 'rate_limited', message: 'Discord asked us to wait.' };
export const HELD_BACK: State = {
  state: 'connected',
  code: 'held_back',
  message:
    'Discord refused so many calls of this server that further ones wait, before it locks the server out. ' +
    'They go on by themselves.',
};
export const UNTRUSTED: State = {
  state: 'error',
  code: 'untrusted_gateway',
  message: 'The address that Discord gave for the connection is not its own; refused. Trying again.',
};
export const UNTRUSTED_RESUME: State = {
  state: 'connected',
  code: 'untrusted_gateway',
  message: 'The address that Discord gave for reconnecting is not its own; it is not used.',
};

export function removedFrom(guild: string): PlaceTrouble {
  return {
    setting: 'guild_id',
    value: guild,
    code: 'removed_from_guild',
    message: `The bot is not in server ${guild} any more. Invite it again to be heard there.`,
  };
}

export function identifyLimit(until: number): State {
  const time = new Date(until).toISOString().replace(/\.\d+Z$/, 'Z');
  const message = `Discord lets this bot begin no further connection now. Trying again at ${time}.`;
  return { state: 'reconnecting', code: 'identify_limit', message };
}

export type Start =
  | {
      readonly kind: 'ok';
      readonly url: unknown;
      readonly remaining: number;
      readonly reserve: number;
      readonly resetAfterMs: number;
    }
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'wait'; readonly afterMs: number; readonly state: State }
  | { readonly kind: 'failed' };

/** `GET /gateway/bot`: where to connect, and how many more times today [D1]. */
export async function askForStart(api: Api, signal: AbortSignal): Promise<Start> {
  const { reply } = await api({ method: 'GET', path: '/gateway/bot' }, { timeoutMs: CALL_TIMEOUT_MS, signal });
  if (reply.kind === 'unauthorized') return { kind: 'unauthorized' };
  if (reply.kind === 'limited') {
    const state: State = reply.ours ? { ...HELD_BACK, state: 'reconnecting' } : LIMITED;
    return { kind: 'wait', afterMs: reply.afterMs, state };
  }
  if (reply.kind !== 'ok' || !isObject(reply.result)) return { kind: 'failed' };
  const limit = isObject(reply.result['session_start_limit']) ? reply.result['session_start_limit'] : {};
  return {
    kind: 'ok',
    url: reply.result['url'],
    remaining: numberOr(limit['remaining'], 1),
    reserve: Math.floor(numberOr(limit['total'], 0) * RESERVE),
    resetAfterMs: Math.min(Math.max(numberOr(limit['reset_after'], 0), 1_000), MAX_WAIT_MS),
  };
}

function numberOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : otherwise;
}
