import type { BotHandle } from '../../src/simulators/slack/apps.ts';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import { startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import { slackWorld } from '../../test/support/slack-driver.ts';
import {
  botsFor,
  type Chat,
  LATENCY_MS,
  LEDGER_LIMIT,
  type Platform,
  type PlatformOptions,
  questionIn,
} from '../platform.ts';

const CHANNELS = 4;
/** People open a new thread with each so many-th question, and go on in it: history is read of channels and of threads. */
const THREAD = 12;
/** The platform's own second and third retry come after 1 and 5 minutes [S1]; nobody has so much time here. */
const RETRIES_MS = [0, 2_000, 5_000];

export async function slack({ rate, webhooks }: PlatformOptions): Promise<Platform> {
  const sim = await startSlackSimulator({ ledgerLimit: LEDGER_LIMIT, settings: { retries: RETRIES_MS } });
  sim.setLatency(LATENCY_MS);
  const world = slackWorld(sim, webhooks ? 'events' : 'socket');
  const chats: Chat[] = [];
  const bots = Array.from({ length: botsFor(rate, CHANNELS) }, (_, index) => {
    const workspace = sim.createWorkspace({ name: `Workspace ${index}` });
    const bot = sim.createBot({ username: `helper_${index}`, workspace, socketMode: !webhooks });
    const channels = Array.from({ length: CHANNELS }, (_, number) =>
      sim.channel({ name: `channel-${number}`, workspace, members: [bot] }),
    );
    chats.push(...channels.map(inThreads));
    return {
      connect: {
        bot_token: bot.token,
        workspace_id: workspace.id,
        channel_ids: channels.map(({ id }) => id),
        ...secretOf(bot, webhooks),
      },
      connected: (integration: Record<string, unknown>) => {
        if (webhooks) sim.setRequestUrl(bot.app, String(integration['events_url']));
      },
    };
  });
  const { ledger } = sim;
  const events = (number: number) =>
    ledger.events.filter((event) => event.type === 'message' && event.by_person && questionIn(event.text) === number);
  return {
    name: 'slack',
    env: { SLACK_API_URL: sim.url },
    removesRepeats: true,
    bots,
    chats,
    shown: () =>
      ledger.messages
        .filter(({ visible }) => visible)
        .map(({ channel, thread_ts, text, at, ambiguous }) => ({
          ...{ conversation: `${channel}/${thread_ts}`, text, at, ambiguous },
        })),
    underWay: () =>
      ledger.calls.filter(({ method, outcome }) => outcome === 'running' && method === 'chat.postMessage').length,
    handedOver: (number) => {
      const [event] = events(number);
      const offeredAt = event?.attempts[0]?.at;
      return event && offeredAt !== undefined ? { offeredAt, takenAt: event.acked_at } : undefined;
    },
    misuse: world.misuse,
    impatience: world.impatience,
    story: (number) => {
      const shown = ledger.messages.filter(({ text }) => questionIn(text) === number);
      return [...events(number), ...shown].map((entry) => JSON.stringify(entry));
    },
    close: () => sim.close(),
  };
}

const secretOf = (bot: BotHandle, webhooks: boolean) =>
  webhooks ? { signing_secret: bot.signingSecret } : { app_token: bot.appToken };

function inThreads(channel: ChannelHandle): Chat {
  let said = 0;
  let root = '';
  return {
    say: (text) => {
      if (said++ % THREAD === 0) root = channel.say(text).ts;
      else channel.say(text, { thread: root });
      return `${channel.id}/${root}`;
    },
  };
}
