import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { usualScopes } from '../../src/simulators/slack/apps.ts';
import { patience, type SlackScene, startSlackScene } from '../support/slack-scene.ts';

/** Everything that Slack says no to, as the one who connects a bot hears it. */
describe('slack verification', () => {
  let scene: SlackScene;

  beforeAll(async () => {
    scene = await startSlackScene('sqlite');
  });
  afterAll(() => scene.close());

  /** 422 with this reason, and nothing of it is left. */
  const refused = (answer: Awaited<ReturnType<SlackScene['create']>>, reason: string, details: object = {}) => {
    expect(answer.body).toMatchObject({ error: 'unprocessable_entity', details: { reason, ...details } });
    expect(answer.status).toBe(422);
    expect(answer.body.message).not.toMatch(/undefined|\[object/);
    expect(JSON.stringify(answer.body)).not.toMatch(/xox[bpe]-\d|xapp-\d/);
  };
  const without = (...scopes: string[]) => usualScopes.filter((scope) => !scopes.includes(scope));

  it('a workspace that is not the one of the token', async () => {
    const { bot, channels } = scene.bot('polling');
    const other = scene.sim.createWorkspace({ name: 'Other' });
    const answer = await scene.create('polling', bot, channels, { workspace_id: other.id });
    refused(answer, 'wrong_workspace', { workspace_id: other.id, token_workspace_id: bot.teamId });
  });

  it('missing scopes, by name', async () => {
    const { bot, channels } = scene.bot('polling');
    scene.sim.setScopes(bot, without('chat:write'));
    refused(await scene.create('polling', bot, channels), 'missing_scope', { missing_scopes: ['chat:write'] });
    scene.sim.setScopes(bot, without('im:history', 'im:read'));
    refused(await scene.create('polling', bot, channels, { direct_messages: true }), 'missing_scope', {
      missing_scopes: ['im:history', 'im:read'],
    });
    scene.sim.setScopes(bot, without('channels:history'));
    refused(await scene.create('polling', bot, channels), 'missing_scope', { missing_scopes: ['channels:history'] });
    scene.sim.setScopes(bot, usualScopes);
    expect((await scene.create('polling', bot, channels)).status).toBe(201);
  });

  it('a private channel that it is not in, as if there were none', async () => {
    const { bot } = scene.bot('polling', 0);
    const closed = scene.sim.channel({ kind: 'private' });
    const answer = await scene.create('polling', bot, [closed, { id: 'C0NOTHERE' }]);
    refused(answer, 'channel_not_found', { channel_ids: [closed.id, 'C0NOTHERE'] });
    expect(answer.body.message).toContain('/invite @aria');
    closed.join(bot);
    expect((await scene.create('polling', bot, [closed])).status).toBe(201);
  });

  it('a public channel is joined, unless it may not', async () => {
    const { bot } = scene.bot('polling', 0);
    const open = scene.sim.channel();
    scene.sim.setScopes(bot, without('channels:join'));
    refused(await scene.create('polling', bot, [open]), 'not_in_channel', { channel_ids: [open.id] });
    expect(open.channel.members.has(bot.id)).toBe(false);
    scene.sim.setScopes(bot, usualScopes);
    await scene.connect('polling', bot, [open]);
    expect(open.channel.members.has(bot.id)).toBe(true);
    open.say('welcome');
    await open.answered(1, patience());
  });

  it('an archived channel, and then it joins none of the others', async () => {
    const { bot, channels } = scene.bot('polling');
    const open = scene.sim.channel();
    channels[0]?.archive();
    const answer = await scene.create('polling', bot, [open, ...channels]);
    refused(answer, 'channel_archived', { channel_ids: [channels[0]?.id] });
    expect(open.channel.members.has(bot.id)).toBe(false);
  });

  it('tokens of another kind, told by what they are', async () => {
    const { bot, channels } = scene.bot('socket');
    const person = scene.sim.createPerson('Ada');
    const send = (bot_token: string) => scene.create('polling', bot, channels, { bot_token });
    refused(await send(scene.sim.userToken(person)), 'not_a_bot');
    refused(await send(bot.appToken), 'not_a_bot');
    refused(await send('xoxe.xoxb-1-abcdefghijklmnopqrstuvwxyz'), 'rotating_token');
    refused(await scene.create('polling', bot, channels, { app_token: bot.token }), 'invalid_app_token');
  });

  it.each(['invalid_auth', 'token_revoked', 'token_expired', 'account_inactive'] as const)(
    'a token that is dead: %s',
    async (error) => {
      const { bot, channels } = scene.bot('polling');
      scene.sim.revokeToken(bot, error);
      refused(await scene.create('polling', bot, channels), 'invalid_bot_token', { error });
    },
  );

  it('an app token of another app, one that may open nothing, one of an app without Socket Mode', async () => {
    const { bot, channels } = scene.bot('socket');
    const other = scene.bot('socket', 0).bot;
    const send = (app_token: string) => scene.create('polling', bot, channels, { app_token });
    refused(await send(other.appToken), 'wrong_app', { app_id: bot.appId, app_token_app_id: other.appId });
    refused(await send(scene.sim.appToken(bot.app, [])), 'invalid_app_token');
    scene.sim.setSocketMode(bot.app, false);
    refused(await send(bot.appToken), 'socket_mode_off');
    scene.sim.setSocketMode(bot.app, true);
    await scene.connect('socket', bot, channels);
  });

  it('an app token can be added, refused, and taken away again', async () => {
    const { bot, channels } = scene.bot('socket');
    const id = await scene.connect('polling', bot, channels);
    const other = scene.bot('socket', 0).bot;
    const transport = (name: string) =>
      expect
        .poll(() => scene.get(id), { timeout: 10_000 })
        .toMatchObject({
          status: 'active',
          health: { state: 'connected', transport: name },
        });
    refused(await scene.put(id, { app_token: other.appToken }), 'wrong_app');
    await transport('polling');
    expect((await scene.put(id, { app_token: bot.appToken })).status).toBe(200);
    await transport('socket');
    expect((await scene.put(id, { app_token: null })).status).toBe(200);
    await transport('polling');
    expect(await scene.get(id)).toMatchObject({ health: { code: 'polling_only' } });
    expect(scene.sim.sockets(bot.app)).toEqual([]);
    channels[0]?.say('still there?');
    await channels[0]?.answered(1, patience());
  });

  it('says that history is rationed for an app of the strictest class, and what would be better', async () => {
    const { bot, channels } = scene.bot('polling');
    scene.sim.setCapped(bot.app);
    const id = await scene.connect('polling', bot, channels);
    await expect
      .poll(() => scene.get(id), { timeout: 10_000 })
      .toMatchObject({
        status: 'active',
        health: { state: 'connected', code: 'history_capped', message: expect.stringMatching(/app-level token/) },
      });
  });
});
