import { setTimeout as sleep } from 'node:timers/promises';
import { describe, it, type TestContext } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import { startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import { startTelegramSimulator } from '../../src/simulators/telegram/simulator.ts';
import { discordDriver, discordWorld } from '../support/discord-driver.ts';
import type { PlatformDriver, World } from '../support/driver.ts';
import { type FaultScene, openScene } from '../support/fault-scene.ts';
import { slackBySocket, slackWorld } from '../support/slack-driver.ts';
import { makeStore } from '../support/stores.ts';
import { type Line, startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { telegramDriver, telegramWorld } from '../support/telegram-driver.ts';

const LIMIT_MS = 150_000;
/** The slowest notices that its line is dead after 50 s; then it still has to come back. */
const RECOVERED_MS = 90_000;
/** An answer that a healthy line takes longer for is missing, ms: a bad line elsewhere must not be felt. */
const SOON_MS = 10_000;

/** The long campaign waits also for those whose dead line shows after half a minute and more. */
const LONG = process.env['REPLR_LONG'] === '1';
const drivers = [telegramDriver, discordDriver, slackBySocket];
const platforms = drivers.map(({ platform }) => platform);

/** How a line breaks, and for how long, ms. */
const breakages: readonly (readonly [Line, number])[] = [
  [{ kind: 'black_hole' }, 3_000],
  [{ kind: 'reset' }, 1_500],
  [{ kind: 'garbage' }, 1_500],
  [{ kind: 'truncated', bytes: 200 }, 1_500],
  [{ kind: 'latency', ms: 2_000 }, 3_500],
  [{ kind: 'slow_close', ms: 2_000 }, 1_000],
];

async function lines(
  context: TestContext,
  to: readonly PlatformDriver[] = drivers,
): Promise<{ scene: FaultScene; line: (platform: string) => TcpProxy }> {
  const { onTestFinished: afterwards } = context;
  const store = await makeStore('sqlite');
  afterwards(() => store.drop());
  const proxies = new Map<string, TcpProxy>();
  const line = (platform: string): TcpProxy => {
    const proxy = proxies.get(platform);
    if (!proxy) throw new Error(`no line to ${platform}`);
    return proxy;
  };
  /** Where the simulator itself tells addresses, it tells that of the proxy. */
  const behind = async (platform: string, world: World, told?: { port: number }): Promise<World> => {
    const url = new URL(world.apiUrl);
    const proxy = await startTcpProxy({ host: '127.0.0.1', port: Number(url.port) });
    afterwards(() => proxy.close());
    proxies.set(platform, proxy);
    if (told) told.port = proxy.port;
    url.port = String(proxy.port);
    return { ...world, apiUrl: url.href.replace(/\/$/, '') };
  };
  const scene = await openScene(context, {
    drivers: to,
    store,
    people: 3,
    start: async ({ platform }) => {
      if (platform === 'telegram') return behind(platform, telegramWorld(await startTelegramSimulator()));
      if (platform === 'discord') {
        // As seldom as the platform does, a dead line would show after 40 s to 80 s.
        const sim = await startDiscordSimulator({ gateway: { heartbeatInterval: 5_000 } });
        return behind(platform, discordWorld(sim), sim.scene);
      }
      const sim = await startSlackSimulator({ settings: { retries: [0, 2_000, 5_000] } });
      return behind(platform, slackWorld(sim, 'socket'), sim.scene);
    },
  });
  return { scene, line };
}

async function connected({ expect }: TestContext, scene: FaultScene): Promise<void> {
  for (const { id } of scene.integrations) {
    const shown = async () => (await scene.client.get(`/v1/integrations/${id}`)).body;
    await expect.poll(shown, { timeout: 60_000 }).toMatchObject({ status: 'active', health: { state: 'connected' } });
  }
  expect(scene.logged('uncaught_exception')).toEqual([]);
  expect(scene.logged('unhandled_rejection')).toEqual([]);
}

describe.concurrent('lines to the platforms', () => {
  it('F031 F064: every open connection is dead and none of them says so', {
    timeout: LIMIT_MS,
  }, async (context) => {
    const { expect } = context;
    const { scene, line } = await lines(context, LONG ? drivers : [discordDriver]);
    const broken = scene.integrations.map(({ platform }) => platform);
    const opened = broken.map((platform) => line(platform).opened);
    for (const platform of broken) {
      line(platform).become({ kind: 'half_open' });
      line(platform).become({ kind: 'clear' });
    }
    for (const one of scene.people) await one.say('into the void');
    await scene.answeredOnce(RECOVERED_MS);
    for (const [index, platform] of broken.entries()) {
      expect([platform, line(platform).opened]).not.toEqual([platform, opened[index]]);
    }
    for (const one of scene.people) await one.say('and again');
    await scene.answeredOnce(SOON_MS);
    await connected(context, scene);
  });

  it.for(platforms)(
    'F025 F048 F063 C5: that to %s breaks in every way, and nobody else notices',
    {
      timeout: LIMIT_MS,
    },
    async (broken, context) => {
      const { expect } = context;
      const { scene, line } = await lines(context);
      const others = scene.people.filter(({ driver }) => driver.platform !== broken);
      const before = scene.logged('link_changed').length;
      const hush = scene.talk();
      for (const [how, ms] of breakages) {
        line(broken).become(how);
        await sleep(ms);
        // Still broken: what others have said by now is answered all the same.
        for (const { driver, chat, said } of others) {
          const last = ECHO_PREFIX + said.at(-1);
          const label = `${driver.platform} while ${broken} has ${how.kind}`;
          await expect
            .poll(async () => (await chat.answers()).includes(last), { timeout: SOON_MS, message: label })
            .toBe(true);
        }
        line(broken).become({ kind: 'clear' });
        await sleep(500);
      }
      expect(await hush()).toBeGreaterThan(scene.people.length * 7);
      await scene.answeredOnce(RECOVERED_MS);
      await connected(context, scene);
      // The others' links stayed as they were.
      const changed = scene.logged('link_changed').slice(before);
      expect(changed.filter(({ platform, state }) => platform !== broken && state !== 'connected')).toEqual([]);
    },
  );
});
