import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../../test/support/gateway-rig.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { SharedPort } from '../../core/connector.ts';
import type { Health } from '../../core/health.ts';
import type { Addressee, Intake } from '../../core/hook.ts';
import type { Bot, Credential, Integration } from '../../core/integration.ts';
import { silentLog } from '../../core/log.ts';
import { type SlackSimulator, startSlackSimulator } from '../../simulators/slack/simulator.ts';
import { isTrusted } from './addresses.ts';
import { knownName } from './names.ts';
import { refreshSocket, socketLink } from './socket-link.ts';

let there: SlackSimulator;
const open: (() => Promise<void>)[] = [];
beforeEach(async () => {
  there = await startSlackSimulator({ limits: false });
});
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
  const { counts } = there.ledger;
  await there.close();
  const strict = ['double_acks', 'unknown_acks', 'misdirected_acks', 'protocol_errors', 'unknown_arguments'] as const;
  expect(strict.filter((name) => counts[name] > 0)).toEqual([]);
  expect(counts.max_sockets).toBeLessThanOrEqual(2);
});

interface Options {
  readonly deliver?: (intake: Intake) => Promise<void>;
  readonly clock?: Partial<Clock>;
  readonly apiUrl?: string;
  readonly appToken?: string;
  /** Of the bot, as whoever hands its events over sees it. */
  readonly credential?: (bot: Scene['bot']) => Credential;
}

function scene() {
  const bot = there.createBot({ socketMode: true, username: 'aria' });
  const channel = there.channel({ name: 'here', members: [bot] });
  return { bot, channel };
}

type Scene = ReturnType<typeof scene>;

function start({ bot, channel }: Scene, options: Options = {}) {
  const known: Bot = {
    id: 'bot_1',
    platform: 'slack',
    identity: `${bot.teamId}/${bot.id}`,
    profile: { team: bot.teamId, userId: bot.id, botId: bot.botId, appId: bot.appId },
  };
  const settings = { workspace_id: bot.teamId, channel_ids: [channel.id] };
  const routes = [{ settings, enabled: true, autoRespond: true } as unknown as Integration];
  const cursors = new Map<string, string>();
  const health: Omit<Health, 'since'>[] = [];
  const heard: string[] = [];
  const names: string[] = [];
  const addressees: Addressee[] = [];
  /** Waits are kept and shortened; those that watch over something are not. */
  const slept: number[] = [];
  const clock: Clock = {
    ...systemClock,
    sleep: (ms, signal) => {
      if (ms === 5_000 || ms === 10_000) return systemClock.sleep(ms, signal);
      slept.push(ms);
      return systemClock.sleep(Math.min(ms, 20), signal);
    },
    ...options.clock,
  };
  const port: SharedPort = {
    apiUrl: options.apiUrl ?? there.url,
    fetch,
    clock,
    random: () => 0.5,
    log: silentLog,
    deliver: async (to, read) => {
      const intake = read({ bot: known, credential: options.credential?.(bot) ?? {}, routes, cursors });
      if (!intake) return;
      addressees.push(to);
      await options.deliver?.(intake);
      heard.push(...intake.messages.map(({ text }) => text));
      names.push(...intake.messages.map(({ author }) => author.name));
      for (const { name, value } of intake.cursors) if (value !== null) cursors.set(name, value);
    },
    report: (state) => void health.push(state),
  };
  const stopping = new AbortController();
  const name = bot.appId;
  const running = socketLink(name, options.appToken ?? bot.appToken).run(port, stopping.signal);
  const stop = async () => {
    stopping.abort();
    await running;
  };
  open.push(stop);
  const states = () => health.map(({ state, code }) => [state, code].filter(Boolean).join(' '));
  const connected = () => until(() => health.at(-1)?.state === 'connected');
  return { name, heard, names, health, states, cursors, addressees, slept, running, stop, connected };
}

const gate = () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
};

