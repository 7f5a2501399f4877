import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import { silentLog } from '../../core/log.ts';
import { telegram } from './connector.ts';

describe('settings', () => {
  it.each([
    [{}, true],
    [{ channel_ids: [] }, true],
    [{ channel_ids: ['-1001234567890', '501'] }, true],
    [{ channel_ids: ['501', '501'] }, false],
    [{ channel_ids: ['@name'] }, false],
    [{ channel_ids: ['../x'] }, false],
    [{ channel_ids: [501] }, false],
    [{ channel_ids: Array.from({ length: 101 }, (_, id) => String(id)) }, false],
  ])('%j', (settings, good) => {
    expect(telegram.settings.safeParse(settings).success).toBe(good);
  });

  it('listen everywhere without a list, else only there', () => {
    const at = { channel: '501' };
    expect(telegram.listens({ settings: {} }, at)).toBe(true);
    expect(telegram.listens({ settings: { channel_ids: [] } }, at)).toBe(true);
    expect(telegram.listens({ settings: { channel_ids: ['-4'] } }, at)).toBe(false);
    expect(telegram.listens({ settings: { channel_ids: ['-4', '501'] } }, { ...at, thread: '9' })).toBe(true);
  });

  it('name the place of a test message', () => {
    expect(telegram.testPlace({})).toBeUndefined();
    expect(telegram.testPlace({ channel_ids: ['-4', '501'] })).toEqual({ channel: '-4' });
  });

  it('follow a group that changes its id', () => {
    expect(telegram.moved?.({ channel_ids: ['1', '-4', '-1004'] }, '-4', '-1004')).toEqual({
      channel_ids: ['1', '-1004'],
    });
    expect(telegram.moved?.({}, '-4', '-1004')).toEqual({});
  });
});

describe('credential', () => {
  it('takes any token that cannot change a URL, and says where to find one', () => {
    expect(telegram.credential.safeParse({ bot_token: '7:AAx_-y.z' }).success).toBe(true);
    const refused = telegram.credential.safeParse({ bot_token: 'a/../b' });
    expect(refused.error?.issues[0]?.message).toContain('@BotFather');
    expect(telegram.credential.safeParse({}).error?.issues[0]?.message).toContain('@BotFather');
  });

  it('never reaches another path than its own', async () => {
    const { fetch, calls } = scriptedFetch(() => new Response(''));
    const port = {
      apiUrl: 'http://api.test/root',
      fetch,
      clock: createManualClock(),
      random: Math.random,
      log: silentLog,
    };
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }), async (bot_token) => {
        if (!telegram.credential.safeParse({ bot_token }).success) return;
        await telegram.verify({ bot_token }, {}, port);
        expect(new URL(calls.at(-1)?.url ?? '').pathname).toMatch(/^\/root\/bot[^/]+\/getMe$/);
      }),
      { numRuns: 300 },
    );
  });
});
