import type { Self } from './parse.ts';
import { answeredBy, isOurs } from './reconcile.ts';
import type { WireMessage } from './wire.ts';

/**
 * What history shows as answered by us. Whoever reads it hands such messages over to nobody: a store that was restored from
 * a copy does not know them, and would have them answered again (F029).
 */
export function answeredIn(lines: readonly WireMessage[], self: Self): readonly string[] {
  return lines.filter((line) => isOurs(line, self)).flatMap((line) => answeredBy(line) ?? []);
}

/**
 * Is a channel's message answered in its thread, of which the channel's own history tells only who wrote there? Where others
 * wrote, too, the thread itself has to be asked: it may be them who were answered.
 */
export function answeredBelow(line: WireMessage, { userId }: Self): 'yes' | 'perhaps' | 'no' {
  const { reply_count: replies = 0, reply_users: listed, reply_users_count: writers } = line;
  if (!(replies > 0)) return 'no';
  const users = Array.isArray(listed) ? listed : [];
  const ours = users.includes(userId);
  // Not all who wrote are always listed.
  const complete = users.length > 0 && users.length === (writers ?? users.length);
  if (complete && !ours) return 'no';
  return complete && users.length === 1 ? 'yes' : 'perhaps';
}
