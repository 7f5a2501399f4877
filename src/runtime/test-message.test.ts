import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connected, type Rig, startRig } from '../../test/support/runtime-rig.ts';
import { limited, lost, notSent, unauthorized } from '../../test/support/scripted-platform.ts';
import type { TestResult } from '../core/control.ts';

describe('test messages', () => {
  let rig: Rig;
  let bot: Connected;
  beforeEach(async () => {
    rig = await startRig();
    rig.platform.place = { channel: 'c1' };
    await rig.begin();
    bot = await rig.connect();
  });
  afterEach(() => rig.end());
  const test = async (ms = 0): Promise<TestResult> => {
    let result: TestResult | undefined;
    const asked = rig.runtime.test(bot.integration, { bot_token: 'good' }).then((said) => {
      result = said;
    });
    await rig.pass(ms, () => result);
    expect(result).toBeDefined();
    await asked;
    return result as unknown as TestResult;
  };

  it('arrives past an answer that takes long', async () => {
    rig.respond = () => new Promise(() => {});
    await rig.say('slow');
    expect(await test()).toMatchObject({
      success: true,
      channelId: 'c1',
      messageId: 'p1',
      deliveredAt: rig.clock.now(),
    });
    expect(rig.query('select message_count as n from integrations')).toEqual([{ n: 1 }]);
  });

  it('goes where the bot was last spoken to, and nowhere before that', async () => {
    rig.platform.place = undefined;
    expect(await test()).toMatchObject({ success: false, reason: 'no_chat_yet' });
    expect(rig.platform.calls).toHaveLength(0);
    await rig.say('hello', { channel: 'c7' });
    await rig.until(() => rig.platform.ledger.length === 1);
    expect(await test()).toMatchObject({ success: true, channelId: 'c7' });
  });

  it('gives up after 10 s on a sender that hangs, and leaves no timer behind', async () => {
    rig.platform.always = () => new Promise(() => {});
    expect(await test(10_000)).toMatchObject({ success: false, reason: 'timeout', latencyMs: 10_000 });
    expect(rig.clock.sleeping()).toHaveLength(1);
  });

  it.each([
    ['waits within the deadline', limited(3_000, 'conversation'), 4_000, { success: true }],
    ['does not wait beyond it', limited(60_000, 'credential'), 0, { success: false, reason: 'rate_limited' }],
    ['tries again what did not arrive', notSent('server_error'), 1_000, { success: true }],
    ['does not repeat what may have arrived', lost, 0, { success: false, reason: 'unconfirmed' }],
    ['tells of a dead credential', unauthorized, 0, { success: false, reason: 'unauthorized' }],
    [
      'survives a sender that throws',
      () => {
        throw new Error('bug');
      },
      0,
      { success: false, reason: 'unconfirmed' },
    ],
  ] as const)('%s', async (_name, result, ms, expected) => {
    rig.platform.script.push(result);
    expect(await test(ms)).toMatchObject(expected);
  });

  it('does not use a credential that was refused', async () => {
    rig.platform.always = unauthorized;
    await test();
    await rig.until(() => rig.platform.listening.length === 0);
    expect(await test()).toMatchObject({ success: false, reason: 'unauthorized' });
    expect(rig.platform.calls).toHaveLength(1);
  });
});
