import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import type { BotHandle } from '../../src/simulators/slack/apps.ts';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import type { App } from '../../src/simulators/slack/world.ts';
import { createClient } from '../support/client.ts';
import { answeredOnce, answersIn, patience, type SlackScene, startSlackScene } from '../support/slack-scene.ts';
import { someStoreKinds } from '../support/stores.ts';

const echo = (text: string) => ECHO_PREFIX + text;

/** Says a text every so often, each in another channel, until it is stopped; what it said, in order. */
function crowd(channels: readonly ChannelHandle[], everyMs: number) {
  const said: string[] = [];
  const timer = setInterval(() => {
    const channel = channels[said.length % channels.length];
    const text = `message ${said.length}`;
    said.push(text);
    channel?.say(text);
  }, everyMs);
  return { said, stop: () => clearInterval(timer) };
}

describe.each(someStoreKinds)('slack transports on %s', (kind) => {
  let scene: SlackScene;

  beforeEach(async () => {
    scene = await startSlackScene(kind);
  });
  afterEach(() => scene.close());

  const listensBy = (id: string, transport: string) =>
    expect.poll(() => scene.get(id), { timeout: 20_000 }).toMatchObject({ status: 'active', health: { transport } });

  it('loses and doubles nothing on the way from polling to a socket to events, while people talk on', async () => {
    const { sim } = scene;
    const { bot, channels } = scene.bot('polling', 6);
    const id = await scene.connect('polling', bot, channels);
    // Each change has everything read again; that this may take a minute is not looked at here.
    sim.setLimits({ tiers: { 3: 500 } });
    const { said, stop } = crowd(channels, 250);
    const hearsBy = async (transport: string) => {
      await listensBy(id, transport);
      // Not only those of before: some that were said since then.
      const next = said.length + 10;
      await expect.poll(() => answersIn(channels), { timeout: 20_000 }).toContain(echo(`message ${next}`));
    };
    /** All that could be found a second time has been looked at, since the new secrets were checked. */
    const everythingRead = () =>
      sim.waitFor(({ calls }) => {
        const checked = calls.findLastIndex(({ method }) => method === 'users.conversations');
        const reads = calls.slice(checked).filter(({ method }) => method === 'conversations.history');
        const read = reads.filter(({ status, outcome }) => status === 200 && outcome === 'answered');
        return new Set(read.map(({ args }) => args['channel'])).size === channels.length;
      }, patience());
    try {
      await hearsBy('polling');
      sim.setSocketMode(bot.app, true);
      expect((await scene.put(id, { app_token: bot.appToken })).status).toBe(200);
      await hearsBy('socket');
      sim.setRequestUrl(bot.app, (await scene.get(id)).events_url);
      sim.setSocketMode(bot.app, false);
      const secrets = { app_token: null, signing_secret: bot.signingSecret };
      expect((await scene.put(id, secrets)).status).toBe(200);
      await hearsBy('events');
    } finally {
      stop();
    }
    await everythingRead();
    channels[0]?.say('the last');
    await answeredOnce(channels, [...said, 'the last']);
    const attempts = sim.ledger.events.flatMap((event) => (event.outcome === 'acked' ? event.attempts : []));
    expect(new Set(attempts.map(({ transport }) => transport))).toEqual(new Set(['socket', 'http']));
    await expect.poll(() => scene.get(id)).toMatchObject({ message_count: 2 * (said.length + 1) });
  }, 60_000);

  it('F088: replaces its connection as often as it is asked to, under load, with never more than two', async () => {
    const { sim } = scene;
    const { bot, channels } = scene.bot('socket', 4);
    const id = await scene.connect('socket', bot, channels);
    const { said, stop } = crowd(channels, 125);
    try {
      for (const [round, reason] of (['warning', 'refresh_requested', 'warning'] as const).entries()) {
        await expect.poll(() => sim.sockets(bot.app).length, { timeout: 10_000 }).toBe(1);
        const next = said.length;
        await expect.poll(() => answersIn(channels), { timeout: 20_000 }).toContain(echo(`message ${next}`));
        sim.disconnect(reason, bot.app);
        await expect.poll(() => sim.ledger.counts.sockets_opened, { timeout: 10_000 }).toBeGreaterThan(round + 1);
      }
    } finally {
      stop();
    }
    await answeredOnce(channels, said);
    expect(sim.ledger.counts.max_sockets).toBeLessThanOrEqual(2);
    expect(sim.ledger.counts.misdirected_acks).toBe(0);
    await listensBy(id, 'socket');
  }, 60_000);

  it('F088: goes on by history where Socket Mode was switched off, and says so', async () => {
    const { bot, channels } = scene.bot('socket');
    const id = await scene.connect('socket', bot, channels);
    scene.sim.setSocketMode(bot.app, false);
    channels[0]?.say('can you hear me?');
    expect(await channels[0]?.answered(1, patience())).toEqual([echo('can you hear me?')]);
    await expect
      .poll(() => scene.get(id), { timeout: 5_000 })
      .toMatchObject({
        status: 'active',
        health: { state: 'connected', code: 'socket_mode_off', transport: 'polling' },
      });
  });

  it.each(['socket', 'events'] as const)(
    'F097: hears by %s that its token is dead, and goes on with a new one',
    async (by) => {
      const { sim } = scene;
      const { bot, channels } = scene.bot(by);
      const [channel] = channels as [ChannelHandle];
      const id = await scene.connect(by, bot, channels);
      channel.say('one');
      await channel.answered(1, patience());
      sim.revokeToken(bot, 'token_revoked', true);
      await expect
        .poll(() => scene.get(id), { timeout: 2_000 })
        .toMatchObject({ status: 'error', health: { state: 'error', code: 'bad_credentials' } });
      channel.say('two');
      const refused = sim.ledger.counts.unauthorized;
      const bot_token = sim.newToken(bot);
      expect((await scene.put(id, { bot_token })).status).toBe(200);
      expect(await channel.answered(2, patience())).toEqual([echo('one'), echo('two')]);
      await expect.poll(() => scene.get(id), { timeout: 5_000 }).toMatchObject({ status: 'active' });
      expect(sim.ledger.counts.unauthorized).toBe(refused);
    },
  );

  it('serves two workspaces of two users by one socket of their app', async () => {
    const { sim, harness } = scene;
    const app = sim.createApp({ socketMode: true });
    const owners = [scene, scene.as(createClient(harness.url, await harness.userKey('somebody-else')))];
    const teams: { owner: SlackScene; bot: BotHandle; channel: ChannelHandle; id: string }[] = [];
    for (const [index, owner] of owners.entries()) {
      const workspace = sim.createWorkspace({ name: `Team ${index}` });
      const bot = sim.install(app, workspace);
      const channel = sim.channel({ workspace, members: [bot] });
      teams.push({ owner, bot, channel, id: await owner.connect('socket', bot, [channel]) });
    }
    const [one, two] = teams as [(typeof teams)[0], (typeof teams)[0]];
    const said = { one: [] as string[], two: [] as string[] };
    const talk = async (text: string, count: number) => {
      for (const { channel, bot } of teams) channel.say(`${text} in ${bot.teamId}`);
      for (const { channel } of teams) await channel.answered(count, patience());
      said.one.push(echo(`${text} in ${one.bot.teamId}`));
      said.two.push(echo(`${text} in ${two.bot.teamId}`));
    };
    await talk('hello', 1);
    sim.disconnect('warning', app);
    await talk('while the connection is replaced', 2);
    await expect.poll(() => sim.ledger.counts.sockets_opened, { timeout: 10_000 }).toBeGreaterThan(1);
    await talk('after that', 3);
    expect([one.channel.answers(), two.channel.answers()]).toEqual([said.one, said.two]);
    const posted = sim.ledger.messages.map(({ bot, channel }) => `${bot} ${channel}`);
    expect(new Set(posted)).toEqual(new Set(teams.map(({ bot, channel }) => `${bot.id} ${channel.id}`)));

    expect((await one.owner.put(one.id, { active: false })).status).toBe(200);
    one.channel.say('you are paused');
    two.channel.say('you are not');
    expect(await two.channel.answered(4, patience())).toContain(echo('you are not'));
    expect(one.channel.answers()).toHaveLength(3);
    expect(await two.owner.get(two.id)).toMatchObject({ health: { state: 'connected', transport: 'socket' } });
    expect(sim.ledger.counts.max_sockets).toBeLessThanOrEqual(2);
  });
});

