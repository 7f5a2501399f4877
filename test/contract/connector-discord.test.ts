import { afterAll, beforeAll, expect } from 'vitest';
import { discord } from '../../src/connectors/discord/connector.ts';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import type { Place } from '../../src/core/message.ts';
import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { connectorContract } from './connector.ts';
import type { ContractWorld } from './connector-world.ts';

let pool: Pool;
beforeAll(() => {
  pool = createPool();
});
afterAll(() => pool.close());

/** Keeps what is logged, to look for secrets in it. */
function keepingLog(lines: string[]): Log {
  const keep = (event: string, fields?: LogFields) => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  return log;
}

async function discordWorld(): Promise<ContractWorld> {
  const simulator = await startDiscordSimulator();
  const bot = simulator.createBot({ username: 'contract_bot' });
  const other = simulator.createBot({ username: 'other_bot' });
  const guild = simulator.guild({ bots: [bot, other] });
  const listened = simulator.channel(guild, { name: 'here' });
  const unheard = simulator.channel(guild, { name: 'there' });
  const chats = new Map([listened, unheard].map((channel) => [channel.id, channel]));
  const chatOf = (at: Place) => {
    const chat = chats.get(at.channel);
    if (!chat) throw new Error(`no channel ${at.channel}`);
    return chat;
  };
  const lines: string[] = [];
  const credential = { bot_token: bot.token };
  return {
    port: { apiUrl: simulator.url, fetch: pool.fetch, clock: systemClock, random: Math.random, log: keepingLog(lines) },
    credential,
    badCredential: { bot_token: `${Buffer.from(bot.id).toString('base64url')}.AAAAAA.${'A'.repeat(38)}` },
    settings: { guild_id: guild.id, channel_ids: [listened.id] },
    here: { scope: guild.id, channel: listened.id },
    there: { scope: guild.id, channel: unheard.id },
    post: async (at, text, how = 'plain') => {
      const chat = chatOf(at);
      const own = chat.transcript().findLast((line) => line.fromBot);
      chat.say(text, {
        ...(how === 'mention' && { mention: bot }),
        ...(how === 'reply' && own && { replyTo: own.message_id }),
      });
    },
    postAsBot: async (at, text) => chatOf(at).say(text, { from: other, mention: bot }) && undefined,
    transcript: async (at) => {
      const all = chatOf(at).transcript();
      return all.map(({ text, fromBot, reply_to }) => {
        const answered = all.find((line) => line.message_id === reply_to);
        return { text, fromBot, ...(answered && { answers: answered.text }) };
      });
    },
    cut: async () => simulator.cut(),
    down: () => simulator.down('refuse'),
    up: () => simulator.up(),
    revoke: async () => void simulator.resetToken(bot),
    expel: async () => simulator.kick(bot, guild),
    nextSend: async (fate, retryAfter = 1) =>
      void simulator.fail({
        method: 'POST',
        path: '/messages',
        fault:
          fate === 'dropped'
            ? { kind: 'drop' }
            : fate === 'error'
              ? { kind: 'error', status: 500 }
              : { kind: 'rate_limit', scope: 'user', retryAfter },
      }),
    calls: () => simulator.ledger.counts.calls,
    acknowledged: async () => [],
    close: async () => {
      const { counts } = simulator.ledger;
      await simulator.close();
      const strict = [
        ...(['pings', 'reply_pings', 'previews', 'unknown_fields', 'nonce_collisions', 'without_nonce'] as const),
        ...(['called_while_limited', 'wrong_version', 'unknown_routes', 'hasty_identifies'] as const),
        ...(['excessive_identifies', 'misdirected_resumes', 'missed_heartbeats', 'protocol_errors'] as const),
      ];
      expect(strict.filter((name) => counts[name] > 0)).toEqual([]);
      expect(lines.join('\n')).not.toContain(credential.bot_token.slice(-20));
    },
  };
}

connectorContract('discord', {
  connector: discord,
  world: discordWorld,
  skip: {
    'acknowledges only what has been accepted':
      'the platform is never told; what a heartbeat and a resume name is tested with the gateway',
  },
});
