import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, type TestContext } from 'vitest';
import { startApp } from '../../src/app.ts';
import { readConfig } from '../../src/config.ts';
import { connectors, secretShapes } from '../../src/connectors/registry.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createLogger } from '../../src/observe/logger.ts';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import { startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import { startTelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { createClient, makeReplr } from '../support/client.ts';
import { discordDriver, discordWorld } from '../support/discord-driver.ts';
import type { ChatDriver } from '../support/driver.ts';
import { openScene } from '../support/fault-scene.ts';
import { API_KEY, serverEnv } from '../support/server-env.ts';
import { startServer } from '../support/server-process.ts';
import { slackByEvents, slackBySocket, slackWorld } from '../support/slack-driver.ts';
import { makeStore, type StoreKind, type StorePlace, storeKinds } from '../support/stores.ts';
import { telegramByWebhook, telegramDriver, telegramWorld } from '../support/telegram-driver.ts';

const LIMIT_MS = 90_000;
const HOUR_MS = 60 * 60 * 1000;
/** Whether this machine can limit a process from outside. */
const limits = spawnSync('prlimit', ['--version']).status === 0;

async function storeOf({ onTestFinished: afterwards }: TestContext, kind: StoreKind): Promise<StorePlace> {
  const store = await makeStore(kind);
  afterwards(() => store.drop());
  return store;
}

