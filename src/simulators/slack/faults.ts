import type { FaultRules } from '../shared/fault-rules.ts';

/** What may go wrong with a call, on request. */
export type Fault =
  /** `ok: false` at once, nothing is carried out. An error that the method does not list is counted. */
  | { readonly kind: 'error'; readonly error: string; readonly fields?: Readonly<Record<string, unknown>> }
  /** An outage: this status and a page that is no JSON. */
  | { readonly kind: 'html'; readonly status: number; readonly body?: string }
  /** 429; `retryAfter` in seconds. */
  | { readonly kind: 'rate_limit'; readonly retryAfter: number }
  /** Carries it out, then cuts the connection instead of answering. */
  | { readonly kind: 'drop' }
  /** Carries it out and says `fatal_error`: some aspect of it may have succeeded. */
  | { readonly kind: 'fatal_after' }
  /** Resets the connection before the body is read: nothing is carried out. */
  | { readonly kind: 'refuse' }
  /** Reads the call and never answers; nothing is carried out. */
  | { readonly kind: 'hang' }
  /** Carries it out and never answers. */
  | { readonly kind: 'hang_after' };

export const faultKinds: readonly string[] = [
  'error',
  'html',
  'rate_limit',
  'drop',
  'fatal_after',
  'refuse',
  'hang',
  'hang_after',
];

export interface FaultRule {
  /** Such as `chat.postMessage`; all unless told. */
  readonly method?: string;
  readonly fault: Fault;
  /** How many calls it hits; 1 unless told. */
  readonly times?: number;
  /** The bot's user id. */
  readonly botId?: string;
  readonly channel?: string;
}

/** Latency by method; '' for all. */
export type Faults = FaultRules<FaultRule>;

/** The fault for this call, used up by one. */
export function takeFault(
  faults: Faults,
  call: { readonly method: string; readonly bot: string | undefined; readonly channel: unknown },
): Fault | undefined {
  return faults.take((rule) => {
    if (rule.method !== undefined && rule.method !== '*' && rule.method !== call.method) return false;
    if (rule.botId !== undefined && rule.botId !== call.bot) return false;
    return rule.channel === undefined || rule.channel === call.channel;
  });
}

export function latencyOf(faults: Faults, method: string): number {
  return faults.latency.get(method) ?? faults.latency.get('') ?? 0;
}
