import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import type { BotHandle } from '../../src/simulators/slack/apps.ts';
import type { ChannelHandle } from '../../src/simulators/slack/handles.ts';
import type { SlackSimulator } from '../../src/simulators/slack/simulator.ts';
import type { App } from '../../src/simulators/slack/world.ts';
import { createClient } from '../support/client.ts';
import { patience, type SlackScene, startSlackScene } from '../support/slack-scene.ts';

const echo = (text: string) => ECHO_PREFIX + text;

type Headers = Readonly<Record<string, string>>;

async function post(url: string, body: string, headers: Headers): Promise<number> {
  const response = await fetch(url, { method: 'POST', body, headers });
  await response.arrayBuffer();
  return response.status;
}

/** The event by which something said here was told, as it was sent. */
async function eventOf(sim: SlackSimulator, ts: string) {
  const event = await sim.waitFor(
    ({ events }) => events.find((one) => one.ts === ts && one.outcome === 'acked'),
    patience(),
  );
  return { id: event.event_id, body: sim.bodyOf(event.event_id) };
}

/** Whoever knows the address of a hook can send it anything. */
describe('requests to a slack hook', () => {
  let scene: SlackScene;
  let bot: BotHandle;
  let channel: ChannelHandle;
  let witness: ChannelHandle;
  let id: string;
  let url: string;

  beforeEach(async () => {
    scene = await startSlackScene('sqlite');
    const made = scene.bot('events', 2);
    bot = made.bot;
    [channel, witness] = made.channels as [ChannelHandle, ChannelHandle];
    id = await scene.connect('events', bot, made.channels);
    url = (await scene.get(id)).events_url;
  });
  afterEach(() => scene.close());

  /** As the platform would write it, about something that nobody said. */
  const invented = async (text: string) => {
    const said = channel.say('a question');
    const { body } = await eventOf(scene.sim, said.ts);
    await channel.answered(1, patience());
    const outer = JSON.parse(body);
    const ts = said.ts.replace(/\d{6}$/, (micros) => String((Number(micros) + 1) % 1_000_000).padStart(6, '0'));
    const event = { ...outer.event, ts, event_ts: ts, thread_ts: said.ts, text };
    return JSON.stringify({ ...outer, event_id: 'Ev0INVENTED', event });
  };
  const signedAt = (secret: string, seconds: number, body: string): Headers => ({
    'content-type': 'application/json',
    'x-slack-request-timestamp': String(seconds),
    'x-slack-signature': `v0=${createHmac('sha256', secret).update(`v0:${seconds}:${body}`).digest('hex')}`,
  });
  const now = () => Math.floor(Date.now() / 1000);
  /** Something said after all that has been answered: what was stored before it would have been. */
  const settle = async () => {
    witness.say('has everything been said?');
    await witness.answered(1, patience());
  };

  it('a genuine request that is sent again is taken, and answered no second time', async () => {
    const { ts } = channel.say('hello');
    const { body } = await eventOf(scene.sim, ts);
    await channel.answered(1, patience());
    const headers = scene.sim.signed(bot.app, body);
    for (let round = 0; round < 3; round++) expect(await post(url, body, headers)).toBe(200);
    await settle();
    expect(channel.answers()).toEqual([echo('hello')]);
    await expect.poll(() => scene.get(id)).toMatchObject({ message_count: 4 });
  });

  it('one that is not signed as it must be is refused, and nothing is stored of it', async () => {
    const body = await invented('forged');
    const other = scene.sim.createApp();
    const good = scene.sim.signed(bot.app, body);
    const { 'x-slack-signature': signature = '', 'x-slack-request-timestamp': timestamp = '' } = good;
    const bad: readonly Headers[] = [
      {},
      { 'x-slack-request-timestamp': timestamp },
      { 'x-slack-signature': signature },
      { ...good, 'x-slack-signature': signature.replace(/.$/, (last) => (last === '0' ? '1' : '0')) },
      { ...good, 'x-slack-signature': signature.replace('v0=', 'v1=') },
      { ...good, 'x-slack-signature': signature.toUpperCase() },
      { ...good, 'x-slack-request-timestamp': String(Number(timestamp) + 1) },
      scene.sim.signed(other, body),
      signedAt(bot.signingSecret, now() - 301, body),
      signedAt(bot.signingSecret, now() + 310, body),
      signedAt('', now(), body),
      { ...good, 'content-encoding': 'gzip' },
    ];
    const answers: number[] = [];
    for (const headers of bad) answers.push(await post(url, body, headers));
    expect(answers).toEqual([...bad.slice(1).map(() => 401), 400]);
    // The same meaning, other bytes: as a proxy that parses and writes again would do it.
    expect(await post(url, JSON.stringify(JSON.parse(body), null, 1), good)).toBe(401);
    await settle();
    expect(channel.answers()).toEqual([echo('a question')]);
    // The one good thing about it was its body: signed, it is taken.
    expect(await post(url, body, good)).toBe(200);
    expect(await channel.answered(2, patience())).toContain(echo('forged'));
  });

  it('one to a hook that is not there, or that is too large, or that says nothing', async () => {
    const body = await invented('lost');
    const headers = scene.sim.signed(bot.app, body);
    expect(await post(`${scene.harness.url}/hooks/slack/bot_0123456789abcdef`, body, headers)).toBe(401);
    expect(await post(`${scene.harness.url}/hooks/slack`, body, headers)).toBe(401);
    expect(await post(`${scene.harness.url}/hooks/slack/nothing`, body, headers)).toBe(404);
    const large = JSON.stringify({ type: 'event_callback', pad: 'x'.repeat(1024 * 1024) });
    expect(await post(url, large, scene.sim.signed(bot.app, large))).toBe(413);
    for (const nothing of ['', '{', '[]', 'null', '{"type":"event_callback"}', '{"type":"app_rate_limited"}']) {
      expect(await post(url, nothing, scene.sim.signed(bot.app, nothing))).toBe(200);
    }
    expect(await scene.get(id)).toMatchObject({ status: 'active' });
    expect(channel.answers()).toEqual([echo('a question')]);
  });

  it('the handshake, for whoever can sign it', async () => {
    expect(await scene.sim.verifyUrl(bot.app)).toBe(true);
    const other = scene.sim.createApp({ requestUrl: url });
    expect(await scene.sim.verifyUrl(other)).toBe(false);
  });
});

