import { expect } from 'vitest';
import type { Pool } from '../../src/connectors/shared/http.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import type { Place } from '../../src/core/message.ts';
import { startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import type { ContractWorld } from '../contract/connector-world.ts';

/** Keeps what is logged, to look for secrets in it. */
function keepingLog(lines: string[]): Log {
  const keep = (event: string, fields?: LogFields) => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  return log;
}

/** A workspace with one app, whose bot listens by what its secrets allow. */
export async function slackWorld(pool: Pool, transport: 'polling' | 'socket'): Promise<ContractWorld> {
  const simulator = await startSlackSimulator();
  const bot = simulator.createBot({ username: 'contract_bot', socketMode: transport === 'socket' });
  const other = simulator.createBot({ username: 'other_bot' });
  const person = simulator.createPerson('ada');
  const listened = simulator.channel({ name: 'here', members: [bot, other, person] });
  const unheard = simulator.channel({ name: 'there', members: [bot, other, person] });
  const channels = new Map([listened, unheard].map((channel) => [channel.id, channel]));
  const channelOf = (at: Place) => {
    const channel = channels.get(at.channel);
    if (!channel) throw new Error(`no channel ${at.channel}`);
    return channel;
  };
  const lines: string[] = [];
  const credential = { bot_token: bot.token, ...(transport === 'socket' && { app_token: bot.appToken }) };
  const scope = bot.teamId;
  return {
    port: { apiUrl: simulator.url, fetch: pool.fetch, clock: systemClock, random: Math.random, log: keepingLog(lines) },
    credential,
    badCredential: { ...credential, bot_token: `xoxb-1000000000000-1000000000000-${'A'.repeat(24)}` },
    settings: { workspace_id: scope, channel_ids: [listened.id] },
    here: { scope, channel: listened.id },
    there: { scope, channel: unheard.id },
    post: async (at, text, how = 'plain') => {
      const channel = channelOf(at);
      const own = channel.transcript().findLast(({ fromBot }) => fromBot);
      channel.say(text, {
        ...(how === 'mention' && { mention: bot }),
        ...(how === 'reply' && own && { thread: own.thread_ts ?? own.ts }),
      });
    },
    postAsBot: async (at, text) => void channelOf(at).sayAsBot(text, { from: other, mention: bot }),
    transcript: async (at) => {
      const all = channelOf(at).transcript();
      return all.map(({ text, fromBot, thread_ts }) => {
        const answered = all.find(({ ts }) => ts === thread_ts);
        return { text, fromBot, ...(answered && { answers: answered.text }) };
      });
    },
    cut: async () => simulator.cut(),
    down: () => simulator.down('refuse'),
    up: () => simulator.up(),
    revoke: async () => simulator.revokeToken(bot),
    expel: async (at) => channelOf(at).leave(bot),
    nextSend: async (fate, seconds) => simulator.nextSend(fate, seconds),
    calls: () => simulator.ledger.counts.calls,
    acknowledged: async () => simulator.acknowledged(),
    close: async () => {
      const { counts } = simulator.ledger;
      await simulator.close();
      const strict = [
        ...(['pings', 'previews', 'truncated_texts', 'reply_ts_as_parent', 'without_metadata'] as const),
        ...(['unknown_arguments', 'type_mismatches', 'missing_arguments', 'malformed_bodies', 'json_reads'] as const),
        ...(['unknown_methods', 'sent_while_limited', 'late_acks', 'double_acks', 'unknown_acks'] as const),
        ...(['misdirected_acks', 'protocol_errors', 'bad_tickets', 'sockets_refused'] as const),
      ];
      expect(strict.filter((name) => counts[name] > 0)).toEqual([]);
      expect(counts.max_sockets).toBeLessThanOrEqual(2);
      for (const secret of Object.values(credential)) expect(lines.join('\n')).not.toContain(secret.slice(-20));
    },
  };
}
