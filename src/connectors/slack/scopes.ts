import type { WireChannel } from './wire.ts';

/** What the token may do, by the header that comes with each answer [S15]. Undefined where the header is missing. */
export function scopesIn(headers: Headers): ReadonlySet<string> | undefined {
  const header = headers.get('x-oauth-scopes');
  if (header === null) return undefined;
  return new Set(
    header
      .split(',')
      .map((scope) => scope.trim())
      .filter(Boolean),
  );
}

/** Whether they are granted; nothing is held against a token of which we do not know. */
export function lacking(granted: ReadonlySet<string> | undefined, needed: readonly string[]): string[] {
  return granted ? [...new Set(needed)].filter((scope) => !granted.has(scope)) : [];
}

type Kind = 'channels' | 'groups' | 'im' | 'mpim';

/** The family of scopes that rules a channel. Old ids of group direct messages begin like those of private channels. */
export function kindOf(channel: WireChannel): Kind {
  if (channel.is_im === true) return 'im';
  if (channel.is_mpim === true) return 'mpim';
  return channel.is_private === true ? 'groups' : 'channels';
}

const TYPES: Readonly<Record<Kind, string>> = {
  channels: 'public_channel',
  groups: 'private_channel',
  mpim: 'mpim',
  im: 'im',
};

/** Of `users.conversations`: asking for a type without its scope is refused as a whole. */
export function listableTypes(granted: ReadonlySet<string> | undefined): string[] {
  const kinds = Object.keys(TYPES) as Kind[];
  const readable = granted ? kinds.filter((kind) => granted.has(`${kind}:read`)) : kinds.slice(0, 2);
  return readable.map((kind) => TYPES[kind]);
}
