import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/simulators/model/fault.ts';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import type { BotDriver } from '../support/driver.ts';
import { platformDrivers } from '../support/drivers.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { someStoreKinds, storeKinds } from '../support/stores.ts';

const KEY = `sk-${'m'.repeat(40)}`;

/** Each with its reason, what the person hears, and how often the model is asked. */
const troubles: readonly { name: string; fault: Fault; attempts: number; reason: string; notice: RegExp }[] = [
  {
    name: 'key',
    fault: { kind: 'status', status: 401 },
    attempts: 1,
    reason: 'model_unauthorized',
    notice: /try again/,
  },
  {
    name: 'crowd',
    fault: { kind: 'status', status: 529 },
    attempts: 3,
    reason: 'model_overloaded',
    notice: /try again/,
  },
  { name: 'drop', fault: { kind: 'drop' }, attempts: 3, reason: 'model_unavailable', notice: /try again/ },
  { name: 'nothing', fault: { kind: 'empty' }, attempts: 3, reason: 'model_empty', notice: /try again/ },
  {
    name: 'refusal',
    fault: { kind: 'refusal', text: 'Well' },
    attempts: 1,
    reason: 'model_refused',
    notice: /help with/,
  },
  { name: 'flood', fault: { kind: 'large' }, attempts: 1, reason: 'model_endless', notice: /try again/ },
];

