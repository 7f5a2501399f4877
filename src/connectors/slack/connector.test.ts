import { describe, expect, it } from 'vitest';
import type { Integration } from '../../core/integration.ts';
import { slack } from './connector.ts';
import { listenedChannels, routeAt } from './places.ts';
import { secretsFor } from './secrets.ts';

const TEAM = 'T04ABCDEF';
const CHANNEL = 'C04ABCDEF';
const DIRECT = 'D04ABCDEF';
const good = { workspace_id: TEAM, channel_ids: [CHANNEL] };

describe('settings', () => {
  it.each([
    [good, true],
    [{ ...good, workspace_id: 'E04ABCDEF' }, true],
    [{ ...good, channel_ids: [CHANNEL, 'G04ABCDEF', DIRECT] }, true],
    [{ ...good, direct_messages: true, reply_in: 'channel' }, true],
    [{ ...good, reply_in: 'thread' }, true],
    [{ ...good, reply_in: 'nowhere' }, false],
    [{ ...good, channel_ids: [] }, false],
    [{ workspace_id: TEAM }, false],
    [{ channel_ids: [CHANNEL] }, false],
    [{ ...good, channel_ids: [CHANNEL, CHANNEL] }, false],
    [{ ...good, channel_ids: ['#general'] }, false],
    [{ ...good, channel_ids: [`${CHANNEL}/../x`] }, false],
    [{ ...good, channel_ids: [CHANNEL.toLowerCase()] }, false],
    [{ ...good, workspace_id: CHANNEL }, false],
    [{ ...good, workspace_id: 4 }, false],
    [{ ...good, channel_ids: Array.from({ length: 101 }, (_, id) => `C04ABCD${1000 + id}`) }, false],
  ])('%j', (settings, taken) => {
    const parsed = slack.settings.safeParse(settings);
    expect(parsed.success).toBe(taken);
    if (taken) expect(parsed.data).toEqual(settings);
  });

  it.each([
    ['a listed channel', good, { scope: TEAM, channel: CHANNEL }, true],
    ['a thread in it', good, { scope: TEAM, channel: CHANNEL, thread: '1.000001' }, true],
    ['another channel', good, { scope: TEAM, channel: 'C04OTHERS' }, false],
    ['a direct message', good, { scope: TEAM, channel: DIRECT }, false],
    ['a wanted direct message', { ...good, direct_messages: true }, { scope: TEAM, channel: DIRECT }, true],
    ['a listed direct message', { ...good, channel_ids: [DIRECT] }, { scope: TEAM, channel: DIRECT }, true],
    ['a group that is not listed', { ...good, direct_messages: true }, { scope: TEAM, channel: 'G04ABCDEF' }, false],
  ])('listen in %s', (_name, settings, at, heard) => {
    expect(slack.listens({ settings }, at)).toBe(heard);
  });

  it.each([
    ['the first message of its thread', '1.000001', true],
    ['a reply', '2.000001', false],
    ['what is answered in the channel itself', undefined, false],
  ])('tell whether a message opens a thread: %s', (_name, thread, opens) => {
    const at = { scope: TEAM, channel: CHANNEL, ...(thread !== undefined && { thread }) };
    expect(slack.opensThread?.({ id: `${CHANNEL}/1.000001`, at })).toBe(opens);
  });

  it('name the place of a test message', () => {
    expect(slack.testPlace(good)).toEqual({ scope: TEAM, channel: CHANNEL });
  });
});

describe('credential', () => {
  it.each([
    [{ bot_token: 'xoxb-1-2-abc' }, true],
    [
      { bot_token: 'xoxb-1-2-abc', app_token: 'xapp-1-A1-2-abc', signing_secret: '8f742231b10e8888abcd99yyyzzz85a5' },
      true,
    ],
    [{ app_token: 'xapp-1-A1-2-abc' }, false],
    [{ bot_token: 'a b' }, false],
    [{ bot_token: 'xoxb-1', signing_secret: '' }, false],
  ])('%j', (credential, taken) => {
    expect(slack.credential.safeParse(credential).success).toBe(taken);
  });
});

describe('who hears a direct message', () => {
  const route = (id: string, enabled: boolean, settings: object) => ({ id, enabled, settings }) as Integration;
  const wanting = { ...good, direct_messages: true };

  it('is the oldest at work that wants them', () => {
    const routes = [route('int_0', true, good), route('int_1', false, wanting), route('int_2', true, wanting)];
    expect(routeAt(routes, DIRECT)?.id).toBe('int_2');
    expect(routeAt(routes.slice(0, 2), DIRECT)?.id).toBe('int_1');
    expect(routeAt(routes.slice(0, 1), DIRECT)).toBeUndefined();
  });

  it('leaves channels of a pause unread', () => {
    const paused = route('int_1', false, { ...good, channel_ids: ['C04OTHERS'] });
    expect(listenedChannels([route('int_0', true, good), paused])).toEqual([CHANNEL]);
  });
});

describe('secrets', () => {
  it('of a bot go before those of the operator, whose app token is for its own app', () => {
    const deployment = { app_token: 'xapp-1-A1-2-abc', signing_secret: 'theirs' };
    expect(secretsFor({}, deployment, 'A1')).toEqual({ appToken: 'xapp-1-A1-2-abc', signingSecret: 'theirs' });
    expect(secretsFor({}, deployment, 'A2')).toEqual({ signingSecret: 'theirs' });
    expect(secretsFor({}, deployment, undefined)).toEqual({ signingSecret: 'theirs' });
    const own = { app_token: 'xapp-1-A2-3-x', signing_secret: 'ours' };
    expect(secretsFor(own, deployment, 'A2')).toEqual({ appToken: 'xapp-1-A2-3-x', signingSecret: 'ours' });
    expect(secretsFor({}, undefined, 'A1')).toEqual({});
  });
});
