import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, type Said, type SomeOptions, startRig } from '../../test/support/runtime-rig.ts';
import type { InboundMessage } from '../core/message.ts';
import { ResponderError } from '../core/responder.ts';

const TODAY = "That's all I can do for today. Ask me again tomorrow.";
const BUSY = 'There is a lot going on here. Please give me a minute.';
const LATER = "Sorry, I can't answer right now. Please try again in a little while.";

/** Where each question opens a thread of its own, and so a conversation. */
describe('a room', { timeout: 30_000 }, () => {
  let rig: Rig;
  const start = async (options: SomeOptions = {}, autoRespond = true) => {
    rig = await startRig();
    await rig.begin();
    return rig.connect(undefined, { options, autoRespond });
  };
  afterEach(() => rig.end());
  const by = (name: string): InboundMessage['author'] => ({ id: name, name, kind: 'person' });
  const sent = () => rig.platform.ledger.map((line) => line.slice(line.indexOf(' ') + 1));
  const times = (text: string) => sent().filter((each) => each === text).length;
  let asked = 0;
  /** Outside of threads; its answer will open one. */
  const ask = (text: string, { channel = 'c1', ...over }: Said = {}) => {
    const id = `ask${++asked}`;
    return rig.say(text, { id, at: { channel, thread: id }, ...over });
  };

  it('is refused once when the tokens of the day are gone, whatever thread is opened', async () => {
    await start({ limits: { tokensPerDay: 1 } });
    rig.respond = (turn) => {
      turn.spent(600);
      return 'ok';
    };
    for (let n = 0; n < 30; n++) {
      await ask(`question ${n}`, { author: by(`person${n}`) });
      await rig.quiet();
    }
    expect([times('ok'), times(TODAY)]).toEqual([1, 1]);
    await ask('elsewhere', { channel: 'c2' });
    await rig.quiet();
    expect(times(TODAY)).toBe(2);
  });

  it.each(['chatTurnsPerMinute', 'turnsPerMinute'] as const)('has one refusal of %s', async (limit) => {
    await start({ limits: { [limit]: 1 } });
    for (let n = 0; n < 15; n++) {
      await ask(`question ${n}`, { author: by(`person${n}`) });
      await rig.quiet();
    }
    expect([rig.turns.length, times(BUSY)]).toEqual([10, 1]);
  });

  it('is told once by each person that the model is away', async () => {
    await start();
    rig.respond = () => Promise.reject(new ResponderError('model_overloaded', 'busy'));
    for (let n = 0; n < 8; n++) await ask(`question ${n}`, { author: by(n % 2 ? 'ada' : 'bob') });
    await rig.quiet();
    expect(times(LATER)).toBe(2);
  });

  it('F105: knows a relay that brings each answer back as a new message, while others are answered', async () => {
    await start();
    rig.respond = ({ message }) => `Thank you for telling me. You said: ${message.text.slice(-20)}`;
    let answer = 'hello';
    for (let n = 0; n < 12; n++) {
      const before = sent().length;
      await ask(answer, { author: by('relay') });
      await rig.quiet();
      answer = sent()[before] ?? answer;
      await ask(`question ${n} of my own`, { author: by('ada') });
      await rig.quiet();
    }
    expect(rig.turns.filter(({ message }) => message.authorName === 'relay')).toHaveLength(5);
    expect(rig.turns.filter(({ message }) => message.authorName === 'ada')).toHaveLength(12);
  });
});