describe('a socket', () => {
  it('connects, hands over what it brings to the bot it is for, and acknowledges it', async () => {
    const at = scene();
    const link = start(at);
    await link.connected();
    expect(link.states()).toEqual(['connecting', 'connected']);
    at.channel.say('hello');
    await until(() => there.acknowledged().includes('hello'));
    expect(link.heard).toEqual(['hello']);
    expect(link.addressees).toEqual([{ identity: `${at.bot.teamId}/${at.bot.id}` }]);
    expect(Number(link.cursors.get('pushed'))).toBeGreaterThan(0);
  });

  it('acknowledges only what is stored', async () => {
    const at = scene();
    const store = gate();
    const link = start(at, { deliver: () => store.opened });
    await link.connected();
    at.channel.say('careful');
    await until(() => link.addressees.length === 1);
    expect(there.acknowledged()).toEqual([]);
    store.open();
    await until(() => there.acknowledged().includes('careful'));
  });

  it('keeps the order of a channel while others go on', async () => {
    const at = scene();
    const other = there.channel({ name: 'other', members: [at.bot] });
    const store = gate();
    const link = start(at, {
      deliver: ({ messages }) => (messages[0]?.text === 'first' ? store.opened : Promise.resolve()),
    });
    await link.connected();
    at.channel.say('first');
    at.channel.say('second');
    other.say('elsewhere');
    await until(() => link.heard.includes('elsewhere'));
    expect(link.heard).toEqual(['elsewhere']);
    store.open();
    await until(() => link.heard.length === 3);
    expect(link.heard).toEqual(['elsewhere', 'first', 'second']);
  });

  it('acknowledges nothing that could not be stored, says so, and takes it from the next connection', async () => {
    const at = scene();
    let refusals = 1;
    const link = start(at, {
      deliver: async () => {
        if (refusals-- > 0) throw new Error('the disk is full');
      },
    });
    await link.connected();
    at.channel.say('again');
    await until(() => link.states().includes('reconnecting store_unavailable'));
    await link.connected();
    expect(there.acknowledged()).toEqual([]);
    await there.advance(60_000);
    await until(() => there.acknowledged().includes('again'));
    expect(link.heard).toEqual(['again']);
  });

  it.each(['warning', 'refresh_requested'] as const)(
    'F088: opens the next before the last is gone: %s',
    async (reason) => {
      const at = scene();
      const link = start(at);
      await link.connected();
      there.disconnect(reason);
      await until(() => there.ledger.sockets.length === 2);
      at.channel.say('between');
      await until(() => link.heard.includes('between'));
      await until(() => there.ledger.sockets[0]?.closed_at !== undefined);
      expect(there.ledger.sockets[1]?.closed_at).toBeUndefined();
      at.channel.say('after');
      await until(() => link.heard.includes('after'));
      expect(link.heard).toEqual(['between', 'after']);
      expect(there.ledger.counts.max_sockets).toBeLessThanOrEqual(2);
    },
  );

  it('lets what it was handing over end before it lets the old connection go', async () => {
    const at = scene();
    const store = gate();
    const link = start(at, { deliver: () => store.opened });
    await link.connected();
    at.channel.say('on its way');
    await until(() => link.addressees.length === 1);
    // As a bot asks for that misses messages.
    refreshSocket(link.name);
    await until(() => there.ledger.sockets.length === 2);
    expect(there.ledger.sockets[0]?.closed_at).toBeUndefined();
    store.open();
    await until(() => there.ledger.sockets[0]?.closed_at !== undefined);
    expect(there.acknowledged()).toEqual(['on its way']);
    expect(link.heard).toEqual(['on its way']);
  });

  it('admits that it has none while the next has to wait', async () => {
    const at = scene();
    const waiting = gate();
    let waits = 0;
    const link = start(at, {
      clock: {
        sleep: async (ms, signal) => {
          if (ms === 5_000 || ms === 10_000) return systemClock.sleep(ms, signal);
          if (waits++ === 0) await waiting.opened;
        },
      },
    });
    await link.connected();
    there.fail({ method: 'apps.connections.open', fault: { kind: 'html', status: 503 } });
    refreshSocket(link.name);
    await until(() => waits === 1);
    expect(link.states()).toEqual(['connecting', 'connected']);
    there.cutSockets();
    await until(() => link.health.at(-1)?.state !== 'connected');
    waiting.open();
    await link.connected();
    expect(link.states()).toEqual(['connecting', 'connected', 'reconnecting connection_lost', 'connected']);
    at.channel.say('again');
    await until(() => link.heard.includes('again'));
  });

  it('comes back after a cut', async () => {
    const at = scene();
    const link = start(at);
    await link.connected();
    there.cutSockets();
    await until(() => link.states().includes('reconnecting connection_lost'));
    await link.connected();
    at.channel.say('again');
    await until(() => link.heard.includes('again'));
  });

  it('F088: says what to do when Socket Mode is switched off, looks for it seldom, and serves again once it is on', async () => {
    const at = scene();
    const link = start(at);
    await link.connected();
    there.setSocketMode(at.bot.app, false);
    await until(() => link.states().at(-1) === 'error socket_mode_off' && link.slept.includes(5 * 60_000));
    expect(link.health.at(-1)).toMatchObject({ transport: 'socket' });
    there.setSocketMode(at.bot.app, true);
    await link.connected();
    at.channel.say('again');
    await until(() => link.heard.includes('again'));
  });

  it('F089: waits for long when there are too many', async () => {
    const at = scene();
    const link = start(at);
    await link.connected();
    there.disconnect('too_many_websockets');
    await until(() => link.states().includes('reconnecting too_many_websockets'));
    await link.connected();
    expect(Math.max(...link.slept)).toBeGreaterThanOrEqual(30_000);
  });

  it('ends with a token that is nobody’s, after one call', async () => {
    const at = scene();
    const link = start(at, { appToken: 'xapp-1-A0NOBODY-1-secret' });
    await link.running;
    expect(link.states()).toEqual(['connecting', 'error invalid_app_token']);
    expect(there.ledger.counts.calls).toBe(1);
  });

  it('F090: tells of other programs that are connected', async () => {
    const at = scene();
    there.addGhosts(at.bot.app, 2);
    const link = start(at);
    await link.connected();
    expect(link.health.at(-1)).toMatchObject({ state: 'connected', code: 'other_connections' });
    there.removeGhosts();
  });

  it('holds at most one connection while none can be made', async () => {
    const at = scene();
    there.set({ socketsRefused: true });
    const link = start(at);
    await until(() => link.slept.length > 10);
    expect(link.states()).toEqual(['connecting', 'reconnecting unreachable']);
    there.set({ socketsRefused: false });
    await link.connected();
  });

  it('goes nowhere but to the platform', async () => {
    const at = scene();
    there.set({ socketUrl: 'ws://198.51.100.7:1' });
    const link = start(at);
    await until(() => link.slept.length > 0);
    expect(link.states()).toEqual(['connecting', 'reconnecting untrusted_address']);
    expect(link.slept[0]).toBe(60_000);
  });

  it('makes no call after it is stopped', async () => {
    const at = scene();
    const link = start(at);
    await link.connected();
    await link.stop();
    await until(() => there.ledger.sockets[0]?.closed_at !== undefined);
    const { calls } = there.ledger.counts;
    at.channel.say('too late');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(there.ledger.counts.calls).toBe(calls);
    expect(link.heard).toEqual([]);
  });
});

