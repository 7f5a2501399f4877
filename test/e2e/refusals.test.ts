import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, createClient, makeReplr } from '../support/client.ts';
import type { BotDriver } from '../support/driver.ts';
import { platformDrivers } from '../support/drivers.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { API_KEY } from '../support/server-env.ts';
import { storeKinds } from '../support/stores.ts';

describe.each(platformDrivers)('bad input for $platform', (driver) => {
  describe.each(storeKinds)('on %s', (kind) => {
    const path = `/v1/integrations/${driver.platform}`;
    let harness: Harness;
    let bot: BotDriver;
    let replr_id: string;

    beforeEach(async () => {
      harness = await startHarness(driver, kind);
      bot = await harness.world.bot();
      await bot.direct('Ada');
      replr_id = await makeReplr(harness.client);
    });
    afterEach(() => harness.close());

    const refused = async (answer: Answer, status: number, error: string, calls: number) => {
      expect(answer.body).toMatchObject({
        error,
        message: expect.any(String),
        request_id: expect.stringMatching(/^req_/),
      });
      expect(answer.status).toBe(status);
      expect((await harness.client.get('/v1/integrations')).body).toEqual({ data: [], total: 0 });
      expect((await harness.world.calls(bot)).length).toBeLessThanOrEqual(calls);
    };
    const raw = async (body: string, key = API_KEY): Promise<Answer> => {
      const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
      const response = await fetch(harness.url + path, { method: 'POST', headers, body });
      return { status: response.status, headers: response.headers, body: await response.json() };
    };

    it('no key, a wrong key', async () => {
      const body = { ...(await bot.connect()), replr_id };
      for (const key of ['', 'x', `sk_live_${'z'.repeat(40)}`]) {
        const answer = await createClient(harness.url, key).post(path, body);
        await refused(answer, 401, 'unauthorized', 0);
      }
    });

    it('a bot token that the platform does not know', async () => {
      const body = { ...(await bot.connect()), replr_id };
      await bot.revoke();
      const answer = await harness.client.post(path, body);
      await refused(answer, 422, 'unprocessable_entity', 2);
      expect(answer.body.details.reason).toBe('invalid_bot_token');
    });

    it('a token that cannot be one, a missing one, one of the wrong type', async () => {
      for (const bot_token of ['a b', 'a/../b', '', 7, null, 'x'.repeat(513)]) {
        const answer = await harness.client.post(path, { ...(await bot.connect()), replr_id, bot_token });
        await refused(answer, 400, 'validation_error', 0);
        expect(Object.keys(answer.body.details.fields)).toEqual(['bot_token']);
      }
      const { bot_token: _, ...rest } = await bot.connect();
      await refused(await harness.client.post(path, { ...rest, replr_id }), 400, 'validation_error', 0);
    });

    it("somebody else's REPLR, and one that does not exist: the same bytes", async () => {
      const body = await bot.connect();
      const other = await otherUser(harness);
      const foreign = await harness.client.post(path, { ...body, replr_id: await makeReplr(other) });
      const unknown = await harness.client.post(path, { ...body, replr_id: 'rp_zzzzzzzz' });
      await refused(foreign, 404, 'not_found', 0);
      await refused(unknown, 404, 'not_found', 0);
      expect({ ...foreign.body, request_id: '' }).toEqual({ ...unknown.body, request_id: '' });
    });

    it('malformed JSON, another type than an object, too large a body, unknown fields', async () => {
      await refused(await raw('{"replr_id":'), 400, 'bad_request', 0);
      await refused(await raw('[]'), 400, 'bad_request', 0);
      await refused(await raw(JSON.stringify({ x: 'y'.repeat(300 * 1024) })), 413, 'payload_too_large', 0);
      const answer = await harness.client.post(path, { ...(await bot.connect()), replr_id, colour: 'red' });
      await refused(answer, 400, 'validation_error', 0);
      expect(Object.keys(answer.body.details.fields)).toEqual(['colour']);
    });

    it('a platform that is down', async () => {
      const body = { ...(await bot.connect()), replr_id };
      await harness.world.down(true);
      const answer = await harness.client.post(path, body);
      await harness.world.down(false);
      await refused(answer, 502, 'upstream_error', 2);
      expect((await harness.client.post(path, body)).status).toBe(201);
    });

    it('a second connection of the same bot: own ones are named, others are not', async () => {
      const body = await bot.connect();
      const id = await harness.connect(bot);
      const mine = await harness.client.post(path, { ...body, replr_id });
      expect(mine.status).toBe(409);
      expect(mine.body).toMatchObject({ error: 'conflict', details: { integration_id: id } });
      const other = await otherUser(harness);
      const theirs = await other.post(path, { ...body, replr_id: await makeReplr(other) });
      expect(theirs.status).toBe(409);
      expect(JSON.stringify(theirs.body)).not.toContain(id);
      expect((await harness.client.get('/v1/integrations')).body.total).toBe(1);
    });

    it('two connections of the same bot at the same time: one wins, and it answers', async () => {
      const chat = await bot.direct('Bea');
      const body = { ...(await bot.connect()), replr_id };
      const answers = await Promise.all(Array.from({ length: 5 }, () => harness.client.post(path, body)));
      expect(answers.map((answer) => answer.status).sort()).toEqual([201, 409, 409, 409, 409]);
      await chat.say('who is it?');
      expect(await chat.answered(1)).toHaveLength(1);
    });

    it('the same request again under its Idempotency-Key makes one integration', async () => {
      const body = { ...(await bot.connect()), replr_id };
      const headers = { 'idempotency-key': 'once-please' };
      const first = await harness.client.post(path, body, headers);
      const again = await harness.client.post(path, body, headers);
      expect(again.status).toBe(201);
      expect(again.body).toEqual(first.body);
      const changed = await harness.client.post(path, { ...body, auto_respond: false }, headers);
      expect(changed.status).toBe(422);
      expect((await harness.client.get('/v1/integrations')).body.total).toBe(1);
    });
  });
});

/** A second tenant of the same server, made as an operator makes one. */
async function otherUser(harness: Harness) {
  return createClient(harness.url, await harness.userKey('other'));
}
