import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../../test/support/runtime-rig.ts';
import type { Addressee, Hook, HookRequest } from '../core/hook.ts';
import type { BotId } from '../core/ids.ts';
import type { InboundMessage } from '../core/message.ts';

/** What the tests post: an event with messages, for the hook's own bot unless it says for whom. */
interface Posted {
  readonly to?: Addressee;
  readonly messages?: readonly InboundMessage[];
  readonly cursor?: string;
  readonly revoked?: boolean;
  readonly moved?: { from: string; to: string };
  readonly challenge?: string;
}

const hook: Hook = {
  plausible: (request) => request.header('secret') !== undefined,
  open: (request, secrets) => {
    if (request.header('secret') !== secrets['bot_token']) return { kind: 'refused', reason: 'secret' };
    const event = JSON.parse(Buffer.from(request.body).toString()) as Posted;
    if (event.challenge !== undefined) return { kind: 'reply', contentType: 'text/plain', body: event.challenge };
    return { kind: 'event', event, ...(event.to && { to: event.to }) };
  },
  read: (event) => {
    const { messages = [], cursor, revoked, moved } = event as Posted;
    return {
      messages,
      cursors: cursor === undefined ? [] : [{ name: 'pushed', value: cursor }],
      ...(revoked && { revoked }),
      ...(moved && { moved }),
    };
  },
};

const request = (secret: string | undefined, posted: Posted): HookRequest => ({
  header: (name) => (name === 'secret' ? secret : undefined),
  body: Buffer.from(JSON.stringify(posted)),
});

