/** The connector alone: a receiver and a sender for each bot, and a port that stores nothing. A program of its own. */
import { discord } from '../../src/connectors/discord/connector.ts';
import { createPool } from '../../src/connectors/shared/http.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { ReceiverPort, Sender } from '../../src/core/connector.ts';
import type { BotId, IntegrationId, ReplrId, UserId } from '../../src/core/ids.ts';
import type { Bot, Integration } from '../../src/core/integration.ts';
import { silentLog } from '../../src/core/log.ts';
import { defaultOptions } from '../../src/core/options.ts';
import type { HolderActions } from './holder.ts';
import { memoryActions } from './memory.ts';
import { obey } from './remote.ts';
import type { WorldBot } from './world.ts';

const pool = createPool();
const never = new AbortController();
const heard = new Set<string>();
/** As the runtime holds them. */
const held: { readonly sender: Sender; readonly run: Promise<void> }[] = [];

function hold(apiUrl: string, { id, token, guildId, channelId }: WorldBot): Promise<void> {
  const bot: Bot = { id: `bot_${id}` as BotId, platform: 'discord', identity: id, profile: {} };
  const routes: readonly Integration[] = [
    {
      id: `int_${id}` as IntegrationId,
      userId: 'usr_1' as UserId,
      replrId: 'rep_1' as ReplrId,
      botId: bot.id,
      platform: 'discord',
      identity: id,
      settings: { guild_id: guildId, channel_ids: [channelId] },
      options: defaultOptions,
      enabled: true,
      autoRespond: true,
      messageCount: 0,
      connectedAt: Date.now(),
      lastMessageAt: null,
      health: { state: 'connecting', transport: 'unknown', since: Date.now() },
      notices: [],
    },
  ];
  const world = { apiUrl, fetch: pool.fetch, clock: systemClock, random: Math.random, log: silentLog };
  return new Promise((resolve) => {
    const port: ReceiverPort = {
      ...world,
      cursors: new Map(),
      routes: () => routes,
      accept: async (messages) => {
        if (messages.length > 0) heard.add(id);
      },
      moved: async () => {},
      join: async () => {},
      report: ({ state }) => {
        if (state === 'connected') resolve();
      },
    };
    const sender = discord.sender(bot, { bot_token: token }, world);
    held.push({ sender, run: discord.receiver(bot, { bot_token: token }, port).run(never.signal) });
  });
}

const actions: HolderActions = {
  ...memoryActions,
  open: async ({ url, bots }) => void (await Promise.all(bots.map((bot) => hold(url, bot)))),
  heard: () => heard.size,
};

obey(actions);
