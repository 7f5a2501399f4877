import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { discordWorld } from '../../test/support/discord-driver.ts';
import {
  botsFor,
  type Chat,
  LATENCY_MS,
  LEDGER_LIMIT,
  type Platform,
  type PlatformOptions,
  questionIn,
} from '../platform.ts';

const CHANNELS = 8;

export async function discord({ rate }: PlatformOptions): Promise<Platform> {
  const sim = await startDiscordSimulator({ ledgerLimit: LEDGER_LIMIT, messagesPerChannel: LEDGER_LIMIT });
  sim.setLatency(LATENCY_MS);
  const world = discordWorld(sim);
  const chats: Chat[] = [];
  const bots = Array.from({ length: botsFor(rate, CHANNELS) }, (_, index) => {
    const bot = sim.createBot({ username: `helper_${index}` });
    const guild = sim.guild({ name: `Guild ${index}`, bots: [bot] });
    const channels = Array.from({ length: CHANNELS }, (_, number) => sim.channel(guild, { name: `channel-${number}` }));
    for (const channel of channels) {
      const say = (text: string) => {
        channel.say(text);
        return channel.id;
      };
      chats.push({ say });
    }
    return { connect: { bot_token: bot.token, guild_id: guild.id, channel_ids: channels.map(({ id }) => id) } };
  });
  const { ledger } = sim;
  return {
    name: 'discord',
    env: { DISCORD_API_URL: sim.url },
    removesRepeats: true,
    bots,
    chats,
    shown: () =>
      ledger.messages
        .filter(({ visible }) => visible)
        .map(({ channel_id, content, at, ambiguous }) => ({ conversation: channel_id, text: content, at, ambiguous })),
    underWay: () =>
      ledger.calls.filter(
        ({ method, path, outcome }) => outcome === 'running' && method === 'POST' && path.endsWith('/messages'),
      ).length,
    misuse: world.misuse,
    impatience: world.impatience,
    story: (number) => {
      const { channels } = sim.scene.world;
      const asked = ledger.events.filter((event) => {
        const message = channels.get(event.channel_id ?? '')?.messages.get(event.message_id ?? '');
        return event.t === 'MESSAGE_CREATE' && questionIn(message?.content) === number;
      });
      const shown = ledger.messages.filter(({ content }) => questionIn(content) === number);
      return [...asked, ...shown].map((entry) => JSON.stringify(entry));
    },
    close: () => sim.close(),
  };
}
