import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import type { BotDriver } from '../support/driver.ts';
import { platformDrivers } from '../support/drivers.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { storeKinds } from '../support/stores.ts';

const KEY = `sk-${'m'.repeat(40)}`;

describe.each(platformDrivers)('a model behind $platform', (driver) => {
  describe.each(storeKinds)('on %s', (kind) => {
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

    it('F010: a slow answer delays nobody else, and a model that fails loses only its own message', async () => {
      const slow = await bot.direct('Slow');
      const quick = await bot.direct('Quick');
      const broken = await bot.direct('Broken');
      await harness.connect(bot);
      model.fault({ kind: 'hang', match: 'take your time', times: null });
      model.fault({ kind: 'status', status: 401, match: 'break', times: 1 });
      await slow.say('take your time');
      await model.waitFor(() => asked().some((text) => text.includes('take your time')));
      await broken.say('break');
      await model.waitFor(() => asked().some((text) => text.includes('break')));
      await broken.say('and now?');
      await quick.say('quick one');
      expect(await quick.answered(1)).toHaveLength(1);
      expect(await broken.answered(1)).toEqual([expect.stringContaining('and now?')]);
      expect(await slow.answers()).toEqual([]);
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
