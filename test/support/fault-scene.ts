import { setTimeout as sleep } from 'node:timers/promises';
import type { TestContext } from 'vitest';
import type { Environment } from '../../src/config.ts';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { type Client, createClient, makeReplr } from './client.ts';
import type { BotDriver, ChatDriver, PlatformDriver, World } from './driver.ts';
import { API_KEY, serverEnv } from './server-env.ts';
import { type ServerProcess, startServer } from './server-process.ts';
import type { StorePlace } from './stores.ts';

/** Between two messages of one person, ms: no platform asks anybody to wait at this pace. */
const PACE_MS = 1_500;
/** People for each platform. */
const PEOPLE = 4;

export interface SceneOptions {
  readonly drivers: readonly PlatformDriver[];
  readonly store: StorePlace;
  readonly env?: Environment;
  /** For `startServer`. */
  readonly under?: readonly string[];
  /** A simulator that is set up in another way than the driver does. */
  readonly start?: (driver: PlatformDriver) => Promise<World>;
  readonly people?: number;
  /** Between two messages of one person. */
  readonly paceMs?: number;
}

/** One bot on each platform, served by one server, and people who talk to it whatever happens. */
export interface FaultScene {
  readonly env: Environment;
  /** The server that runs now; a test that ends it puts the next one here. */
  server: ServerProcess;
  /** Those that ran before it or run beside it. */
  readonly others: ServerProcess[];
  readonly client: Client;
  readonly integrations: readonly { readonly platform: string; readonly id: string }[];
  readonly people: readonly Person[];
  /** Everybody talks at their own pace until told otherwise; resolves with the number of messages said so far by all. */
  talk(): () => Promise<number>;
  /**
   * Every message is answered once, each person's in order, and not before `patienceMs` is it missing. Only where a platform
   * cannot tell whether a send arrived may it appear twice, and no more often than a server said that it did not know. What a
   * platform pushes again, or is asked for, after a gap may be answered later than what was said after it.
   */
  answeredOnce(patienceMs?: number): Promise<void>;
  ready(): Promise<number>;
  /** Lines with this event in the logs of all servers. */
  logged(event: string): Record<string, unknown>[];
}

export interface Person {
  readonly driver: PlatformDriver;
  readonly chat: ChatDriver;
  readonly said: readonly string[];
  say(text: string): Promise<void>;
}

export async function openScene(context: TestContext, options: SceneOptions): Promise<FaultScene> {
  const { expect, onTestFinished: afterwards } = context;
  const { drivers, store, under, paceMs = PACE_MS } = options;
  const worlds: { driver: PlatformDriver; world: World; bot: BotDriver }[] = [];
  let env: Environment = {};
  for (const driver of drivers) {
    const world = await (options.start?.(driver) ?? driver.start());
    afterwards(() => world.close());
    worlds.push({ driver, world, bot: await world.bot() });
    env = { ...env, ...(await serverEnv(driver, world, store)) };
  }
  env = { ...env, ...options.env };
  let server = await startServer(env, under);
  afterwards(async () => void (await server.kill('SIGKILL')));
  const others: ServerProcess[] = [];
  const logged = (event: string): Record<string, unknown>[] =>
    [...others, server]
      .flatMap(({ lines }) => lines)
      .filter((line) => line.includes(`"event":"${event}"`))
      .map((line) => JSON.parse(line));
  const client = () => createClient(server.url, API_KEY);
  const replr_id = await makeReplr(client());

  const people: Person[] = [];
  const integrations: { platform: string; id: string }[] = [];
  for (const { driver, bot } of worlds) {
    const { platform } = driver;
    for (let index = 0; index < (options.people ?? PEOPLE); index++) {
      people.push(person(driver, await bot.direct(`Person ${index}`)));
    }
    const created = await client().post(`/v1/integrations/${platform}`, { ...(await bot.connect()), replr_id });
    expect(created.status).toBe(201);
    await bot.connected?.(created.body);
    integrations.push({ platform, id: created.body.id });
  }
  for (const one of people) await one.say('is anybody here');
  await Promise.all(people.map((one) => one.chat.answered(1)));

  return {
    env,
    get server() {
      return server;
    },
    set server(next) {
      others.push(server);
      server = next;
      afterwards(async () => void (await next.kill('SIGKILL')));
    },
    others,
    get client() {
      return client();
    },
    integrations,
    people,
    talk() {
      const quiet = new AbortController();
      const talks = people.map(async (one, index) => {
        // Not all at once.
        await sleep((index * paceMs) / people.length, undefined, { signal: quiet.signal }).catch(() => {});
        for (let message = 1; !quiet.signal.aborted; message++) {
          await one.say(`message ${message}`);
          await sleep(paceMs, undefined, { signal: quiet.signal }).catch(() => {});
        }
      });
      return async () => {
        quiet.abort();
        await Promise.all(talks);
        return people.reduce((sum, { said }) => sum + said.length, 0);
      };
    },
    async answeredOnce(patienceMs = 30_000) {
      let doubled = 0;
      for (const { driver, chat, said } of people) {
        const wanted = said.map((text) => ECHO_PREFIX + text);
        const once = async () => [...new Set(await chat.answers())];
        const complete = async () => (await once()).length >= wanted.length;
        await expect
          .poll(complete, { timeout: patienceMs, interval: 50 })
          .toBe(true)
          .catch(() => {});
        const seen = driver.quiet && !driver.serial ? inOrder(await once()) : await once();
        expect([driver.name, ...seen]).toEqual([driver.name, ...wanted]);
        const repeats = (await chat.answers()).length - wanted.length;
        expect(driver.removesRepeats ? repeats : 0).toBe(0);
        doubled += repeats;
      }
      expect(doubled).toBeLessThanOrEqual(logged('delivery_ambiguous').length);
      for (const { driver, world } of worlds) expect([driver.name, await world.misuse()]).toEqual([driver.name, 0]);
    },
    ready: async () => (await fetch(`${server.url}/readyz`)).status,
    logged,
  };
}

/** By the number at the end of each. */
function inOrder(texts: readonly string[]): string[] {
  const number = (text: string) => Number(/\((\d+)\)$/.exec(text)?.[1]);
  return [...texts].sort((a, b) => number(a) - number(b));
}

function person(driver: PlatformDriver, chat: ChatDriver): Person {
  const said: string[] = [];
  return {
    driver,
    chat,
    said,
    async say(text) {
      const numbered = `${text} (${said.length + 1})`;
      said.push(numbered);
      await chat.say(numbered);
    },
  };
}
