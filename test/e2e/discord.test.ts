import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ECHO_PREFIX } from '../../src/responders/echo.ts';
import type { BotHandle } from '../../src/simulators/discord/bots.ts';
import type { GuildHandle } from '../../src/simulators/discord/controls.ts';
import type { ChannelHandle } from '../../src/simulators/discord/handles.ts';
import { type DiscordSimulator, startDiscordSimulator } from '../../src/simulators/discord/simulator.ts';
import { discordDriver, discordWorld } from '../support/discord-driver.ts';
import { type Harness, startHarness } from '../support/harness.ts';
import { storeKinds } from '../support/stores.ts';

const echo = (text: string) => ECHO_PREFIX + text;
const patience = () => AbortSignal.timeout(20_000);
/** Sign-ins of one bot are seconds apart. */
const SLOWLY = { timeout: 25_000 };

/** What only Discord has: guilds, threads, intents, a gateway that several integrations share. */
describe.each(storeKinds)('discord on %s', (kind) => {
  let sim: DiscordSimulator;
  let bot: BotHandle;
  let guild: GuildHandle;
  let channel: ChannelHandle;
  let harness: Harness;

  beforeEach(async () => {
    sim = await startDiscordSimulator();
    harness = await startHarness({ ...discordDriver, start: async () => discordWorld(sim) }, kind);
    bot = sim.createBot({ username: 'ada' });
    guild = sim.guild({ name: 'The server', bots: [bot] });
    channel = sim.channel(guild, { name: 'general' });
  });
  afterEach(async () => {
    const misuse = await harness.world.misuse();
    await harness.close();
    expect(misuse).toBe(0);
  });

  const post = async (where: GuildHandle, channels: readonly ChannelHandle[], extra: Record<string, unknown> = {}) => {
    const replr = await harness.client.post('/v1/replrs', { name: 'Ada', instructions: 'You are Ada.' });
    return harness.client.post('/v1/integrations/discord', {
      replr_id: replr.body.id,
      bot_token: bot.token,
      guild_id: where.id,
      channel_ids: channels.map((one) => one.id),
      ...extra,
    });
  };
  const get = async (id: string) => (await harness.client.get(`/v1/integrations/${id}`)).body;
  /** Connects and waits until the gateway is up: what is said before that, the platform tells nobody. */
  const connect = async (extra: Record<string, unknown> = {}, where = guild, channels = [channel]): Promise<string> => {
    const created = await post(where, channels, extra);
    expect(created.status).toBe(201);
    await expect.poll(() => get(created.body.id), SLOWLY).toMatchObject({ health: { state: 'connected' } });
    return created.body.id;
  };

  it('answers people in its channels and nobody else, nowhere else', async () => {
    const elsewhere = sim.channel(guild, { name: 'elsewhere' });
    const abroad = sim.channel(sim.guild({ name: 'Abroad', bots: [bot] }), { name: 'general' });
    const other = sim.createBot({ username: 'other' });
    sim.join(guild, other);
    await connect();
    elsewhere.say('in another channel');
    abroad.say('in another guild');
    channel.say('from a bot', { from: other });
    channel.say('from a webhook', { webhook: 'Relay' });
    channel.say('', { type: 7 });
    channel.say('from a person');
    expect(await channel.answered(1, patience())).toEqual([echo('from a person')]);
    // Its own answer came back over the gateway by now, and this one proves that it was not answered.
    channel.say('and again');
    expect(await channel.answered(2, patience())).toEqual([echo('from a person'), echo('and again')]);
    expect([...elsewhere.answers(), ...abroad.answers()]).toEqual([]);
  });

  it('answers in threads and forum posts below its channels, each a conversation of its own', async () => {
    const forum = sim.channel(guild, { name: 'ideas', type: 'forum' });
    await connect({}, guild, [channel, forum]);
    const thread = sim.thread(channel, { name: 'aside' });
    thread.say('in a thread');
    const idea = sim.forumPost(forum, { name: 'My idea', text: 'in a forum' });
    expect(await thread.answered(1, patience())).toEqual([echo('in a thread')]);
    expect(await idea.answered(1, patience())).toEqual([echo('in a forum')]);
    expect(channel.answers()).toEqual([]);
  });

  it('takes a mention of its role and a reply for being spoken to', async () => {
    await connect({ auto_respond: false });
    channel.say('among ourselves');
    channel.say('you there', { mentionRole: bot });
    const [first] = await channel.answered(1, patience());
    expect(first).toContain('you there');
    const answer = channel.transcript().findLast((line) => line.fromBot);
    channel.say('thanks', { replyTo: answer?.message_id ?? '' });
    expect(await channel.answered(2, patience())).toEqual([first, echo('thanks')]);
  });

  it('hears direct messages only where they are switched on', async () => {
    const dialogue = sim.dm(bot);
    const id = await connect();
    dialogue.say('psst');
    channel.say('aloud');
    await channel.answered(1, patience());
    expect(dialogue.answers()).toEqual([]);
    const put = await harness.client.put(`/v1/integrations/${id}`, { direct_messages: true });
    expect(put.body).toMatchObject({ direct_messages: true });
  });

  it('answers direct messages where they are switched on from the start', async () => {
    const dialogue = sim.dm(bot);
    await connect({ direct_messages: true });
    dialogue.say('psst');
    expect(await dialogue.answered(1, patience())).toEqual([echo('psst')]);
  });

  it('serves two guilds of one bot over one connection', async () => {
    const abroad = sim.guild({ name: 'Abroad', bots: [bot] });
    const far = sim.channel(abroad, { name: 'general' });
    const here = await connect();
    await connect({ auto_respond: false }, abroad, [far]);
    channel.say('here');
    far.say('there, not to you');
    far.say('there, to you', { mention: bot });
    expect(await channel.answered(1, patience())).toEqual([echo('here')]);
    expect(await far.answered(1, patience())).toEqual([echo('there, to you')]);
    expect(sim.connections(bot)).toHaveLength(1);
    await harness.client.put(`/v1/integrations/${here}`, { active: false });
    channel.say('to nobody');
    far.say('still there?', { mention: bot });
    expect(await far.answered(2, patience())).toContain(echo('still there?'));
    expect(channel.answers()).toHaveLength(1);
    expect(sim.ledger.identifies).toHaveLength(1);
  });

  it('refuses a channel that another integration has, and takes one beside it', async () => {
    const beside = sim.channel(guild, { name: 'beside' });
    const id = await connect();
    const taken = await post(guild, [beside, channel]);
    expect(taken).toMatchObject({ status: 409, body: { details: { integration_id: id } } });
    expect((await post(guild, [beside])).status).toBe(201);
  });

  it('F038: tells at connect what is missing, each thing by its own reason and with the way to mend it', async () => {
    const abroad = sim.guild({ name: 'Without the bot' });
    const muted = sim.channel(guild, { name: 'muted' });
    muted.deny(bot, 'SEND_MESSAGES');
    const reasons = async (where: GuildHandle, channels: readonly ChannelHandle[]) => {
      const { status, body } = await post(where, channels);
      expect(status).toBe(422);
      expect(body.message).toMatch(/\w/);
      return body.details.reason;
    };
    expect(await reasons(abroad, [channel])).toBe('guild_not_found');
    expect(await reasons(guild, [sim.channel(abroad, { name: 'far' })])).toBe('channel_not_found');
    expect(await reasons(guild, [muted])).toBe('missing_permission');
    sim.setIntent(bot, 'messageContent', false);
    const missing = await post(guild, [channel]);
    expect(missing).toMatchObject({ status: 422, body: { details: { reason: 'missing_intent' } } });
    expect(missing.body.details.fix_url).toMatch(/^https:\/\/discord\.com\/developers\//);
    expect((await harness.client.get('/v1/integrations')).body.total).toBe(0);
  });

  it('F038: an intent that is taken away later is an error with the link to mend it', async () => {
    const id = await connect();
    sim.setIntent(bot, 'messageContent', false);
    sim.closeGateway(4014, bot);
    await expect.poll(() => get(id), SLOWLY).toMatchObject({ status: 'error', health: { code: 'missing_intent' } });
    expect((await get(id)).health.fix_url).toMatch(/^https:\/\/discord\.com\/developers\//);
  });

  it.each(['cut', 'op 7', 'close 4000'])('loses nothing when the gateway goes away: %s', async (how) => {
    await connect();
    channel.say('one');
    await channel.answered(1, patience());
    if (how === 'cut') sim.cut();
    if (how === 'op 7') sim.op7(bot);
    if (how === 'close 4000') sim.closeGateway(4000, bot);
    for (const text of ['two', 'three']) channel.say(text);
    expect(await channel.answered(3, patience())).toEqual(['one', 'two', 'three'].map(echo));
    expect(sim.ledger.identifies).toHaveLength(1);
  });

  it('hears what is said before it is online, from the moment it is told to listen', SLOWLY, async () => {
    channel.say('too early');
    const created = await post(guild, [channel]);
    channel.say('at once');
    expect(await channel.answered(1, patience())).toEqual([echo('at once')]);
    await harness.client.put(`/v1/integrations/${created.body.id}`, { active: false });
    channel.say('while paused');
    await harness.client.put(`/v1/integrations/${created.body.id}`, { active: true });
    channel.say('at once, again');
    expect(await channel.answered(2, patience())).toEqual([echo('at once'), echo('at once, again')]);
  });

  it('finds what was said while the server was away for longer than a session lives', SLOWLY, async () => {
    const quiet = sim.channel(guild, { name: 'quiet' });
    await connect({}, guild, [channel, quiet]);
    channel.say('before');
    await channel.answered(1, patience());
    await harness.stop();
    const texts = ['one', 'two', 'three', 'four'];
    for (const text of texts) channel.say(text);
    quiet.say('here, too');
    sim.advance(60 * 60_000);
    await harness.start();
    expect(await channel.answered(5, patience())).toEqual(['before', ...texts].map(echo));
    expect(await quiet.answered(1, patience())).toEqual([echo('here, too')]);
    channel.say('and on');
    expect(await channel.answered(6, patience())).toEqual(['before', ...texts, 'and on'].map(echo));
    expect(quiet.answers()).toHaveLength(1);
  });

  it('does not lose what is said in a thread that it cannot place at once', async () => {
    await connect();
    const thread = sim.thread(channel, { name: 'aside' });
    thread.say('one');
    await thread.answered(1, patience());
    // A resumed session is not told of its threads again.
    await harness.restart();
    sim.fail({ method: 'GET', path: `/channels/${thread.id}`, times: 3, fault: { kind: 'error', status: 500 } });
    thread.say('two');
    expect(await thread.answered(2, patience())).toEqual([echo('one'), echo('two')]);
  });

  it('F051: a send whose answer was lost is not doubled', async () => {
    await connect();
    sim.fail({ method: 'POST', path: '/messages', times: 1, fault: { kind: 'drop' } });
    channel.say('one');
    await sim.waitFor((ledger) => ledger.counts.nonce_replays > 0, patience());
    channel.say('two');
    expect(await channel.answered(2, patience())).toEqual([echo('one'), echo('two')]);
    expect(sim.ledger.counts.ambiguous).toBe(1);
  });

  it('pings nobody and shows no preview, whatever the answer says', async () => {
    await connect();
    channel.say('@everyone <@&1> https://example.com/secret');
    await channel.answered(1, patience());
    expect(sim.ledger.counts).toMatchObject({ pings: 0, reply_pings: 0, previews: 0 });
  });
});
