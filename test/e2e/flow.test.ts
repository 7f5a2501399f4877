import { it as base, describe } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import type { BotDriver, ChatDriver } from '../support/driver.ts';
import { drivers } from '../support/drivers.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { storeKinds } from '../support/stores.ts';

const echo = (text: string) => ECHO_PREFIX + text;

interface Scene {
  readonly harness: Harness;
  readonly bot: BotDriver;
  readonly chat: ChatDriver;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at what came, whatever it is
  get(id: string): Promise<any>;
  /** Something asked later in another chat has been answered: what was going to be answered before would have been. */
  settle(): Promise<void>;
}

// Side by side: most of the time is spent waiting for the platforms' own pace.
describe.concurrent.each(drivers)('$name', (driver) => {
  describe.each(storeKinds)('on %s', (kind) => {
    const it = base.extend<{ scene: Scene }>({
      // biome-ignore lint/correctness/noEmptyPattern: vitest reads from it that nothing else is needed
      scene: async ({}, use) => {
        const harness = await startHarness(driver, kind);
        const bot = await harness.world.bot();
        const chat = await bot.direct('Ada');
        const witness = await bot.direct('Witness');
        await use({
          harness,
          bot,
          chat,
          get: async (id) => (await harness.client.get(`/v1/integrations/${id}`)).body,
          settle: async () => {
            await witness.say('has everything been said?');
            await witness.answered(1);
          },
        });
        // The strict judge has the last word in every test.
        const misuse = (await harness.world.misuse()) + (await harness.world.impatience());
        await harness.close();
        if (misuse > 0) throw new Error(`the platform counted ${misuse} misuses`);
        const errors = harness.log.filter((line) => /"level":(50|60)/.test(line));
        if (errors.length > 0) throw new Error(errors.join('\n'));
      },
    });

    it('connects, listens, answers and counts', async ({ scene, expect }) => {
      const { harness, bot, chat, get } = scene;
      const id = await harness.connect(bot);
      expect(await get(id)).toMatchObject({ status: 'active', message_count: 0 });
      await chat.say('hello there');
      expect(await chat.answered(1)).toEqual([echo('hello there')]);
      await expect
        .poll(() => get(id))
        .toMatchObject({ status: 'active', message_count: 2, health: { state: 'connected' } });
      expect((await get(id)).last_message_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    });

    it('F087: answers every message of a conversation once and in order', async ({ scene, expect }) => {
      const { harness, bot, chat } = scene;
      await harness.connect(bot);
      const texts = Array.from({ length: 6 }, (_, index) => `number ${index}`);
      for (const text of texts) await chat.say(text);
      expect(await chat.answered(texts.length)).toEqual(texts.map(echo));
    });

    it('in a group speaks only when spoken to, if told so', async ({ scene, expect }) => {
      const { harness, bot } = scene;
      const group = await bot.group(['Bea', 'Cem']);
      const id = await harness.connect(bot, { auto_respond: false });
      await group.say('lunch, anybody?', { from: 'Bea' });
      await group.say('what time is it?', { from: 'Cem', mention: true });
      expect(await group.answered(1)).toEqual([echo('what time is it?')]);
      await group.say('thanks', { from: 'Cem', replyToBot: true });
      await group.say('bye all', { from: 'Bea' });
      expect(await group.answered(2)).toEqual([echo('what time is it?'), echo('thanks')]);
      expect((await harness.client.put(`/v1/integrations/${id}`, { auto_respond: true })).body.auto_respond).toBe(true);
      await group.say('now all', { from: 'Bea' });
      expect(await group.answered(3)).toContain(echo('now all'));
    });

    it('is silent while paused and never answers what came meanwhile', async ({ scene, expect }) => {
      const { harness, bot, chat, settle } = scene;
      const id = await harness.connect(bot);
      await chat.say('before');
      await chat.answered(1);
      expect((await harness.client.put(`/v1/integrations/${id}`, { active: false })).body.status).toBe('inactive');
      await chat.say('meanwhile');
      expect((await harness.client.put(`/v1/integrations/${id}`, { active: true })).body.status).toBe('active');
      await chat.say('after');
      expect(await chat.answered(2)).toEqual([echo('before'), echo('after')]);
      await settle();
      expect(await chat.answers()).toEqual([echo('before'), echo('after')]);
    });

    it('does not answer what was said before it was connected', async ({ scene, expect }) => {
      const { harness, bot, chat } = scene;
      await chat.say('before anybody listened');
      await harness.connect(bot);
      await chat.say('now', { anew: true });
      expect(await chat.answered(1)).toEqual([echo('now')]);
    });

    it('hears only the places it is told to, from the moment it is told', async ({ scene, expect }) => {
      const { harness, bot, chat } = scene;
      const other = await bot.direct('Bea');
      const id = await harness.connect(bot);
      const set = await harness.client.put(`/v1/integrations/${id}`, { channel_ids: [other.id] });
      expect(set.body.channel_ids).toEqual([other.id]);
      await chat.say('not for you');
      await other.say('for you');
      expect(await other.answered(1)).toEqual([echo('for you')]);
      await harness.client.put(`/v1/integrations/${id}`, { channel_ids: [other.id, chat.id] });
      await chat.say('and now', { anew: true });
      expect(await chat.answered(1)).toEqual([echo('and now')]);
    });

    it('sends a test message and tells what the platform said', async ({ scene, expect }) => {
      const { harness, bot, chat, get } = scene;
      const id = await harness.connect(bot);
      await chat.say('hi');
      await chat.answered(1);
      const { status, body } = await harness.client.post(`/v1/integrations/${id}/test`);
      expect(status).toBe(200);
      expect(body).toMatchObject({ id, platform: driver.platform, status: 'active', test_result: { success: true } });
      expect(body.test_result.message_id).toMatch(/./);
      const [, test] = await chat.answered(2);
      expect(test).toMatch(/test message/i);
      await expect.poll(async () => (await get(id)).message_count).toBe(2);
    });

    it('takes a new token for a dead one and goes on with its counts', async ({ scene, expect }) => {
      const { harness, bot, chat, get } = scene;
      const id = await harness.connect(bot);
      await chat.say('one');
      await chat.answered(1);
      const fresh = await bot.newToken();
      if (!driver.quiet) {
        await expect
          .poll(() => get(id), { timeout: 10_000 })
          .toMatchObject({ status: 'error', health: { code: 'bad_credentials' } });
      }
      const put = await harness.client.put(`/v1/integrations/${id}`, fresh);
      expect(put.status).toBe(200);
      expect(JSON.stringify(put.body)).not.toContain(Object.values(fresh)[0]);
      // A platform may space the sign-ins of a bot by seconds.
      await expect
        .poll(() => get(id), { timeout: 15_000 })
        .toMatchObject({ status: 'active', health: { state: 'connected' } });
      await chat.say('two');
      expect(await chat.answered(2)).toEqual([echo('one'), echo('two')]);
      await expect
        .poll(() => get(id))
        .toMatchObject({ status: 'active', message_count: 4, health: { state: 'connected' } });
    });

    it('F040 F065 F097: stops calling with a dead token', async ({ scene, expect }) => {
      const { harness, bot, chat, get } = scene;
      const id = await harness.connect(bot);
      await chat.say('one');
      await chat.answered(1);
      const before = (await harness.world.calls(bot)).length;
      await bot.revoke();
      await chat.say('two');
      if (driver.quiet) await harness.client.post(`/v1/integrations/${id}/test`);
      await expect.poll(() => get(id), { timeout: 10_000 }).toMatchObject({ status: 'error' });
      await settleElsewhere(harness);
      expect((await harness.world.calls(bot)).length - before).toBeLessThanOrEqual(3);
    });

    async function settleElsewhere(harness: Harness) {
      const second = await harness.world.bot();
      const place = await second.direct('Bea');
      await harness.connect(second);
      await place.say('still there?');
      await place.answered(1);
    }

    it('disconnects, and can be connected again', async ({ scene, expect }) => {
      const { harness, bot, chat } = scene;
      const id = await harness.connect(bot);
      await chat.say('one');
      await chat.answered(1);
      const gone = await harness.client.delete(`/v1/integrations/${id}`);
      expect(gone.body).toEqual({ id, deleted: true });
      await chat.say('anybody?');
      expect((await harness.client.get(`/v1/integrations/${id}`)).status).toBe(404);
      const again = await harness.connect(bot);
      expect(again).not.toBe(id);
      await chat.say('back', { anew: true });
      expect(await chat.answered(2)).toEqual([echo('one'), echo('back')]);
    });

    it('goes on after a restart with what came meanwhile', async ({ scene, expect }) => {
      const { harness, bot, chat, get } = scene;
      const id = await harness.connect(bot);
      await chat.say('one');
      await chat.answered(1);
      await harness.stop();
      await chat.say('two');
      await harness.start();
      expect(await chat.answered(2)).toEqual([echo('one'), echo('two')]);
      await expect.poll(async () => (await get(id)).message_count).toBe(4);
    });

    it('survives an outage of the platform', async ({ scene, expect }) => {
      const { harness, bot, chat, get } = scene;
      const id = await harness.connect(bot);
      await chat.say('one');
      await chat.answered(1);
      await harness.world.down(true);
      if (!driver.pushes) {
        await expect
          .poll(() => get(id), { timeout: 10_000 })
          .toMatchObject({ status: 'active', health: { state: 'reconnecting' } });
      }
      await harness.world.down(false);
      await chat.say('two');
      expect(await chat.answered(2)).toEqual([echo('one'), echo('two')]);
    });

    it('serves the API document that is checked in, and says that it is ready', async ({ scene, expect }) => {
      const { harness } = scene;
      expect((await harness.client.get('/readyz')).status).toBe(200);
      const { default: checkedIn } = await import('../../openapi.json', { with: { type: 'json' } });
      // Where the server has a public address, the document names it.
      const { servers: _, ...served } = (await harness.client.get('/openapi.json')).body;
      expect(served, 'run: npm run openapi').toEqual(checkedIn);
    });
  });
});