describe('hooks', { timeout: 30_000 }, () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    rig.platform.hook = hook;
    await rig.begin();
  });
  afterEach(() => rig.end());

  const post = (botId: BotId | undefined, posted: Posted, secret: string | undefined = 'good') =>
    rig.runtime.hook('chat', botId, request(secret, posted));

  it('F078 F083: takes a message in, and it is answered once however often it comes', async () => {
    const { integration } = await rig.connect();
    const messages = [rig.message('hello')];
    for (let times = 0; times < 4; times++) {
      expect(await post(integration.botId, { messages })).toEqual({ kind: 'accepted' });
    }
    await rig.quiet();
    expect(rig.platform.ledger).toEqual(['c1: re: hello']);
  });

  it('F078 F083: answers before the model does', async () => {
    const { integration } = await rig.connect();
    const model = Promise.withResolvers<string>();
    rig.respond = () => model.promise;
    expect(await post(integration.botId, { messages: [rig.message('slow')] })).toEqual({ kind: 'accepted' });
    expect(rig.fates()).toEqual({ slow: 'open' });
    model.resolve('at last');
    await rig.until(() => rig.platform.ledger.length === 1);
  });

  it('believes nobody without the secret, and looks nothing up for whom it cannot be', async () => {
    const { integration } = await rig.connect();
    const messages = [rig.message('forged')];
    expect(await post(integration.botId, { messages }, 'guess')).toEqual({ kind: 'refused' });
    rig.faults.set('findListeners', () => Promise.reject(new Error('looked up')));
    const silent = rig.runtime.hook('chat', 'bot_0000000000000000', request(undefined, { messages }));
    expect(await silent).toEqual({ kind: 'refused' });
    expect(rig.fates()).toEqual({});
  });

  it('knows no hook of a bot that does not exist, of another platform, or without secrets of the deployment', async () => {
    const { integration } = await rig.connect();
    expect(await post('bot_0000000000000000', {})).toEqual({ kind: 'unknown' });
    expect(await rig.runtime.hook('other', integration.botId, request('good', {}))).toEqual({ kind: 'unknown' });
    expect(await post(undefined, {})).toEqual({ kind: 'unknown' });
    rig.platform.hook = undefined;
    expect(await post(integration.botId, {})).toEqual({ kind: 'unknown' });
  });

  it('hands out what a handshake asks for', async () => {
    const { integration } = await rig.connect();
    const reply = { kind: 'reply', contentType: 'text/plain', body: 'abc' };
    expect(await post(integration.botId, { challenge: 'abc' })).toEqual(reply);
  });

  it('rejects when nothing could be stored, and the next try succeeds', async () => {
    const { integration } = await rig.connect();
    const messages = [rig.message('hello')];
    rig.faults.set('accept', () => Promise.reject(new Error('disk full')));
    await expect(post(integration.botId, { messages })).rejects.toThrow('disk full');
    rig.faults.delete('accept');
    expect(await post(integration.botId, { messages })).toEqual({ kind: 'accepted' });
    await rig.until(() => rig.platform.ledger.length === 1);
  });

  it('answers nothing that came while paused', async () => {
    const bot = await rig.connect();
    await bot.update({ enabled: false });
    expect(await post(bot.integration.botId, { messages: [rig.message('hello')] })).toEqual({ kind: 'accepted' });
    await bot.update({ enabled: true });
    await rig.quiet();
    expect(Object.values(rig.fates())).toEqual(['ignored:paused']);
    expect(rig.platform.ledger).toEqual([]);
  });

  it('shows the receiver what it has seen', async () => {
    const { integration } = await rig.connect();
    const { port } = await rig.receiver();
    await post(integration.botId, { cursor: '12' });
    expect(port.cursors.get('pushed')).toBe('12');
  });

  it('a credential that the platform calls dead is not used any more', async () => {
    const { integration } = await rig.connect();
    await rig.receiver();
    await post(integration.botId, { revoked: true });
    await rig.quiet();
    expect(rig.health()).toMatchObject({ state: 'error', code: 'bad_credentials' });
    expect(rig.platform.listening).toEqual([]);
  });

  it('a channel that moves takes its settings along', async () => {
    const { integration } = await rig.connect(['c1']);
    await post(integration.botId, {
      moved: { from: 'c1', to: 'c2' },
      messages: [rig.message('hi', { channel: 'c2' })],
    });
    await rig.until(() => rig.platform.ledger.length === 1);
    expect(rig.platform.ledger).toEqual(['c2: re: hi']);
  });

  describe('of an app in several workspaces', () => {
    it('reach the bot they are for, if its own secret is the same', async () => {
      const one = await rig.connect(undefined, { identity: 'T1/U1', token: 'app' });
      await rig.connect(undefined, { identity: 'T2/U2', token: 'app' });
      await post(one.integration.botId, { to: { identity: 'T2/U2' }, messages: [rig.message('to two')] }, 'app');
      await post(one.integration.botId, { to: { scope: 'T2' }, messages: [rig.message('to all of two')] }, 'app');
      await rig.until(() => rig.platform.ledger.length === 2);
      const bots = rig.query('select b.identity from messages m join bots b on b.id = m.bot_id');
      expect(bots.map(({ identity }) => identity)).toEqual(['T2/U2', 'T2/U2']);
    });

    it('never reach a bot with another secret', async () => {
      const mallory = await rig.connect(undefined, { identity: 'T1/U1', token: 'mallory' });
      await rig.connect(undefined, { identity: 'T2/U2', token: 'victim' });
      const to = [{ identity: 'T2/U2' }, { scope: 'T2' }];
      for (const whom of to) {
        await post(mallory.integration.botId, { to: whom, messages: [rig.message('forged')] }, 'mallory');
      }
      await rig.quiet();
      expect(rig.fates()).toEqual({});
    });

    it('and of the deployment, by its secret alone', async () => {
      rig.deployment = { bot_token: 'operator' };
      await rig.connect(undefined, { identity: 'T2/U2', token: 'own' });
      const messages = [rig.message('hello')];
      expect(await post(undefined, { to: { scope: 'T2' }, messages }, 'own')).toEqual({ kind: 'refused' });
      expect(await post(undefined, { to: { scope: 'T2' }, messages }, 'operator')).toEqual({ kind: 'accepted' });
      await rig.until(() => rig.platform.ledger.length === 1);
    });
  });
});
