import type { Settings } from '../../core/integration.ts';
import type { Place } from '../../core/message.ts';

export function guildOf(of: Settings): string | undefined {
  const id = of['guild_id'];
  return typeof id === 'string' ? id : undefined;
}

export function channelsOf(of: Settings): readonly string[] {
  const ids = of['channel_ids'];
  return Array.isArray(ids) ? ids.map(String) : [];
}

export function wantsDirect(of: Settings): boolean {
  return of['direct_messages'] === true;
}

/**
 * A thread that is listed itself is a channel of its own; one below a listed channel has that as its channel. So each
 * place has one claim that covers it, and the narrower one wins.
 */
export function listens(settings: Settings, at: Place): boolean {
  if (at.scope === undefined) return wantsDirect(settings);
  return at.scope === guildOf(settings) && channelsOf(settings).includes(at.channel);
}
