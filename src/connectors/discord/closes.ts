import type { Health } from '../../core/health.ts';

export const PORTAL = 'https://discord.com/developers/applications';

export type State = Omit<Health, 'since' | 'transport'>;

/** How to come back after a link ended. `stop`: not before the owner has done something. */
export type Next = 'resume' | 'identify' | 'stop';

export interface Verdict {
  readonly next: Next;
  /** At least so long first, ms. */
  readonly waitMs?: number;
  /** The fault is ours: worth a loud line. */
  readonly ours?: boolean;
  readonly state?: State;
}

export const BAD_CREDENTIALS: State = {
  state: 'error',
  code: 'bad_credentials',
  message: 'Discord no longer accepts the bot token. Reset it in the developer portal and update the integration.',
  fixUrl: PORTAL,
};

export const MISSING_INTENT: State = {
  state: 'error',
  code: 'missing_intent',
  message:
    'The bot may not read messages. Switch on "Message Content Intent" in the developer portal (your application → ' +
    'Bot → Privileged Gateway Intents), then update the integration.',
  fixUrl: PORTAL,
};

function misconfigured(what: string): State {
  return { state: 'error', code: 'invalid_configuration', message: `Discord refuses the connection: ${what}.` };
}

/** The close codes that say something [D3]; any other end of a link is a drop, to be resumed. */
const VERDICTS: Readonly<Record<number, Verdict>> = {
  4001: { next: 'resume', ours: true },
  4002: { next: 'resume', ours: true },
  4003: { next: 'identify', ours: true },
  4004: { next: 'stop', state: BAD_CREDENTIALS },
  4005: { next: 'resume', ours: true },
  4007: { next: 'identify' },
  4008: { next: 'resume', waitMs: 15_000, ours: true },
  4009: { next: 'identify' },
  4010: { next: 'stop', state: misconfigured('invalid shard') },
  4011: { next: 'stop', state: misconfigured('the bot is in too many servers for one connection') },
  4012: { next: 'stop', state: misconfigured('this version of the gateway is no longer served') },
  4013: { next: 'stop', state: misconfigured('invalid intents') },
  4014: { next: 'stop', state: MISSING_INTENT },
};

const DROPPED: Verdict = { next: 'resume' };

export function afterClose(code: number): Verdict {
  return VERDICTS[code] ?? DROPPED;
}

/**
 * Gateway URLs come from the platform, so a lying one must not lead us elsewhere (faults.md §3, 39). An operator who
 * overrides the API's base vouches for its host.
 */
export function isTrusted(url: unknown, apiUrl: string): url is string {
  if (typeof url !== 'string' || !URL.canParse(url)) return false;
  const { protocol, hostname, username, password, hash } = new URL(url);
  // With a fragment no WebSocket can be opened at all.
  if (username !== '' || password !== '' || hash !== '') return false;
  if (protocol === 'wss:' && (hostname === 'discord.gg' || hostname.endsWith('.discord.gg'))) return true;
  const api = new URL(apiUrl);
  return !isOfficial(api.hostname) && (protocol === 'wss:' || protocol === 'ws:') && hostname === api.hostname;
}

function isOfficial(hostname: string): boolean {
  return hostname === 'discord.com' || hostname.endsWith('.discord.com');
}
