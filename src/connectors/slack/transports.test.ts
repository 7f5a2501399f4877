import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenForHooks } from '../../../test/support/hook-listener.ts';
import { createManualClock, type ManualClock } from '../../../test/support/manual-clock.ts';
import { joinAlone } from '../../../test/support/shared-link.ts';
import type { Health } from '../../core/health.ts';
import type { Bot, Credential, Integration } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import type { Cursor, InboundMessage } from '../../core/message.ts';
import { type SlackSimulator, startSlackSimulator } from '../../simulators/slack/simulator.ts';
import { slack } from './connector.ts';

/** The whole of receiving against the simulator; time passes only where a test lets it. */
let there: SlackSimulator;
let clock: ManualClock;
const open: (() => Promise<void>)[] = [];
beforeEach(async () => {
  clock = createManualClock();
  // Both ends live by the same clock; what the platform does by itself waits for real time, or to be told.
  there = await startSlackSimulator({ limits: false, now: () => clock.now() });
});
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
  const { counts } = there.ledger;
  await there.close();
  const strict = ['double_acks', 'unknown_acks', 'misdirected_acks', 'protocol_errors', 'unknown_arguments'] as const;
  expect(strict.filter((name) => counts[name] > 0)).toEqual([]);
});

function scene({ connector = slack, socketMode = true, more = {} } = {}) {
  const bot = there.createBot({ socketMode, username: 'aria' });
  const channel = there.channel({ name: 'here', members: [bot] });
  const known: Bot = {
    id: 'bot_1',
    platform: 'slack',
    identity: `${bot.teamId}/${bot.id}`,
    profile: { team: bot.teamId, userId: bot.id, botId: bot.botId, appId: bot.appId, name: 'aria' },
  };
  const settings = { workspace_id: bot.teamId, channel_ids: [channel.id], ...more };
  const routes = [{ settings, enabled: true, autoRespond: true, connectedAt: clock.now() } as unknown as Integration];
  const cursors = new Map([
    [`ch:${channel.id}`, '0.000000'],
    ['from:D', '0.000000'],
  ]);
  /** As the store keeps them: each once. */
  const stored = new Map<string, string>();
  const health: Omit<Health, 'since'>[] = [];
  const accept = async (messages: readonly InboundMessage[], moved: readonly Cursor[]) => {
    for (const { id, text, author } of messages) if (author.kind === 'person') stored.set(id, text);
    for (const { name, value } of moved) value === null ? cursors.delete(name) : cursors.set(name, value);
  };
  const start = (credential: Credential) => {
    const port = { apiUrl: there.url, fetch, clock, random: () => 0.5, log: silentLog };
    const stopping = new AbortController();
    const over = connector.receiver(known, credential, {
      ...port,
      cursors,
      routes: () => routes,
      accept,
      moved: async () => {},
      join: joinAlone(port, {
        listener: () => ({ bot: known, credential, routes, cursors }),
        take: ({ messages, cursors: moved }) => accept(messages, moved),
      }),
      report: (state) => void health.push(state),
    });
    const running = over.run(stopping.signal);
    const stop = async () => {
      stopping.abort();
      await running;
    };
    open.push(stop);
    return stop;
  };
  const polling: Credential = { bot_token: bot.token };
  const socket: Credential = { ...polling, app_token: bot.appToken };
  const now = () => [health.at(-1)?.state, health.at(-1)?.code, health.at(-1)?.transport].filter(Boolean).join(' ');
  const texts = () => [...stored.values()];
  return { bot, channel, start, polling, socket, stored, texts, health, now };
}

