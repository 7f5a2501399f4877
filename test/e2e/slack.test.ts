import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { startModelSimulator } from '../../src/simulators/model/server.ts';
import type { BotHandle } from '../../src/simulators/slack/apps.ts';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import { patience, type SlackScene, startSlackScene } from '../support/slack-scene.ts';

const echo = (text: string) => ECHO_PREFIX + text;

/** What only Slack has: threads, one post told twice, edits and unfurls, direct messages without a start button. */
describe('slack conversations', () => {
  let scene: SlackScene;
  let bot: BotHandle;
  let channel: ChannelHandle;
  let witness: ChannelHandle;

  beforeEach(async () => {
    scene = await startSlackScene('sqlite');
    const made = scene.bot('events', 2);
    bot = made.bot;
    [channel, witness] = made.channels as [ChannelHandle, ChannelHandle];
  });
  afterEach(() => scene.close());

  const connect = (extra?: object) => scene.connect('events', bot, [channel, witness], extra);
  /** Something said later elsewhere has been answered, so what came before would have been. */
  const settle = async () => {
    const count = witness.answers().length;
    witness.say('has everything been said?', { mention: bot });
    await witness.answered(count + 1, patience());
  };

  it('F094: answers once what comes as a message and as a mention', async () => {
    const id = await connect();
    const { ts } = channel.say('hello', { mention: bot });
    await channel.answered(1, patience());
    await scene.sim.waitFor(
      (ledger) => ledger.events.filter((event) => event.ts === ts && event.outcome === 'acked').length === 2,
      patience(),
    );
    await settle();
    const told = scene.sim.ledger.events.filter((event) => event.ts === ts).map(({ type }) => type);
    expect(told.toSorted()).toEqual(['app_mention', 'message']);
    expect(channel.answers()).toEqual([echo('hello')]);
    await expect.poll(() => scene.get(id)).toMatchObject({ message_count: 4 });
    await expect.poll(() => scene.get(id), { timeout: 5_000 }).toMatchObject({ health: { transport: 'events' } });
  });

  it('F084: what is called a second try may be the first to come, and is answered once', async () => {
    const id = await connect();
    await settle();
    // Nothing else would find it soon: history is read every five minutes from now on.
    await expect.poll(() => scene.get(id), { timeout: 5_000 }).toMatchObject({ health: { transport: 'events' } });
    scene.sim.set({ firstRetry: 2 });
    channel.say('only by a retry');
    expect(await channel.answered(1, patience())).toEqual([echo('only by a retry')]);
    scene.sim.set({ firstRetry: 0, deliverTimes: 3 });
    channel.say('by each of three');
    await channel.answered(2, patience());
    await settle();
    expect(channel.answers()).toEqual(['only by a retry', 'by each of three'].map(echo));
  });

  it('F093: is not stirred by edits, previews, deletions, joins, or what bots say, itself among them', async () => {
    const other = scene.sim.createBot({ username: 'other' });
    await connect();
    const { ts } = channel.say('one https://example.com/');
    await channel.answered(1, patience());
    channel.edit(ts, 'one, or rather two');
    channel.unfurl(ts);
    channel.join(scene.sim.createPerson('Bea'));
    channel.sayAsBot('beep', { classic: true, mention: bot });
    channel.sayAsBot('boop', { from: other, mention: bot });
    channel.sayAsBot('in your thread', { from: other, thread: ts });
    channel.delete(ts);
    await settle();
    expect(channel.answers()).toHaveLength(1);
    const { events } = scene.sim.ledger;
    const here = events.filter((event) => event.channel === channel.id && event.outcome === 'acked');
    const subtypes = new Set(here.map(({ subtype }) => subtype));
    // Of each there was one to be stirred by.
    expect([...subtypes]).toEqual(
      expect.arrayContaining([undefined, 'message_changed', 'message_deleted', 'channel_join', 'bot_message']),
    );
  });

  it('when told to speak only when spoken to, follows its threads, and leaves those to whom others are called', async () => {
    const bea = scene.sim.createPerson('Bea');
    await connect({ auto_respond: false });
    channel.say('lunch, anybody?');
    const { ts } = channel.say('what time is it?', { mention: bot });
    await channel.answered(1, patience());
    channel.say('and in Rome?', { thread: ts });
    await channel.answered(2, patience());
    channel.say('what do you think?', { thread: ts, mention: bea });
    channel.say('not in a thread of yours');
    await settle();
    expect(channel.answers(ts)).toEqual([echo('what time is it?'), echo('and in Rome?')]);
    expect(channel.answers()).toHaveLength(2);
  });

  it('answers in the thread it was asked in, or below what it was asked', async () => {
    await connect();
    const one = channel.say('one');
    const two = channel.say('two');
    channel.say('more of one', { thread: one.ts });
    await channel.answered(3, patience());
    expect(channel.answers(one.ts).toSorted()).toEqual([echo('more of one'), echo('one')]);
    expect(channel.answers(two.ts)).toEqual([echo('two')]);
  });

  it('answers in the channel where told so, and in a thread what was said in one', async () => {
    await connect({ reply_in: 'channel' });
    const one = channel.say('one');
    await channel.answered(1, patience());
    channel.say('in a thread', { thread: one.ts });
    await channel.answered(2, patience());
    const answers = channel.transcript().filter(({ fromBot }) => fromBot);
    const threadOf = (text: string) => answers.find((line) => line.text === echo(text))?.thread_ts;
    expect(threadOf('one')).toBeUndefined();
    expect(threadOf('in a thread')).toBe(one.ts);
  });

  it.each(['socket', 'events', 'polling'] as const)('answers direct messages where they are, by %s', async (by) => {
    const made = scene.bot(by);
    const person = scene.sim.createPerson('Cem');
    // New conversations are looked for once a minute; what pushes brings the first message at once.
    const early = by === 'polling' ? scene.sim.dm(made.bot, person) : undefined;
    await scene.connect(by, made.bot, made.channels, { direct_messages: true });
    const dm = early ?? scene.sim.dm(made.bot, person);
    dm.say('just between us');
    expect(await dm.answered(1, patience())).toEqual([echo('just between us')]);
    const { ts } = dm.say('and this');
    await dm.answered(2, patience());
    const expected: unknown[] = [
      [echo('just between us'), undefined],
      [echo('and this'), undefined],
    ];
    // History does not tell of threads that begin below what was answered elsewhere.
    if (by !== 'polling') {
      dm.say('in a thread of it', { thread: ts });
      await dm.answered(3, patience());
      expected.push([echo('in a thread of it'), ts]);
    }
    const answers = dm.transcript().filter(({ fromBot }) => fromBot);
    expect(answers.map(({ text, thread_ts }) => [text, thread_ts])).toEqual(expected);
  });

  it('leaves direct messages alone unless told otherwise', async () => {
    await connect();
    const dm = scene.sim.dm(bot);
    dm.say('anybody there?');
    await settle();
    expect(dm.answers()).toEqual([]);
    expect(scene.sim.acknowledged()).toContain('anybody there?');
  });
});

