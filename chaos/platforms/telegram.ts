import { startTelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { telegramWorld } from '../../test/support/telegram-driver.ts';
import {
  botsFor,
  type Chat,
  LATENCY_MS,
  LEDGER_LIMIT,
  type Platform,
  type PlatformOptions,
  questionIn,
} from '../platform.ts';

const PEOPLE = 8;

/** By webhook as soon as the server has a public address, else by polling: nothing here differs. */
export async function telegram({ rate }: PlatformOptions): Promise<Platform> {
  const sim = await startTelegramSimulator({ ledgerLimit: LEDGER_LIMIT, messagesPerChat: LEDGER_LIMIT });
  sim.setLatency(LATENCY_MS, 'sendMessage');
  const world = telegramWorld(sim);
  const chats: Chat[] = [];
  /** By question, for its story. */
  const asked = new Map<number, { readonly bot_id: number; readonly message_id: number }>();
  const bots = Array.from({ length: botsFor(rate, PEOPLE) }, (_, index) => {
    const bot = sim.createBot({ username: `helper_${index}_bot` });
    for (let person = 0; person < PEOPLE; person++) {
      const chat = sim.privateChat(bot, { name: `Person ${person}` });
      const say = (text: string) => {
        const { message_id } = chat.say(text);
        asked.set(questionIn(text) ?? -1, { bot_id: bot.id, message_id });
        return `${bot.id}/${chat.id}`;
      };
      chats.push({ say });
    }
    return { connect: { bot_token: bot.token } };
  });
  const { ledger } = sim;
  return {
    name: 'telegram',
    env: { TELEGRAM_API_URL: sim.url },
    removesRepeats: false,
    bots,
    chats,
    shown: () =>
      ledger.messages
        .filter(({ deleted }) => !deleted)
        .map(({ bot_id, chat_id, text, at, ambiguous }) => ({
          conversation: `${bot_id}/${chat_id}`,
          text,
          at,
          ambiguous,
        })),
    underWay: () =>
      ledger.calls.filter(({ method, outcome }) => outcome === 'running' && method === 'sendMessage').length,
    misuse: world.misuse,
    impatience: world.impatience,
    story: (number) => {
      const { bot_id, message_id } = asked.get(number) ?? {};
      return [
        ...ledger.updates.filter((update) => update.bot_id === bot_id && update.message_id === message_id),
        ...ledger.calls.filter(({ parameters }) => questionIn(parameters['text']) === number),
        ...ledger.messages.filter(({ text }) => questionIn(text) === number),
      ].map((entry) => JSON.stringify(entry));
    },
    close: () => sim.close(),
  };
}
