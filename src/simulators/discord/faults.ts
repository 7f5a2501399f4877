import type { FaultRules } from '../shared/fault-rules.ts';

/** What may go wrong with a call, on request. */
export type Fault =
  /** Answers at once, carries out nothing. */
  | { readonly kind: 'error'; readonly status: number; readonly code?: number; readonly message?: string }
  /** A page of whatever stands in front of the platform; no JSON, no Retry-After. */
  | { readonly kind: 'html'; readonly status: number; readonly body?: string }
  /** 429 with the platform's body; `retryAfter` in seconds. */
  | { readonly kind: 'rate_limit'; readonly scope: 'user' | 'shared' | 'global'; readonly retryAfter: number }
  /** Carries it out, then cuts the connection instead of answering. */
  | { readonly kind: 'drop' }
  /** Resets the connection before the body is read: nothing is carried out. */
  | { readonly kind: 'refuse' }
  /** Reads the call and never answers; nothing is carried out. */
  | { readonly kind: 'hang' }
  /** Carries it out and never answers. */
  | { readonly kind: 'hang_after' };

export const faultKinds: readonly string[] = ['error', 'html', 'rate_limit', 'drop', 'refuse', 'hang', 'hang_after'];

export interface FaultRule {
  /** HTTP method; all unless told. */
  readonly method?: string;
  /** Part of the path after the version: `/messages`, `/gateway/bot`. */
  readonly path?: string;
  readonly fault: Fault;
  /** How many calls it hits; 1 unless told. */
  readonly times?: number;
  readonly botId?: string;
  readonly channelId?: string;
}

/** Latency by part of the path; '' for all. */
export type Faults = FaultRules<FaultRule>;

/** The fault for this call, used up by one. */
export function takeFault(
  faults: Faults,
  call: { readonly method: string; readonly path: string; readonly botId: string | undefined },
): Fault | undefined {
  return faults.take((rule) => {
    if (rule.method !== undefined && rule.method !== '*' && rule.method.toUpperCase() !== call.method) return false;
    if (rule.path !== undefined && !call.path.includes(rule.path)) return false;
    if (rule.botId !== undefined && rule.botId !== call.botId) return false;
    return rule.channelId === undefined || call.path.includes(`/channels/${rule.channelId}`);
  });
}

export function latencyOf(faults: Faults, path: string): number {
  for (const [part, ms] of faults.latency) if (part !== '' && path.includes(part)) return ms;
  return faults.latency.get('') ?? 0;
}