const KEY = `sk-${'m'.repeat(40)}`;

it('a slow answer in one thread holds up no other thread of the channel', async () => {
  const model = await startModelSimulator({ apiKey: KEY });
  const env = { REPLR_MODEL: 'openai/test-model', OPENAI_BASE_URL: model.url, OPENAI_API_KEY: KEY };
  const scene = await startSlackScene('sqlite', { env });
  try {
    const { bot, channels } = scene.bot('events');
    const [channel] = channels as [ChannelHandle];
    await scene.connect('events', bot, channels);
    model.fault({ kind: 'hang', match: 'slow' });
    const slow = channel.say('slow');
    await model.waitFor((prompts) => prompts.length === 1);
    const quick = channel.say('quick');
    await channel.answered(1, patience());
    expect(channel.answers(quick.ts)).toHaveLength(1);
    expect(channel.answers(slow.ts)).toEqual([]);
    model.release();
    await channel.answered(2, patience());
    expect(channel.answers(slow.ts)).toHaveLength(1);
  } finally {
    await scene.close();
    await model.close();
  }
  expect(model.invalid).toEqual([]);
});

describe('slack sends of unknown outcome', () => {
  let scene: SlackScene;
  let bot: BotHandle;
  let channel: ChannelHandle;
  let other: ChannelHandle;
  let id: string;

  beforeEach(async () => {
    scene = await startSlackScene('sqlite');
    const made = scene.bot('events', 2);
    bot = made.bot;
    [channel, other] = made.channels as [ChannelHandle, ChannelHandle];
    id = await scene.connect('events', bot, made.channels);
  });
  afterEach(() => scene.close());
  const posts = () => scene.sim.ledger.calls.filter(({ method }) => method === 'chat.postMessage');

  it('F095: a message whose receipt was lost is found by its mark and not sent again', async () => {
    scene.sim.nextSend('dropped');
    const { ts } = channel.say('one');
    await channel.answered(1, patience());
    channel.say('two', { thread: ts });
    expect(await channel.answered(2, patience())).toEqual([echo('one'), echo('two')]);
    expect(posts()).toHaveLength(2);
    expect(scene.sim.ledger.counts.ambiguous).toBe(1);
    await expect.poll(() => scene.get(id)).toMatchObject({ message_count: 4 });
  });

  it('F095: one that failed for unknown reasons is sent again once it is certain that it is not there', async () => {
    scene.sim.nextSend('error');
    channel.say('one');
    expect(await channel.answered(1, patience())).toEqual([echo('one')]);
    const first = scene.sim.ledger.calls.findIndex(({ error }) => error === 'internal_error');
    const after = scene.sim.ledger.calls.slice(first + 1).map(({ method }) => method);
    expect(after.indexOf('conversations.replies')).toBeGreaterThanOrEqual(0);
    expect(after.indexOf('conversations.replies')).toBeLessThan(after.indexOf('chat.postMessage'));
    expect(posts()).toHaveLength(2);
    await expect.poll(() => scene.get(id)).toMatchObject({ message_count: 2 });
  });

  it('waits as long as it is told and keeps the order', async () => {
    scene.sim.nextSend('limited', 2);
    const { ts } = channel.say('one');
    await scene.sim.waitFor((ledger) => ledger.calls.some((call) => call.status === 429), patience());
    channel.say('two', { thread: ts });
    other.say('elsewhere');
    expect(await channel.answered(2, patience())).toEqual([echo('one'), echo('two')]);
    await other.answered(1, patience());
    expect(scene.sim.ledger.counts.rate_limited).toBe(1);
    expect(scene.sim.ledger.counts.sent_while_limited).toBe(0);
  });
});
