import { describe, expect, it } from 'vitest';
import { CHANNEL, limited, page, post, refused, slackRig, stamp } from '../../../test/support/slack-rig.ts';

const CH = `ch:${CHANNEL}`;
const th = (ts: string) => `th:${CHANNEL}:${ts}`;

describe('what the platform refuses', () => {
  it('ends when the credential is dead, after one call', async () => {
    for (const error of ['invalid_auth', 'account_inactive', 'token_revoked', 'not_authed']) {
      const rig = slackRig(() => refused(error));
      await rig.running;
      expect(rig.states().at(-1)).toBe('error bad_credentials polling');
      expect(rig.calls).toHaveLength(1);
    }
  });

  it('names a channel that it may not read, and reads the others', async () => {
    const rig = slackRig(
      ({ parameters }) => {
        if (parameters['channel'] === 'C0GONE00') return refused('not_in_channel');
        return page(parameters['oldest'] === stamp(-10) ? [post(stamp(1), 'here')] : []);
      },
      {
        settings: { channel_ids: ['C0GONE00', CHANNEL] },
        cursors: { [CH]: stamp(-10), 'ch:C0GONE00': stamp(-10) },
      },
    );
    await rig.clock.advance(10_000);
    expect(rig.heard.map(({ text }) => text)).toEqual(['here']);
    const place = { setting: 'channel_ids', value: 'C0GONE00', code: 'not_in_channel' };
    expect(rig.health.at(-1)).toMatchObject({ state: 'connected', code: 'polling_only', places: [place] });
    expect(rig.health.at(-1)?.places?.[0]?.message).toContain('C0GONE00');
    expect(rig.calls.filter(({ parameters }) => parameters['channel'] === 'C0GONE00')).toHaveLength(1);
  });

  it('asks for the scope that is missing', async () => {
    const rig = slackRig(() => refused('missing_scope', { needed: 'channels:history', provided: 'chat:write' }));
    await rig.clock.advance(1_000);
    const place = { setting: 'channel_ids', value: CHANNEL, code: 'missing_scope', fixUrl: expect.any(String) };
    expect(rig.health.at(-1)).toMatchObject({ state: 'connected', places: [place] });
    expect(rig.health.at(-1)?.places?.[0]?.message).toMatch(/channel C0HERE00.*channels:history/);
  });

  it('is told for direct messages, too', async () => {
    const refusal = () => refused('missing_scope', { needed: 'im:read' });
    const rig = slackRig(({ method }) => (method === 'users.conversations' ? refusal() : page([])), {
      settings: { direct_messages: true },
    });
    await rig.clock.advance(3_000);
    const place = { setting: 'direct_messages', value: true, code: 'missing_scope' };
    expect(rig.health.at(-1)).toMatchObject({ state: 'connected', places: [place] });
    expect(rig.health.at(-1)?.places?.[0]?.message).toMatch(/may not read direct messages.*im:read/);
  });

  it('obeys a wait to the second, and lets the other method go on', async () => {
    const root = stamp(-60);
    let told = false;
    const rig = slackRig(
      ({ method }) => {
        if (method !== 'conversations.history' || told) return page([]);
        told = true;
        return limited(20);
      },
      { cursors: { [CH]: stamp(-10), [th(root)]: root } },
    );
    await rig.clock.advance(19_900);
    expect(rig.calls.filter(({ method }) => method === 'conversations.history')).toHaveLength(1);
    expect(rig.calls.filter(({ method }) => method === 'conversations.replies').length).toBeGreaterThan(5);
    await rig.clock.advance(200);
    expect(rig.calls.filter(({ method }) => method === 'conversations.history')).toHaveLength(2);
  });
});
