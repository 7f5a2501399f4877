import type { BotHandle } from '../../src/simulators/discord/bots.ts';
import type { GuildHandle } from '../../src/simulators/discord/controls.ts';
import type { ChannelHandle } from '../../src/simulators/discord/handles.ts';
import { shown } from '../../src/simulators/discord/shown.ts';
import { type DiscordSimulator, startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import type { BotDriver, ChatDriver, PlatformDriver, World } from './driver.ts';

/** An answer that takes longer than this is missing, ms. */
const PATIENCE_MS = 45_000;
/** An answer that was given longer ago has been read and stored, even on a busy machine, ms. */
const NOTED_WITHIN_MS = 300;

export const discordDriver: PlatformDriver = {
  name: 'discord',
  platform: 'discord',
  removesRepeats: true,
  async start() {
    const sim = await startDiscordSimulator();
    return discordWorld(sim);
  },
};

export function discordWorld(sim: DiscordSimulator): World {
  let bots = 0;
  return {
    apiUrl: sim.url,
    bot: async () => bot(sim, ++bots),
    down: (isDown) => (isDown ? sim.down('reset') : sim.up()),
    latency: async (ms) => sim.setLatency(ms),
    misuse: async () => {
      const { counts, calls } = sim.ledger;
      const refused = calls.filter((call) => call.status === 400).length;
      return (
        counts.pings +
        counts.reply_pings +
        counts.previews +
        counts.unknown_fields +
        counts.nonce_collisions +
        counts.without_nonce +
        counts.wrong_version +
        counts.unknown_routes +
        counts.excessive_identifies +
        counts.protocol_errors +
        refused
      );
    },
    impatience: async () => sim.ledger.counts.called_while_limited,
    unsettled: async () => {
      const since = Date.now() - NOTED_WITHIN_MS;
      const sends = sim.ledger.calls.filter(({ method, path }) => method === 'POST' && path.endsWith('/messages'));
      return sends.filter((call) => call.ended_at === undefined || call.ended_at > since).length;
    },
    calls: async ({ identity }) =>
      sim.ledger.calls.filter((call) => call.bot === identity).map(({ method, path }) => `${method} ${path}`),
    close: () => sim.close(),
  };
}

function bot(sim: DiscordSimulator, number: number): BotDriver {
  const handle = sim.createBot({ username: `helper_${number}` });
  const guild = sim.guild({ name: 'The server', bots: [handle] });
  const channels: ChannelHandle[] = [];
  return {
    identity: handle.id,
    connect: async () => {
      // At least one channel must be named, also where only direct messages matter.
      if (channels.length === 0) channels.push(sim.channel(guild, { name: 'lobby' }));
      return {
        bot_token: handle.token,
        guild_id: guild.id,
        channel_ids: channels.map(({ id }) => id),
      };
    },
    newToken: async () => ({ bot_token: sim.resetToken(handle) }),
    revoke: async () => void sim.resetToken(handle),
    // A test names the places to listen in by their ids, and direct messages have none that could be named.
    direct: async (person) => group(sim, guild, handle, [person], channels),
    group: async (people) => group(sim, guild, handle, people, channels),
  };
}

function group(
  sim: DiscordSimulator,
  guild: GuildHandle,
  handle: BotHandle,
  people: readonly string[],
  channels: ChannelHandle[],
): ChatDriver {
  const channel = sim.channel(guild, { name: `group-${channels.length + 1}` });
  channels.push(channel);
  const members = new Map(people.map((name) => [name, sim.createPerson(name)]));
  for (const person of members.values()) sim.join(guild, person);
  return chat(channel, handle, members);
}

function chat(
  handle: ChannelHandle,
  bot: BotHandle,
  people: ReadonlyMap<string, ChannelHandle['speaker']>,
): ChatDriver {
  return {
    id: handle.id,
    async say(text, { from, mention, replyToBot } = {}) {
      const speaker = from === undefined ? [...people.values()][0] : people.get(from);
      const answered = handle.transcript().findLast((line) => line.fromBot);
      handle.say(text, {
        ...(speaker && { from: speaker }),
        ...(mention && { mention: bot }),
        ...(replyToBot && answered && { replyTo: answered.message_id }),
      });
    },
    // As people see them: what a text holds of the platform's signs is written with a backslash.
    answers: async () => handle.answers().map(shown),
    answered: async (count) => (await handle.answered(count, AbortSignal.timeout(PATIENCE_MS))).map(shown),
  };
}
