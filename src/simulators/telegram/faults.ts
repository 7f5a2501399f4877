import { FaultRules } from '../shared/fault-rules.ts';

/** What may go wrong with a call, on request. */
export type Fault =
  /** Answers at once, carries out nothing. `body` replaces the usual JSON, say by a proxy's HTML page. */
  | {
      readonly kind: 'error';
      readonly status: number;
      readonly description?: string;
      readonly parameters?: Readonly<Record<string, unknown>>;
      readonly body?: string;
    }
  /** Carries it out, then cuts the connection instead of answering. */
  | { readonly kind: 'drop' }
  /** Resets the connection before the body is read: nothing is carried out. */
  | { readonly kind: 'refuse' }
  /** Reads the call and never answers; nothing is carried out. */
  | { readonly kind: 'hang' }
  /** Carries it out and never answers. */
  | { readonly kind: 'hang_after' };

export interface FaultRule {
  /** Method name, `*` for all. */
  readonly method: string;
  readonly fault: Fault;
  /** How many calls it hits; 1 unless told. */
  readonly times?: number;
  readonly botId?: number;
  readonly chatId?: number;
}

/** Latency by method in small letters; `*` for all. */
export class Faults extends FaultRules<FaultRule> {
  /** Nobody listens, and nothing is pushed. */
  absent = false;
}

/**
 * The fault for this call, used up by one. `chatId` is known only once the body was read; `early` asks for those that
 * strike before that.
 */
export function takeFault(
  faults: Faults,
  call: { readonly method: string; readonly botId: number | undefined; readonly chatId?: string | undefined },
  early: boolean,
): Fault | undefined {
  return faults.take((rule) => {
    if (early !== (rule.fault.kind === 'refuse')) return false;
    if (rule.method !== '*' && rule.method.toLowerCase() !== call.method.toLowerCase()) return false;
    if (rule.botId !== undefined && rule.botId !== call.botId) return false;
    return rule.chatId === undefined || String(rule.chatId) === call.chatId;
  });
}

export function latencyOf(faults: Faults, method: string): number {
  return faults.latency.get(method.toLowerCase()) ?? faults.latency.get('*') ?? 0;
}
