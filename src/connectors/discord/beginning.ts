import type { Beginning, BeginningState, PlatformPort } from '../../core/connector.ts';
import type { Credential, Settings } from '../../core/integration.ts';
import type { Cursor } from '../../core/message.ts';
import { channelsOf, guildOf, wantsDirect } from './places.ts';
import { directOf, newest, POSITION, threadOf } from './positions.ts';
import { type Ask, createAsk, listOf, objectOf, Refused, unavailable } from './verdict.ts';
import { firstIdAt, isObject, isSnowflake, type WireChannel } from './wire.ts';

/** An answer's time is known to the second, and made by another of the platform's clocks than the ids. */
const TIME_MARGIN_MS = 1_000;

/**
 * The newest message of each channel that begins, threads below it included: ids are made in the order of time, so what
 * is older was said before, wherever, and what comes is newer. Two calls, and one for each thread that is listed.
 */
export async function beginning(
  credential: Credential,
  settings: Settings,
  port: PlatformPort,
  { known, before }: BeginningState,
): Promise<Beginning> {
  const old = before ? channelsOf(before) : [];
  const channels = channelsOf(settings).filter((id) => !old.includes(id));
  const direct = wantsDirect(settings) && !(before && wantsDirect(before));
  try {
    const begun = channels.length === 0 ? [] : await begin(channels, guildOf(settings) ?? '', credential, port);
    const past = [...known.keys()].filter((name) => {
      const thread = threadOf(name);
      return thread ? channels.includes(thread.channel) : direct && directOf(name) !== undefined;
    });
    return { ok: true, cursors: [...begun, ...past.map((name) => ({ name, value: null }))] };
  } catch (error) {
    if (error instanceof Refused) return error.verdict;
    port.log.warn('beginning_unreadable', { error });
    return unavailable();
  }
}

async function begin(
  channels: readonly string[],
  guild: string,
  credential: Credential,
  port: PlatformPort,
): Promise<Cursor[]> {
  let time: number | undefined;
  const ask = createAsk(credential, port, (headers) => {
    const told = Date.parse(headers.get('date') ?? '');
    if (!Number.isNaN(told)) time = Math.min(told, time ?? told);
  });
  const [listed, active] = await Promise.all([
    ask(`/guilds/${guild}/channels`).then(listOf),
    ask(`/guilds/${guild}/threads/active`).then((reply) =>
      reply.kind === 'refused' ? [] : threadsIn(objectOf(reply)),
    ),
  ]);
  const all = new Map<string | undefined, Listed>([...listed, ...active].map((channel) => [channel.id, channel]));
  const cursors: Cursor[] = [];
  for (const id of channels) {
    // A thread that is archived is in neither list.
    const own = all.get(id) ?? (await channel(id, ask));
    const below = active.filter((thread) => thread.parent_id === id);
    // Its own id where nothing was ever said: that is when it was made.
    const value = newest(id, own?.last_message_id, ...below.map((thread) => thread.last_message_id)) ?? id;
    // In archived threads, which are not listed, something newer may stand. Nobody talks there without waking them.
    const floor = time === undefined ? value : (newest(value, firstIdAt(time - TIME_MARGIN_MS)) ?? value);
    cursors.push({ name: POSITION.channel(id), value }, { name: POSITION.floor(id), value: floor });
  }
  return cursors;
}

/** Undefined when the bot may not look at it (any more). */
async function channel(id: string, ask: Ask): Promise<Listed | undefined> {
  const reply = await ask(`/channels/${id}`);
  return reply.kind === 'refused' ? undefined : objectOf(reply);
}

type Listed = WireChannel & { readonly last_message_id?: string | null };

function threadsIn(body: Record<string, unknown>): Listed[] {
  const { threads } = body;
  return Array.isArray(threads) ? threads.filter(isObject).filter(({ id }) => isSnowflake(id)) : [];
}
