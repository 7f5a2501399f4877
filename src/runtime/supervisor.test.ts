import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../../test/support/runtime-rig.ts';

describe('bots and their links', { timeout: 30_000 }, () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.begin();
  });
  afterEach(() => rig.end());
  const verified = { identity: 'bot1', profile: {}, claims: [''], notices: [], credential: { bot_token: 'good' } };
  const away = () => Promise.reject(new Error('store away'));
  const times = (event: string) => rig.log.filter((line) => line.event === event).length;

  it.each([
    ['throws', new Error('bug')],
    ['returns without a word', undefined],
  ])('a receiver that %s is told of and opened again, ever later', async (_name, error) => {
    await rig.connect();
    const first = await rig.receiver();
    first.port.report({ state: 'connected', transport: 'polling' });
    first.end(error);
    await rig.quiet();
    expect(rig.health()).toMatchObject({ state: 'reconnecting', code: 'interrupted', transport: 'polling' });
    await rig.pass(1_000);
    expect(rig.platform.begun).toBe(2);
    for (let n = 0; n < 3; n++) {
      (await rig.receiver()).end(error);
      await rig.pass(120_000, () => rig.platform.listening.length > 0);
    }
    (await rig.receiver()).port.report({ state: 'connected', transport: 'polling' });
    await rig.quiet();
    expect(rig.health()).toMatchObject({ state: 'connected' });
    expect(rig.platform.begun).toBe(5);
  });

  it('a receiver that gave up is left alone until its owner has it checked again', async () => {
    const bot = await rig.connect();
    const first = await rig.receiver();
    first.port.report({ state: 'error', code: 'bad_credentials', transport: 'polling' });
    first.end();
    await rig.pass(90_000);
    expect(rig.platform.begun).toBe(1);
    expect(rig.health()).toMatchObject({ state: 'error', code: 'bad_credentials' });
    await bot.update({ verified });
    expect(rig.platform.begun).toBe(2);
  });

  it('stores the newest health, whatever order the store fails in', async () => {
    const bot = await rig.connect();
    const { port } = await rig.receiver();
    rig.faults.set('reportHealth', away);
    port.report({ state: 'reconnecting', code: 'unreachable', transport: 'polling' });
    await rig.quiet();
    await bot.update({ enabled: false });
    await bot.update({ enabled: true });
    rig.faults.delete('reportHealth');
    (await rig.receiver()).port.report({ state: 'connected', transport: 'polling' });
    await rig.pass(60_000);
    expect(rig.health()).toMatchObject({ state: 'connected' });
  });

  it('a paused bot is shown as paused, also after a crash before that was stored', async () => {
    const bot = await rig.connect();
    (await rig.receiver()).port.report({ state: 'connected', transport: 'polling' });
    await rig.quiet();
    rig.faults.set('reportHealth', away);
    await bot.update({ enabled: false });
    await rig.kill();
    rig.faults.clear();
    await rig.revive();
    await rig.quiet();
    expect(rig.health()).toMatchObject({ state: 'paused', transport: 'polling' });
    expect(rig.platform.listening).toHaveLength(0);
  });

  it('a resume that fails on the store is made up for', async () => {
    const bot = await rig.connect();
    await rig.receiver();
    await bot.update({ enabled: false });
    rig.faults.set('adopt', away);
    await expect(bot.update({ enabled: true })).rejects.toThrow('away');
    rig.faults.delete('adopt');
    await rig.pass(3_000, () => rig.platform.listening.length > 0);
    expect(rig.platform.listening).toHaveLength(1);
  });

  it('a platform that is served no more: its bot says so, is left in peace, and the others work', async () => {
    await expect(rig.connect(undefined, { platform: 'gone' })).rejects.toThrow('no connector');
    await rig.pass(2_000);
    expect(rig.health()).toMatchObject({ state: 'error', code: 'platform_not_served' });
    const before = times('bot_step_failed');
    await rig.pass(90_000);
    expect(times('bot_step_failed') - before).toBeLessThan(9);
    await rig.connect(undefined, { identity: 'bot2' });
    await rig.say('one');
    await rig.until(() => rig.platform.ledger.length === 1);
  });

  it('a secret that cannot be opened: the bot says so, and works as soon as it can', async () => {
    const sealed = Object.assign(new Error('sealed with another key'), { name: 'SealError' });
    rig.faults.set('loadBot', () => Promise.reject(sealed));
    await expect(rig.connect()).rejects.toThrow('another key');
    await rig.pass(2_000);
    expect(rig.health()).toMatchObject({ state: 'error', code: 'secret_unreadable' });
    rig.faults.delete('loadBot');
    await rig.pass(60_000, () => rig.platform.listening.length > 0);
    (await rig.receiver()).port.report({ state: 'connecting', transport: 'polling' });
    await rig.quiet();
    expect(rig.health()).toMatchObject({ state: 'connecting' });
  });

  it('changes made side by side end in what the store says', async () => {
    const bot = await rig.connect();
    const wishes = [false, true, false, true, false].map((enabled) => bot.update({ enabled }));
    await Promise.all(wishes);
    await rig.quiet();
    expect(rig.platform.listening).toHaveLength(0);
    await Promise.all([bot.update({ enabled: true }), bot.update({ verified }), bot.update({ autoRespond: false })]);
    expect(rig.platform.listening).toHaveLength(1);
    await bot.remove();
    expect(rig.platform.listening).toHaveLength(0);
    expect(rig.runtime).toBeDefined();
  });

  it('a new credential replaces the receiver, which goes on where the old one stood', async () => {
    const bot = await rig.connect();
    await rig.say('one', { cursors: [{ name: 'offset', value: '41' }] });
    await bot.update({ verified: { ...verified, credential: { bot_token: 'new' } } });
    const { token, port } = await rig.receiver();
    expect(token).toBe('new');
    expect(port.cursors.get('offset')).toBe('41');
    expect(rig.platform.listening).toHaveLength(1);
  });
});
