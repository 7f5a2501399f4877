import { afterEach, describe, expect, it } from 'vitest';
import { type Rig, type SomeOptions, startRig } from '../../test/support/runtime-rig.ts';
import { ResponderError } from '../core/responder.ts';

describe('what needs no model, and what a model is told', { timeout: 30_000 }, () => {
  let rig: Rig;
  const start = async (greeting?: string, over: { autoRespond?: boolean; options?: SomeOptions } = {}) => {
    rig = await startRig(greeting === undefined ? {} : { greeting });
    await rig.begin();
    return rig.connect(undefined, over);
  };
  afterEach(() => rig.end());
  const sent = () => rig.platform.ledger.map((line) => line.slice(4));
  const direct = { direct: true };

  it('/start is answered with the greeting, in a conversation of two', async () => {
    await start('Hi, I am Nova!|Ask me anything.');
    await rig.say('/start', direct);
    await rig.quiet();
    await rig.say('/start ref_42', direct);
    await rig.quiet();
    expect(sent()).toEqual(['Hi, I am Nova!', 'Ask me anything.', 'Hi, I am Nova!', 'Ask me anything.']);
    expect(rig.turns).toHaveLength(0);
    expect(rig.fates()).toEqual({ '/start': 'answered', '/start ref_42': 'answered' });
    await rig.say('/start', { channel: 'c2', id: 'group' });
    await rig.until(() => rig.turns.length === 1);
  });

  it('without a greeting it is a message like any other', async () => {
    await start();
    await rig.say('/start', direct);
    await rig.until(() => sent().length === 1);
    expect(sent()).toEqual(['re: /start']);
  });

  it('the first answer of a conversation of two begins with the greeting, and no other', async () => {
    await start('Hi!');
    await rig.say('one', direct);
    await rig.say('two', direct);
    await rig.say('in a group', { channel: 'c2' });
    await rig.until(() => sent().length === 4);
    expect(sent().filter((text) => text !== 're: in a group')).toEqual(['Hi!', 're: one', 're: two']);
  });

  it('nor after /start, nor where every message would look like the first', async () => {
    const bot = await start('Hi!');
    await rig.say('/start', direct);
    await rig.say('one', direct);
    await rig.until(() => sent().length === 2);
    await bot.update({ options: { ...bot.integration.options, storeContent: false } });
    await rig.say('two', { ...direct, channel: 'c2' });
    await rig.until(() => sent().length === 3);
    expect(sent()).toEqual(['Hi!', 're: one', 're: two']);
  });

  it('also when the model could not answer the first message', async () => {
    await start('Hi!');
    rig.respond = ({ message }) =>
      message.text === 'one' ? Promise.reject(new ResponderError('model_timeout', 'late')) : `re: ${message.text}`;
    for (const text of ['one', 'two', 'three']) await rig.say(text, direct);
    await rig.until(() => sent().length === 4);
    expect(sent().slice(1)).toEqual(['Hi!', 're: two', 're: three']);
  });

  it('/reset forgets what was said, for the model as for the store', async () => {
    await start();
    await rig.say('my secret is 42');
    await rig.until(() => sent().length === 1);
    // Where every message is for the bot, no mention is needed.
    await rig.say('/reset', { addressed: false });
    await rig.until(() => sent().length === 2);
    await rig.say('what was it?');
    await rig.until(() => sent().length === 3);
    expect(sent()[1]).toBe('Done. I have forgotten our conversation.');
    expect(rig.turns.map(({ message }) => message.text)).toEqual(['my secret is 42', 'what was it?']);
    expect(JSON.stringify(await rig.turns[1]?.history())).not.toContain('42');
    expect(rig.query("select 1 from messages where text like '%42%'")).toEqual([]);
  });

  it('/reset says that it is done only when it is, also when the server stops before', async () => {
    await start();
    rig.faults.set('forget', () => Promise.reject(new Error('away')));
    await rig.say('/reset');
    await rig.quiet();
    await rig.runtime.stop(0);
    expect(rig.query('select * from deliveries')).toEqual([]);
    expect(rig.fates()).toEqual({ '/reset': 'open' });
  });

  it('five of a person in a minute are answered, and what is to be forgotten is forgotten all the same', async () => {
    await start('Hi!');
    await rig.say('my secret is 42', { ...direct, id: 'secret' });
    await rig.quiet();
    for (let n = 0; n < 5; n++) await rig.say('/start', { ...direct, id: `start${n}` });
    await rig.say('/reset', direct);
    await rig.say('/start', { ...direct, id: 'elsewhere', channel: 'c2' });
    await rig.until(() => sent().length === 8);
    await rig.quiet();
    expect(sent().filter((text) => text === 'Hi!')).toHaveLength(7);
    expect(rig.fates()).toMatchObject({ '/reset': 'ignored:command_limit' });
    expect(rig.query("select 1 from messages where text like '%42%'")).toEqual([]);
    await rig.pass(60_000);
    await rig.say('/start', { ...direct, id: 'later' });
    await rig.until(() => sent().length === 9);
  });

  it('a flood of them takes no turn from anybody', async () => {
    await start('Hi!', { options: { limits: { personTurnsPerMinute: 1 } } });
    for (let n = 0; n < 15; n++) await rig.say(n % 2 ? '/start' : '/reset', { ...direct, id: `m${n}` });
    await rig.say('hello', direct);
    await rig.until(() => sent().at(-1) === 're: hello');
  });

  it('a model is told what the message replies to, and how much it may be shown', async () => {
    await start(undefined, { options: { contextTokens: 1_234 } });
    await rig.say('is that so?', { quote: { name: 'Bob', text: 'The earth is flat.' } });
    await rig.until(() => rig.turns.length === 1);
    expect(rig.turns[0]).toMatchObject({
      message: { text: 'is that so?', quote: { name: 'Bob', text: 'The earth is flat.' } },
      contextTokens: 1_234,
    });
  });

  it('and what people said among themselves before they spoke to it', async () => {
    await start(undefined, { autoRespond: false });
    const bob = { id: 'bob', name: 'Bob', kind: 'person' } as const;
    await rig.say('it opens at nine', { author: bob, addressed: false });
    await rig.say('when does it open?');
    await rig.until(() => sent().length === 1);
    const history = await rig.turns[0]?.history();
    expect(history?.map(({ name, text }) => `${name}: ${text}`)).toEqual(['Bob: it opens at nine']);
  });
});
