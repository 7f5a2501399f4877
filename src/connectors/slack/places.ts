import type { Integration, Settings } from '../../core/integration.ts';
import type { InboundMessage, Place } from '../../core/message.ts';

export function workspaceOf(of: Settings): string {
  return String(of['workspace_id'] ?? '');
}

export function channelsOf(of: Settings): readonly string[] {
  const ids = of['channel_ids'];
  return Array.isArray(ids) ? ids.map(String) : [];
}

export function wantsDirect(of: Settings): boolean {
  return of['direct_messages'] === true;
}

export function repliesInThread(of: Settings): boolean {
  return of['reply_in'] !== 'channel';
}

/** A direct message with one person; a group's is a channel like any other. */
export function isDirect(channel: string): boolean {
  return channel.startsWith('D');
}

export function listens(settings: Settings, at: Place): boolean {
  if (channelsOf(settings).includes(at.channel)) return true;
  return isDirect(at.channel) && wantsDirect(settings);
}

/** The one that hears a place: a channel belongs to one integration, direct messages to the oldest at work that wants them. */
export function routeAt(routes: readonly Integration[], channel: string): Integration | undefined {
  const hearing = routes.filter(({ settings }) => listens(settings, { channel }));
  return hearing.find(({ enabled }) => enabled) ?? hearing[0];
}

/** All channels that integrations at work name, each once. Direct messages are not among them. */
export function listenedChannels(routes: readonly Integration[]): readonly string[] {
  return [...new Set(routes.filter(({ enabled }) => enabled).flatMap(({ settings }) => channelsOf(settings)))];
}

/** Will somebody answer it? Then its thread is worth following. */
export function willAnswer(message: InboundMessage, routes: readonly Integration[]): boolean {
  const route = routeAt(routes, message.at.channel);
  return route?.enabled === true && message.author.kind === 'person' && (route.autoRespond || message.addressed);
}

/** Stands for all direct messages where one channel would be named. */
export const DIRECT = 'D';

/** The cursors of the bot by name; their values are time stamps. */
export const CURSOR = {
  /**
   * No message of the channel up to this one is taken from anywhere. Direct messages have one together: a first one comes
   * in a channel that nobody knew.
   */
  floorOf: (channel: string) => `from:${isDirect(channel) ? DIRECT : channel}`,
  /** The newest message of a channel's top level up to which its history has been read. */
  channel: (channel: string) => `ch:${channel}`,
  /** The newest reply read in a thread that the bot takes part in. */
  thread: (channel: string, root: string) => `th:${channel}:${root}`,
  /** Which secret has proved itself, and when. */
  events: 'events',
} as const;

/** The thread that a cursor's name is about. */
export function threadOf(cursor: string): { readonly channel: string; readonly root: string } | undefined {
  const [kind, channel, root] = cursor.split(':');
  return kind === 'th' && channel && root ? { channel, root } : undefined;
}
