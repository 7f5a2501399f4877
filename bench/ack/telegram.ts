import type { TelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import type { Push, Seat, Transport } from './transport.ts';
import { numberIn } from './transport.ts';

/** `count` bots by webhook, each with as many private chats as messages. */
export function telegramTransport(simulator: TelegramSimulator, count: number): Transport {
  const numbers = new Map<string, number>();
  const seats = Array.from({ length: count }, (_, index): Seat => {
    const bot = simulator.createBot({ username: `ada_${index}_bot` });
    return {
      connect: { bot_token: bot.token },
      connected: () => {},
      say: (text) => {
        const { updates } = simulator.privateChat(bot, { name: 'Grace' }).say(text);
        numbers.set(`${bot.id}/${updates.get(bot.id)}`, numberIn(text) ?? Number.NaN);
      },
    };
  });
  return {
    title: 'Telegram, webhook',
    platform: 'telegram',
    name: 'webhook',
    seats,
    pushes: () =>
      simulator.ledger.updates.flatMap(({ bot_id, update_id, pushes = [] }): Push[] => {
        const number = numbers.get(`${bot_id}/${update_id}`);
        const [first] = pushes;
        const ms = first && first.failure === undefined ? first.ms : undefined;
        return number === undefined ? [] : [{ number, ms, attempts: pushes.length }];
      }),
    until: (look, signal) => simulator.waitFor(look, signal),
  };
}
