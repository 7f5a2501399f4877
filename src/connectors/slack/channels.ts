import { kindOf, lacking, listableTypes } from './scopes.ts';
import { appPage, missingScope, Refused, refusal, rejected, unavailable } from './verdict.ts';
import { isObject, nextCursor, objectsIn, type Reply, type WireChannel } from './wire.ts';

export type Ask = (
  method: 'users.conversations' | 'conversations.info' | 'conversations.join',
  args: Readonly<Record<string, unknown>>,
) => Promise<Reply>;

/** What is known of the bot when its channels are looked at. */
export interface Visitor {
  readonly name: string;
  readonly appId: string | undefined;
  /** Undefined when the platform did not say. */
  readonly scopes: ReadonlySet<string> | undefined;
}

const PAGE = 200;
/** A bot in more channels than these pages hold has the rest looked up one by one. */
const MAX_PAGES = 5;
const AT_ONCE = 8;

/** One of the ways in which channels cannot be used, and the channels of which it is true. */
type Fault = 'not_found' | 'archived' | 'not_a_member';

/** Looks at the channels and joins those that are open to it, once nothing else stands in the way. Throws `Refused`. */
export async function checkChannels(wanted: readonly string[], visitor: Visitor, ask: Ask): Promise<WireChannel[]> {
  const types = listableTypes(visitor.scopes);
  if (types.length === 0) throw new Refused(missingScope(['channels:read', 'groups:read'], visitor.appId));
  const found = await memberships(wanted, types, ask);
  const faults = new Map<string, Fault>();
  const strangers: string[] = [];
  const unseen = wanted.filter((id) => !found.has(id));
  await inTurns(unseen, async (id) => {
    const channel = await look(id, visitor, ask);
    if (!channel) return void faults.set(id, 'not_found');
    found.set(id, channel);
    if (channel.is_im === true || channel.is_member === true) return;
    if (kindOf(channel) === 'channels') strangers.push(id);
    else faults.set(id, 'not_a_member');
  });
  for (const [id, channel] of found) if (channel.is_archived === true) faults.set(id, 'archived');
  refuse(faults, wanted, visitor);
  const channels = wanted.flatMap((id) => found.get(id) ?? []);
  const scopes = lacking(
    visitor.scopes,
    channels.map((channel) => `${kindOf(channel)}:history`),
  );
  if (scopes.length > 0) throw new Refused(missingScope(scopes, visitor.appId));
  await inTurns(strangers, async (id) => {
    const fault = await join(id, visitor, ask);
    if (fault) faults.set(id, fault);
  });
  refuse(faults, wanted, visitor);
  return channels;
}

/** Those of the wanted channels that the bot is in: one call answers for two hundred. */
async function memberships(
  wanted: readonly string[],
  types: readonly string[],
  ask: Ask,
): Promise<Map<string, WireChannel>> {
  const found = new Map<string, WireChannel>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const reply = await ask('users.conversations', { types: types.join(','), limit: PAGE, cursor });
    if (reply.kind !== 'ok') throw new Refused(refusal(reply));
    for (const channel of objectsIn(reply.body, 'channels') as WireChannel[]) {
      if (channel.id !== undefined && wanted.includes(channel.id)) {
        found.set(channel.id, { ...channel, is_member: true });
      }
    }
    cursor = nextCursor(reply.body);
    if (cursor === undefined || found.size === wanted.length) break;
  }
  return found;
}

/** Undefined when there is no such channel, or none that the bot may know of: the platform makes no difference. */
async function look(id: string, { appId }: Visitor, ask: Ask): Promise<WireChannel | undefined> {
  const reply = await ask('conversations.info', { channel: id });
  if (reply.kind === 'ok') {
    const { channel } = reply.body;
    if (!isObject(channel)) throw new Refused(unavailable());
    return channel;
  }
  if (reply.kind !== 'refused') throw new Refused(refusal(reply));
  if (reply.error === 'channel_not_found' || reply.error === 'channel_is_limited_access') return undefined;
  if (reply.error !== 'missing_scope') throw new Refused(refusal(reply));
  // Its kind is unknown, so is the one scope that is needed: the platform names all that would do.
  throw new Refused(missingScope(reply.needed ? reply.needed.split(',') : ['channels:read', 'groups:read'], appId));
}

async function join(id: string, { scopes }: Visitor, ask: Ask): Promise<Fault | undefined> {
  if (lacking(scopes, ['channels:join']).length > 0) return 'not_a_member';
  const reply = await ask('conversations.join', { channel: id });
  if (reply.kind === 'ok') return undefined;
  if (reply.kind !== 'refused') throw new Refused(refusal(reply));
  if (reply.error === 'is_archived') return 'archived';
  return reply.error === 'channel_not_found' ? 'not_found' : 'not_a_member';
}

function refuse(faults: ReadonlyMap<string, Fault>, wanted: readonly string[], { name, appId }: Visitor): void {
  const having = (fault: Fault) => wanted.filter((id) => faults.get(id) === fault);
  const [missing, archived, closed] = [having('not_found'), having('archived'), having('not_a_member')];
  if (missing.length > 0) {
    const message = `There is no channel ${missing.join(', ')} in this workspace, or it is private and the bot is not in it: then write "/invite @${name}" there.`;
    throw new Refused(rejected('channel_not_found', message, undefined, { channel_ids: missing }));
  }
  if (archived.length > 0) {
    const message = `Nobody can write in ${archived.join(', ')}: archived. Name other channels, or bring them back first.`;
    throw new Refused(rejected('channel_archived', message, undefined, { channel_ids: archived }));
  }
  if (closed.length > 0) {
    const message = `The bot is not in ${closed.join(', ')}. Write "/invite @${name}" there, or give the app the scope channels:join for public channels.`;
    throw new Refused(rejected('not_in_channel', message, appPage(appId), { channel_ids: closed }));
  }
}

async function inTurns(ids: readonly string[], act: (id: string) => Promise<void>): Promise<void> {
  for (let at = 0; at < ids.length; at += AT_ONCE) await Promise.all(ids.slice(at, at + AT_ONCE).map(act));
}