describe.each(platformDrivers)('a model behind $platform', (driver) => {
  describe.each(driver === platformDrivers[0] ? storeKinds : someStoreKinds)('on %s', (kind) => {
    let model: ModelSimulator;
    let harness: Harness;
    let bot: BotDriver;

    beforeEach(async () => {
      model = await startModelSimulator({ apiKey: KEY });
      harness = await startHarness(driver, kind, {
        REPLR_MODEL: 'openai/test-model',
        OPENAI_BASE_URL: model.url,
        OPENAI_API_KEY: KEY,
      });
      bot = await harness.world.bot();
    });
    afterEach(async () => {
      await harness.close();
      await model.close();
      expect(model.invalid).toEqual([]);
    });

    const asked = () => model.prompts.map((prompt) => prompt.text);

    it('reads the conversation so far, each speaker by name, and its own answers', async () => {
      const group = await bot.group(['Bea', 'Cem']);
      await harness.connect(bot);
      await group.say('my cat is called Mia', { from: 'Bea' });
      await group.answered(1);
      // Where the platform has threads, that is one of them.
      await group.say('what is her cat called?', { from: 'Cem', replyToBot: true });
      await group.answered(2);
      const [first, second] = asked();
      expect(first).toContain('You are Ada.');
      expect(first).toContain('Bea: my cat is called Mia');
      expect(second).toContain('Bea: my cat is called Mia');
      expect(second).toContain('Answer to: Bea: my cat is called Mia');
      expect(second).toContain('Cem: what is her cat called?');
    });

    it('F108 F109: shows a conversation to nobody else, and no secret to anybody', async () => {
      const chats = await Promise.all(Array.from({ length: 12 }, (_, index) => bot.direct(`Person ${index}`)));
      const other = await harness.world.bot();
      const foreign = await other.direct('Stranger');
      await harness.connect(bot);
      await harness.connect(other);
      model.fault({ kind: 'echo_prompt', times: null });
      const secret = (index: number) => `secret-${index}-`;
      for (const round of [1, 2]) {
        for (const [index, chat] of chats.entries()) await chat.say(`${secret(index)} said in round ${round}`);
        await foreign.say(`${secret(99)} said in round ${round}`);
        await Promise.all([...chats, foreign].map((chat) => chat.answered(round)));
      }
      for (const [index, chat] of [...chats.entries(), [99, foreign] as const]) {
        const seen = (await chat.answers()).join('\n');
        expect(seen).toContain(secret(index));
        const mine = new Set([secret(index)]);
        expect([...seen.matchAll(/secret-\d+-/g)].filter(([found]) => !mine.has(found))).toEqual([]);
      }
      const everything = asked().join('\n');
      const token = String((await bot.connect())['bot_token'] ?? '');
      expect(token).not.toBe('');
      for (const hidden of [token, KEY, 'sk_live_', 'int_', 'bot_']) expect(everything).not.toContain(hidden);
    });

    it('F010 F101: a model that fails says so once, and neither it nor a slow one touches the other conversations', async () => {
      // Models know nothing of stores: the pauses between attempts are waited for on one of them only.
      const tried = troubles.filter(({ attempts }) => attempts === 1 || kind === 'sqlite');
      const slow = await bot.direct('Slow');
      const quick = await bot.direct('Quick');
      const troubled = await Promise.all(tried.map(({ name }) => bot.direct(name)));
      await harness.connect(bot);
      model.fault({ kind: 'hang', match: 'take your time', times: null });
      for (const { name, fault, attempts } of troubles)
        model.fault({ ...fault, match: `try ${name}`, times: attempts });
      await slow.say('take your time');
      for (const [index, { name }] of tried.entries()) await troubled[index]?.say(`try ${name}`);
      await quick.say('quick one');
      expect(await quick.answered(1)).toEqual([expect.stringContaining('quick one')]);
      for (const [index, { name, notice }] of tried.entries()) {
        const chat = troubled[index];
        expect([name, await chat?.answered(1)]).toEqual([name, [expect.stringMatching(notice)]]);
        await chat?.say('and now?');
        expect(await chat?.answered(2)).toEqual([expect.stringMatching(notice), expect.stringContaining('and now?')]);
      }
      expect(await slow.answers()).toEqual([]);
      const page = await (await fetch(`${harness.url}/metrics`)).text();
      const outcomes = [...page.matchAll(/outcome="failed:(\w+)"/g)].map(([, reason]) => reason);
      expect(outcomes.sort()).toEqual(tried.map(({ reason }) => reason).sort());
      model.clearFaults();
      model.release();
      expect(await slow.answered(1)).toHaveLength(1);
    });

    it('a pause stops the answer that is being written', async () => {
      const chat = await bot.direct('Ada');
      const id = await harness.connect(bot);
      model.fault({ kind: 'hang', times: null });
      await chat.say('think about it');
      await model.waitFor(() => asked().length === 1);
      await harness.client.put(`/v1/integrations/${id}`, { active: false });
      await model.waitFor(() => model.prompts[0]?.state === 'left');
      model.clearFaults();
      await harness.client.put(`/v1/integrations/${id}`, { active: true });
      await chat.say('something else');
      expect(await chat.answered(1)).toEqual([expect.stringContaining('something else')]);
    });

    it('a restart asks again for the answer that was being written', async () => {
      const chat = await bot.direct('Ada');
      await harness.connect(bot);
      model.fault({ kind: 'hang', times: 1 });
      await chat.say('think about it');
      await model.waitFor(() => asked().length === 1);
      await harness.stop();
      await harness.start();
      expect(await chat.answered(1)).toEqual([expect.stringContaining('think about it')]);
    });
  });
});

describe.each(platformDrivers.slice(0, 1))('a second model behind $platform', (driver) => {
  it('F103 F107: answers in place of the first, once and in order', async ({ onTestFinished }) => {
    const model = await startModelSimulator();
    const harness = await startHarness(driver, 'sqlite', {
      REPLR_MODEL: 'openai/test-model',
      REPLR_FALLBACK_MODEL: 'openai/spare',
      OPENAI_BASE_URL: model.url,
    });
    onTestFinished(async () => {
      await harness.close();
      await model.close();
    });
    const bot = await harness.world.bot();
    const chat = await bot.direct('Ada');
    await harness.connect(bot);
    model.fault({ kind: 'status', status: 401, model: 'test-model', times: null });
    model.fault({ kind: 'hang', model: 'spare' });
    await chat.say('question A');
    await model.waitFor((prompts) => prompts.length === 2);
    await chat.say('question B');
    model.release();
    const answers = await chat.answered(2);
    expect(answers).toEqual([expect.stringContaining('question A'), expect.stringContaining('question B')]);
    expect(model.prompts.map((prompt) => prompt.model)).toEqual(['test-model', 'spare', 'test-model', 'spare']);
    expect(model.prompts[3]?.text).toMatch(/: question A\nAnswer to: .*question A\n.*: question B$/);
  });
});
