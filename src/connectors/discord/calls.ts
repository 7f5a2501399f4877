import type { PlatformPort } from '../../core/connector.ts';
import { createPacer, type Pace } from '../shared/pace.ts';
import { createBuckets } from './buckets.ts';
import { type Call, createApi, isSnowflake, type Reply } from './wire.ts';

/** Longer than any answer takes, short enough to free the conversation. */
const CALL_TIMEOUT_MS = 30_000;
const TYPING_TIMEOUT_MS = 4_000;
const ALL = '';

/** What came of a call: the platform's answer, or how long we hold it back ourselves. */
export type Outcome = Reply | { readonly kind: 'held'; readonly afterMs: number; readonly scope: 'route' | 'global' };

/** `route` names what shares a limit: the path with the channel's id apart. */
export type Caller = (channel: string, route: string, call: Call, signal: AbortSignal) => Promise<Outcome>;

/** Calls of one bot to its channels, each within the limits of its bucket [D2] and all together within `pace`. */
export function createCaller(token: string, port: PlatformPort, pace: Pace): Caller {
  const api = createApi(token, port);
  const buckets = createBuckets(port.clock);
  const pacer = createPacer(port.clock, 1);
  /** Answers of 401 count against the whole machine [D2]: after the first one nothing is sent. */
  let dead = false;

  return async (channel, route, request, signal) => {
    if (dead) return { kind: 'unauthorized' };
    // A place that was stored long ago, or by another version: it must not lead to another path.
    if (!isSnowflake(channel)) return { kind: 'refused', status: 404, code: 10003, body: {} };
    const blockedMs = pacer.blockedMs(ALL);
    if (blockedMs > 0) return { kind: 'held', afterMs: blockedMs, scope: 'global' };
    const bucketMs = buckets.take(route, channel);
    if (bucketMs > 0) return { kind: 'held', afterMs: bucketMs, scope: 'route' };
    const paceMs = pacer.take(ALL, pace);
    if (paceMs > 0) return { kind: 'held', afterMs: paceMs, scope: 'global' };
    const timeoutMs = route === 'typing' ? TYPING_TIMEOUT_MS : CALL_TIMEOUT_MS;
    const { reply, headers } = await api(request, { timeoutMs, signal });
    if (reply.kind === 'unauthorized') dead = true;
    if (reply.kind === 'limited' && reply.scope === 'global') pacer.block(ALL, reply.afterMs, pace);
    else if (headers) buckets.learn(route, channel, headers, reply.kind === 'limited' ? reply.afterMs : undefined);
    return reply;
  };
}
