/** The platform, in a process of its own: what it holds of a bot must not count. */
import type { ChannelHandle } from '../../src/simulators/discord/handles.ts';
import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { obey } from './remote.ts';

/** One bot and the channel of its own guild that it listens in. */
export interface WorldBot {
  readonly id: string;
  readonly token: string;
  readonly guildId: string;
  readonly channelId: string;
}

const simulator = await startDiscordSimulator({ ledgerLimit: 100, messagesPerChannel: 10 });
const channels: ChannelHandle[] = [];

const actions = {
  url: (): string => simulator.url,
  people: (count: number): WorldBot[] =>
    Array.from({ length: count }, () => {
      const bot = simulator.createBot({ username: `idle_${channels.length}` });
      const guild = simulator.guild({ name: 'Guild', bots: [bot] });
      const channel = simulator.channel(guild);
      channels.push(channel);
      return { id: bot.id, token: bot.token, guildId: guild.id, channelId: channel.id };
    }),
  /** Bots with a live connection that has been told READY. */
  ready: (): number => simulator.connections().filter((it) => it.session !== undefined).length,
  /** One message to each of so many bots, chosen at random. */
  speak: (count: number): void => {
    const left = [...channels];
    for (let said = 0; said < count; said++) {
      const [channel] = left.splice(Math.floor(Math.random() * left.length), 1);
      channel?.say('Are you open on Friday evening?');
    }
  },
  counts: () => simulator.ledger.counts,
};
export type World = typeof actions;

obey(actions);
