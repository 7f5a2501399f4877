import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPool, type Pool } from '../../src/connectors/shared/http.ts';
import { telegram } from '../../src/connectors/telegram/connector.ts';
import { hookSecret } from '../../src/connectors/telegram/hook.ts';
import { systemClock } from '../../src/core/clock.ts';
import { type BeginningState, PAUSED, type PlatformPort } from '../../src/core/connector.ts';
import type { Health } from '../../src/core/health.ts';
import type { BotId } from '../../src/core/ids.ts';
import type { Bot } from '../../src/core/integration.ts';
import { silentLog } from '../../src/core/log.ts';
import type { Cursor } from '../../src/core/message.ts';
import type { ChatHandle } from '../../src/simulators/telegram/handles.ts';
import { startTelegramSimulator, type TelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { type HookListener, listenForHooks } from '../support/hook-listener.ts';
import { until } from './connector-world.ts';

/** What the suite of all connectors cannot know: a bot that changes between polling and a webhook, and who may push. */

let pool: Pool;
let simulator: TelegramSimulator;
let hooks: HookListener;
let stops: (() => Promise<void>)[];

beforeEach(async () => {
  pool = createPool();
  simulator = await startTelegramSimulator();
  hooks = await listenForHooks(telegram);
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await hooks.close();
  await simulator.close();
  await pool.close();
});

interface Heard {
  readonly id: string;
  readonly text: string;
}

/** A bot with what is stored of it: cursors and messages outlive its receivers. */
function someBot(id: BotId, username: string) {
  const handle = simulator.createBot({ username });
  const bot: Bot = { id, platform: 'telegram', identity: String(handle.id), profile: { username } };
  const credential = { bot_token: handle.token };
  const cursors = new Map<string, string>();
  const heard: Heard[] = [];
  const health: Omit<Health, 'since'>[] = [];
  const port = (how: 'polling' | 'webhook'): PlatformPort => ({
    apiUrl: simulator.url,
    fetch: pool.fetch,
    clock: systemClock,
    random: Math.random,
    log: silentLog,
    ...(how === 'webhook' && { hooksUrl: hooks.url }),
  });
  const move = (list: readonly Cursor[]) => {
    for (const { name, value } of list) value === null ? cursors.delete(name) : cursors.set(name, value);
  };
  const state: BeginningState = { known: new Map() };
  return {
    handle,
    credential,
    heard,
    health,
    texts: () => heard.map(({ text }) => text),
    webhook: () => simulator.bot(handle).webhook?.url,
    begin: async (how: 'polling' | 'webhook') => {
      const begun = await telegram.beginning?.(credential, {}, port(how), state);
      if (!begun?.ok) throw new Error(`no beginning: ${begun?.message}`);
      move(begun.cursors);
    },
    /** Resolves once it is connected. `stored` is told of each batch that is stored. */
    start: async (how: 'polling' | 'webhook', stored: (texts: readonly string[]) => void = () => {}) => {
      const ending = new AbortController();
      const before = health.length;
      const receiver = hooks.connector.receiver(bot, credential, {
        ...port(how),
        cursors,
        routes: () => [],
        accept: async (messages, moved) => {
          heard.push(...messages.map((message) => ({ id: message.id, text: message.text })));
          move(moved);
          stored(messages.map(({ text }) => text));
        },
        moved: async () => {},
        join: async () => {},
        report: (now) => void health.push(now),
      });
      const running = receiver.run(ending.signal);
      const stop = async (reason?: typeof PAUSED) => {
        ending.abort(reason);
        await running;
      };
      stops.push(stop);
      await until(() => health.slice(before).some((one) => one.state === 'connected') || ending.signal.aborted);
      expect(health.at(-1)?.transport).toBe(how);
      return { stop, ending };
    },
  };
}

type SomeBot = ReturnType<typeof someBot>;

/** Says it and waits until it is stored. */
async function say(chat: ChatHandle, bot: SomeBot, text: string): Promise<void> {
  chat.say(text);
  await until(() => bot.texts().includes(text));
}

/** Acknowledged by the platform's own account. */
const settled = () => until(() => simulator.ledger.updates.every((update) => update.confirmed_at !== undefined));

describe('changing between polling and a webhook', () => {
  it('loses nothing and doubles nothing', async () => {
    const bot = someBot('bot_1', 'one_bot');
    const chat = simulator.privateChat(bot.handle);
    chat.say('from before');
    await bot.begin('polling');
    for (const [round, how] of (['polling', 'webhook', 'polling', 'webhook', 'polling'] as const).entries()) {
      const link = await bot.start(how);
      await say(chat, bot, `while ${how} in round ${round}`);
      if (how === 'webhook') await settled();
      await link.stop();
      chat.say(`after round ${round}`);
    }
    await bot.start('webhook');
    await until(() => bot.texts().includes('after round 4'));
    await settled();
    expect(bot.texts()).toEqual([
      ...[0, 1, 2, 3, 4].flatMap((round) => [
        `while ${round % 2 === 0 ? 'polling' : 'webhook'} in round ${round}`,
        `after round ${round}`,
      ]),
    ]);
  });

  it('does not push what a poll has stored but not yet confirmed', async () => {
    const bot = someBot('bot_1', 'one_bot');
    const chat = simulator.privateChat(bot.handle);
    await bot.begin('polling');
    // Ends between the commit and the poll that would have confirmed it.
    const link = await bot.start('polling', (texts) => {
      if (texts.includes('stored')) link.ending.abort();
    });
    await say(chat, bot, 'stored');
    await link.stop();
    expect(simulator.ledger.updates.every((update) => update.confirmed_at === undefined)).toBe(true);
    chat.say('waiting');
    await bot.start('webhook');
    await until(() => bot.texts().includes('waiting'));
    expect(bot.texts()).toEqual(['stored', 'waiting']);
  });

  it('gets by polling what was pushed in vain', async () => {
    const bot = someBot('bot_1', 'one_bot');
    const chat = simulator.privateChat(bot.handle);
    await bot.begin('webhook');
    const link = await bot.start('webhook');
    await say(chat, bot, 'pushed');
    await settled();
    await link.stop();
    chat.say('in vain');
    await simulator.waitFor((ledger) => ledger.counts.failed_pushes > 0);
    expect(hooks.answers).toContain(503);
    await bot.start('polling');
    await until(() => bot.texts().includes('in vain'));
    expect(bot.texts()).toEqual(['pushed', 'in vain']);
    expect(bot.webhook()).toBeUndefined();
  });
});

describe('a pause', () => {
  it('takes the webhook down; afterwards only what is new is heard', async () => {
    const bot = someBot('bot_1', 'one_bot');
    const chat = simulator.privateChat(bot.handle);
    await bot.begin('webhook');
    const link = await bot.start('webhook');
    expect(bot.webhook()).toBe(`${hooks.url}/bot_1`);
    await link.stop(PAUSED);
    expect(bot.webhook()).toBeUndefined();
    chat.say('to nobody');
    await bot.begin('webhook');
    chat.say('new');
    await bot.start('webhook');
    await until(() => bot.texts().includes('new'));
    expect(bot.texts()).toEqual(['new']);
  });

  it('that could not take it down is made good when the bot is resumed', async () => {
    const bot = someBot('bot_1', 'one_bot');
    const chat = simulator.privateChat(bot.handle);
    await bot.begin('webhook');
    const link = await bot.start('webhook');
    await simulator.down('refuse');
    await link.stop(PAUSED);
    chat.say('to nobody');
    await simulator.up();
    expect(bot.webhook()).toBe(`${hooks.url}/bot_1`);
    // A call on a connection that died with the platform says nothing; the next has a new one.
    await until(() =>
      bot.begin('webhook').then(
        () => true,
        () => false,
      ),
    );
    chat.say('new');
    await bot.start('webhook');
    await until(() => bot.texts().includes('new'));
    expect(bot.texts()).toEqual(['new']);
  });
});

describe('who may push', () => {
  const push = async (id: string, secret: string | undefined) => {
    const response = await fetch(`${hooks.url}/${id}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(secret !== undefined && { 'x-telegram-bot-api-secret-token': secret }),
      },
      body: JSON.stringify({
        update_id: 1,
        message: {
          message_id: 1,
          date: 1,
          chat: { id: 5, type: 'private' },
          from: { id: 5, is_bot: false, first_name: 'Mallory' },
          text: 'pushed by hand',
        },
      }),
    });
    return response.status;
  };

  it('nobody without the bot’s own secret, and whoever has it', async () => {
    const bot = someBot('bot_1', 'one_bot');
    const other = someBot('bot_2', 'two_bot');
    for (const each of [bot, other]) {
      await each.begin('webhook');
      await each.start('webhook');
    }
    const own = hookSecret(bot.credential.bot_token);
    for (const secret of [undefined, '', 'x', own.slice(1), `${own}x`, hookSecret(other.credential.bot_token)]) {
      expect(await push('bot_1', secret)).toBe(401);
    }
    expect(await push('bot_2', own)).toBe(401);
    expect([...bot.heard, ...other.heard]).toEqual([]);
    expect(await push('bot_1', own)).toBe(200);
    expect(bot.texts()).toEqual(['pushed by hand']);
    expect(other.heard).toEqual([]);
  });

  it('is known again after a new token, and the old secret opens nothing', async () => {
    const bot = someBot('bot_1', 'one_bot');
    const chat = simulator.privateChat(bot.handle);
    await bot.begin('webhook');
    const link = await bot.start('webhook');
    await link.stop();
    const old = hookSecret(bot.credential.bot_token);
    bot.credential.bot_token = simulator.revokeToken(bot.handle);
    await bot.start('webhook');
    expect(await push('bot_1', old)).toBe(401);
    await say(chat, bot, 'still here');
  });
});

it('whatever comes several times has the same id each time', async () => {
  const bot = someBot('bot_1', 'one_bot');
  const chat = simulator.privateChat(bot.handle);
  await bot.begin('webhook');
  await bot.start('webhook');
  simulator.repeatPushes(4);
  chat.say('one');
  chat.say('two');
  await settled();
  expect(bot.texts()).toEqual([...Array(4).fill('one'), ...Array(4).fill('two')]);
  expect(new Set(bot.heard.map(({ id }) => id)).size).toBe(2);
});
