import { describe, expect, it } from 'vitest';
import type { Listener } from '../../core/hook.ts';
import type { Bot, Integration, Profile } from '../../core/integration.ts';
import { addresseeOf, eventIntake } from './events.ts';
import type { WireOuter } from './wire.ts';

const TS = '1790000000.000100';
const NOW = 1_790_000_000_500;
const ROOT = '1789999000.000001';

const route = (more: Partial<Integration> = {}) =>
  ({ enabled: true, autoRespond: true, settings: { channel_ids: ['C1'] }, ...more }) as Integration;

function listener(
  more: Partial<Listener> = {},
  profile: Profile = { appId: 'A1', botId: 'B0', name: 'aria' },
): Listener {
  const bot: Bot = { id: 'bot_1', platform: 'slack', identity: 'T1/U0BOT', profile };
  return { bot, credential: {}, routes: [route()], cursors: new Map(), ...more };
}

const outer = (event: object = {}, more: object = {}): WireOuter => ({
  type: 'event_callback',
  team_id: 'T1',
  api_app_id: 'A1',
  authorizations: [{ team_id: 'T1', user_id: 'U0BOT', is_bot: true }],
  event: { type: 'message', channel: 'C1', channel_type: 'channel', user: 'U1', text: 'hi', ts: TS, ...event },
  ...more,
});

describe('whom an event is for', () => {
  it('is the bot it names, else its workspace', () => {
    expect(addresseeOf(outer())).toEqual({ identity: 'T1/U0BOT' });
    // In a shared channel the event may be told by the other workspace.
    expect(addresseeOf(outer({}, { team_id: 'T2' }))).toEqual({ identity: 'T1/U0BOT' });
    const nowhere = [{ team_id: null, user_id: 'U0BOT', is_bot: true }];
    expect(addresseeOf(outer({}, { authorizations: nowhere }))).toEqual({ identity: 'T1/U0BOT' });
    const person = [{ team_id: 'T1', user_id: 'U5', is_bot: false }];
    expect(addresseeOf(outer({}, { authorizations: person }))).toEqual({ scope: 'T1' });
    expect(addresseeOf(outer({}, { authorizations: null }))).toEqual({ scope: 'T1' });
  });

  it.each<[string, object, Profile | undefined, boolean]>([
    ['our app', {}, undefined, true],
    ['another app', { api_app_id: 'A2' }, undefined, false],
    ['another workspace', { team_id: 'T2', authorizations: [] }, undefined, false],
    ['a shared channel, told by the other workspace', { team_id: 'T2' }, undefined, true],
    ['our app, which we do not know', { api_app_id: 'A2' }, {}, true],
    ['another bot of the workspace', { authorizations: [{ team_id: 'T1', user_id: 'U9', is_bot: true }] }, {}, false],
    ['nobody by name', { authorizations: undefined }, undefined, true],
    ['nobody by name, and an app that we do not know', { authorizations: undefined }, {}, false],
    ['neither a bot nor an app', { authorizations: undefined, api_app_id: undefined }, undefined, false],
    ['no event', { event: 7 }, undefined, true],
    ['something else', { type: 'app_rate_limited' }, undefined, false],
  ])('%s', (_name, more, profile, ours) => {
    const intake = eventIntake(outer({}, more), listener({}, profile), NOW);
    expect(intake !== undefined).toBe(ours);
  });
});

