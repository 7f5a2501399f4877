import type { Clock } from '../core/clock.ts';

export interface Usage {
  readonly allowed: boolean;
  readonly limit: number;
  readonly remaining: number;
  /** End of the window, whole seconds since 1970. */
  readonly resetAt: number;
  /** Whole seconds until then, at least 1. */
  readonly retryAfter: number;
}

export interface Windows {
  /** Counts one and tells whether it was within the limit. One that was refused is not counted. */
  take(key: string): Usage;
  /** The same without counting. */
  look(key: string): Usage;
}

interface Window {
  used: number;
  /** By the clock that never goes back. */
  readonly endsAt: number;
}

/** Beyond this many callers at once the oldest windows are forgotten: memory is bounded, at worst a limit is generous. */
const MAX_KEYS = 20_000;

/** Fixed windows of one minute that begin with a key's first request. In memory: each node keeps its own. */
export function createWindows(limit: number, clock: Clock, windowMs = 60_000, maxKeys = MAX_KEYS): Windows {
  /** In order of their end, as a map keeps the order of insertion. */
  const windows = new Map<string, Window>();

  const current = (key: string): Window | undefined => {
    const window = windows.get(key);
    return window && window.endsAt > clock.elapsed() ? window : undefined;
  };

  const open = (key: string): Window => {
    windows.delete(key);
    for (const [oldest, window] of windows) {
      if (windows.size < maxKeys && window.endsAt > clock.elapsed()) break;
      windows.delete(oldest);
    }
    const window = { used: 0, endsAt: clock.elapsed() + windowMs };
    windows.set(key, window);
    return window;
  };

  const usage = (window: Window | undefined, allowed: boolean): Usage => {
    const leftMs = window ? window.endsAt - clock.elapsed() : windowMs;
    return {
      allowed,
      limit,
      remaining: limit - (window?.used ?? 0),
      resetAt: Math.ceil((clock.now() + leftMs) / 1000),
      retryAfter: Math.max(1, Math.ceil(leftMs / 1000)),
    };
  };

  return {
    take: (key) => {
      const window = current(key) ?? open(key);
      const allowed = window.used < limit;
      if (allowed) window.used += 1;
      return usage(window, allowed);
    },
    look: (key) => {
      const window = current(key);
      return usage(window, window === undefined || window.used < limit);
    },
  };
}

export function rateLimitHeaders({ limit, remaining, resetAt }: Usage): Record<string, string> {
  return {
    'X-RateLimit-Limit': String(limit),
    'X-RateLimit-Remaining': String(remaining),
    'X-RateLimit-Reset': String(resetAt),
  };
}
