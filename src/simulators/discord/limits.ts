export interface RateLimit {
  readonly limit: number;
  /** Milliseconds. */
  readonly per: number;
}

export interface RateLimits {
  /** By route name, as in `routes.ts`; `*` for all others. */
  readonly routes?: Readonly<Record<string, RateLimit>>;
  /** Requests per second and bot; 50 [D2]. */
  readonly global?: number;
  /** 401, 403 and 429 per 10 minutes and address; 10,000 [D2]. */
  readonly invalid?: number;
}

/** Not promised by the platform; about what is seen (platforms.md §1.3). */
const usual: Readonly<Record<string, RateLimit>> = {
  'POST messages': { limit: 5, per: 5000 },
  'PATCH message': { limit: 5, per: 5000 },
  'DELETE message': { limit: 5, per: 1000 },
  'POST typing': { limit: 5, per: 5000 },
  'GET messages': { limit: 10, per: 1000 },
  '*': { limit: 50, per: 1000 },
};

export interface Limits {
  /** False: nothing is limited and no header says so. */
  set: RateLimits | false;
  readonly windows: Map<string, { used: number; until: number }>;
  /** By bucket, or by bot for everything: not before. */
  readonly waits: Map<string, number>;
  invalid: { count: number; until: number };
}

export function createLimits(set: RateLimits | false): Limits {
  return { set, windows: new Map(), waits: new Map(), invalid: { count: 0, until: 0 } };
}

export interface Verdict {
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds to wait, where the call is refused. */
  readonly refused?: { readonly retryAfter: number; readonly scope: 'user' | 'global' };
}

/** Takes one from the bucket of a route and its top-level resource, and says what the headers are to say. */
export function takeFrom(limits: Limits, who: string, route: string, major: string, now: number): Verdict {
  if (limits.set === false) return { headers: {} };
  const rule = limits.set.routes?.[route] ?? usual[route] ?? limits.set.routes?.['*'] ?? usual['*'];
  if (!rule) return { headers: {} };
  const everything = use(limits, `${who}|global`, { limit: limits.set.global ?? 50, per: 1000 }, now);
  const bucket = use(limits, bucketKey(who, route, major), rule, now);
  const headers = {
    'x-ratelimit-limit': String(rule.limit),
    'x-ratelimit-remaining': String(Math.max(0, rule.limit - bucket.used)),
    'x-ratelimit-reset': (bucket.until / 1000).toFixed(3),
    'x-ratelimit-reset-after': Math.max(0, (bucket.until - now) / 1000).toFixed(3),
    'x-ratelimit-bucket': bucketName(route),
  };
  if (everything.over) return { headers, refused: { retryAfter: (everything.until - now) / 1000, scope: 'global' } };
  if (bucket.over) return { headers, refused: { retryAfter: (bucket.until - now) / 1000, scope: 'user' } };
  return { headers };
}

function use(limits: Limits, key: string, rule: RateLimit, now: number) {
  let window = limits.windows.get(key);
  if (!window || window.until <= now) {
    window = { used: 0, until: now + rule.per };
    // Windows that ended say nothing any more; without this every channel ever used would stay.
    if (limits.windows.size > 10_000)
      for (const [old, it] of limits.windows) if (it.until <= now) limits.windows.delete(old);
    limits.windows.set(key, window);
  }
  window.used++;
  return { used: window.used, until: window.until, over: window.used > rule.limit };
}

export function bucketKey(who: string, route: string, major: string): string {
  return `${who}|${route}|${major}`;
}

/** Opaque to clients; stable per route. */
export function bucketName(route: string): string {
  return Buffer.from(route).toString('hex').padEnd(32, '0').slice(0, 32);
}

/** Timers may fire a moment early without anybody being impatient. */
const tolerance = 5;

/** True where a call comes although its sender was told to wait. */
export function isImpatient(limits: Limits, who: string, route: string, major: string, now: number): boolean {
  const until = Math.max(limits.waits.get(bucketKey(who, route, major)) ?? 0, limits.waits.get(who) ?? 0);
  return until > now + tolerance;
}

export function noteWait(limits: Limits, key: string, until: number): void {
  limits.waits.set(key, Math.max(until, limits.waits.get(key) ?? 0));
}

/** True once this address made too many invalid requests: everything is refused until the ten minutes are over [D2]. */
export function isBanned(limits: Limits, now: number): boolean {
  if (limits.set === false || limits.invalid.until <= now) return false;
  return limits.invalid.count >= (limits.set.invalid ?? 10_000);
}

export function countInvalid(limits: Limits, now: number): void {
  if (limits.invalid.until <= now) limits.invalid = { count: 0, until: now + 600_000 };
  limits.invalid.count++;
}