describe('what an event means', () => {
  it('F094: is the same message for message and app_mention', () => {
    const said = { text: '<@U0BOT> hi', channel_type: undefined };
    const mention = eventIntake(outer({ type: 'app_mention', ...said }), listener(), NOW);
    expect(mention?.messages).toEqual(eventIntake(outer(said), listener(), NOW)?.messages);
    expect(mention?.messages).toMatchObject([{ id: `C1/${TS}`, text: 'hi', addressed: true }]);
  });

  it.each([
    ['an edit', { subtype: 'message_changed' }],
    ['a join', { subtype: 'channel_join' }],
    ['a reaction', { type: 'reaction_added' }],
    ['a channel that is none', { channel: '../x' }],
    ['a channel of another form', { channel: { id: 'C1' } }],
    ['no time', { ts: undefined }],
  ])('is nothing: %s', (_name, event) => {
    expect(eventIntake(outer(event), listener(), NOW)).toEqual({ messages: [], cursors: [] });
  });

  it.each([
    [{ 'from:C1': TS }, 0],
    [{ 'from:C1': '1790000000.000099' }, 1],
    [{ 'from:C2': TS }, 1],
    [{ 'from:D': TS }, 1],
    [{ 'ch:C1': TS }, 1],
    [{ 'from:C1': 'rubbish' }, 1],
  ])('is nothing from before the beginning: %j', (cursors, count) => {
    const known = new Map(Object.entries(cursors));
    expect(eventIntake(outer(), listener({ cursors: known }), NOW)?.messages).toHaveLength(count);
  });

  it('has one beginning for all direct messages', () => {
    const direct = outer({ channel: 'D7', channel_type: 'im' });
    expect(eventIntake(direct, listener({ cursors: new Map([['from:D', TS]]) }), NOW)?.messages).toEqual([]);
    expect(eventIntake(direct, listener({ cursors: new Map([['from:D', ROOT]]) }), NOW)?.messages).toHaveLength(1);
  });

  it.each<[string, Partial<Integration>, object, string | undefined, string?]>([
    ['its own that an answer opens', {}, {}, `th:C1:${TS}`],
    ['one that goes on, from its beginning', {}, { thread_ts: ROOT }, `th:C1:${ROOT}`, '1789999000.000000'],
    [
      'one that is old, for a day',
      {},
      { thread_ts: '1789000000.000001' },
      'th:C1:1789000000.000001',
      '1789913600.000100',
    ],
    [
      'one that goes on, from where it is spoken to',
      { autoRespond: false },
      { thread_ts: ROOT, text: '<@U0BOT>' },
      `th:C1:${ROOT}`,
    ],
    ['none where nobody answers', { autoRespond: false }, {}, undefined],
    ['its own when spoken to', { autoRespond: false }, { text: '<@U0BOT>' }, `th:C1:${TS}`],
    ['none of a pause', { enabled: false }, {}, undefined],
    ['none of a bot', {}, { bot_id: 'B9' }, undefined],
    ['none elsewhere', {}, { channel: 'C2' }, undefined],
    ['none where answers go to the channel', { settings: { channel_ids: ['C1'], reply_in: 'channel' } }, {}, undefined],
  ])('makes a thread worth reading: %s', (_name, more, event, name, value = TS) => {
    const intake = eventIntake(outer(event), listener({ routes: [route(more)] }), NOW);
    expect(intake?.cursors).toEqual(name === undefined ? [] : [{ name, value }]);
  });

  it('moves no position that is there already', () => {
    const cursors = new Map([[`th:C1:${ROOT}`, ROOT]]);
    expect(eventIntake(outer({ thread_ts: ROOT }), listener({ cursors }), NOW)?.cursors).toEqual([]);
  });

  it.each<[string, object, boolean | undefined]>([
    ['the app is gone', { type: 'app_uninstalled' }, true],
    ['our token', { type: 'tokens_revoked', tokens: { bot: ['U0BOT'] } }, true],
    ['somebody else’s', { type: 'tokens_revoked', tokens: { oauth: ['U1'], bot: ['U9'] } }, undefined],
    ['nobody’s', { type: 'tokens_revoked', tokens: 'all' }, undefined],
  ])('F097: tells of a dead credential: %s', (_name, event, revoked) => {
    const told = outer(event, { event_time: NOW / 1000 - 20.5 });
    expect(eventIntake(told, listener(), NOW)?.revoked).toBe(revoked);
  });

  it.each([
    ['a minute late', { event_time: 1_789_999_940 }],
    ['from a clock far ahead', { event_time: 1_790_000_060 }],
    ['without a time', {}],
  ])('leaves the credential alone when its end is told %s: there may be a new one', (_name, time) => {
    for (const event of [{ type: 'app_uninstalled' }, { type: 'tokens_revoked', tokens: { bot: ['U0BOT'] } }]) {
      expect(eventIntake(outer(event, time), listener(), NOW)).toEqual({ messages: [], cursors: [] });
    }
  });
});
