import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connected, type Rig, startRig } from '../../test/support/runtime-rig.ts';
import { arrives, limited, notSent, unauthorized } from '../../test/support/scripted-platform.ts';
import { ResponderError } from '../core/responder.ts';

const HOUR = 3_600_000;

describe('turns', { timeout: 30_000 }, () => {
  let rig: Rig;
  let bot: Connected;
  beforeEach(async () => {
    rig = await startRig();
    rig.platform.typing = async () => {};
    await rig.begin();
    bot = await rig.connect();
  });
  afterEach(() => rig.end());
  const sent = () => rig.platform.ledger.map((line) => line.slice(4));
  const hangs = (_: unknown, signal: AbortSignal) =>
    new Promise<string>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  const deaf = () => new Promise<string>(() => {});

  it.each([
    ['throws', () => Promise.reject(new Error('bug')), 'failed:internal_error'],
    ['says why', () => Promise.reject(new ResponderError('model_overloaded', 'busy')), 'failed:model_overloaded'],
    ['says nothing', () => ' ', 'failed:empty_answer'],
    ['hangs', hangs, 'failed:turn_timeout'],
    ['hangs and does not heed its signal', deaf, 'failed:turn_timeout'],
  ] as const)(
    'F009 F010 F056 F077 F101: a responder that %s fails its message and no other',
    async (_name, respond, fate) => {
      rig.respond = (turn, signal) => (turn.message.text === 'bad' ? respond(turn, signal) : 'fine');
      await rig.say('bad');
      await rig.say('good');
      await rig.pass(11 * 60_000, () => sent().length > 0);
      await rig.quiet();
      expect(rig.fates()).toEqual({ bad: fate, good: 'answered' });
      expect(rig.clock.sleeping().filter((ms) => ms > 1_000)).toEqual([]);
    },
  );

  it('a connector that cannot render fails the message and no other', async () => {
    const { render } = rig.platform;
    rig.platform.render = (text, to) => {
      if (text.includes('bad')) throw new Error('bug');
      return render(text, to);
    };
    await rig.say('bad');
    await rig.say('good');
    await rig.until(() => sent().length === 1);
    await rig.quiet();
    expect(rig.fates()).toEqual({ bad: 'failed:internal_error', good: 'answered' });
  });

  it('F104: shows that somebody writes, at the pace of the platform, and stops with the answer', async () => {
    const slow = Promise.withResolvers<string>();
    rig.respond = () => slow.promise;
    await rig.say('one');
    await rig.pass(399);
    expect(rig.platform.typings).toHaveLength(0);
    await rig.pass(60_001);
    expect(rig.platform.typings.length).toBeGreaterThanOrEqual(15);
    expect(rig.platform.typings.length).toBeLessThanOrEqual(16);
    slow.resolve('done');
    await rig.until(() => sent().length === 1);
    const shown = rig.platform.typings.length;
    await rig.pass(20_000);
    expect(rig.platform.typings).toHaveLength(shown);
  });

  it('an indicator that hangs or fails delays no answer', async () => {
    rig.platform.typing = (to) => (to.channel === 'c1' ? new Promise(() => {}) : Promise.reject(new Error('bug')));
    const slow = Promise.withResolvers<string>();
    rig.respond = () => slow.promise;
    await rig.say('one');
    await rig.say('two', { channel: 'c2' });
    await rig.pass(1_000);
    slow.resolve('done');
    await rig.until(() => sent().length === 2);
  });

  it('a store that is away for a moment costs a turn time, and no apology', async () => {
    rig.respond = async (turn) => `re: ${turn.message.text} after ${(await turn.history()).length}`;
    await rig.say('one');
    await rig.until(() => sent().length === 1);
    rig.faults.set('history', () => Promise.reject(new Error('connection lost')));
    await rig.say('two');
    await rig.pass(3_000);
    expect(sent()).toHaveLength(1);
    rig.faults.clear();
    await rig.pass(10_000, () => sent().length === 2);
    expect(sent()[1]).toBe('re: two after 2');
    // And who does not want it any more need not wait for the store.
    rig.faults.set('history', () => Promise.reject(new Error('connection lost')));
    await rig.say('three');
    await rig.quiet();
    await bot.update({ enabled: false });
    await rig.quiet();
    expect(rig.fates()).toMatchObject({ two: 'answered', three: 'ignored:paused' });
  });

  it('lets at most 200 wait in a conversation', async () => {
    const first = Promise.withResolvers<string>();
    rig.respond = (turn) => (turn.message.text === 'q0' ? first.promise : 'ok');
    const { port } = await rig.receiver();
    const by = (n: number) => ({ author: { id: `u${n % 3}`, name: 'Ada', kind: 'person' } as const });
    await port.accept(
      Array.from({ length: 150 }, (_, n) => rig.message(`q${n}`, by(n))),
      [],
    );
    await port.accept(
      Array.from({ length: 60 }, (_, n) => rig.message(`q${150 + n}`, { id: `late${n}`, ...by(n) })),
      [],
    );
    const expired = () => Object.values(rig.fates()).filter((fate) => fate === 'expired:backlog').length;
    await rig.until(() => expired() === 10);
    first.resolve('ok');
    await rig.until(() => sent().length === 200);
    expect(expired()).toBe(10);
  });

  it('F029: answers nothing that is older than 12 hours, also when it grew old while waiting', async () => {
    const first = Promise.withResolvers<string>();
    rig.respond = (turn) => (turn.message.text === 'first' ? first.promise : 'ok');
    const old = (ms: number) => ({ sentAt: rig.clock.now() - 12 * HOUR - ms });
    await rig.say('ancient', { ...old(1), id: 'ancient' });
    await rig.say('first');
    await rig.say('ageing', old(-30_000));
    await rig.pass(30_000);
    first.resolve('ok');
    await rig.until(() => sent().length === 1);
    await rig.quiet();
    expect(rig.fates()).toEqual({ ancient: 'expired:age', first: 'answered', ageing: 'expired:age' });
  });

  describe.each(['pause', 'delete'] as const)('%s', (how) => {
    const stop = () => (how === 'pause' ? bot.update({ enabled: false }) : bot.remove());
    const outcome = (fates: Record<string, string>) => (how === 'pause' ? fates : {});

    it('ends what runs and what waits behind it', async () => {
      let aborted = false;
      rig.respond = (_turn, signal) => {
        signal.addEventListener('abort', () => {
          aborted = true;
        });
        return hangs(_turn, signal);
      };
      await rig.say('one');
      await rig.say('two');
      await rig.until(() => rig.turns.length === 1);
      await stop();
      await rig.quiet();
      expect(aborted).toBe(true);
      await rig.pass(5_000);
      expect(rig.platform.calls).toHaveLength(0);
      expect(rig.turns).toHaveLength(1);
      expect(rig.fates()).toEqual(outcome({ one: 'ignored:paused', two: 'ignored:paused' }));
      expect(rig.platform.listening).toHaveLength(0);
    });

    it.each([
      ['a postponed part', notSent('server_error', 60_000)],
      ['a limited conversation', limited(60_000, 'conversation')],
      ['a limited credential', limited(60_000, 'credential')],
      ['a dead credential', unauthorized],
    ])('sends nothing more of %s', async (_name, result) => {
      rig.platform.script.push(result);
      await rig.say('one');
      await rig.until(() => rig.platform.calls.length === 1);
      await rig.quiet();
      // With a dead credential nobody listens any more.
      if (rig.platform.listening.length > 0) await rig.say('waits');
      await stop();
      await rig.quiet();
      const fates = rig.fates();
      if (how === 'pause') expect(fates).toMatchObject({ one: 'failed:paused' });
      else expect(fates).toEqual({});
      if (fates['waits']) expect(fates['waits']).toBe('ignored:paused');
      await rig.pass(120_000);
      expect(rig.platform.calls).toHaveLength(1);
    });

    it('sends nothing when it comes between the answer and its storing', async () => {
      const held = Promise.withResolvers<void>();
      const composing = Promise.withResolvers<void>();
      rig.faults.set('compose', async (call) => {
        composing.resolve();
        await held.promise;
        return call();
      });
      await rig.say('one');
      await composing.promise;
      const stopped = stop();
      await rig.until(() => rig.query('select 1 from integrations where enabled = 1').length === 0);
      held.resolve();
      await stopped;
      await rig.quiet();
      expect(rig.platform.calls).toHaveLength(0);
      expect(rig.fates()).toEqual(outcome({ one: 'ignored:paused' }));
    });
  });

  it('a pause that is over soon ends what waited all the same, and what comes afterwards is answered', async () => {
    rig.respond = (turn, signal) => (turn.message.text === 'new' ? 'hello' : hangs(turn, signal));
    await rig.say('one');
    await rig.say('two');
    await bot.update({ enabled: false });
    await bot.update({ enabled: true });
    await rig.say('new');
    await rig.until(() => sent().length === 1);
    await rig.quiet();
    expect(rig.fates()).toEqual({ one: 'ignored:paused', two: 'ignored:paused', new: 'answered' });
  });

  it('F021: keeps nothing in memory of what has ended', async () => {
    for (let n = 0; n < 20; n++) {
      rig.platform.script.push(arrives);
      await rig.say(`q${n}`, { channel: `c${n % 5}` });
    }
    await rig.until(() => sent().length === 20 || rig.platform.ledger.length === 20);
    await rig.pass(3_000);
    // Only the heartbeat.
    expect(rig.clock.sleeping()).toHaveLength(1);
  });
});
