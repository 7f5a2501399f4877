import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import type { BotHandle } from '../../src/simulators/telegram/bots.ts';
import { startTelegramSimulator, type TelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import type { PlatformDriver } from '../support/driver.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { storeKinds } from '../support/stores.ts';
import { telegramDriver, telegramWorld } from '../support/telegram-driver.ts';

const echo = (text: string) => ECHO_PREFIX + text;
const limited = (seconds: number) =>
  ({
    kind: 'error',
    status: 429,
    description: `Too Many Requests: retry after ${seconds}`,
    parameters: { retry_after: seconds },
  }) as const;
const patience = () => AbortSignal.timeout(20_000);

/** What only Telegram has: topics, migration, privacy mode, commands, conflicts, sends of unknown outcome. */
describe.each(storeKinds)('telegram on %s', (kind) => {
  let sim: TelegramSimulator;
  let bot: BotHandle;
  let harness: Harness;
  let id: string;

  beforeEach(async () => {
    sim = await startTelegramSimulator();
    const driver: PlatformDriver = { ...telegramDriver, start: async () => telegramWorld(sim) };
    harness = await startHarness(driver, kind);
    bot = sim.createBot({ username: 'ada_bot', privacy: false });
  });
  afterEach(() => harness.close());

  const connect = async (extra: Record<string, unknown> = {}) => {
    const { client } = harness;
    const replr = await client.post('/v1/replrs', { name: 'Ada', instructions: 'You are Ada.' });
    const body = { bot_token: bot.token, replr_id: replr.body.id, ...extra };
    const created = await client.post('/v1/integrations/telegram', body);
    if (created.status === 201) id = created.body.id;
    return created;
  };
  const get = async () => (await harness.client.get(`/v1/integrations/${id}`)).body;

  it('answers in the topic it was asked in, and topics are conversations of their own', async () => {
    const forum = sim.group(bot, { forum: true });
    const [one, two] = [sim.topic(forum, 'One'), sim.topic(forum, 'Two')];
    await connect();
    forum.say('in one', { thread: one });
    forum.say('in two', { thread: two });
    forum.say('in general');
    await forum.answered(3, patience());
    const threads = forum.transcript().filter((line) => line.fromBot);
    expect(threads.find((line) => line.text === echo('in one'))?.thread).toBe(one);
    expect(threads.find((line) => line.text === echo('in two'))?.thread).toBe(two);
    expect(threads.find((line) => line.text === echo('in general'))?.thread).toBeUndefined();
    expect(sim.ledger.calls.filter((call) => call.status === 400)).toEqual([]);
  });

  it('F070: follows a group that becomes a supergroup, with its allow-list', async () => {
    const group = sim.group(bot, { kind: 'group' });
    await connect({ channel_ids: [String(group.id)] });
    group.say('before');
    await group.answered(1, patience());
    const fresh = group.migrate();
    fresh.say('after');
    expect(await fresh.answered(1, patience())).toEqual([echo('after')]);
    expect((await get()).channel_ids).toEqual([String(fresh.id)]);
  });

  it('F070: sends an answer on to the supergroup that the group became while it was being written', async () => {
    const group = sim.group(bot, { kind: 'group' });
    await connect();
    sim.fail({ method: 'sendMessage', times: 1, fault: limited(1) });
    group.say('quick, before we move');
    await sim.waitFor((ledger) => ledger.calls.some((call) => call.status === 429), patience());
    const fresh = group.migrate();
    expect(await fresh.answered(1, patience())).toEqual([echo('quick, before we move')]);
  });

  it('in a group with auto_respond off hears commands, its own and those of nobody, not those of another bot', async () => {
    const group = sim.group(bot, {});
    await connect({ auto_respond: false });
    group.say('/help@other_bot');
    group.say('/help@ada_bot');
    group.say('nothing');
    group.say('/start');
    await group.answered(2, patience());
    expect(group.answers()).toEqual([expect.stringContaining('/help'), expect.stringContaining('/start')]);
  });

  it('tells what privacy mode means, and still answers when spoken to', async () => {
    sim.setPrivacy(bot, true);
    const group = sim.group(bot, {});
    await connect();
    expect(JSON.stringify(await get())).toMatch(/privacy/i);
    group.say('not for bots');
    group.say('@ada_bot for you');
    expect(await group.answered(1, patience())).toEqual([echo('for you')]);
  });

  it('F062: refuses a bot that another service serves by webhook, and leaves that webhook alone', async () => {
    sim.setForeignWebhook(bot);
    const answer = await connect();
    expect(answer.status).toBe(422);
    expect(answer.body.details.reason).toBe('webhook_active');
    expect(sim.bot(bot).webhook?.url).toBe('https://example.com/hook');
  });

  it('a test before anybody wrote says so', async () => {
    await connect();
    const { status, body } = await harness.client.post(`/v1/integrations/${id}/test`);
    expect(status).toBe(200);
    expect(body.test_result).toMatchObject({ success: false, reason: 'no_chat_yet' });
    expect(body.test_result).not.toHaveProperty('message_id');
  });

  it('a send whose answer was lost is sent once more, and only then', async () => {
    const chat = sim.privateChat(bot);
    await connect();
    sim.fail({ method: 'sendMessage', times: 1, fault: { kind: 'drop' } });
    chat.say('one');
    await chat.answered(2, patience());
    chat.say('two');
    expect(await chat.answered(3, patience())).toEqual([echo('one'), echo('one'), echo('two')]);
    expect(sim.ledger.counts.ambiguous).toBe(1);
    expect(harness.log.filter((line) => line.includes('delivery_ambiguous'))).toHaveLength(1);
  });

  it('waits as long as it is told and keeps the order', async () => {
    const chat = sim.privateChat(bot);
    const other = sim.privateChat(bot, { name: 'Bea' });
    await connect();
    sim.fail({ method: 'sendMessage', times: 1, chatId: chat.id, fault: limited(1) });
    chat.say('one');
    await sim.waitFor((ledger) => ledger.calls.some((call) => call.status === 429), patience());
    chat.say('two');
    other.say('not limited');
    expect(await other.answered(1, patience())).toEqual([echo('not limited')]);
    expect(await chat.answered(2, patience())).toEqual([echo('one'), echo('two')]);
    expect(sim.ledger.counts.sent_while_limited).toBe(0);
  });

  it('F074: a chat that blocked the bot costs nobody else anything', async () => {
    const chat = sim.privateChat(bot);
    const other = sim.privateChat(bot, { name: 'Bea' });
    await connect();
    sim.setLatency(100, 'sendMessage');
    chat.say('and now I block you');
    chat.block();
    other.say('hello');
    expect(await other.answered(1, patience())).toEqual([echo('hello')]);
    expect((await get()).status).toBe('active');
    expect(chat.answers()).toEqual([]);
  });

  it('splits an answer that is longer than a message, in order and with nothing lost', async () => {
    const chat = sim.privateChat(bot);
    await connect();
    const long = Array.from({ length: 700 }, (_, index) => `word${index}`)
      .join(' ')
      .slice(0, 4_096);
    chat.say(long);
    const parts = await chat.answered(2, patience());
    expect(parts.join(' ').replace(/\s+/g, ' ')).toBe(echo(long));
    await expect.poll(async () => (await get()).message_count).toBe(2);
  });

  it('answers under a new token what was said while the old one was dead', async () => {
    const chat = sim.privateChat(bot);
    await connect();
    chat.say('one');
    await chat.answered(1, patience());
    const bot_token = sim.revokeToken(bot);
    chat.say('two');
    await expect.poll(get).toMatchObject({ status: 'error', health: { code: 'bad_credentials' } });
    await harness.client.put(`/v1/integrations/${id}`, { bot_token });
    expect(await chat.answered(2, patience())).toEqual([echo('one'), echo('two')]);
  });

  it('says in plain words that another program receives, and recovers by itself', async () => {
    const chat = sim.privateChat(bot);
    await connect();
    chat.say('one');
    await chat.answered(1, patience());
    sim.setForeignWebhook(bot);
    await expect.poll(get, { timeout: 10_000 }).toMatchObject({ status: 'error', health: { code: 'webhook_active' } });
    expect((await get()).health.message).toMatch(/webhook/i);
  });
});
