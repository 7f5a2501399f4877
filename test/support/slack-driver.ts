import type { BotHandle } from '../../src/simulators/slack/apps.ts';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import { type SlackSimulator, startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import type { BotDriver, ChatDriver, PlatformDriver, World } from './driver.ts';

/** An answer that takes longer than this is missing, ms: reading history is rationed, and finds what no push brought. */
const PATIENCE_MS = 90_000;
/** An answer that was given longer ago has been read and stored, even on a busy machine, ms. */
const NOTED_WITHIN_MS = 300;
/**
 * The platform's own second and third retry come after 1 and 5 minutes [S1]; nobody has so much time here. The last one comes
 * when an outage of some ten seconds is over, as theirs does.
 */
const RETRIES_MS = [0, 3_000, 20_000];

type Transport = 'socket' | 'events' | 'polling';

const slackDriver = (transport: Transport): PlatformDriver => ({
  name: `slack by ${transport}`,
  platform: 'slack',
  removesRepeats: true,
  ...(transport === 'events' && { pushes: true, quiet: true }),
  ...(transport === 'socket' && { quiet: true }),
  chats: transport === 'polling' ? 10 : 20,
  async start() {
    const sim = await startSlackSimulator({ settings: { retries: RETRIES_MS } });
    return slackWorld(sim, transport);
  },
});

export const slackBySocket = slackDriver('socket');
export const slackByEvents = slackDriver('events');
export const slackByPolling = slackDriver('polling');

export function slackWorld(sim: SlackSimulator, transport: Transport): World {
  let bots = 0;
  return {
    apiUrl: sim.url,
    bot: async () => bot(sim, transport, ++bots),
    down: (isDown) => (isDown ? sim.down('reset') : sim.up()),
    latency: async (ms) => sim.setLatency(ms),
    misuse: async () => {
      const { counts } = sim.ledger;
      return (
        counts.unknown_arguments +
        counts.type_mismatches +
        counts.missing_arguments +
        counts.malformed_bodies +
        counts.json_reads +
        counts.unknown_methods +
        counts.previews +
        counts.pings +
        counts.reply_ts_as_parent +
        counts.without_metadata +
        counts.double_acks +
        counts.unknown_acks +
        counts.misdirected_acks +
        counts.protocol_errors
      );
    },
    impatience: async () => sim.ledger.counts.sent_while_limited,
    unsettled: async () => {
      const since = Date.now() - NOTED_WITHIN_MS;
      const sends = sim.ledger.calls.filter((call) => call.method === 'chat.postMessage');
      return sends.filter((call) => call.ended_at === undefined || call.ended_at > since).length;
    },
    calls: async ({ identity }) =>
      sim.ledger.calls.filter((call) => identity.endsWith(`/${call.bot}`)).map((call) => call.method),
    close: () => sim.close(),
  };
}

function bot(sim: SlackSimulator, transport: Transport, number: number): BotDriver {
  const workspace = sim.createWorkspace({ name: `Workspace ${number}` });
  const handle = sim.createBot({ username: `helper_${number}`, workspace, socketMode: transport === 'socket' });
  const channels: ChannelHandle[] = [];
  const channel = (people: readonly string[]): ChannelHandle => {
    const members = people.map((name) => sim.createPerson(name, workspace));
    const made = sim.channel({ name: `channel-${channels.length + 1}`, workspace, members: [...members, handle] });
    channels.push(made);
    return made;
  };
  return {
    identity: `${handle.teamId}/${handle.id}`,
    connect: async () => {
      // At least one channel must be named.
      if (channels.length === 0) channel(['Nobody']);
      return {
        bot_token: handle.token,
        workspace_id: workspace.id,
        channel_ids: [...new Set(channels.map(({ id }) => id))],
        ...(transport === 'socket' && { app_token: handle.appToken }),
        ...(transport === 'events' && { signing_secret: handle.signingSecret }),
      };
    },
    connected: async (integration) => {
      if (transport === 'events') sim.setRequestUrl(handle.app, String(integration['events_url']));
    },
    newToken: async () => ({ bot_token: sim.newToken(handle) }),
    revoke: async () => void sim.revokeToken(handle),
    direct: async (person) => new OneThread(channel([person]), handle),
    group: async (people) => {
      const place = channel(people);
      const members = new Map(people.map((name) => [name, sim.createPerson(name, workspace)]));
      return group(place, handle, members);
    },
  };
}

/** Somebody who talks with the bot in a thread of their own: the first message opens it. */
class OneThread implements ChatDriver {
  readonly id: string;
  readonly #channel: ChannelHandle;
  readonly #bot: BotHandle;
  #root: string | undefined;

  constructor(channel: ChannelHandle, bot: BotHandle) {
    this.id = channel.id;
    this.#channel = channel;
    this.#bot = bot;
  }

  async say(text: string, { mention, anew }: { mention?: boolean; anew?: boolean } = {}): Promise<void> {
    if (anew) this.#root = undefined;
    const said = this.#channel.say(text, {
      ...(mention && { mention: this.#bot }),
      ...(this.#root !== undefined && { thread: this.#root }),
    });
    this.#root ??= said.ts;
  }

  async answers(): Promise<readonly string[]> {
    return this.#channel.answers();
  }

  async answered(count: number): Promise<readonly string[]> {
    return await this.#channel.answered(count, AbortSignal.timeout(PATIENCE_MS));
  }
}

function group(
  handle: ChannelHandle,
  bot: BotHandle,
  people: ReadonlyMap<string, ChannelHandle['speaker']>,
): ChatDriver {
  return {
    id: handle.id,
    async say(text, { from, mention, replyToBot } = {}) {
      const speaker = from === undefined ? [...people.values()][0] : people.get(from);
      const answered = handle.transcript().findLast((line) => line.fromBot);
      handle.say(text, {
        ...(speaker && { from: speaker }),
        ...(mention && { mention: bot }),
        ...(replyToBot && answered && { thread: answered.thread_ts ?? answered.ts }),
      });
    },
    answers: async () => handle.answers(),
    answered: (count) => handle.answered(count, AbortSignal.timeout(PATIENCE_MS)),
  };
}
