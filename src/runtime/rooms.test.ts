import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, type Said, type SomeOptions, startRig } from '../../test/support/runtime-rig.ts';
import { MAX_OVERHEARD } from '../core/flow-store.ts';
import type { InboundMessage } from '../core/message.ts';
import { ResponderError } from '../core/responder.ts';

const TODAY = "That's all I can do for today. Ask me again tomorrow.";
const BUSY = 'There is a lot going on here. Please give me a minute.';
const LATER = "Sorry, I can't answer right now. Please try again in a little while.";

/** Where each question opens a thread of its own, and so a conversation. */
describe('a room', { timeout: 30_000 }, () => {
  let rig: Rig;
  const start = async (options: SomeOptions = {}, autoRespond = true, greeting?: string) => {
    rig = await startRig(greeting === undefined ? {} : { greeting });
    rig.platform.connector.opensThread = ({ id, at }) => id === at.thread;
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

  it('tells a question what people said in it before, and keeps the newest of that alone', async () => {
    await start({}, false);
    const murmur = (text: string, channel = 'c1') => ask(text, { channel, addressed: false, author: by('bob') });
    await murmur('it opens at eight', 'c2');
    for (let n = 0; n < MAX_OVERHEARD; n++) await murmur(`murmur ${n}`);
    await murmur('it opens at nine');
    await ask('when does it open?');
    await rig.quiet();
    const history = await rig.turns[0]?.history();
    expect(history?.map(({ text }) => text)).toEqual([
      ...Array.from({ length: MAX_OVERHEARD - 1 }, (_, n) => `murmur ${n + 1}`),
      'it opens at nine',
    ]);
    expect(rig.query("select 1 from messages where overheard = 1 and text <> ''")).toHaveLength(MAX_OVERHEARD + 1);
    expect(rig.query("select 1 from messages where text = 'murmur 0'")).toEqual([]);
  });

  it('/reset outside of threads forgets all of it, in a thread that thread', async () => {
    await start({}, false);
    const texts = () => rig.query("select text from messages where text like '%secret%'").map(({ text }) => text);
    await ask('a murmured secret', { addressed: false });
    await ask('my secret is 42');
    const thread = `ask${asked}`;
    await rig.say('another secret', { at: { channel: 'c1', thread } });
    await ask('a secret of others', { channel: 'c2' });
    await ask('a second secret');
    await rig.quiet();
    await rig.say('/reset', { at: { channel: 'c1', thread } });
    await rig.quiet();
    expect(texts()).toEqual(['a murmured secret', 'a secret of others', 'a second secret']);
    await ask('/reset');
    await rig.quiet();
    expect(texts()).toEqual(['a secret of others']);
    expect(times('Done. I have forgotten our conversation.')).toBe(2);
  });

  it('greets once who opens threads in a conversation of two', async () => {
    await start({}, true, 'Hi!');
    await rig.say('one', { direct: true });
    await rig.quiet();
    await rig.say('in a thread', { direct: true, at: { channel: 'c1', thread: 't1' } });
    await rig.quiet();
    await rig.say('with somebody else', { direct: true, at: { channel: 'c2', thread: 't1' } });
    await rig.quiet();
    expect(sent()).toEqual(['Hi!', 're: one', 're: in a thread', 'Hi!', 're: with somebody else']);
  });
});