it('serves with the deployment’s own app token the bots of that app, and no others', async () => {
  let app: App | undefined;
  const scene = await startSlackScene('sqlite', {
    env: (sim) => {
      app = sim.createApp({ socketMode: true });
      return { SLACK_APP_TOKEN: app.appToken };
    },
  });
  try {
    const { sim } = scene;
    const ours = sim.install(app as App);
    const foreign = scene.bot('socket').bot;
    const channel = sim.channel({ members: [ours, foreign] });
    // Neither brings an app token of its own.
    const one = await scene.create('polling', ours, [channel]);
    const two = await scene.create('polling', foreign, [channel]);
    const health = async ({ body }: typeof one) => (await scene.get(body.id)).health;
    await expect
      .poll(() => health(one), { timeout: 10_000 })
      .toMatchObject({ state: 'connected', transport: 'socket' });
    await expect
      .poll(() => health(two), { timeout: 10_000 })
      .toMatchObject({ code: 'polling_only', transport: 'polling' });
    channel.say('hello');
    await channel.answered(2, patience());
    expect(sim.ledger.messages.map(({ bot }) => bot).toSorted()).toEqual([ours.id, foreign.id].toSorted());
    expect(sim.sockets(foreign.app)).toEqual([]);
  } finally {
    await scene.close();
  }
});
