import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../../test/support/runtime-rig.ts';

describe('the flow of messages', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await startRig();
    await rig.begin();
    await rig.connect();
  });
  afterEach(() => rig.end());

  it('F107: answers in order within a conversation, and each turn knows the one before', async () => {
    const slow = Promise.withResolvers<string>();
    rig.respond = (turn) => (turn.message.text === 'A' ? slow.promise : `re: ${turn.message.text}`);
    await rig.say('A');
    await rig.say('B');
    await rig.say('elsewhere', { channel: 'c2' });
    await rig.until(() => rig.platform.ledger.length === 1);
    expect(rig.platform.ledger).toEqual(['c2: re: elsewhere']);
    expect(rig.turns.map((turn) => turn.message.text)).toEqual(['A', 'elsewhere']);
    slow.resolve('re: A');
    await rig.until(() => rig.platform.ledger.length === 3);
    expect(rig.platform.ledger.slice(1)).toEqual(['c1: re: A', 'c1: re: B']);
    const history = await rig.turns[2]?.history();
    expect(history?.map(({ from, text }) => `${from}: ${text}`)).toEqual(['person: A', 'replr: re: A']);
    await rig.quiet();
    expect(rig.fates()).toEqual({ A: 'answered', B: 'answered', elsewhere: 'answered' });
  });
});
