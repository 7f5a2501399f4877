import type { ChatHandle } from '../../src/simulators/telegram/handles.ts';
import { startTelegramSimulator, type TelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import type { BotDriver, ChatDriver, PlatformDriver, World } from './driver.ts';

/** An answer that takes longer than this is missing, ms. */
const PATIENCE_MS = 45_000;
/** An answer that was given longer ago has been read and stored, even on a busy machine, ms. */
const NOTED_WITHIN_MS = 300;

export const telegramDriver: PlatformDriver = {
  name: 'telegram',
  platform: 'telegram',
  removesRepeats: false,
  async start() {
    const sim = await startTelegramSimulator();
    return telegramWorld(sim);
  },
};

/** The server has a public address, so the platform pushes. */
export const telegramByWebhook: PlatformDriver = {
  ...telegramDriver,
  name: 'telegram by webhook',
  pushes: true,
  serial: true,
  quiet: true,
};

export function telegramWorld(sim: TelegramSimulator): World {
  let bots = 0;
  return {
    apiUrl: sim.url,
    bot: async () => bot(sim, ++bots),
    down: (isDown) => (isDown ? sim.down('reset') : sim.up()),
    latency: async (ms) => sim.setLatency(ms),
    misuse: async () => {
      const { counts } = sim.ledger;
      const refused = sim.ledger.calls.filter((call) => call.status === 400).length;
      return (
        counts.unknown_parameters +
        counts.type_mismatches +
        counts.malformed_bodies +
        counts.unsupported_methods +
        counts.previews +
        counts.mentions +
        counts.ignored_entities +
        refused
      );
    },
    impatience: async () => sim.ledger.counts.sent_while_limited,
    unsettled: async () => {
      const since = Date.now() - NOTED_WITHIN_MS;
      const sends = sim.ledger.calls.filter((call) => /^send(?:Message|Document)$/.test(call.method));
      return sends.filter((call) => call.ended_at === undefined || call.ended_at > since).length;
    },
    calls: async ({ identity }) =>
      sim.ledger.calls.filter((call) => call.bot_id === Number(identity)).map((call) => call.method),
    close: () => sim.close(),
  };
}

function bot(sim: TelegramSimulator, number: number): BotDriver {
  const handle = sim.createBot({ username: `helper_${number}_bot`, privacy: false });
  return {
    identity: String(handle.id),
    connect: async () => ({ bot_token: handle.token }),
    newToken: async () => ({ bot_token: sim.revokeToken(handle) }),
    revoke: async () => void sim.revokeToken(handle),
    direct: async (person) => chat(sim.privateChat(handle, { name: person }), handle.username, new Map()),
    group: async (people) => {
      const group = sim.group(handle, { title: 'The group' });
      const members = new Map(people.map((name) => [name, sim.createPerson(name)]));
      for (const person of members.values()) sim.join(group, person);
      return chat(group, handle.username, members);
    },
  };
}

function chat(handle: ChatHandle, username: string, people: ReadonlyMap<string, ChatHandle['speaker']>): ChatDriver {
  return {
    id: String(handle.id),
    async say(text, { from, mention, replyToBot } = {}) {
      const speaker = from === undefined ? [...people.values()][0] : people.get(from);
      const answered = handle.transcript().findLast((line) => line.fromBot);
      handle.say(mention ? `@${username} ${text}` : text, {
        ...(speaker && { from: speaker }),
        ...(replyToBot && answered && { replyTo: answered.message_id }),
      });
    },
    answers: async () => handle.answers(),
    answered: (count) => handle.answered(count, AbortSignal.timeout(PATIENCE_MS)),
  };
}