async function modelOf({ onTestFinished: afterwards }: TestContext): Promise<[ModelSimulator, Record<string, string>]> {
  const model = await startModelSimulator();
  afterwards(() => model.close());
  return [model, { REPLR_MODEL: 'openai/test', OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test' }];
}

function alive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe.concurrent('a process that is stopped, frozen or starved', () => {
  it.for(storeKinds)(
    'F005 F006: TERM while the model takes 60 s, on %s',
    { timeout: LIMIT_MS },
    async (kind, context) => {
      const { expect } = context;
      const [model, env] = await modelOf(context);
      const store = await storeOf(context, kind);
      const scene = await openScene(context, { drivers: [telegramDriver, discordDriver], store, env });
      const asked = model.prompts.length;
      model.fault({ kind: 'delay', ms: 60_000, match: 'slow', times: null });
      for (const [index, one] of scene.people.entries()) await one.say(index === 0 ? 'quick' : 'slow');
      await model.waitFor((prompts) => prompts.length >= asked + scene.people.length);
      // 10 s for what is under way, and some for a busy machine.
      const late = sleep(20_000).then(() => 'does not end');
      expect(await Promise.race([scene.server.kill('SIGTERM'), late])).toBe(0);
      for (const [index, { chat }] of scene.people.entries()) {
        expect((await chat.answers()).length).toBe(index === 0 ? 2 : 1);
      }
      model.clearFaults();
      scene.server = await startServer(scene.env);
      for (const { chat } of scene.people) await chat.answered(2);
      // A later question of each shows that nothing came behind the answer.
      for (const one of scene.people) await one.say('later');
      for (const { chat, said } of scene.people) {
        const answers = await chat.answered(3);
        expect(answers.length).toBe(3);
        for (const [index, text] of said.entries()) expect(answers[index]).toContain(text);
      }
    },
  );

  it('F024 F031: frozen for 15 s while people talk', { timeout: LIMIT_MS }, async (context) => {
    const { expect } = context;
    const drivers = [telegramDriver, discordDriver, slackBySocket];
    const scene = await openScene(context, {
      drivers,
      store: await storeOf(context, 'sqlite'),
      // Short enough for the platform to take a frozen client for dead.
      start: async (driver) =>
        driver === discordDriver
          ? discordWorld(await startDiscordSimulator({ gateway: { heartbeatInterval: 3_000 } }))
          : driver.start(),
    });
    const hush = scene.talk();
    await sleep(1_000);
    process.kill(scene.server.pid, 'SIGSTOP');
    const before = (await Promise.all(scene.people.map(({ chat }) => chat.answers()))).flat().length;
    await sleep(15_000);
    process.kill(scene.server.pid, 'SIGCONT');
    await sleep(2_000);
    expect(await hush()).toBeGreaterThan(before + 8 * scene.people.length);
    await scene.answeredOnce(40_000);
    for (const { id } of scene.integrations) {
      const shown = async () => (await scene.client.get(`/v1/integrations/${id}`)).body;
      await expect.poll(shown, { timeout: 20_000 }).toMatchObject({ status: 'active', health: { state: 'connected' } });
    }
  });

  it('F008: three releases in a row, each server started before the last one is stopped', {
    timeout: LIMIT_MS,
  }, async (context) => {
    const { expect } = context;
    const drivers = [telegramDriver, discordDriver, slackBySocket];
    const scene = await openScene(context, { drivers, store: await storeOf(context, 'postgresql') });
    const hush = scene.talk();
    for (let release = 0; release < 3; release++) {
      await sleep(1_500);
      const old = scene.server;
      scene.server = await startServer(scene.env);
      expect(await old.kill('SIGTERM')).toBe(0);
    }
    await sleep(1_500);
    expect(await hush()).toBeGreaterThan(4 * scene.people.length);
    await scene.answeredOnce();
    // Ended in good order, no send is in doubt.
    expect(scene.logged('delivery_ambiguous')).toEqual([]);
    const told = scene.logged('link_changed').map((line) => line['code']);
    expect(told).not.toContain('conflict');
  });

  it('F021 C7: 40 MB of heap and 600 messages at once', { timeout: LIMIT_MS }, async (context) => {
    const { expect } = context;
    const scene = await openScene(context, {
      drivers: [telegramDriver],
      store: await storeOf(context, 'sqlite'),
      env: { NODE_OPTIONS: '--max-old-space-size=40' },
      people: 60,
    });
    const filler = 'all work and no play '.repeat(190);
    for (let message = 0; message < 10; message++) for (const one of scene.people) await one.say(filler);
    let starts = 1;
    const answers = async () => (await Promise.all(scene.people.map(({ chat }) => chat.answers()))).flat().length;
    await expect
      .poll(
        async () => {
          // Whoever watches over it starts it anew.
          if (!alive(scene.server.pid)) {
            starts += 1;
            scene.server = await startServer(scene.env);
          }
          return await answers();
        },
        { timeout: 60_000, interval: 100 },
      )
      .toBeGreaterThanOrEqual(60 * 11);
    await scene.answeredOnce();
    expect(starts).toBe(1);
  });

  it('F009: what a model or a platform always rejects ends alone, and does not come back', {
    timeout: LIMIT_MS,
  }, async (context) => {
    const { expect, onTestFinished: afterwards } = context;
    const [model, modelEnv] = await modelOf(context);
    const telegram = await startTelegramSimulator();
    const world = telegramWorld(telegram);
    afterwards(() => world.close());
    const store = await storeOf(context, 'sqlite');
    const env = { ...(await serverEnv(telegramDriver, world, store)), ...modelEnv };
    let server = await startServer(env);
    afterwards(async () => void (await server.kill('SIGKILL')));
    const client = createClient(server.url, API_KEY);
    const replr_id = await makeReplr(client);
    const bot = await world.bot();
    const chats = await Promise.all(['Ada', 'Bob', 'Cy'].map((name) => bot.direct(name)));
    await client.post('/v1/integrations/telegram', { ...(await bot.connect()), replr_id });
    model.fault({ kind: 'status', status: 401, match: 'poison', times: 1 });
    const [first, second, third] = chats;
    if (!first || !second || !third) throw new Error('no chats');
    const chatId = Number(second.id);
    const rejection = { kind: 'error', status: 400, description: 'Bad Request: message is not to our liking' } as const;
    telegram.fail({ method: 'sendMessage', chatId, fault: rejection });
    telegram.fail({
      method: 'sendMessage',
      chatId: Number(third.id),
      times: 100,
      fault: { kind: 'error', status: 500 },
    });
    await first.say('poison');
    for (const chat of [second, third]) await chat.say('refused by the platform');
    for (const chat of [first, second]) for (let text = 1; text <= 10; text++) await chat.say(`good ${text}`);
    const sends = (id: string) =>
      telegram.ledger.calls.filter(
        ({ method, parameters }) => method === 'sendMessage' && parameters['chat_id'] === id,
      );
    expect((await first.answered(10)).length).toBe(10);
    expect((await second.answered(10)).length).toBe(10);
    expect(sends(second.id).filter(({ status }) => status === 400).length).toBe(1);
    const asked = () => model.prompts.filter(({ text }) => /poison\s*$/.test(text)).length;
    const before = asked();
    expect(before).toBe(1);
    await expect.poll(() => sends(third.id).length, { timeout: 40_000 }).toBe(5);
    telegram.clearFaults();
    model.clearFaults();
    await third.say('good 1');
    expect((await third.answered(1)).length).toBe(1);
    expect(await server.kill('SIGTERM')).toBe(0);
    server = await startServer(env);
    for (const [index, chat] of chats.entries()) {
      await chat.say('after');
      expect((await chat.answered(index === 2 ? 2 : 11)).length).toBe(index === 2 ? 2 : 11);
    }
    expect(sends(third.id).length).toBe(5 + 2);
    expect(asked()).toBe(before);
    expect((await Promise.all(chats.map((chat) => chat.answers()))).flat().join()).not.toContain('refused by');
  });

  it.skipIf(!limits)('F023: no more open files', { timeout: LIMIT_MS }, async (context) => {
    const { expect } = context;
    const world = await telegramDriver.start();
    context.onTestFinished(() => world.close());
    const store = await storeOf(context, 'sqlite');
    const env = await serverEnv(telegramDriver, world, store);
    const server = await startServer(env);
    context.onTestFinished(async () => void (await server.kill('SIGKILL')));
    const client = createClient(server.url, API_KEY);
    const replr_id = await makeReplr(client);
    const filesAtMost = (count: number) =>
      spawnSync('prlimit', ['--pid', String(server.pid), `--nofile=${count}:4096`]).status;
    // Some 30 it has open already. Not from its start: it would raise the limit by itself.
    expect(filesAtMost(64)).toBe(0);
    const served: ChatDriver[] = [];
    const refused: number[] = [];
    for (let number = 0; number < 60; number++) {
      const bot = await world.bot();
      const chat = await bot.direct('Ada');
      const created = await client
        .post('/v1/integrations/telegram', { ...(await bot.connect()), replr_id })
        .catch(() => undefined);
      if (created?.status === 201) served.push(chat);
      else refused.push(created?.status ?? 0);
    }
    expect(served.length).toBeGreaterThan(5);
    expect(refused.length).toBeGreaterThan(5);
    // Told as what it is: the platform cannot be reached. 0: not even the API could be.
    expect(refused.filter((status) => ![0, 502, 503].includes(status))).toEqual([]);
    for (const chat of served) await chat.say('one');
    expect(filesAtMost(4096)).toBe(0);
    await expect
      .poll(async () => (await Promise.all(served.map((chat) => chat.answers()))).flat().length, { timeout: 60_000 })
      .toBe(served.length);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    expect(server.lines.filter((line) => /uncaught_exception|unhandled_rejection/.test(line))).toEqual([]);
  });
});

describe.concurrent.each(storeKinds)('on %s', (kind) => {
  it('F027: the wall clock jumps by an hour, forth and back', { timeout: LIMIT_MS }, async (context) => {
    const { expect, onTestFinished: afterwards } = context;
    const store = await storeOf(context, kind);
    const telegram = await startTelegramSimulator();
    const slack = await startSlackSimulator({ settings: { retries: [1_000, 2_000, 4_000] } });
    const worlds = [
      { driver: telegramByWebhook, world: telegramWorld(telegram) },
      { driver: slackByEvents, world: slackWorld(slack, 'events') },
    ];
    let env = {};
    for (const { driver, world } of worlds) {
      afterwards(() => world.close());
      env = { ...env, ...(await serverEnv(driver, world, store)) };
    }
    let skew = 0;
    const lines: string[] = [];
    const log = createLogger('info', (line) => lines.push(line), secretShapes);
    const clock = { ...systemClock, now: () => Date.now() + skew };
    const config = readConfig({ PORT: '0', ...env }, connectors);
    const app = await startApp(config, log, { clock, drainMs: 1_000 });
    afterwards(() => app.stop());
    const client = createClient(app.url, API_KEY);
    const replr_id = await makeReplr(client);
    const chats = [];
    for (const { driver, world } of worlds) {
      const bot = await world.bot();
      chats.push(await bot.direct('Ada'));
      const { body } = await client.post(`/v1/integrations/${driver.platform}`, { ...(await bot.connect()), replr_id });
      await bot.connected?.(body);
    }
    const [unsigned, signed] = chats;
    if (!unsigned || !signed) throw new Error('no chats');
    await unsigned.say('before');
    await signed.say('before');
    await Promise.all(chats.map((chat) => chat.answered(1)));
    const attempts = () => slack.ledger.events.flatMap((event) => event.attempts.map(({ status }) => status));
    let said = 1;
    for (const jump of [HOUR_MS, -HOUR_MS]) {
      skew = jump;
      const refused = () => attempts().filter((status) => status === 401).length;
      const before = refused();
      said += 1;
      await unsigned.say(`jump ${said}`);
      await signed.say(`jump ${said}`);
      await unsigned.answered(said);
      // The platform's signature is an hour old, or of the future: it is not believed until our clock is right again.
      await expect.poll(refused).toBeGreaterThan(before);
      expect((await signed.answers()).length).toBe(said - 1);
      // The lease would be over.
      await sleep(3_000);
      expect((await fetch(`${app.url}/readyz`)).status).toBe(200);
      skew = 0;
      await signed.answered(said);
      said += 1;
      await unsigned.say(`right ${said}`);
      await signed.say(`right ${said}`);
      await Promise.all(chats.map((chat) => chat.answered(said)));
    }
    const wanted = ['before', 'jump 2', 'right 3', 'jump 4', 'right 5'].map((text) => ECHO_PREFIX + text);
    for (const chat of chats) expect(await chat.answers()).toEqual(wanted);
    expect(lines.filter((line) => line.includes('"reconnecting"'))).toEqual([]);
    expect(lines.filter((line) => line.includes('heartbeat_failed'))).toEqual([]);
  });
});
