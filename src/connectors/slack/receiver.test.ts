import { describe, expect, it } from 'vitest';
import type { ScriptedCall } from '../../../test/support/scripted-fetch.ts';
import {
  CHANNEL,
  limited,
  page,
  post,
  type RigOptions,
  refused,
  START,
  slackRig,
  stamp,
} from '../../../test/support/slack-rig.ts';
import type { ReceiverPort } from '../../core/connector.ts';
import type { Health } from '../../core/health.ts';
import { fingerprintOf } from './hook.ts';
import { tsBefore } from './ts.ts';

type Told = Omit<Health, 'since'>;

/** A link whose state is what the test says. */
function toldBy() {
  const names: string[] = [];
  let tell: (told: Told) => void = () => {};
  const join: ReceiverPort['join'] = (name, _link, told, signal) => {
    names.push(name);
    tell = told;
    told({ state: 'connecting', transport: 'socket' });
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  };
  return { names, join, tell: (state: Partial<Told>) => tell({ state: 'connected', transport: 'socket', ...state }) };
}

const APP_TOKEN = 'xapp-1-A0APP00-1-secret';
const quiet = () => page([]);
const readings = (calls: readonly ScriptedCall[]) =>
  calls.filter(({ method }) => method === 'conversations.history').length;

describe('with a bot token alone', () => {
  it('polls often while people talk, rarely when they do not, and says what would be better', async () => {
    const rig = slackRig(quiet);
    await rig.clock.advance(60_000);
    const busy = readings(rig.calls);
    expect(busy).toBeGreaterThan(30);
    expect(busy).toBeLessThan(50);
    expect(rig.states()).toEqual(['connecting polling', 'connected polling_only polling']);
    expect(rig.health.at(-1)?.message).toMatch(/Socket Mode.*Events API/);
    await rig.clock.advance(2 * 3_600_000);
    const before = readings(rig.calls);
    await rig.clock.advance(10 * 60_000);
    expect(readings(rig.calls) - before).toBeLessThanOrEqual(14);
    expect(readings(rig.calls) - before).toBeGreaterThanOrEqual(10);
  });

  it('shares what it may call among a hundred channels, and leaves none out', async () => {
    const channels = Array.from({ length: 100 }, (_, index) => `C0MANY${index}`);
    const cursors = Object.fromEntries(channels.map((channel) => [`ch:${channel}`, stamp(-7_200)]));
    const rig = slackRig(quiet, { settings: { channel_ids: channels }, cursors, integration: { connectedAt: 0 } });
    await rig.clock.advance(6 * 60_000);
    expect(new Set(rig.calls.map(({ parameters }) => parameters['channel'])).size).toBe(100);
    expect(rig.calls.length).toBeLessThanOrEqual(6 * 40 + 10);
  });

  it('does not read what is paused, and reads a channel that is new at once', async () => {
    const rig = slackRig(quiet, { integration: { enabled: false } });
    await rig.clock.advance(10_000);
    expect(rig.calls).toEqual([]);
    rig.routes.splice(0, 1, { ...rig.routes[0], enabled: true } as (typeof rig.routes)[0]);
    await rig.clock.advance(3_000);
    expect(readings(rig.calls)).toBeGreaterThan(0);
  });

  it('says that it is late when the platform lets it read once a minute', async () => {
    const rig = slackRig((_call, index) => (index % 2 === 0 ? page([]) : limited(60)));
    await rig.clock.advance(70_000);
    expect(rig.states().at(-1)).toBe('connected history_capped polling');
    expect(rig.health.at(-1)?.message).toMatch(/about a minute.*Socket Mode/);
    expect(rig.calls).toHaveLength(4);
    await rig.clock.advance(54_000);
    expect(rig.calls).toHaveLength(5);
    expect(rig.calls.at(-1)?.parameters['limit']).toBe('15');
  });

  it('makes no call once it is stopped', async () => {
    const rig = slackRig(quiet);
    await rig.clock.advance(5_000);
    await rig.stop();
    const { length } = rig.calls;
    await rig.clock.advance(600_000);
    expect(rig.calls).toHaveLength(length);
    expect(rig.clock.sleeping()).toEqual([]);
  });

  it('waits with one timer', async () => {
    const rig = slackRig(quiet);
    await rig.clock.advance(5_000);
    expect(rig.clock.sleeping()).toHaveLength(1);
  });
});

