import type { BotHandle } from '../../src/simulators/telegram/bots.ts';
import type { Fault } from '../../src/simulators/telegram/faults.ts';
import { startTelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { ALWAYS, again, type Crowd, type End, LEDGER_LIMIT, news, question, type Trouble } from './crowd.ts';

const HTML = '<html><body>502 Bad Gateway</body></html>';
const error = (status: number, description: string, more: object = {}): Fault => ({
  kind: 'error',
  status,
  description,
  ...more,
});

/** Method, name, what happens, whether everything arrives in the end. */
const failures: readonly (readonly [string, string, Fault, boolean])[] = [
  [
    'sendMessage',
    '429 for 10 s',
    error(429, 'Too Many Requests: retry after 10', { parameters: { retry_after: 10 } }),
    true,
  ],
  ['sendMessage', '502 with a page', error(502, 'Bad Gateway', { body: HTML }), true],
  ['sendMessage', 'garbage', error(200, 'OK', { body: '{"ok":tru' }), false],
  ['sendMessage', 'never answered', { kind: 'hang' }, false],
  ['sendMessage', 'sent, never answered', { kind: 'hang_after' }, false],
  ['sendMessage', 'sent, cut off', { kind: 'drop' }, false],
  // Nobody can tell that nothing arrived: it is repeated once and no more.
  ['sendMessage', 'reset', { kind: 'refuse' }, false],
  ['sendMessage', 'blocked by the user', error(403, 'Forbidden: bot was blocked by the user'), false],
  ['sendMessage', 'no such chat', error(400, 'Bad Request: chat not found'), false],
  ['getUpdates', 'another poller', error(409, 'Conflict: terminated by other getUpdates request'), true],
  ['getUpdates', '502 with a page', error(502, 'Bad Gateway', { body: HTML }), true],
  ['getUpdates', 'garbage', error(200, 'OK', { body: '[[[' }), true],
  ['getUpdates', '1 MB of it', error(200, 'OK', { body: 'x'.repeat(1 << 20) }), true],
  ['getUpdates', 'never answered', { kind: 'hang' }, true],
  ['getUpdates', 'reset', { kind: 'refuse' }, true],
  [
    'getUpdates',
    '429 for 10 s',
    error(429, 'Too Many Requests: retry after 10', { parameters: { retry_after: 10 } }),
    true,
  ],
  ['*', 'every call refused', error(500, 'Internal Server Error'), true],
];

export async function telegram(count: number): Promise<Crowd> {
  const sim = await startTelegramSimulator({ ledgerLimit: LEDGER_LIMIT });
  const bots = Array.from({ length: count }, (_, index) => sim.createBot({ username: `crowd_${index}_bot` }));
  const chats = bots.map((bot) => sim.privateChat(bot, { name: 'Ada' }));
  const { ledger } = sim;
  const shown = news(ledger.messages);
  const bot = (seat: number): BotHandle => {
    const found = bots[seat];
    if (!found) throw new Error(`no seat ${seat}`);
    return found;
  };
  const failing = failures.map(([method, name, fault, passes]): Trouble => {
    const begin = (seat: number): End => {
      return sim.fail({ method, fault, times: ALWAYS, botId: bot(seat).id });
    };
    return { name: `${method === '*' ? 'all' : method}: ${name}`, passes, begin };
  });
  return {
    platform: 'telegram',
    env: { TELEGRAM_API_URL: sim.url },
    seats: bots.map((one, index) => ({
      connect: { bot_token: one.token },
      say: (text) => void chats[index]?.say(text),
    })),
    troubles: [
      ...failing,
      {
        name: 'dead token',
        passes: true,
        begin: (seat) => {
          const bot_token = sim.revokeToken(bot(seat));
          return () => ({ bot_token });
        },
      },
      {
        name: 'webhook of another product',
        passes: true,
        begin: (seat) => {
          sim.setForeignWebhook(bot(seat));
          return () => {
            sim.setForeignWebhook(bot(seat), '');
            return undefined;
          };
        },
      },
      {
        name: 'flood: 50 messages a second',
        passes: false,
        begin: (seat) => {
          const end = again(() => void chats[seat]?.say(question(0)), 20);
          return () => void end();
        },
      },
    ],
    shown: () => shown().map(({ text, at }) => ({ text, at })),
    ambiguous: () => ledger.counts.ambiguous,
    close: () => sim.close(),
  };
}
