import { describe, expect, it } from 'vitest';
import type { HookRequest, Listener } from '../../core/hook.ts';
import type { Bot } from '../../core/integration.ts';
import { hook, hookSecret } from './hook.ts';

const bot: Bot = { id: 'bot_1', platform: 'telegram', identity: '7', profile: { username: 'AriaBot' } };
const secrets = { bot_token: '7:secret' };
const listener: Listener = { bot, credential: secrets, routes: [], cursors: new Map() };
const good = hookSecret('7:secret');

const request = (secret: string | undefined, body: unknown = {}): HookRequest => ({
  header: (name) => (name === 'x-telegram-bot-api-secret-token' ? secret : undefined),
  body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
});
const said = {
  update_id: 3,
  message: {
    message_id: 9,
    date: 1,
    chat: { id: 5, type: 'private' },
    from: { id: 5, is_bot: false, first_name: 'Ada' },
    text: 'hello',
  },
};

describe('the secret', () => {
  it('has 256 bits in letters that the platform allows, its own for each token', () => {
    expect(good).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(hookSecret('7:secret')).toBe(good);
    expect(hookSecret('7:secreT')).not.toBe(good);
    expect(good).not.toContain('secret');
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['too short', good.slice(1)],
    ['too long', `${good}a`],
    ['of other letters', `${good.slice(1)}!`],
  ])('%s: not even looked up', (_name, secret) => {
    expect(hook.plausible(request(secret), 0)).toBe(false);
    expect(hook.open(request(secret, said), secrets, 0)).toEqual({ kind: 'refused', reason: 'wrong_secret' });
  });

  it.each([
    ['wrong', `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`],
    ['another bot’s', hookSecret('8:secret')],
  ])('%s: refused, whatever the body says', (_name, secret) => {
    expect(hook.plausible(request(secret), 0)).toBe(true);
    expect(hook.open(request(secret, said), secrets, 0)).toEqual({ kind: 'refused', reason: 'wrong_secret' });
    expect(hook.open(request(secret, '{'), secrets, 0)).toEqual({ kind: 'refused', reason: 'wrong_secret' });
  });

  it('of nobody opens nothing: the deployment has no token', () => {
    expect(hook.open(request(hookSecret('')), {}, 0)).toEqual({ kind: 'refused', reason: 'wrong_secret' });
  });
});

describe('what came', () => {
  it('is a message, and no cursor moves', () => {
    expect(hook.plausible(request(good, said), 0)).toBe(true);
    const opened = hook.open(request(good, said), secrets, 0);
    expect(opened).toEqual({ kind: 'event', event: said });
    expect(hook.read(said, listener, 0)).toMatchObject({
      messages: [{ id: '5:9', text: 'hello', author: { id: '5', kind: 'person' }, addressed: true }],
      cursors: [],
    });
  });

  it('knows its own name', () => {
    const group = { ...said.message, chat: { id: -4, type: 'group' }, text: '@AriaBot hi' };
    const entities = [{ type: 'mention', offset: 0, length: 8 }];
    const read = hook.read({ update_id: 4, message: { ...group, entities } }, listener, 0);
    expect(read?.messages).toMatchObject([{ addressed: true, text: 'hi' }]);
  });

  it('follows a group that has a new id', () => {
    const message = { message_id: 2, date: 1, chat: { id: -4, type: 'group' }, migrate_to_chat_id: -1004 };
    expect(hook.read({ update_id: 4, message }, listener, 0)).toEqual({
      messages: [],
      cursors: [],
      moved: { from: '-4', to: '-1004' },
    });
  });

  it.each(['', '{', '[]', 'null', '"x"', '{"update_id":"1"}', '{"message":{}}', '\u0000'])(
    'is confirmed when it is no update: %j',
    (body) => {
      expect(hook.open(request(good, body), secrets, 0)).toEqual({ kind: 'nothing' });
    },
  );

  it.each([
    { update_id: 1 },
    { update_id: 1, poll: {} },
    { update_id: 1, message: { text: 'no chat' } },
    { update_id: 1, message: null },
    { update_id: 1, message: 'x' },
  ])('is empty when it cannot be read: %j', (update) => {
    expect(hook.open(request(good, update), secrets, 0)).toMatchObject({ kind: 'event' });
    expect(hook.read(update, listener, 0)).toEqual({ messages: [], cursors: [] });
  });

  it('is nothing when it is no update at all', () => {
    expect(hook.read('x', listener, 0)).toEqual({ messages: [], cursors: [] });
  });
});
