import { describe, expect, it } from 'vitest';
import { discord } from './connector.ts';

const GUILD = '1200000000000000001';
const CHANNEL = '1200000000000000002';
const THREAD = '1200000000000000004';

describe('settings', () => {
  it.each([
    [{ guild_id: GUILD, channel_ids: [CHANNEL] }, true],
    [{ guild_id: GUILD, channel_ids: [CHANNEL], direct_messages: true }, true],
    [{ guild_id: GUILD, channel_ids: [] }, false],
    [{ guild_id: GUILD }, false],
    [{ channel_ids: [CHANNEL] }, false],
    [{ guild_id: GUILD, channel_ids: [CHANNEL, CHANNEL] }, false],
    [{ guild_id: GUILD, channel_ids: ['general'] }, false],
    [{ guild_id: '../x', channel_ids: [CHANNEL] }, false],
    [{ guild_id: 1, channel_ids: [CHANNEL] }, false],
    [
      { guild_id: GUILD, channel_ids: Array.from({ length: 101 }, (_, id) => `${BigInt(CHANNEL) + BigInt(id)}`) },
      false,
    ],
  ])('%j', (settings, good) => {
    const parsed = discord.settings.safeParse(settings);
    expect(parsed.success).toBe(good);
    if (good) expect(parsed.data).toEqual(settings);
  });

  it.each([
    ['a listed channel', { scope: GUILD, channel: CHANNEL }, true],
    ['a thread below it', { scope: GUILD, channel: CHANNEL, thread: THREAD }, true],
    ['another channel', { scope: GUILD, channel: THREAD }, false],
    ['another guild', { scope: THREAD, channel: CHANNEL }, false],
    ['a direct message', { channel: THREAD }, false],
  ])('listen in %s: %s', (_name, at, heard) => {
    expect(discord.listens({ settings: { guild_id: GUILD, channel_ids: [CHANNEL] } }, at)).toBe(heard);
  });

  it('listen to direct messages when told', () => {
    const settings = { guild_id: GUILD, channel_ids: [CHANNEL], direct_messages: true };
    expect(discord.listens({ settings }, { channel: THREAD })).toBe(true);
  });

  it('name the place of a test message', () => {
    const settings = { guild_id: GUILD, channel_ids: [CHANNEL, THREAD] };
    expect(discord.testPlace(settings)).toEqual({ scope: GUILD, channel: CHANNEL });
  });
});

describe('credential', () => {
  it('loses an accidental scheme', () => {
    expect(discord.credential.parse({ bot_token: 'Bot abc.def.ghi' })).toEqual({ bot_token: 'abc.def.ghi' });
    expect(discord.credential.safeParse({ bot_token: 'Bot abc def' }).success).toBe(false);
  });

  it('says where to find one', () => {
    expect(discord.credential.safeParse({}).error?.issues[0]?.message).toContain('https://discord.com/developers');
    expect(discord.credential.safeParse({ bot_token: 'a/b' }).error?.issues[0]?.message).toContain('Reset Token');
  });
});