/** Lets time pass until it holds: calls and frames need real time of their own between two steps. */
async function passing(holds: () => boolean): Promise<void> {
  for (let step = 0; !holds(); step++) {
    if (step > 2_000) throw new Error('did not happen');
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

describe('a socket that looks well', () => {
  it('F091: and is deaf: what it missed is recovered, it is replaced, and people are told', async () => {
    const at = scene();
    at.start(at.socket);
    await passing(() => at.now() === 'connected socket');
    there.deafen(at.bot.app);
    await clock.advance(5_000);
    at.channel.say('unheard');
    await passing(() => at.texts().includes('unheard'));
    await passing(() => at.now() === 'connected socket_silent polling');
    await passing(() => there.ledger.counts.sockets_opened >= 2);
    at.channel.say('meanwhile');
    await passing(() => at.texts().includes('meanwhile'));
    there.deafen(at.bot.app, false);
    at.channel.say('heard again');
    await passing(() => at.texts().includes('heard again') && at.now() === 'connected socket');
    expect(there.ledger.counts.max_sockets).toBeLessThanOrEqual(2);
  });

  it('F090: and shares its events with others: nothing is lost, and people are told', async () => {
    const at = scene();
    there.addGhosts(at.bot.app, 3);
    at.start(at.socket);
    await passing(() => at.now() === 'connected other_connections socket');
    const said = Array.from({ length: 8 }, (_, index) => `line ${index}`);
    for (const text of said) at.channel.say(text);
    await passing(() => at.stored.size === said.length);
    there.removeGhosts();
  });
});

describe('what changes and what breaks', () => {
  it('F089: loses nothing in fifty cuts, and never holds more than two sockets', async () => {
    const at = scene();
    at.start(at.socket);
    await passing(() => at.now() === 'connected socket');
    for (let cut = 0; cut < 50; cut++) {
      at.channel.say(`line ${cut}`);
      there.cutSockets();
      await clock.advance(500);
    }
    await passing(() => at.stored.size === 50 && at.now() === 'connected socket');
    expect(there.ledger.counts.max_sockets).toBeLessThanOrEqual(2);
  });

  it('from polling to a socket and back: nothing is lost', async () => {
    const at = scene();
    let said = 0;
    const say = (count: number) => {
      for (let index = 0; index < count; index++) at.channel.say(`line ${said++}`);
    };
    for (const credential of [at.polling, at.socket, at.polling, at.socket]) {
      say(3);
      const stop = at.start(credential);
      say(3);
      await passing(() => at.health.at(-1)?.state === 'connected');
      say(3);
      await stop();
    }
    at.start(at.polling);
    await passing(() => at.stored.size === said);
    // A channel in which everything is known is quiet: nothing comes twice under another name.
    expect(new Set(at.texts()).size).toBe(at.stored.size);
  });

  it('from polling to events with the first that is genuine', async () => {
    const hooks = await listenForHooks(slack);
    open.push(hooks.close);
    const at = scene({ connector: hooks.connector, socketMode: false });
    // Signatures are judged by the real time.
    there.set({ signNow: Date.now });
    at.start({ ...at.polling, signing_secret: at.bot.signingSecret });
    at.channel.say('polled');
    await passing(() => at.texts().includes('polled') && at.now() === 'connected events_pending polling');
    there.setRequestUrl(at.bot.app, `${hooks.url}/bot_1`);
    at.channel.say('pushed');
    await passing(() => at.now() === 'connected events');
    const { calls } = there.ledger.counts;
    at.channel.say('pushed again');
    await passing(() => there.acknowledged().includes('pushed again'));
    expect(there.ledger.counts.calls - calls).toBeLessThanOrEqual(2);
    expect(at.texts()).toEqual(['polled', 'pushed', 'pushed again']);
    expect(new Set(hooks.answers)).toEqual(new Set([200]));
  });

  it('a reply in a thread that is open is heard by history as well as by a socket', async () => {
    const at = scene();
    const stop = at.start(at.socket);
    await passing(() => at.now() === 'connected socket');
    const { ts } = at.channel.say('question');
    await passing(() => at.stored.size === 1);
    await stop();
    at.channel.say('more', { thread: ts });
    at.start(at.polling);
    await passing(() => at.texts().includes('more'));
    expect(at.texts()).toEqual(['question', 'more']);
  });

  it.each(['channel', 'direct'])('a reply below what the bot said itself is heard by history: %s', async (where) => {
    const at = scene({ more: { reply_in: 'channel', direct_messages: true } });
    const place = where === 'channel' ? at.channel : there.dm(at.bot);
    at.start(at.polling);
    place.say('question');
    await passing(() => at.texts().includes('question'));
    const { ts } = place.say('answer', { from: at.bot });
    // At once, and when the answer has been read back from history.
    place.say('about that', { thread: ts });
    await passing(() => at.texts().includes('about that'));
    place.say('and that', { thread: ts });
    await passing(() => at.texts().includes('and that'));
  });

  it('reads what the capped class lets it read, and says so', async () => {
    const at = scene();
    for (let index = 0; index < 40; index++) at.channel.say(`line ${index}`);
    there.setCapped(at.bot.app);
    at.start(at.polling);
    await passing(() => at.now() === 'connected history_capped polling');
    for (let minute = 0; minute < 4; minute++) {
      await there.advance(61_000);
      for (let step = 0; step < 61; step++) {
        await clock.advance(1_000);
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    }
    expect(at.texts()).toEqual(Array.from({ length: 40 }, (_, index) => `line ${index}`));
    expect(there.ledger.counts.rate_limited).toBeLessThanOrEqual(2);
  });
});
