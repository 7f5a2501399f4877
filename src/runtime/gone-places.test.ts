import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connected, type Rig, startRig } from '../../test/support/runtime-rig.ts';
import { notSent } from '../../test/support/scripted-platform.ts';

describe('a place that its integration hears no more', { timeout: 30_000 }, () => {
  let rig: Rig;
  let bot: Connected;
  beforeEach(async () => {
    rig = await startRig();
    await rig.begin();
    bot = await rig.connect(['c1', 'c2']);
  });
  afterEach(() => rig.end());
  const hear = (...channels: string[]) => bot.update({ settings: { channel_ids: channels } });

  it('gets no answer to what was asked there before; other places do', async () => {
    const slow = Promise.withResolvers<string>();
    const signals: AbortSignal[] = [];
    rig.respond = (_turn, signal) => {
      signals.push(signal);
      return slow.promise;
    };
    for (const text of ['q0', 'q1', 'q2']) await rig.say(text);
    await rig.say('there', { channel: 'c2' });
    await rig.until(() => rig.turns.length === 2);
    await hear('c2');
    await rig.quiet();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    slow.resolve('done');
    await rig.until(() => rig.platform.ledger.length === 1);
    await rig.quiet();
    const gone = 'ignored:not_listening';
    expect(rig.fates()).toEqual({ q0: gone, q1: gone, q2: gone, there: 'answered' });
    expect(rig.platform.ledger).toEqual(['c2: done']);
    expect(rig.turns).toHaveLength(2);
  });

  it('gets none from the next owner either', async () => {
    rig.respond = () => new Promise(() => {});
    await rig.say('q0');
    await rig.until(() => rig.turns.length === 1);
    const { userId } = bot.integration;
    await rig.store.updateIntegration(userId, bot.id, { settings: { channel_ids: ['c2'] }, at: rig.clock.now() });
    await rig.kill();
    rig.respond = () => 'too late';
    await rig.revive();
    await rig.quiet();
    expect(rig.platform.calls).toHaveLength(0);
    expect(rig.fates()).toEqual({ q0: 'ignored:not_listening' });
  });

  it('gets not even an answer that is written already', async () => {
    const { render } = rig.platform;
    const [writing, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    rig.platform.render = async (text, to) => {
      writing.resolve();
      await held.promise;
      return render(text, to);
    };
    await rig.say('q0');
    await writing.promise;
    await hear('c2');
    held.resolve();
    await rig.quiet();
    expect(rig.platform.calls).toHaveLength(0);
    expect(rig.fates()['q0']).toBe('ignored:not_listening');
  });

  it('gets no more of an answer that is on its way', async () => {
    rig.platform.script.push(notSent('server_error', 60_000));
    await rig.say('one|two');
    await rig.until(() => rig.platform.calls.length === 1);
    await rig.quiet();
    await hear('c2');
    await rig.quiet();
    await rig.pass(120_000);
    expect(rig.platform.calls).toHaveLength(1);
    expect(rig.fates()).toEqual({ 'one|two': 'failed:not_listening' });
  });

  it('is not one that has a new id, whoever hears of it', async () => {
    const slow = Promise.withResolvers<string>();
    rig.respond = () => slow.promise;
    await rig.say('q0');
    await rig.say('q1');
    await rig.until(() => rig.turns.length === 1);
    const { id: integrationId } = bot;
    const { botId } = bot.integration;
    const settings = [{ integrationId, settings: { channel_ids: ['new', 'c2'] } }];
    await rig.store.moveChannel({ botId, epoch: null, from: 'c1', to: 'new', settings });
    await rig.runtime.changed([botId]);
    await rig.quiet();
    slow.resolve('done');
    await rig.until(() => rig.platform.ledger.length === 2);
    expect(rig.platform.ledger).toEqual(['new: done', 'new: done']);
  });
});
