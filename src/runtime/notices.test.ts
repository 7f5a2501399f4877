import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Rig, startRig } from '../../test/support/runtime-rig.ts';
import { arrives, refused } from '../../test/support/scripted-platform.ts';
import { RESTART, ResponderError, type ResponderReason } from '../core/responder.ts';

const LATER = "Sorry, I can't answer right now. Please try again in a little while.";

describe('when there is no answer', { timeout: 30_000 }, () => {
  let rig: Rig;
  const fail = (reason: ResponderReason) => Promise.reject(new ResponderError(reason, 'of a provider: sk-123'));
  beforeEach(async () => {
    rig = await startRig();
    await rig.begin();
  });
  afterEach(() => rig.end());
  const sent = () => rig.platform.ledger.map((line) => line.slice(4));

  it.each([
    ['model_overloaded', LATER],
    ['model_refused', "Sorry, I can't help with that."],
  ] as const)('F101: %s is told once, as a reply, and what stands behind it goes on', async (reason, text) => {
    await rig.connect();
    rig.respond = (turn) => (turn.message.text === 'bad' ? fail(reason) : 'fine');
    await rig.say('bad', { id: 'm1' });
    await rig.say('good');
    await rig.until(() => sent().length === 2);
    await rig.quiet();
    expect(sent()).toEqual([text, 'fine']);
    expect(rig.platform.calls[0]?.delivery.replyTo).toBe('m1');
    expect(rig.fates()).toEqual({ bad: `failed:${reason}`, good: 'answered' });
    const ended = rig.log.filter(({ event }) => event === 'turn_ended').map(({ fields }) => fields);
    expect(ended).toMatchObject([{ message: 'm1', channel: 'c1', outcome: `failed:${reason}` }]);
    // The notice is no answer: it is not counted, and no model will believe to have said it.
    expect(rig.query('select message_count as n from integrations')).toEqual([{ n: 3 }]);
    // Nor will it read again what it refused: then nobody here would get an answer any more.
    const told = reason === 'model_refused' ? [] : ['person'];
    expect((await rig.turns[1]?.history())?.map(({ from }) => from)).toEqual(told);
  });

  it('an owner who wants silence gets it', async () => {
    await rig.connect(undefined, { options: { errorReply: 'silent' } });
    rig.respond = (turn) => (turn.message.text === 'bad' ? fail('model_timeout') : 'fine');
    await rig.say('bad');
    await rig.say('good');
    await rig.until(() => sent().length === 1);
    await rig.quiet();
    expect(sent()).toEqual(['fine']);
    expect(rig.fates()).toEqual({ bad: 'failed:model_timeout', good: 'answered' });
  });

  it('F068: an outage is told of once a minute to each person in a conversation, not with every message', async () => {
    await rig.connect();
    rig.respond = () => fail('model_unavailable');
    for (let n = 0; n < 20; n++) await rig.say(`q${n}`, { channel: `c${n % 2}` });
    await rig.quiet();
    expect(sent()).toEqual([LATER, LATER]);
    await rig.say('and me?', { channel: 'c0', author: { id: 'bob', name: 'Bob', kind: 'person' } });
    await rig.quiet();
    expect(sent()).toEqual([LATER, LATER, LATER]);
    await rig.pass(60_000);
    await rig.say('still there?');
    await rig.quiet();
    expect(sent()).toHaveLength(4);
    expect(Object.values(rig.fates())).toEqual(Array.from({ length: 22 }, () => 'failed:model_unavailable'));
  });

  it('each refusal is told, and hides no failure after it; what fails after an answer is another failure', async () => {
    await rig.connect();
    const reasons: Record<string, ResponderReason> = { no: 'model_refused', down: 'model_empty' };
    rig.respond = ({ message: { text } }) => {
      const reason = reasons[text];
      return reason ? fail(reason) : text;
    };
    const bob = { author: { id: 'bob', name: 'Bob', kind: 'person' } } as const;
    let said = 0;
    for (const [text, over] of [
      ['no'],
      ['no'],
      ['down', bob],
      ['down'],
      ['down'],
      ['fine'],
      ['down'],
      ['down', bob],
    ] as const) {
      await rig.say(text, { ...over, id: `m${said++}` });
    }
    await rig.quiet();
    const REFUSED = "Sorry, I can't help with that.";
    // Twice in silence: once behind her own, once behind his, which her answer is no answer to.
    expect(sent()).toEqual([REFUSED, REFUSED, LATER, LATER, 'fine', LATER]);
  });

  it('a crash on its way costs neither the notice nor the outcome, and makes no second one', async () => {
    await rig.connect();
    rig.respond = () => fail('model_empty');
    rig.platform.script.push(() => new Promise(() => {}));
    rig.platform.lookUp = () => ({ kind: 'not_sent' });
    await rig.say('bad');
    await rig.until(() => rig.platform.calls.length === 1);
    await rig.kill();
    await rig.revive();
    await rig.until(() => sent().length === 1);
    await rig.quiet();
    expect(sent()).toEqual([LATER]);
    expect(rig.turns).toHaveLength(1);
    expect(rig.fates()).toEqual({ bad: 'failed:model_empty' });
    expect(rig.settled).toEqual(['failed:model_empty']);
  });

  it('a notice that cannot be sent changes nothing about the outcome', async () => {
    await rig.connect();
    rig.respond = () => fail('model_timeout');
    rig.platform.script.push(refused('gone', 'channel_gone'));
    await rig.say('bad');
    await rig.quiet();
    expect(sent()).toEqual([]);
    expect(rig.fates()).toEqual({ bad: 'failed:model_timeout' });
    expect(rig.settled).toEqual(['failed:model_timeout']);
  });

  it('nor does one that cannot be rendered', async () => {
    await rig.connect();
    rig.platform.render = async () => {
      throw new Error('bug');
    };
    await rig.say('bad');
    await rig.quiet();
    expect(rig.fates()).toEqual({ bad: 'failed:internal_error' });
    expect(rig.platform.calls).toHaveLength(0);
  });

  it('nobody is told of what is paused or too old', async () => {
    const bot = await rig.connect();
    const asked = Promise.withResolvers<string>();
    rig.respond = () => asked.promise;
    await rig.say('old', { sentAt: rig.clock.now() - 13 * 3_600_000, id: 'old' });
    await rig.say('paused');
    await rig.until(() => rig.turns.length === 1);
    await bot.update({ enabled: false });
    asked.reject(new ResponderError('model_timeout', 'late'));
    await rig.quiet();
    expect(rig.fates()).toEqual({ old: 'expired:age', paused: 'ignored:paused' });
    // Nobody listened, so nothing is kept, and a flood of such does not make histories slow.
    expect(rig.query("select text, due from messages where fate_kind = 'ignored'")).toEqual([{ text: '', due: 0 }]);
    expect(rig.platform.calls).toHaveLength(0);
  });

  it('F103: what an attempt said before it was given up is no part of the answer', async () => {
    await rig.connect();
    rig.stream = async function* () {
      yield 'The first ';
      yield RESTART;
      yield 'the second ';
      yield 'attempt';
    };
    rig.platform.script.push(arrives);
    await rig.say('hello');
    await rig.until(() => sent().length === 1);
    expect(sent()).toEqual(['the second attempt']);
  });
});