describe('with an app-level token', () => {
  const withSocket = (options: RigOptions = {}) => {
    const link = toldBy();
    const credential = { bot_token: 'xoxb-secret', app_token: APP_TOKEN };
    return { link, options: { credential, join: link.join, ...options } };
  };

  it('joins the link of its app, fills the gap from history, and then reads only now and then', async () => {
    const { link, options } = withSocket();
    const rig = slackRig(
      ({ parameters }) => page(parameters['oldest'] === stamp(-10) ? [post(stamp(-1), 'missed')] : []),
      options,
    );
    await rig.clock.advance(0);
    expect(link.names).toEqual(['A0APP00']);
    expect(rig.states()).toEqual(['connecting socket']);
    link.tell({});
    await rig.clock.advance(0);
    expect(rig.heard.map(({ text }) => text)).toEqual(['missed']);
    expect(rig.states()).toEqual(['connecting socket', 'connected socket']);
    const before = readings(rig.calls);
    await rig.clock.advance(290_000);
    expect(readings(rig.calls)).toBe(before);
    await rig.clock.advance(15_000);
    expect(readings(rig.calls)).toBe(before + 1);
  });

  it('spends nothing on reading before the socket is there, because all is read then', async () => {
    const channels = Array.from({ length: 8 }, (_, index) => `C0MANY${index}`);
    const cursors = Object.fromEntries(channels.map((channel) => [`ch:${channel}`, stamp(-10)]));
    const { link, options } = withSocket({ settings: { channel_ids: channels }, cursors });
    const rig = slackRig(quiet, options);
    await rig.clock.advance(2_000);
    expect(rig.calls).toEqual([]);
    link.tell({});
    await rig.clock.advance(0);
    expect(rig.states()).toEqual(['connecting socket', 'connected socket']);
    expect(readings(rig.calls)).toBe(8);
  });

  it('reads without a socket that takes too long', async () => {
    const { options } = withSocket();
    const rig = slackRig(quiet, options);
    await rig.clock.advance(5_000);
    expect(readings(rig.calls)).toBeGreaterThan(0);
  });

  it('may read no more after a restart than before it', async () => {
    const many = { settings: { channel_ids: Array.from({ length: 20 }, (_, index) => `C0MANY${index}`) } };
    const rig = slackRig(quiet, many);
    await rig.clock.advance(0);
    await rig.stop();
    expect(readings(rig.calls)).toBe(8);
    const next = slackRig(quiet, { ...many, clock: rig.clock });
    await rig.clock.advance(0);
    expect(readings(next.calls)).toBe(0);
  });

  it('reads at once what was said in a thread that began while the socket was away', async () => {
    const { link, options } = withSocket();
    const root = stamp(-5);
    const reply = post(stamp(-4), 'more', { thread_ts: root, parent_user_id: 'U0ANN00' });
    const rig = slackRig(({ method, parameters }) => {
      const { oldest } = parameters;
      if (method === 'conversations.replies')
        return page([post(root, 'missed'), ...(oldest === tsBefore(root) ? [reply] : [])]);
      return page(oldest === stamp(-10) ? [post(root, 'missed', { thread_ts: root, reply_count: 1 })] : []);
    }, options);
    link.tell({});
    await rig.clock.advance(0);
    expect(new Set(rig.heard.map(({ text }) => text))).toEqual(new Set(['missed', 'more']));
    expect(rig.cursors.get(`th:${CHANNEL}:${root}`)).toBe(stamp(-4));
  });

  it('F017: reads everything once more, and soon, when the store is there again', async () => {
    const channels = ['C0TWO000', 'C0ONE000'];
    const cursors = Object.fromEntries(channels.map((channel) => [`ch:${channel}`, stamp(-10)]));
    let away = false;
    let said = false;
    const { link, options } = withSocket({ settings: { channel_ids: channels }, cursors });
    const rig = slackRig(
      ({ parameters }) => {
        const late = parameters['channel'] === 'C0ONE000' && said && parameters['oldest'] === stamp(-10);
        return page(late ? [post(stamp(410), 'late')] : []);
      },
      {
        ...options,
        accept: async () => {
          if (away) throw new Error('the database is away');
        },
      },
    );
    link.tell({});
    await rig.clock.advance(0);
    await rig.clock.advance(298_000);
    away = said = true;
    await rig.clock.advance(120_000);
    const before = readings(rig.calls);
    await rig.clock.advance(6_000);
    const each = readings(rig.calls) - before;
    expect(each).toBeGreaterThan(0);
    expect(each).toBeLessThan(4);
    const readOfTwo = () => rig.calls.filter(({ parameters }) => parameters['channel'] === 'C0TWO000').length;
    const known = readOfTwo();
    away = false;
    await rig.clock.advance(10_000);
    expect(readOfTwo()).toBe(known + 1);
  });

  it('uses the operator’s token for its own app only', async () => {
    const link = toldBy();
    const deployment = { app_token: APP_TOKEN };
    const rig = slackRig(quiet, { deployment, join: link.join });
    await rig.clock.advance(0);
    expect(link.names).toEqual(['A0APP00']);
    const other = toldBy();
    const stranger = slackRig(quiet, { deployment: { app_token: 'xapp-1-A0OTHER-1-x' }, join: other.join });
    await stranger.clock.advance(0);
    expect(other.names).toEqual([]);
    expect(stranger.states().at(-1)).toBe('connected polling_only polling');
  });

  it('reads history as often as without one while the socket is away, and once more when it is back', async () => {
    const { link, options } = withSocket();
    const rig = slackRig(quiet, options);
    link.tell({});
    await rig.clock.advance(30_000);
    link.tell({ state: 'reconnecting', code: 'connection_lost' });
    const before = readings(rig.calls);
    await rig.clock.advance(10_000);
    expect(readings(rig.calls) - before).toBeGreaterThan(3);
    link.tell({});
    const back = readings(rig.calls);
    await rig.clock.advance(3_000);
    expect(readings(rig.calls) - back).toBeGreaterThanOrEqual(1);
    expect(rig.states()).toEqual([
      ...['connecting socket', 'connected socket', 'reconnecting connection_lost socket', 'connected socket'],
    ]);
  });

  it('polls when Socket Mode is off, and says so', async () => {
    const { link, options } = withSocket();
    const rig = slackRig(quiet, options);
    link.tell({ state: 'error', code: 'socket_mode_off', message: 'Switch it on.' });
    await rig.clock.advance(5_000);
    expect(rig.states().at(-1)).toBe('connected socket_mode_off polling');
    expect(readings(rig.calls)).toBeGreaterThan(2);
  });

  it('finds what a deaf socket missed, polls until something is pushed again, and says so', async () => {
    const { link, options } = withSocket();
    let there: object[] = [];
    const rig = slackRig(({ parameters }) => page(parameters['oldest'] === stamp(-10) ? there : []), options);
    link.tell({});
    await rig.clock.advance(20_000);
    there = [post(stamp(100), 'unheard')];
    await rig.clock.advance(300_000);
    expect(rig.heard.map(({ text }) => text)).toEqual(['unheard']);
    expect(rig.states().at(-1)).toBe('connected socket_silent polling');
    rig.cursors.set('pushed', String(START + 330_000));
    await rig.clock.advance(5_000);
    expect(rig.states().at(-1)).toBe('connected socket');
  });

  it('does not doubt a socket because of what was pushed, is too young, or came before it', async () => {
    const { link, options } = withSocket();
    let there = [post(stamp(-5), 'before')];
    const rig = slackRig(({ parameters }) => page(parameters['oldest'] === stamp(-10) ? there : []), {
      ...options,
      accept: async () => {
        throw new Error('keeps the cursor where it is');
      },
    });
    link.tell({});
    rig.cursors.set('pushed', String(START + 100_000));
    there = [post(stamp(290), 'young'), post(stamp(99), 'pushed'), ...there];
    await rig.clock.advance(310_000);
    expect(rig.states()).not.toContain('connected socket_silent polling');
  });

  it('ends for good when the bot token is dead', async () => {
    const { link, options } = withSocket();
    const rig = slackRig(() => refused('token_revoked'), options);
    await rig.clock.advance(5_000);
    await rig.running;
    link.tell({});
    expect(rig.states()).toEqual(['connecting socket', 'error bad_credentials socket']);
  });
});