describe('names of bots that another node receives for', () => {
  const withToken: Options = { credential: (bot) => ({ bot_token: bot.token }) };
  const asked = () => there.ledger.calls.filter(({ method }) => method === 'users.info').length;

  it('are looked up after the first message of somebody, once, and hold nothing up', async () => {
    const at = scene();
    const link = start(at, withToken);
    await link.connected();
    there.setLatency(50, 'users.info');
    const { speaker } = at.channel;
    at.channel.say('first');
    await until(() => there.acknowledged().includes('first'));
    expect(link.names).toEqual([speaker.id]);
    await until(() => knownName(`${at.bot.teamId}/${at.bot.id}`, speaker.id) !== undefined);
    at.channel.say('second');
    await until(() => link.names.length === 2);
    expect(link.names[1]).not.toBe(speaker.id);
    expect(asked()).toBe(1);
  });

  it('stay ids without the scope, which is asked for once', async () => {
    const at = scene();
    const link = start(at, withToken);
    await link.connected();
    there.setScopes(at.bot, ['chat:write', 'channels:history']);
    const [ann, bea] = [there.createPerson('ann'), there.createPerson('bea')];
    at.channel.say('first', { from: ann });
    await until(() => asked() === 1);
    at.channel.say('second', { from: bea });
    await until(() => there.acknowledged().includes('second'));
    await link.stop();
    expect(link.names).toEqual([ann.id, bea.id]);
    expect(asked()).toBe(1);
  });

  it('need no call where there is no token', async () => {
    const at = scene();
    const link = start(at);
    await link.connected();
    at.channel.say('hello');
    await until(() => there.acknowledged().includes('hello'));
    await link.stop();
    expect(asked()).toBe(0);
  });
});

describe('addresses', () => {
  it.each([
    ['wss://wss-primary.slack.com/link/?ticket=1', 'https://slack.com/api', true],
    ['wss://slack.com/link', 'https://slack.com/api', true],
    ['ws://wss-primary.slack.com/link', 'https://slack.com/api', false],
    ['wss://slack.com.evil.test/link', 'https://slack.com/api', false],
    ['wss://evilslack.com/link', 'https://slack.com/api', false],
    ['wss://user:pass@wss.slack.com/link', 'https://slack.com/api', false],
    ['wss://wss.slack.com/link#x', 'https://slack.com/api', false],
    ['https://wss.slack.com/link', 'https://slack.com/api', false],
    ['ws://127.0.0.1:9/link', 'https://slack.com/api', false],
    ['ws://127.0.0.1:9/link', 'http://127.0.0.1:8083/api', true],
    ['ws://127.0.0.2:9/link', 'http://127.0.0.1:8083/api', false],
    [undefined, 'https://slack.com/api', false],
    ['no address', 'https://slack.com/api', false],
  ])('%s for %s: %s', (url, apiUrl, trusted) => {
    expect(isTrusted(url, apiUrl)).toBe(trusted);
  });
});
