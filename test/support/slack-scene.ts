import { expect } from 'vitest';
import type { Environment } from '../../src/config.ts';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import type { BotHandle } from '../../src/simulators/slack/apps.ts';
import type { SlackSimulatorOptions } from '../../src/simulators/slack/controls.ts';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import { type SlackSimulator, startSlackSimulator } from '../../src/simulators/slack/simulator.ts';
import { type Answer, type Client, makeReplr } from './client.ts';
import { type Harness, startHarness } from './harness.ts';
import { slackByEvents, slackWorld } from './slack-driver.ts';
import type { StoreKind } from './stores.ts';

export type Transport = 'socket' | 'events' | 'polling';

/** An answer that takes longer than this is missing. */
export const patience = () => AbortSignal.timeout(20_000);

/** The server at a public address, and a workspace whose bots a test makes as it needs them. */
export interface SlackScene {
  readonly sim: SlackSimulator;
  readonly harness: Harness;
  /** `channels` many channels that a new bot and one person are in. */
  bot(transport: Transport, channels?: number): { readonly bot: BotHandle; readonly channels: ChannelHandle[] };
  /** The POST that connects a bot by the secrets of this transport. `client`: another user's. */
  create(by: Transport, bot: BotHandle, channels: readonly { id: string }[], extra?: object): Promise<Answer>;
  /** Creates it and resolves when it listens as it should; the integration's id. */
  connect(by: Transport, bot: BotHandle, channels: readonly { id: string }[], extra?: object): Promise<string>;
  /** The integration as its owner sees it. */
  // biome-ignore lint/suspicious/noExplicitAny: as in client.ts
  get(id: string): Promise<any>;
  put(id: string, body: object): Promise<Answer>;
  /** For `connect` and the rest from here on. */
  as(client: Client): SlackScene;
  close(): Promise<void>;
}

export async function startSlackScene(
  kind: StoreKind,
  {
    env = {},
    ...options
  }: SlackSimulatorOptions & { readonly env?: Environment | ((sim: SlackSimulator) => Environment) } = {},
): Promise<SlackScene> {
  const { settings } = options;
  // Signatures tell the server's time even where a test moves the platform's on.
  const sim = await startSlackSimulator({ ...options, settings: { signNow: Date.now, ...settings } });
  const world = slackWorld(sim, 'events');
  const more = typeof env === 'function' ? env(sim) : env;
  const harness = await startHarness({ ...slackByEvents, start: async () => world }, kind, more);
  return sceneOf(sim, harness, () => harness.client);
}

function sceneOf(sim: SlackSimulator, harness: Harness, client: () => Client): SlackScene {
  const get: SlackScene['get'] = async (id) => (await client().get(`/v1/integrations/${id}`)).body;
  const create: SlackScene['create'] = async (by, bot, channels, extra = {}) =>
    await client().post('/v1/integrations/slack', {
      replr_id: await makeReplr(client()),
      bot_token: bot.token,
      workspace_id: bot.teamId,
      channel_ids: channels.map(({ id }) => id),
      ...(by === 'socket' && { app_token: bot.appToken }),
      ...(by === 'events' && { signing_secret: bot.signingSecret }),
      ...extra,
    });
  return {
    sim,
    harness,
    get,
    create,
    bot(transport, count = 1) {
      const bot = sim.createBot({ username: 'aria', socketMode: transport === 'socket' });
      return { bot, channels: Array.from({ length: count }, () => sim.channel({ members: [bot] })) };
    },
    async connect(by, bot, channels, extra) {
      const { status, body } = await create(by, bot, channels, extra);
      expect(body).toMatchObject({ id: expect.any(String) });
      expect(status).toBe(201);
      if (by === 'events') sim.setRequestUrl(bot.app, body.events_url);
      const listens = expect.poll(() => get(body.id), { timeout: 10_000 });
      if (by !== 'socket') await listens.toMatchObject({ health: { state: 'connected' } });
      // What the socket missed until now is read before it is called connected; it brings messages from here on.
      else await sim.waitFor(() => sim.sockets(bot.app).length > 0, patience());
      return body.id;
    },
    put: (id, body) => client().put(`/v1/integrations/${id}`, body),
    as: (other) => sceneOf(sim, harness, () => other),
    async close() {
      // The strict judge has the last word in every test.
      const misuse = (await harness.world.misuse()) + (await harness.world.impatience());
      await harness.close();
      expect(misuse).toBe(0);
      expect(harness.log.filter((line) => /"level":(50|60)/.test(line))).toEqual([]);
    },
  };
}

export const answersIn = (channels: readonly ChannelHandle[]) => channels.flatMap((channel) => channel.answers());

/** Each of them was answered, and none twice. */
export async function answeredOnce(channels: readonly ChannelHandle[], texts: readonly string[]): Promise<void> {
  await expect.poll(() => new Set(answersIn(channels)).size, { timeout: 30_000 }).toBeGreaterThanOrEqual(texts.length);
  expect(answersIn(channels).toSorted()).toEqual(texts.map((text) => ECHO_PREFIX + text).toSorted());
}
