import { afterEach, describe, expect, it } from 'vitest';
import type { ScriptedAnswer, ScriptedCall } from '../../../test/support/scripted-fetch.ts';
import {
  CHANNEL,
  limited,
  page,
  post,
  type RigOptions,
  refused,
  SELF,
  slackRig,
  stamp,
} from '../../../test/support/slack-rig.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of open.splice(0)) await stop();
});

function setup(answer: (call: ScriptedCall, index: number) => ScriptedAnswer, options?: RigOptions) {
  const rig = slackRig(answer, options);
  open.push(rig.stop);
  return rig;
}

const CH = `ch:${CHANNEL}`;
const th = (ts: string) => `th:${CHANNEL}:${ts}`;

describe('reading a channel', () => {
  it('goes on from the cursor, and stores oldest first together with it', async () => {
    const pages = [page([post(stamp(2), 'two'), post(stamp(1), 'one')]), page([])];
    const rig = setup((_call, index) => pages[index] ?? page([]));
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
    const rig = setup(({ parameters }) => {
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
    const rig = setup(({ parameters }) => {
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
    const rig = setup(backlog, { integration: { autoRespond: false } });
    await rig.clock.advance(0);
    expect(rig.taken.map(({ texts }) => texts.length)).toEqual([200, 200, 50]);
    expect(rig.taken.map(({ cursors }) => cursors[CH])).toEqual([199, 399, 449].map((at) => stamp(at, at)));
    expect(rig.heard.map(({ text }) => text)).toEqual(all.map(({ text }) => text).reverse());
  });

  it('does not move when nothing could be stored, and comes back', async () => {
    let refusals = 2;
    const rig = setup(
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
    const rig = setup(({ parameters }) => (parameters['limit'] === '1' ? page([post(stamp(-99), 'old')]) : page([])), {
      cursors: {},
    });
    await rig.clock.advance(2_000);
    expect(rig.heard).toEqual([]);
    expect(rig.cursors.get(CH)).toBe(stamp(-99));
    expect(rig.calls[1]?.parameters).toMatchObject({ oldest: stamp(-99) });
  });

  it('takes nothing from before listening began, whatever its cursor says', async () => {
    const rig = setup(({ parameters }) => page(parameters['oldest'] === stamp(5) ? [] : [post(stamp(4), 'old')]), {
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
    const rig = setup(({ parameters, method }) =>
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
    const rig = setup(({ method, parameters }) => {
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
    const rig = setup(({ method, parameters }) => {
      if (method === 'conversations.history')
        return page(parameters['oldest'] === stamp(-10) ? [post(own, 'hello', { user: SELF, bot_id: 'B0SELF0' })] : []);
      const reply = post(stamp(5), 'hi', { thread_ts: own, parent_user_id: SELF });
      return page([post(own, 'hello'), ...(parameters['oldest'] === own ? [reply] : [])]);
    });
    await rig.clock.advance(3_000);
    expect(rig.heard.map(({ text, addressed }) => [text, addressed])).toEqual([['hi', true]]);
  });

  it('does not follow a thread that it has no part in', async () => {
    const rig = setup(({ parameters }) => page(parameters['oldest'] === stamp(-10) ? [post(stamp(1), 'chat')] : []), {
      integration: { autoRespond: false },
    });
    await rig.clock.advance(5_000);
    expect(rig.cursors.has(th(stamp(1)))).toBe(false);
    expect(rig.calls.map(({ method }) => method)).not.toContain('conversations.replies');
  });

  it('forgets threads after a day, and the oldest beyond a hundred', async () => {
    const old = stamp(-25 * 3600);
    const many = Array.from({ length: 101 }, (_, index) => stamp(-1_000 - index));
    const cursors = Object.fromEntries([old, ...many].map((ts) => [th(ts), ts]));
    const rig = setup(() => page([]), { cursors: { ...cursors, [CH]: stamp(-10) } });
    await rig.clock.advance(0);
    expect([...rig.cursors.keys()].filter((name) => name.startsWith('th:'))).toHaveLength(100);
    expect(rig.cursors.has(th(old))).toBe(false);
    expect(rig.cursors.has(th(stamp(-1_100)))).toBe(false);
    expect(rig.cursors.has(th(stamp(-1_000)))).toBe(true);
  });

  it('gives up a thread that is gone without a word, and goes on with the rest', async () => {
    const rig = setup(({ method }) => (method === 'conversations.replies' ? refused('thread_not_found') : page([])), {
      cursors: { [CH]: stamp(-10), [th(stamp(-60))]: stamp(-60) },
    });
    await rig.clock.advance(20_000);
    expect(rig.calls.filter(({ method }) => method === 'conversations.replies')).toHaveLength(1);
    expect(rig.states().at(-1)).toBe('connected polling_only polling');
  });
});

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
    const rig = setup(({ parameters }) => page(parameters['oldest'] === stamp(-10) ? lines : []), {
      settings: { reply_in: 'channel' },
    });
    await rig.clock.advance(0);
    expect(rig.calls[0]?.parameters['include_all_metadata']).toBe('true');
    expect(rig.heard.map(({ text }) => text)).toEqual(['open']);
    expect(rig.cursors.get(CH)).toBe(stamp(4));
  });

  it('is known from whichever page tells it, and believed of nobody else', async () => {
    const forged = { ...mine(stamp(5), stamp(2)), text: 'forged', user: 'U0EVE00', bot_id: undefined };
    const rig = setup(
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
    const rig = setup(({ method, parameters }) => {
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
    const rig = setup(({ method, parameters }) => {
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
    const rig = setup(
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

describe('direct messages', () => {
  it('are looked for where they are wanted, and a first one is answered', async () => {
    const rig = setup(
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
    const rig = setup(() => page([]));
    await rig.clock.advance(120_000);
    expect(new Set(rig.calls.map(({ method }) => method))).toEqual(new Set(['conversations.history']));
  });
});

describe('what the platform refuses', () => {
  it('ends when the credential is dead, after one call', async () => {
    for (const error of ['invalid_auth', 'account_inactive', 'token_revoked', 'not_authed']) {
      const rig = setup(() => refused(error));
      await rig.running;
      expect(rig.states().at(-1)).toBe('error bad_credentials polling');
      expect(rig.calls).toHaveLength(1);
    }
  });

  it('names a channel that it may not read, and reads the others', async () => {
    const rig = setup(
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
    expect(rig.health.at(-1)).toMatchObject({ state: 'connected', code: 'not_in_channel' });
    expect(rig.health.at(-1)?.message).toContain('C0GONE00');
    expect(rig.calls.filter(({ parameters }) => parameters['channel'] === 'C0GONE00')).toHaveLength(1);
  });

  it('asks for the scope that is missing', async () => {
    const rig = setup(() => refused('missing_scope', { needed: 'channels:history', provided: 'chat:write' }));
    await rig.clock.advance(1_000);
    expect(rig.health.at(-1)).toMatchObject({ state: 'error', code: 'missing_scope' });
    expect(rig.health.at(-1)?.message).toContain('channels:history');
  });

  it('is no error of the whole as long as other channels are read', async () => {
    const refusal = () => refused('missing_scope', { needed: 'groups:history' });
    const rig = setup(({ parameters }) => (parameters['channel'] === 'G0DARK00' ? refusal() : page([])), {
      settings: { channel_ids: ['G0DARK00', CHANNEL] },
    });
    await rig.clock.advance(3_000);
    expect(rig.health.at(-1)).toMatchObject({ state: 'connected', code: 'missing_scope' });
    expect(rig.health.at(-1)?.message).toMatch(/channel G0DARK00.*groups:history/);
  });

  it('is told for direct messages, too', async () => {
    const refusal = () => refused('missing_scope', { needed: 'im:read' });
    const rig = setup(({ method }) => (method === 'users.conversations' ? refusal() : page([])), {
      settings: { direct_messages: true },
    });
    await rig.clock.advance(3_000);
    expect(rig.health.at(-1)).toMatchObject({ state: 'connected', code: 'missing_scope' });
    expect(rig.health.at(-1)?.message).toMatch(/may not read direct messages.*im:read/);
  });

  it('obeys a wait to the second, and lets the other method go on', async () => {
    const root = stamp(-60);
    let told = false;
    const rig = setup(
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
