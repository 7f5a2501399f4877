import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { CHANNEL, page, post, slackBot, slackRig, stamp, TEAM } from '../../../test/support/slack-rig.ts';
import type { ReceiverPort, SharedPort } from '../../core/connector.ts';
import type { Intake, Listener } from '../../core/hook.ts';
import { announce, type Backlog, backlogOf, type Spot } from './backlog.ts';
import { deliveries } from './deliveries.ts';
import type { Connection, Envelope } from './socket.ts';

const open: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
});

describe('what a socket brings', () => {
  const routes = [{ settings: { workspace_id: TEAM, channel_ids: [CHANNEL] }, enabled: true, autoRespond: true }];
  const listener = { bot: slackBot, credential: {}, routes, cursors: new Map() } as unknown as Listener;

  function setup(backlog: Backlog) {
    const clock = createManualClock(0);
    open.push(announce(slackBot.identity, backlog, clock));
    const heard: string[] = [];
    const acknowledged: string[] = [];
    const deliver: SharedPort['deliver'] = async (_to, read: (to: Listener) => Intake | undefined) => {
      for (const { text } of read(listener)?.messages ?? []) heard.push(text);
    };
    const connection = { over: false, done: ({ id }: Envelope) => acknowledged.push(id) } as unknown as Connection;
    const port = { clock, deliver } as unknown as SharedPort;
    const owner = deliveries(port, () => {}, new AbortController().signal);
    const bring = (text: string, more: object = {}) => {
      const event = {
        ...post(stamp(heard.length), text),
        channel: CHANNEL,
        user_profile: { real_name: 'Ann' },
        ...more,
      };
      const authorizations = [{ team_id: TEAM, user_id: 'U0SELF0', is_bot: true }];
      const payload = { type: 'event_callback', team_id: TEAM, api_app_id: 'A0APP00', authorizations, event };
      owner.envelope(connection, { id: text, type: 'events_api', payload });
    };
    return { clock, heard, acknowledged, bring };
  }

  it('waits for what came before it and was not pushed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const asked: Spot[] = [];
    let unread = true;
    const read = (spot: Spot) => {
      asked.push(spot);
      return promise;
    };
    const rig = setup({ unread: () => unread, read });
    rig.bring('late', { thread_ts: stamp(-5) });
    rig.bring('later');
    await rig.clock.advance(1_000);
    expect([rig.heard, rig.acknowledged]).toEqual([[], []]);
    expect(asked).toEqual([{ channel: CHANNEL, root: stamp(-5) }]);
    unread = false;
    resolve();
    await rig.clock.advance(0);
    expect([rig.heard, rig.acknowledged]).toEqual([
      ['late', 'later'],
      ['late', 'later'],
    ]);
  });

  it('waits no longer than the platform does, all of it together', async () => {
    const rig = setup({ unread: () => true, read: () => new Promise(() => {}) });
    rig.bring('one');
    rig.bring('two');
    await rig.clock.advance(1_900);
    expect(rig.heard).toEqual([]);
    await rig.clock.advance(200);
    expect(rig.acknowledged).toEqual(['one', 'two']);
  });
});

describe('a receiver', () => {
  it('tells what it has not read since the socket was away, and reads first where somebody waits', async () => {
    const busy = 'C0BUSY00';
    const channels = [...Array.from({ length: 12 }, (_, index) => `C0MANY${index}`), busy];
    const cursors = Object.fromEntries(channels.map((channel) => [`ch:${channel}`, stamp(-10)]));
    let tell: (state: 'connected' | 'reconnecting') => void = () => {};
    const join: ReceiverPort['join'] = (_name, _link, told, signal) => {
      tell = (state) => told({ state, transport: 'socket' });
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    };
    const rig = slackRig(() => page([]), {
      settings: { channel_ids: channels },
      cursors,
      join,
      credential: { bot_token: 'xoxb-secret', app_token: 'xapp-1-A0APP00-1-secret' },
    });
    const backlog = () => backlogOf(slackBot.identity, rig.clock);
    const unread = () => channels.filter((channel) => backlog()?.unread({ channel }));
    expect(unread()).toEqual(channels);
    tell('connected');
    await rig.clock.advance(20_000);
    expect(unread()).toEqual([]);

    tell('reconnecting');
    expect(unread()).toEqual(channels);
    const before = rig.calls.length;
    const done = backlog()?.read({ channel: busy });
    tell('connected');
    await rig.clock.advance(0);
    await done;
    expect(rig.calls[before]?.parameters['channel']).toBe(busy);
    expect(unread()).not.toContain(busy);
    expect(unread().length).toBeGreaterThan(0);
    // Not for ever.
    await rig.clock.advance(11_000);
    expect(unread()).toEqual([]);

    tell('reconnecting');
    const waiting = backlog()?.read({ channel: busy });
    await rig.stop();
    await waiting;
    expect(backlog()).toBeUndefined();
  });
});
