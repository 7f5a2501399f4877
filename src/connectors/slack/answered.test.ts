import { describe, expect, it } from 'vitest';
import { CHANNEL, page, post, SELF, slackRig, stamp } from '../../../test/support/slack-rig.ts';

const CH = `ch:${CHANNEL}`;
const th = (ts: string) => `th:${CHANNEL}:${ts}`;

describe('what our own answers show as answered (F029)', () => {
  const mine = (ts: string, answers?: string, more: object = {}) =>
    post(ts, 'an answer', {
      user: SELF,
      bot_id: 'B0SELF0',
      metadata: { event_type: 'replr_delivery', event_payload: { key: 'dlv_1', ...(answers && { answers }) } },
      ...more,
    });
  const replied = (reply_users: readonly string[], more: object = {}) => ({
    reply_count: 2,
    reply_users,
    reply_users_count: reply_users.length,
    ...more,
  });

  it('is left out where answers stand in the channel itself, and the position moves over it', async () => {
    const lines = [
      mine(stamp(4), stamp(1)),
      mine(stamp(3), 'C0ELSE00/1'),
      post(stamp(2), 'open'),
      post(stamp(1), 'done'),
    ];
    const rig = slackRig(({ parameters }) => page(parameters['oldest'] === stamp(-10) ? lines : []), {
      settings: { reply_in: 'channel' },
    });
    await rig.clock.advance(0);
    expect(rig.calls[0]?.parameters['include_all_metadata']).toBe('true');
    expect(rig.heard.map(({ text }) => text)).toEqual(['open']);
    expect(rig.cursors.get(CH)).toBe(stamp(4));
  });

  it('is known from whichever page tells it, and believed of nobody else', async () => {
    const forged = { ...mine(stamp(5), stamp(2)), text: 'forged', user: 'U0EVE00', bot_id: undefined };
    const rig = slackRig(
      ({ parameters }) => {
        if (parameters['oldest'] !== stamp(-10)) return page([]);
        if (parameters['cursor'] === undefined) return page([forged, mine(stamp(4), stamp(1))], 'p2');
        return page([post(stamp(2), 'open'), post(stamp(1), 'done')]);
      },
      { settings: { reply_in: 'channel' } },
    );
    await rig.clock.advance(0);
    expect(rig.heard.map(({ text }) => text)).toEqual(['open', 'forged']);
  });

  it('is left out where nobody but the bot replied below, and what follows is heard', async () => {
    const root = stamp(1);
    const rig = slackRig(({ method, parameters }) => {
      if (method === 'conversations.history')
        return page(parameters['oldest'] === stamp(-10) ? [post(root, 'done', replied([SELF]))] : []);
      const replies = [mine(stamp(2), root), post(stamp(3), 'more', { thread_ts: root })];
      return page([post(root, 'done'), ...(parameters['oldest'] === root ? replies : [])]);
    });
    await rig.clock.advance(3_000);
    expect(rig.heard.map(({ text }) => text)).toEqual(['more']);
  });

  it('is asked of the thread where others replied as well', async () => {
    const roots = { done: stamp(1), open: stamp(2) };
    const lines = [
      post(roots.open, 'open', replied(['U0BEN00', SELF])),
      // Not all who wrote are listed.
      post(roots.done, 'done', replied(['U0BEN00'], { reply_users_count: 2 })),
    ];
    const rig = slackRig(({ method, parameters }) => {
      const { ts, oldest } = parameters;
      if (method === 'conversations.history') return page(oldest === stamp(-10) ? lines : []);
      const reply = (text: string, at: number) => post(stamp(at), text, { thread_ts: ts, user: 'U0BEN00' });
      if (ts === roots.done && oldest === stamp(1, 99))
        return page([
          post(ts, 'done'),
          mine(stamp(3), ts),
          reply('also done', 4),
          mine(stamp(5), stamp(4)),
          reply('new', 6),
        ]);
      if (ts === roots.open && oldest === stamp(2, 99))
        return page([post(ts, 'open'), reply('asked below', 4), mine(stamp(5), stamp(4))]);
      return page([]);
    });
    await rig.clock.advance(3_000);
    expect(rig.heard.map(({ text }) => text).sort()).toEqual(['new', 'open']);
  });

  it('is handed over all the same where the store knows the thread: it knows what became of its first message', async () => {
    const root = stamp(1);
    const rig = slackRig(
      ({ method, parameters }) =>
        page(
          method === 'conversations.history' && parameters['oldest'] === stamp(-10)
            ? [post(root, 'missed', replied(['U0BEN00', SELF]))]
            : [],
        ),
      { cursors: { [CH]: stamp(-10), [th(root)]: stamp(2) } },
    );
    await rig.clock.advance(0);
    expect(rig.heard.map(({ text }) => text)).toEqual(['missed']);
  });
});
