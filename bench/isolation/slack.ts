import type { BotHandle } from '../../src/simulators/slack/apps.ts';
import type { Fault } from '../../src/simulators/slack/faults.ts';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import { startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import { ALWAYS, again, type Crowd, LEDGER_LIMIT, news, type Trouble } from './crowd.ts';

const SEND = 'chat.postMessage';
/** The platform's own second and third retry come after 1 and 5 minutes [S1]; nobody has so much time here. */
const RETRIES_MS = [0, 2_000, 5_000];
/** People open a new thread with each so many-th question. */
const THREAD = 12;

/** Method, name, what happens, whether everything arrives in the end. */
const failures: readonly (readonly [string, string, Fault, boolean])[] = [
  [SEND, '429 for 10 s', { kind: 'rate_limit', retryAfter: 10 }, true],
  [SEND, '503 with a page', { kind: 'html', status: 503 }, true],
  [SEND, 'garbage', { kind: 'html', status: 200, body: '{"ok":' }, false],
  [SEND, 'internal error', { kind: 'error', error: 'internal_error' }, false],
  [SEND, 'never answered', { kind: 'hang' }, true],
  [SEND, 'sent, never answered', { kind: 'hang_after' }, true],
  [SEND, 'sent, cut off', { kind: 'drop' }, true],
  [SEND, 'sent, called fatal', { kind: 'fatal_after' }, true],
  [SEND, 'reset', { kind: 'refuse' }, true],
  [SEND, 'archived', { kind: 'error', error: 'is_archived' }, false],
  [SEND, 'no such channel', { kind: 'error', error: 'channel_not_found' }, false],
];

export async function slack(count: number): Promise<Crowd> {
  const sim = await startSlackSimulator({ ledgerLimit: LEDGER_LIMIT, settings: { retries: RETRIES_MS } });
  const bots = Array.from({ length: count }, (_, index) => {
    const workspace = sim.createWorkspace({ name: `Workspace ${index}` });
    return sim.createBot({ username: `crowd_${index}`, workspace, socketMode: true });
  });
  const channels = bots.map((bot) => sim.channel({ workspace: { id: bot.teamId }, members: [bot] }));
  const { ledger } = sim;
  const shown = news(ledger.messages);
  const bot = (seat: number): BotHandle => {
    const found = bots[seat];
    if (!found) throw new Error(`no seat ${seat}`);
    return found;
  };
  const failing = (method: string, name: string, fault: Fault, passes: boolean): Trouble => ({
    name: `${method}: ${name}`,
    passes,
    begin: (seat) => {
      return sim.fail({ method, fault, times: ALWAYS, botId: bot(seat).id });
    },
  });
  const repeated = (name: string, action: (bot: BotHandle) => void): Trouble => ({
    name,
    passes: true,
    begin: (seat) => {
      const end = again(() => action(bot(seat)), 1_000);
      return () => void end();
    },
  });
  /** A socket that is there and useless, until the platform gives up on it. */
  const useless = (name: string, set: (bot: BotHandle, on: boolean) => void): Trouble => ({
    name,
    passes: true,
    begin: (seat) => {
      set(bot(seat), true);
      return () => {
        set(bot(seat), false);
        sim.cutSockets(bot(seat).app);
        return undefined;
      };
    },
  });
  return {
    platform: 'slack',
    env: { SLACK_API_URL: sim.url },
    seats: bots.map((one, index) => ({
      connect: {
        bot_token: one.token,
        app_token: one.appToken,
        workspace_id: one.teamId,
        channel_ids: [channels[index]?.id],
      },
      say: inThreads(channels[index]),
    })),
    troubles: [
      ...failures.map((failure) => failing(...failure)),
      repeated('socket cut again and again', ({ app }) => sim.cutSockets(app)),
      repeated('refresh asked for again and again', ({ app }) => sim.disconnect('refresh_requested', app)),
      repeated('too many sockets again and again', ({ app }) => sim.disconnect('too_many_websockets', app)),
      repeated('garbage: broken text', ({ app }) => sim.garbage(app)),
      repeated('garbage: 1 MB', ({ app }) => sim.garbage(app, 'x'.repeat(1 << 20))),
      useless('socket open but deaf', ({ app }, on) => sim.deafen(app, on)),
      useless('socket half-open', ({ app }, on) => sim.freeze(app, on)),
      useless('socket without pings', ({ app }, on) => sim.silence(app, on)),
      useless('Socket Mode switched off', ({ app }, on) => sim.setSocketMode(app, !on)),
      useless('history capped', ({ app }, on) => {
        sim.setCapped(app, on);
        if (on) sim.cutSockets(app);
      }),
      {
        name: 'dead token',
        passes: true,
        begin: (seat) => {
          sim.revokeToken(bot(seat));
          return () => ({ bot_token: sim.newToken(bot(seat)) });
        },
      },
    ],
    shown: () => shown().map(({ text, at }) => ({ text, at })),
    ambiguous: () => ledger.counts.ambiguous,
    close: () => sim.close(),
  };
}

function inThreads(channel: ChannelHandle | undefined): (text: string) => void {
  let said = 0;
  let root = '';
  return (text) => {
    if (said++ % THREAD === 0) root = channel?.say(text).ts ?? '';
    else channel?.say(text, { thread: root });
  };
}
