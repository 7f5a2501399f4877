import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Connected, type Rig, startRig } from '../../test/support/runtime-rig.ts';

describe('accepting', { timeout: 30_000 }, () => {
  let rig: Rig;
  let bot: Connected;
  beforeEach(async () => {
    rig = await startRig();
    await rig.begin();
    bot = await rig.connect(['c1']);
  });
  afterEach(() => rig.end());
  const once = (fault: (call: () => Promise<unknown>) => Promise<unknown>) =>
    rig.faults.set('accept', (call) => {
      rig.faults.delete('accept');
      return fault(call);
    });

  it.each([
    ['although it was stored', (call: () => Promise<unknown>) => call().then(() => Promise.reject(new Error('lost')))],
    ['and nothing was stored', () => Promise.reject(new Error('away'))],
  ])('F003 F086: a commit that is rejected %s: after the repetition the turn runs once', async (_name, fault) => {
    const { port } = await rig.receiver();
    const messages = [rig.message('one')];
    const cursors = [{ name: 'offset', value: '1' }];
    once(fault);
    await expect(port.accept(messages, cursors)).rejects.toThrow();
    await rig.quiet();
    expect(rig.turns).toHaveLength(0);
    expect(port.cursors.get('offset')).toBeUndefined();
    await port.accept(messages, cursors);
    expect(port.cursors.get('offset')).toBe('1');
    await port.accept(messages, cursors);
    await rig.until(() => rig.platform.ledger.length === 1);
    await rig.pass(2_000);
    expect(rig.turns).toHaveLength(1);
    expect(rig.platform.ledger).toEqual(['c1: re: one']);
  });

  it('what is accepted side by side while one is unsure runs once each', async () => {
    const { port } = await rig.receiver();
    const first = [rig.message('one')];
    once((call) => call().then(() => Promise.reject(new Error('lost'))));
    await expect(port.accept(first, [])).rejects.toThrow();
    // What is stored while it looks is found by both.
    rig.faults.set('recover', async (call) => {
      rig.faults.delete('recover');
      await port.accept([rig.message('three')], []);
      return call();
    });
    await port.accept([...first, rig.message('two')], []);
    await rig.until(() => rig.platform.ledger.length >= 3);
    await rig.pass(1_000);
    expect(rig.turns.map((turn) => turn.message.text).sort()).toEqual(['one', 'three', 'two']);
    expect(rig.platform.ledger).toHaveLength(3);
  });

  it('hears only its places, never itself, and a known message only once', async () => {
    const { port } = await rig.receiver();
    const self = { id: 'b', name: 'Nova', kind: 'self' } as const;
    const known = rig.message('known');
    const relayed = rig.message('relayed', { author: { id: 'r', name: 'Relay', kind: 'bot' } });
    const elsewhere = rig.message('elsewhere', { channel: 'c9' });
    await port.accept([known, elsewhere, relayed, rig.message('own', { author: self })], []);
    await port.accept([known, relayed], []);
    await rig.until(() => rig.platform.ledger.length === 1);
    await rig.pass(1_000);
    expect(rig.fates()).toEqual({ known: 'answered', relayed: 'ignored:from_bot' });
    expect(rig.turns).toHaveLength(1);
    expect(rig.counted).toEqual(['unheard', 'turn', 'ignored:from_bot', 'known', 'known']);
    const judged = rig.log.filter(({ event }) => event === 'message_judged').map(({ fields }) => fields);
    expect(judged).toMatchObject([
      { integration: bot.id, message: relayed.id, platform: 'chat', outcome: 'ignored:from_bot' },
    ]);
    const unheard = rig.log.filter(({ event }) => event === 'message_unheard').map(({ fields }) => fields);
    expect(unheard).toMatchObject([{ bot: bot.integration.botId, channel: 'c9', message: elsewhere.id }]);
  });

  it('F002 F043: what is told again after a restart is known, answered or not', async () => {
    const { port } = await rig.receiver();
    const told = Array.from({ length: 10 }, (_, index) => rig.message(`line ${index}`));
    const never = new Promise<string>(() => {});
    rig.respond = (turn) => (turn.message.text < 'line 5' ? `re: ${turn.message.text}` : never);
    await port.accept(told, []);
    await rig.until(() => rig.turns.length === 6);
    await rig.quiet();
    expect(rig.platform.ledger).toHaveLength(5);
    await rig.kill();
    rig.respond = (turn) => `re: ${turn.message.text}`;
    await rig.revive();
    // The platform does not know how far it was heard.
    const next = await rig.receiver();
    await next.port.accept([...told, rig.message('new')], []);
    await rig.until(() => rig.platform.ledger.at(-1) === 'c1: re: new');
    await next.port.accept(told, []);
    await rig.pass(2_000);
    expect(rig.platform.ledger).toEqual([...told.map(({ text }) => `c1: re: ${text}`), 'c1: re: new']);
  });

  it('F004: a storm of what is known costs no turn, and what is new among it is answered in order', async () => {
    const { port } = await rig.receiver();
    const known = Array.from({ length: 150 }, (_, index) => rig.message(`k${index}`));
    await port.accept(known, []);
    await rig.until(() => rig.platform.ledger.length === known.length);
    const texts = Array.from({ length: 10 }, (_, index) => `new ${index}`);
    for (const text of texts) {
      await port.accept([...known, rig.message(text), ...known], []);
      // Answered before the next storm: none of what is known takes its place.
      await rig.until(() => rig.platform.ledger.at(-1) === `c1: re: ${text}`);
    }
    await rig.pass(2_000);
    expect(rig.turns).toHaveLength(known.length + texts.length);
    expect(rig.platform.ledger.slice(known.length)).toEqual(texts.map((text) => `c1: re: ${text}`));
  });

  it('F111: acts on changed settings at once', async () => {
    await bot.update({ settings: { channel_ids: ['c2'] } });
    await rig.say('one', { channel: 'c1' });
    await rig.say('two', { channel: 'c2' });
    await rig.until(() => rig.platform.ledger.length === 1);
    expect(rig.fates()).toHaveProperty('two');
    expect(rig.fates()).not.toHaveProperty('one');
    expect(rig.platform.begun).toBe(1);
  });
});
