import type { Integration } from '../../core/integration.ts';
import type { Place } from './gap.ts';
import { channelsOf, guildOf, wantsDirect } from './places.ts';
import { directOf, isNewer, newest, POSITION, threadOf } from './positions.ts';
import { isObject, isSnowflake } from './wire.ts';

/** What the platform tells of a guild: its channels, and those of its threads that are not archived. */
export interface Survey {
  readonly channels: unknown;
  readonly threads: unknown;
}

/** In forums nothing is said but in their posts, which are threads [D10]. */
const FORUMS: readonly unknown[] = [15, 16];

interface Seen {
  readonly id: string;
  readonly type: unknown;
  readonly parent: string | undefined;
  readonly last: string | undefined;
}

/** Integrations that are to answer; what others hear while they are paused is never answered. */
export function atWork(routes: readonly Integration[]): readonly Integration[] {
  return routes.filter(({ enabled }) => enabled !== false);
}

/**
 * Places of a guild in which something may have been said after their position. Without a position, and none where
 * listening began, there is nothing to catch up with. Threads that are not listed are archived, or gone: those that had
 * been talked in are looked into once more, because one falls asleep after an hour of silence [D13].
 */
export function behindIn(
  guild: string,
  survey: Survey,
  routes: readonly Integration[],
  cursors: ReadonlyMap<string, string>,
): Place[] {
  const listened = new Set(
    atWork(routes)
      .filter(({ settings }) => guildOf(settings) === guild)
      .flatMap(({ settings }) => channelsOf(settings)),
  );
  const threads = seen(survey.threads);
  const all = new Map([...seen(survey.channels), ...threads].map((one) => [one.id, one]));
  const places: Place[] = [];
  const add = (place: Omit<Place, 'after' | 'last'>, after: string | undefined, known?: Seen) => {
    const { last } = known ?? {};
    if (after === undefined || (known && (last === undefined || !isNewer(last, after)))) return;
    places.push({ ...place, after, ...(last !== undefined && { last }) });
  };
  const floorOf = (channel: string) => cursors.get(POSITION.floor(channel));
  for (const channel of listened) {
    if (FORUMS.includes(all.get(channel)?.type)) continue;
    const name = POSITION.channel(channel);
    add({ name, channel, guild }, cursors.get(name), all.get(channel));
  }
  for (const thread of threads) {
    const { id: channel, parent } = thread;
    if (parent === undefined || !listened.has(parent) || listened.has(channel)) continue;
    const name = POSITION.thread(parent, channel);
    add({ name, channel, parent, guild }, newest(cursors.get(name), floorOf(parent)), thread);
  }
  for (const [name, position] of cursors) {
    const { channel: parent, thread: channel } = threadOf(name) ?? {};
    if (parent === undefined || channel === undefined || !listened.has(parent) || all.has(channel)) continue;
    add({ name, channel, parent, guild, archived: true }, newest(position, floorOf(parent)));
  }
  return places;
}

/** Direct messages: nobody tells where something was said, so each that is known is asked. */
export function behindInDirect(routes: readonly Integration[], cursors: ReadonlyMap<string, string>): Place[] {
  if (!atWork(routes).some(({ settings }) => wantsDirect(settings))) return [];
  return [...cursors].flatMap(([name, after]) => {
    const channel = directOf(name);
    return channel === undefined ? [] : [{ name, channel, after }];
  });
}

function seen(channels: unknown): Seen[] {
  if (!Array.isArray(channels)) return [];
  return channels.filter(isObject).flatMap(({ id, type, parent_id: parent, last_message_id: last }) => {
    if (!isSnowflake(id)) return [];
    return [{ id, type, parent: isSnowflake(parent) ? parent : undefined, last: isSnowflake(last) ? last : undefined }];
  });
}