describe('one hook for all workspaces of the deployment’s app', () => {
  let scene: SlackScene;
  let app: App;

  beforeEach(async () => {
    scene = await startSlackScene('sqlite', {
      env: (sim) => {
        app = sim.createApp({ name: 'Aria' });
        return { SLACK_SIGNING_SECRET: app.signingSecret };
      },
    });
    scene.sim.setRequestUrl(app, `${scene.harness.url}/hooks/slack`);
  });
  afterEach(() => scene.close());

  it('brings each event to the bot of its workspace, and to no other', async () => {
    expect(await scene.sim.verifyUrl(app)).toBe(true);
    const teams = ['One', 'Two'].map((name) => {
      const workspace = scene.sim.createWorkspace({ name });
      const bot = scene.sim.install(app, workspace);
      return { bot, channel: scene.sim.channel({ workspace, members: [bot] }) };
    });
    const stranger = scene.bot('polling');
    await scene.connect('polling', stranger.bot, stranger.channels);
    const users = [scene, scene.as(createClient(scene.harness.url, await scene.harness.userKey('somebody-else')))];
    const ids: string[] = [];
    for (const [index, { bot, channel }] of teams.entries()) {
      ids.push((await users[index]?.connect('polling', bot, [channel])) ?? '');
    }
    for (const [index, { channel }] of teams.entries()) {
      const { ts } = channel.say(`hello from ${index}`);
      const { id } = await eventOf(scene.sim, ts);
      expect(scene.sim.ledger.events.find(({ event_id }) => event_id === id)?.attempts[0]?.transport).toBe('http');
    }
    for (const [index, { bot, channel }] of teams.entries()) {
      expect(await channel.answered(1, patience())).toEqual([echo(`hello from ${index}`)]);
      expect(channel.transcript().filter(({ fromBot }) => fromBot)[0]?.who).toBe(`@${bot.username}`);
      await expect
        .poll(() => users[index]?.get(ids[index] ?? ''), { timeout: 5_000 })
        .toMatchObject({ message_count: 2, health: { transport: 'events' } });
    }
  });
});
