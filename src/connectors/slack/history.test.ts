import { describe, expect, it } from 'vitest';
import type { ScriptedCall } from '../../../test/support/scripted-fetch.ts';
import { CHANNEL, page, post, refused, SELF, slackRig, stamp } from '../../../test/support/slack-rig.ts';

const CH = `ch:${CHANNEL}`;
const th = (ts: string) => `th:${CHANNEL}:${ts}`;

describe('reading a channel', () => {
  it('goes on from the cursor, and stores oldest first together with it', async () => {
    const pages = [page([post(stamp(2), 'two'), post(stamp(1), 'one')]), page([])];
    const rig = slackRig((_call, index) => pages[index] ?? page([]));
    await rig.clock.advance(0);
    expect(rig.calls[0]).toMatchObject({
      method: 'conversations.history',
      parameters: { channel: CHANNEL, oldest: stamp(-10), limit: '200' },
    });
    expect(rig.taken[0]?.texts).toEqual(['one', 'two']);
    expect(rig.taken[0]?.cursors[CH]).toBe(stamp(2));
    expect(rig.states()).toEqual(['connecting polling', 'connected polling_only polling']);
  });

  it('reads all pages before it stores the first, and none of them when one is missing', async () => {
    const texts = ['f', 'e', 'd', 'c', 'b', 'a'];
    const all = texts.map((text, index) => post(stamp(6 - index), text));
    let broken = true;
    const rig = slackRig(({ parameters }) => {
      if (parameters['oldest'] !== stamp(-10)) return page([]);
      if (parameters['cursor'] === undefined) return page(all.slice(0, 2), 'p2=');
      if (parameters['cursor'] === 'p2=') return page(all.slice(2, 4), 'p3=');
      if (broken) return new Error('broken off');
      return page(all.slice(4));
    });
    await rig.clock.advance(0);
    expect(rig.taken).toEqual([]);
    expect(rig.states().at(-1)).toBe('reconnecting unreachable polling');
    broken = false;
    await rig.clock.advance(2_000);
    expect(rig.taken[0]?.texts).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(rig.taken[0]?.cursors[CH]).toBe(stamp(6));
    // The pages that had come were not asked for again.
    const first = rig.calls.filter(({ parameters }) => parameters['oldest'] === stamp(-10) && !parameters['cursor']);
    expect(first).toHaveLength(1);
    expect(rig.states().at(-1)).toBe('connected polling_only polling');
  });

  it('starts anew when a page’s position has run out', async () => {
    let lapsed = false;
    const rig = slackRig(({ parameters }) => {
      if (parameters['oldest'] !== stamp(-10)) return page([]);
      if (parameters['cursor'] === undefined) return page([post(stamp(2), 'b')], 'p2');
      if (lapsed) return page([post(stamp(1), 'a')]);
      lapsed = true;
      return refused('invalid_cursor');
    });
    await rig.clock.advance(2_000);
    expect(rig.taken[0]?.texts).toEqual(['a', 'b']);
  });

  it('stores a long backlog in batches whose cursors are contiguous', async () => {
    const all = Array.from({ length: 450 }, (_, index) => post(stamp(index, index), `m${index}`)).reverse();
    const backlog = ({ parameters }: ScriptedCall) => {
      if (parameters['oldest'] !== stamp(-10)) return page([]);
      const from = Number(parameters['cursor'] ?? 0);
      return page(all.slice(from, from + 200), from + 200 < all.length ? String(from + 200) : undefined);
    };
    const rig = slackRig(backlog, { integration: { autoRespond: false } });
    await rig.clock.advance(0);
    expect(rig.taken.map(({ texts }) => texts.length)).toEqual([200, 200, 50]);
    expect(rig.taken.map(({ cursors }) => cursors[CH])).toEqual([199, 399, 449].map((at) => stamp(at, at)));
    expect(rig.heard.map(({ text }) => text)).toEqual(all.map(({ text }) => text).reverse());
  });

  it('does not move when nothing could be stored, and comes back', async () => {
    let refusals = 2;
    const rig = slackRig(
      ({ parameters }) => (parameters['oldest'] === stamp(1) ? page([]) : page([post(stamp(1), 'x')])),
      {
        accept: async (messages) => {
          if (messages.length > 0 && refusals-- > 0) throw new Error('the disk is full');
        },
      },
    );
    await rig.clock.advance(0);
    expect(rig.cursors.get(CH)).toBe(stamp(-10));
    expect(rig.states().at(-1)).toBe('reconnecting store_unavailable polling');
    await rig.clock.advance(10_000);
    expect(rig.heard.map(({ text }) => text)).toEqual(['x']);
    expect(rig.states().at(-1)).toBe('connected polling_only polling');
  });

  it('takes its position only, where it has none', async () => {
    const rig = slackRig(
      ({ parameters }) => (parameters['limit'] === '1' ? page([post(stamp(-99), 'old')]) : page([])),
      {
        cursors: {},
      },
    );
    await rig.clock.advance(2_000);
    expect(rig.heard).toEqual([]);
    expect(rig.cursors.get(CH)).toBe(stamp(-99));
    expect(rig.calls[1]?.parameters).toMatchObject({ oldest: stamp(-99) });
  });

  it('takes nothing from before listening began, whatever its cursor says', async () => {
    const rig = slackRig(({ parameters }) => page(parameters['oldest'] === stamp(5) ? [] : [post(stamp(4), 'old')]), {
      cursors: { [CH]: stamp(-10), [`from:${CHANNEL}`]: stamp(5) },
    });
    await rig.clock.advance(0);
    expect(rig.calls[0]?.parameters['oldest']).toBe(stamp(5));
    expect(rig.heard).toEqual([]);
  });

  it('moves over what is no message, and hears its own words as nobody’s', async () => {
    const lines = [
      post(stamp(4), 'mine', { user: SELF, bot_id: 'B0SELF0' }),
      post(stamp(3), 'joined', { subtype: 'channel_join' }),
      post(stamp(2), 'beep', { bot_id: 'B0OTHER' }),
    ];
    const rig = slackRig(({ parameters, method }) =>
      page(method === 'conversations.history' && parameters['oldest'] === stamp(-10) ? lines : []),
    );
    await rig.clock.advance(0);
    expect(rig.heard.map(({ text, author }) => [text, author.kind])).toEqual([['beep', 'bot']]);
    expect(rig.cursors.get(CH)).toBe(stamp(4));
  });
});

