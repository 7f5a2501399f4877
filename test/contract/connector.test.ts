import { afterAll, beforeAll, expect } from 'vitest';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { telegram } from '../../src/connectors/telegram/connector.ts';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import type { Connector, PlatformPort } from '../../src/core/connector.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import type { Place } from '../../src/core/message.ts';
import { startTelegramSimulator, type TelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { type HookListener, listenForHooks } from '../support/hook-listener.ts';
import { connectorContract } from './connector.ts';
import type { ContractWorld } from './connector-world.ts';

let pool: Pool;
let hooks: HookListener;
beforeAll(async () => {
  pool = createPool();
  hooks = await listenForHooks(telegram);
});
afterAll(async () => {
  await hooks.close();
  await pool.close();
});

/** Keeps what is logged, to look for secrets in it. */
function keepingLog(lines: string[]): Log {
  const keep = (event: string, fields?: LogFields) => void lines.push(`${event} ${JSON.stringify(fields)}`);
  const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log };
  return log;
}

async function telegramWorld(
  how: (simulator: TelegramSimulator) => Partial<PlatformPort> = () => ({}),
): Promise<ContractWorld> {
  const simulator = await startTelegramSimulator();
  const bot = simulator.createBot({ username: 'contract_bot', privacy: false });
  const other = simulator.createBot({ username: 'other_bot' });
  const group = simulator.group(bot);
  const elsewhere = simulator.group(bot);
  simulator.join(group, other);
  const chats = new Map([group, elsewhere].map((chat) => [String(chat.id), chat]));
  const chatOf = (at: Place) => {
    const chat = chats.get(at.channel);
    if (!chat) throw new Error(`no chat ${at.channel}`);
    return chat;
  };
  const texts = new Map<number, string>();
  const lines: string[] = [];
  const credential = { bot_token: bot.token };
  return {
    port: {
      apiUrl: simulator.url,
      fetch: pool.fetch,
      clock: systemClock,
      random: Math.random,
      log: keepingLog(lines),
      ...how(simulator),
    },
    credential,
    badCredential: { bot_token: `${bot.id}:${'A'.repeat(35)}` },
    settings: { channel_ids: [String(group.id)] },
    here: { channel: String(group.id) },
    there: { channel: String(elsewhere.id) },
    post: async (at, text, how = 'plain') => {
      const chat = chatOf(at);
      const own = chat.transcript().findLast((line) => line.fromBot);
      const said = how === 'mention' ? `@contract_bot ${text}` : text;
      const { updates } = chat.say(said, how === 'reply' && own ? { replyTo: own.message_id } : {});
      const update = updates.get(bot.id);
      if (update !== undefined) texts.set(update, text);
    },
    postAsBot: async (at, text) => {
      const body = { chat_id: Number(at.channel), text: `@contract_bot ${text}` };
      const response = await fetch(`${simulator.url}/bot${other.token}/sendMessage`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(response.ok).toBe(true);
    },
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
    revoke: async () => void simulator.revokeToken(bot),
    expel: async (at) => chatOf(at).remove(bot),
    nextSend: async (fate, seconds = 1) => {
      const parameters = { retry_after: seconds };
      simulator.fail({
        method: 'sendMessage',
        fault:
          fate === 'dropped'
            ? { kind: 'drop' }
            : fate === 'error'
              ? { kind: 'error', status: 500 }
              : { kind: 'error', status: 429, description: 'Too Many Requests', parameters },
      });
    },
    calls: () => simulator.ledger.counts.calls,
    acknowledged: async () =>
      simulator.ledger.updates.flatMap(({ update_id, confirmed_at }) => {
        const text = texts.get(update_id);
        return confirmed_at !== undefined && text !== undefined ? [text] : [];
      }),
    close: async () => {
      const { malformed_bodies, unknown_parameters, type_mismatches, sent_while_limited } = simulator.ledger.counts;
      await simulator.close();
      expect({ malformed_bodies, unknown_parameters, type_mismatches, sent_while_limited }).toEqual({
        malformed_bodies: 0,
        unknown_parameters: 0,
        type_mismatches: 0,
        sent_while_limited: 0,
      });
      expect(lines.join('\n')).not.toContain(credential.bot_token.slice(-20));
    },
  };
}

connectorContract('telegram', { connector: telegram, world: () => telegramWorld() });

/**
 * A webhook is looked after every few minutes: here whenever something happened at the platform that a look could find.
 * Retries and time-outs keep their length.
 */
function attentive({ scene, ledger }: TelegramSimulator): Clock {
  const happened = () => {
    const { pushes, failed_pushes } = ledger.counts;
    const confirmed = ledger.updates.filter((update) => update.confirmed_at !== undefined).length;
    return JSON.stringify([scene.faults.absent, [...scene.world.tokens.keys()], pushes, failed_pushes, confirmed]);
  };
  let seen = happened();
  const sleep = async (ms: number, signal?: AbortSignal) => {
    if (ms <= 12_000) return systemClock.sleep(ms, signal);
    while (!signal?.aborted && happened() === seen) await systemClock.sleep(20, signal);
    seen = happened();
  };
  return { ...systemClock, sleep };
}

/** The listener is there only once the tests run. A sender's time is the usual one: its time-outs are as long as looks are apart. */
const pushed: Connector = {
  ...telegram,
  receiver: (...what) => hooks.connector.receiver(...what),
  sender: (bot, secrets, port) => telegram.sender(bot, secrets, { ...port, clock: systemClock }),
};

connectorContract('telegram by webhook', {
  connector: pushed,
  world: () => telegramWorld((simulator) => ({ hooksUrl: hooks.url, clock: attentive(simulator) })),
});
