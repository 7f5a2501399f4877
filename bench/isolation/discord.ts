import type { BotHandle } from '../../src/simulators/discord/bots.ts';
import type { Fault } from '../../src/simulators/discord/faults.ts';
import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { ALWAYS, again, type Crowd, LEDGER_LIMIT, news, type Trouble } from './crowd.ts';

/** Part of the path, name, what happens, whether everything arrives in the end. */
const failures: readonly (readonly [string, string, Fault, boolean])[] = [
  ['/messages', '429 for 10 s', { kind: 'rate_limit', scope: 'user', retryAfter: 10 }, true],
  ['/messages', '429 for everything', { kind: 'rate_limit', scope: 'global', retryAfter: 5 }, true],
  ['/messages', '503 with a page', { kind: 'html', status: 503 }, true],
  ['/messages', 'garbage', { kind: 'html', status: 200, body: '{"id":' }, false],
  ['/messages', '500', { kind: 'error', status: 500 }, true],
  ['/messages', 'never answered', { kind: 'hang' }, true],
  ['/messages', 'sent, never answered', { kind: 'hang_after' }, true],
  ['/messages', 'sent, cut off', { kind: 'drop' }, true],
  ['/messages', 'reset', { kind: 'refuse' }, true],
  ['/messages', 'no permission', { kind: 'error', status: 403, code: 50013 }, false],
  ['/messages', 'channel gone', { kind: 'error', status: 404, code: 10003 }, false],
];

export async function discord(count: number): Promise<Crowd> {
  const sim = await startDiscordSimulator({ ledgerLimit: LEDGER_LIMIT });
  const bots = Array.from({ length: count }, (_, index) => sim.createBot({ username: `crowd_${index}` }));
  const guilds = bots.map((bot, index) => sim.guild({ name: `Guild ${index}`, bots: [bot] }));
  const channels = guilds.map((guild) => sim.channel(guild));
  const { ledger } = sim;
  const shown = news(ledger.messages);
  const bot = (seat: number): BotHandle => {
    const found = bots[seat];
    if (!found) throw new Error(`no seat ${seat}`);
    return found;
  };
  const failing = failures.map(
    ([path, name, fault, passes]): Trouble => ({
      name: `POST messages: ${name}`,
      passes,
      begin: (seat) => {
        return sim.fail({ method: 'POST', path, fault, times: ALWAYS, botId: bot(seat).id });
      },
    }),
  );
  const repeated = (name: string, action: (bot: BotHandle) => void): Trouble => ({
    name,
    passes: true,
    begin: (seat) => {
      const end = again(() => action(bot(seat)), 1_000);
      return () => void end();
    },
  });
  return {
    platform: 'discord',
    env: { DISCORD_API_URL: sim.url },
    seats: bots.map((one, index) => ({
      connect: { bot_token: one.token, guild_id: guilds[index]?.id, channel_ids: [channels[index]?.id] },
      say: (text) => void channels[index]?.say(text),
    })),
    troubles: [
      ...failing,
      repeated('gateway closed again and again', (one) => sim.closeGateway(4000, one)),
      repeated('reconnect asked for again and again', (one) => sim.op7(one)),
      repeated('session invalid again and again', (one) => sim.invalidateSessions(one, false)),
      repeated('garbage: broken text', (one) => sim.garbage(one, 'text')),
      repeated('garbage: binary', (one) => sim.garbage(one, 'binary')),
      repeated('garbage: 8 MB', (one) => sim.garbage(one, 'oversize')),
      repeated('garbage: unknown event', (one) => sim.garbage(one, 'unknown_event')),
      {
        name: 'gateway open but dead',
        passes: true,
        begin: (seat) => {
          sim.zombie(bot(seat));
          return () => {
            sim.zombie(bot(seat), false);
            sim.closeGateway(4000, bot(seat));
            return undefined;
          };
        },
      },
      {
        name: 'dead token',
        passes: true,
        begin: (seat) => {
          const bot_token = sim.resetToken(bot(seat));
          return () => ({ bot_token });
        },
      },
      {
        name: 'intent taken away',
        passes: true,
        begin: (seat) => {
          sim.setIntent(bot(seat), 'messageContent', false);
          sim.closeGateway(4014, bot(seat));
          return () => {
            sim.setIntent(bot(seat), 'messageContent', true);
            return { bot_token: bot(seat).token };
          };
        },
      },
    ],
    shown: () => shown().map(({ content, at }) => ({ text: content, at })),
    ambiguous: () => ledger.counts.ambiguous,
    close: () => sim.close(),
  };
}