describe('reading threads', () => {
  it('follows those in which it will answer, from the message on, and skips their first message', async () => {
    const root = stamp(1);
    const rig = slackRig(({ method, parameters }) => {
      if (method === 'conversations.history') return page(parameters['oldest'] === stamp(-10) ? [post(root, 'q')] : []);
      const replies = [post(stamp(9), 'more', { thread_ts: root, parent_user_id: 'U0ANN00' })];
      return page([post(root, 'q'), ...(parameters['oldest'] === root ? replies : [])]);
    });
    await rig.clock.advance(3_000);
    const call = rig.calls.find(({ method }) => method === 'conversations.replies');
    expect(call?.parameters).toMatchObject({ channel: CHANNEL, ts: root, oldest: root });
    expect(rig.heard.map(({ text }) => text)).toEqual(['q', 'more']);
    expect(rig.heard.map(({ at }) => at.thread)).toEqual([root, root]);
    expect(rig.cursors.get(th(root))).toBe(stamp(9));
  });

  it('follows what it posted in the channel itself, so that an answer to it is heard', async () => {
    const own = stamp(1);
    const rig = slackRig(({ method, parameters }) => {
      if (method === 'conversations.history')
        return page(parameters['oldest'] === stamp(-10) ? [post(own, 'hello', { user: SELF, bot_id: 'B0SELF0' })] : []);
      const reply = post(stamp(5), 'hi', { thread_ts: own, parent_user_id: SELF });
      return page([post(own, 'hello'), ...(parameters['oldest'] === own ? [reply] : [])]);
    });
    await rig.clock.advance(3_000);
    expect(rig.heard.map(({ text, addressed }) => [text, addressed])).toEqual([['hi', true]]);
  });

  it('does not follow a thread that it has no part in', async () => {
    const rig = slackRig(
      ({ parameters }) => page(parameters['oldest'] === stamp(-10) ? [post(stamp(1), 'chat')] : []),
      {
        integration: { autoRespond: false },
      },
    );
    await rig.clock.advance(5_000);
    expect(rig.cursors.has(th(stamp(1)))).toBe(false);
    expect(rig.calls.map(({ method }) => method)).not.toContain('conversations.replies');
  });

  it('forgets threads after a day, and the oldest beyond a hundred', async () => {
    const old = stamp(-25 * 3600);
    const many = Array.from({ length: 101 }, (_, index) => stamp(-1_000 - index));
    const cursors = Object.fromEntries([old, ...many].map((ts) => [th(ts), ts]));
    const rig = slackRig(() => page([]), { cursors: { ...cursors, [CH]: stamp(-10) } });
    await rig.clock.advance(0);
    expect([...rig.cursors.keys()].filter((name) => name.startsWith('th:'))).toHaveLength(100);
    expect(rig.cursors.has(th(old))).toBe(false);
    expect(rig.cursors.has(th(stamp(-1_100)))).toBe(false);
    expect(rig.cursors.has(th(stamp(-1_000)))).toBe(true);
  });

  it('gives up a thread that is gone without a word, and goes on with the rest', async () => {
    const rig = slackRig(
      ({ method }) => (method === 'conversations.replies' ? refused('thread_not_found') : page([])),
      {
        cursors: { [CH]: stamp(-10), [th(stamp(-60))]: stamp(-60) },
      },
    );
    await rig.clock.advance(20_000);
    expect(rig.calls.filter(({ method }) => method === 'conversations.replies')).toHaveLength(1);
    expect(rig.states().at(-1)).toBe('connected polling_only polling');
  });
});

describe('direct messages', () => {
  it('are looked for where they are wanted, and a first one is answered', async () => {
    const rig = slackRig(
      ({ method, parameters }) => {
        if (method === 'users.conversations') return Response.json({ ok: true, channels: [{ id: 'D0ANN00' }] });
        const wanted = parameters['channel'] === 'D0ANN00' && parameters['oldest'] === stamp(-5);
        return page(wanted ? [post(stamp(-2), 'psst')] : []);
      },
      { settings: { direct_messages: true }, cursors: { [CH]: stamp(-10), 'from:D': stamp(-5) } },
    );
    await rig.clock.advance(2_000);
    expect(rig.calls.find(({ method }) => method === 'users.conversations')?.parameters).toMatchObject({ types: 'im' });
    expect(rig.heard.map(({ text, addressed, at }) => [text, addressed, at.thread])).toEqual([
      ['psst', true, undefined],
    ]);
    await rig.clock.advance(57_000);
    expect(rig.calls.filter(({ method }) => method === 'users.conversations')).toHaveLength(1);
    await rig.clock.advance(5_000);
    expect(rig.calls.filter(({ method }) => method === 'users.conversations')).toHaveLength(2);
  });

  it('are not asked for where nobody wants them', async () => {
    const rig = slackRig(() => page([]));
    await rig.clock.advance(120_000);
    expect(new Set(rig.calls.map(({ method }) => method))).toEqual(new Set(['conversations.history']));
  });
});