describe('with a signing secret', () => {
  const credential = { bot_token: 'xoxb-secret', signing_secret: 'shh' };
  const proof = (at: number) => `${fingerprintOf('shh')}:${at}`;

  it('polls until the first event, says where to enter what, and then reads only now and then', async () => {
    const rig = slackRig(quiet, { credential });
    await rig.clock.advance(5_000);
    expect(rig.states().at(-1)).toBe('connected events_pending polling');
    expect(rig.health.at(-1)?.message).toContain('https://replr.test/hooks/slack/bot_1');
    rig.cursors.set('events', proof(START + 5_000));
    await rig.clock.advance(5_000);
    expect(rig.states().at(-1)).toBe('connected events');
    const before = readings(rig.calls);
    await rig.clock.advance(200_000);
    expect(readings(rig.calls)).toBe(before);
  });

  it('does not believe the proof of another secret', async () => {
    const rig = slackRig(quiet, { credential, cursors: { events: `${fingerprintOf('old')}:${START}` } });
    await rig.clock.advance(5_000);
    expect(rig.states().at(-1)).toBe('connected events_pending polling');
  });

  it('polls again when events stop, and rests when they come back', async () => {
    let there: object[] = [];
    const rig = slackRig(({ parameters }) => page(parameters['oldest'] === stamp(-10) ? there : []), {
      credential,
      cursors: { [`ch:${CHANNEL}`]: stamp(-10), events: proof(START) },
    });
    await rig.clock.advance(10_000);
    expect(rig.states().at(-1)).toBe('connected events');
    there = [post(stamp(200), 'unheard')];
    await rig.clock.advance(300_000);
    expect(rig.heard.map(({ text }) => text)).toEqual(['unheard']);
    expect(rig.states().at(-1)).toBe('connected events_silent polling');
    rig.cursors.set('events', proof(START + 320_000));
    await rig.clock.advance(5_000);
    expect(rig.states().at(-1)).toBe('connected events');
  });
});
