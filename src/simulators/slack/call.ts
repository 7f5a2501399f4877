import type { LedgerMessage } from './ledger.ts';
import { Refusal } from './refusal.ts';
import type { Scene } from './scene.ts';
import type { Channel, Install } from './world.ts';

/** One call with a bot's token, as a method gets it: its arguments are of the right types. */
export interface Call {
  readonly scene: Scene;
  readonly install: Install;
  readonly args: Readonly<Record<string, unknown>>;
  /** What it made visible: ambiguous if the answer gets lost. */
  made?: LedgerMessage;
}

/** The body beside `ok`. */
export type Outcome = Readonly<Record<string, unknown>>;
export type Method = (call: Call) => Outcome;

const readScopes = { public: 'channels:read', private: 'groups:read', im: 'im:read', mpim: 'mpim:read' } as const;
const historyScopes = {
  public: 'channels:history',
  private: 'groups:history',
  im: 'im:history',
  mpim: 'mpim:history',
} as const;

/** The channel named in the arguments, if this bot may know of it at all. */
export function channelOf({ scene, install, args }: Call): Channel {
  const channel = scene.world.channels.get(String(args['channel']));
  if (!channel || channel.workspace !== install.workspace) throw new Refusal('channel_not_found');
  if (channel.kind !== 'public' && !channel.members.has(install.user.id)) throw new Refusal('channel_not_found');
  return channel;
}

export function needScope(install: Install, needed: string): void {
  if (install.scopes.has(needed)) return;
  throw new Refusal('missing_scope', { needed, provided: [...install.scopes].join(',') });
}

export function needRead(install: Install, channel: Channel): void {
  needScope(install, readScopes[channel.kind]);
}

export function needHistory(install: Install, channel: Channel): void {
  needScope(install, historyScopes[channel.kind]);
}

export function isIn(install: Install, channel: Channel): boolean {
  return channel.members.has(install.user.id);
}

export function text(args: Call['args'], name: string): string | undefined {
  const value = args[name];
  return typeof value === 'string' ? value : undefined;
}

export function count(args: Call['args'], name: string): number | undefined {
  const value = args[name];
  return typeof value === 'number' ? value : undefined;
}

export function flag(args: Call['args'], name: string): boolean {
  return args[name] === true;
}
