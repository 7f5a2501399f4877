/** Calls per minute; `false` for no limit. */
export interface RateLimits {
  /** By tier, 1 to 4 [S3]; 0 stands for the methods with special limits. */
  readonly tiers?: Readonly<Record<number, number>>;
  /** By method, before its tier. */
  readonly methods?: Readonly<Record<string, number>>;
  /** chat.postMessage in one channel: a bucket of `burst` that regains `perSecond`. */
  readonly post?: { readonly perSecond: number; readonly burst: number };
}

export interface Limits {
  set: RateLimits | false;
  /** By method, workspace and app: calls in the running minute. */
  readonly windows: Map<string, { count: number; readonly ends: number }>;
  readonly buckets: Map<string, { left: number; at: number }>;
  /** Until when a caller was told to wait. */
  readonly told: Map<string, number>;
}

/** "1+", "20+", "50+", "100+": what is promised is what is given. Special methods: a hundred. */
const usualTiers: Readonly<Record<number, number>> = { 0: 100, 1: 1, 2: 20, 3: 50, 4: 100 };
/** "About one a second per channel with bursts": this is how much of a burst. */
const usualPost = { perSecond: 1, burst: 5 };
/** "Several hundred a minute per workspace" [S3]. */
const postsPerMinute = 300;
const minute = 60_000;

export function createLimits(set: RateLimits | false): Limits {
  return { set, windows: new Map(), buckets: new Map(), told: new Map() };
}

export interface Asked {
  readonly method: string;
  readonly tier: number;
  readonly teamId: string;
  readonly appId: string;
  /** chat.postMessage only. */
  readonly channel: string | undefined;
  readonly capped: boolean;
}

/** Milliseconds to wait; undefined: go on. */
export function takeFrom(limits: Limits, asked: Asked, now: number): number | undefined {
  const { method, appId, teamId, capped } = asked;
  const told = waitTold(limits, asked, now);
  if (told !== undefined) return told;
  const isCapped = capped && (method === 'conversations.history' || method === 'conversations.replies');
  if (limits.set === false && !isCapped) return undefined;
  const isPost = method === 'chat.postMessage';
  const own = limits.set === false ? undefined : limits.set.methods?.[method];
  const tiers = limits.set === false ? usualTiers : { ...usualTiers, ...limits.set.tiers };
  const perMinute = isCapped ? 1 : (own ?? (isPost ? postsPerMinute : (tiers[asked.tier] ?? 1)));
  const key = `${appId}|${teamId}|${method}`;
  let window = limits.windows.get(key);
  if (!window || window.ends <= now) {
    window = { count: 0, ends: now + minute };
    limits.windows.set(key, window);
  }
  if (window.count >= perMinute) return window.ends - now;
  if (isPost && limits.set !== false) {
    const wait = takeFromBucket(limits, `${key}|${asked.channel}`, limits.set.post ?? usualPost, now);
    if (wait !== undefined) return wait;
  }
  window.count++;
  return undefined;
}

function takeFromBucket(
  limits: Limits,
  key: string,
  { perSecond, burst }: { readonly perSecond: number; readonly burst: number },
  now: number,
): number | undefined {
  const before = limits.buckets.get(key) ?? { left: burst, at: now };
  const left = Math.min(burst, before.left + ((now - before.at) / 1000) * perSecond);
  limits.buckets.set(key, { left: left >= 1 ? left - 1 : left, at: now });
  return left >= 1 ? undefined : ((1 - left) / perSecond) * 1000;
}

/** A wait blocks only that method for that workspace [S3]; that of a post only its channel, whose limit it is. */
function toldKey({ method, appId, teamId, channel }: Asked): string {
  return `${appId}|${teamId}|${method}|${channel ?? ''}`;
}

export function tell(limits: Limits, asked: Asked, until: number): void {
  limits.told.set(toldKey(asked), until);
}

/** Milliseconds left of a wait that was told before. */
export function waitTold(limits: Limits, asked: Asked, now: number): number | undefined {
  const until = limits.told.get(toldKey(asked)) ?? 0;
  return until > now ? until - now : undefined;
}
