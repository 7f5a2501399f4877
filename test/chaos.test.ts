import { describe, expect, it } from 'vitest';
import type { Campaign, Round } from '../chaos/campaign.ts';
import type { Asked } from '../chaos/load.ts';
import { readOptions } from '../chaos/options.ts';
import { type HandedOver, type Platform, question, type Shown } from '../chaos/platform.ts';
import { judge } from '../chaos/verdict.ts';
import { missingWork, violations } from '../chaos/violations.ts';
import { ECHO_PREFIX } from '../src/responders/echo.ts';

const DEATH = { at: 10_000, goneAt: 10_010 };

/** Questions 0, 1, … in one conversation, and what was shown there. */
async function judged(
  name: string,
  questions: number,
  shown: readonly Partial<Shown & { q: number }>[],
  more: Partial<Platform> = {},
) {
  const platform: Platform = {
    ...{ name, env: {}, removesRepeats: name !== 'telegram', bots: [], chats: [] },
    shown: () =>
      shown.map(({ q = 0, ...rest }) => ({
        ...{ conversation: 'c', text: ECHO_PREFIX + question(q), at: 5_000, ambiguous: false, ...rest },
      })),
    underWay: () => 0,
    misuse: async () => 0,
    impatience: async () => 0,
    story: () => [],
    close: async () => {},
    ...more,
  };
  const asked: Asked[] = Array.from({ length: questions }, (_, number) => ({
    number,
    platform,
    conversation: 'c',
    at: number,
  }));
  return judge(platform, asked, [DEATH]);
}

type Judged = Awaited<ReturnType<typeof judged>>;

const campaign = (verdict: Judged, rounds: readonly Round[] = [], seconds = 0): Campaign => ({
  ...{
    options: { store: 'sqlite', rounds: rounds.length, seed: 1, rate: 1, webhooks: false, patience: 1 },
    seconds,
    drained: 0,
    rounds,
  },
  ...{ verdicts: [{ ...verdict, marked: 0 }], problems: [], stories: [] },
});
const broken = (verdict: Judged) => violations(campaign(verdict));

describe('the verdict of chaos', () => {
  it('is none where each question has its answer, in order', async () => {
    expect(broken(await judged('discord', 3, [{ q: 0 }, { q: 1 }, { q: 2 }]))).toEqual([]);
  });

  it('notices what was lost', async () => {
    expect(broken(await judged('telegram', 2, [{ q: 1 }]))).toEqual(['telegram: 1 lost']);
  });

  it('takes no double where the platform removes repeats, whatever died', async () => {
    expect(broken(await judged('slack', 1, [{ ambiguous: true }, {}]))).toEqual(['slack: 1 doubled']);
  });

  it.each<[string, Partial<Shown>]>([
    ['was never told', { ambiguous: true }],
    ['died right after it', { at: DEATH.at - 100 }],
  ])('takes a double on Telegram whose first sender %s', async (_, first) => {
    expect(broken(await judged('telegram', 1, [first, { at: 20_000 }]))).toEqual([]);
  });

  it.each<[string, readonly Partial<Shown>[]]>([
    ['was told long before it died', [{ at: DEATH.at - 1_000 }, { at: 20_000 }]],
    ['repeated it twice, once for no reason', [{ ambiguous: true }, { at: 20_000 }, { at: 21_000 }]],
  ])('takes no double on Telegram whose sender %s', async (_, shown) => {
    expect(broken(await judged('telegram', 1, shown))).toContain(
      'telegram: 1 doubled although their sender was told and alive',
    );
  });

  it('notices a wrong order, but does not blame a server for that in which it was asked', async () => {
    const shown = [{ q: 1 }, { q: 0 }];
    expect(broken(await judged('slack', 2, shown))).toEqual(['slack: 1 out of order']);
    const offered = (hands: Record<number, HandedOver>) => ({ handedOver: (number: number) => hands[number] });
    const early = { offeredAt: 2, takenAt: 3 };
    const overtaken = await judged('slack', 2, shown, offered({ 0: { offeredAt: 1, takenAt: 9 }, 1: early }));
    expect(overtaken).toMatchObject({ unordered: [], overtaken: 1 });
    const mixedUp = await judged('slack', 2, shown, offered({ 0: { offeredAt: 0, takenAt: 1 }, 1: early }));
    expect(mixedUp).toMatchObject({ unordered: [0], overtaken: 0 });
  });

  it.each<[string, Partial<Shown & { q: number }>]>([
    ['an answer in another conversation', { q: 0, conversation: 'elsewhere' }],
    ['an answer to nothing', { q: 7 }],
    ['another text', { text: 'Something went wrong.' }],
  ])('notices %s', async (_, strange) => {
    const [found] = broken(await judged('discord', 1, [{ q: 0 }, strange]));
    expect(found).toMatch(/^discord: 1 messages that answer nothing/);
  });

  it('notices misuse, and a process that ends by itself', async () => {
    const verdict = await judged('discord', 0, [], { misuse: async () => 2 });
    expect(violations({ ...campaign(verdict), problems: ['ended'] })).toEqual([
      'ended',
      'discord: 2 calls that the platform refuses as malformed',
    ]);
  });

  it('is worth nothing without work', async () => {
    const kill = (sends: number, open = 0): Round => ({
      round: 1,
      how: 'kill',
      node: 0,
      at: 0,
      goneAt: 0,
      sends,
      open,
    });
    const one = await judged('discord', 1, [{ q: 0 }]);
    expect(missingWork(campaign(one, [kill(1), kill(0, 1), kill(0), kill(0)], 1))).toEqual([]);
    expect(missingWork(campaign(one, [kill(1), kill(0), kill(0)], 1))).toEqual([
      'only 1 of 3 kills met anything in flight',
    ]);
    expect(missingWork(campaign(one, [kill(1)], 10))).toEqual(['discord: only 1 questions in 10 s']);
    expect(missingWork(campaign(await judged('discord', 1, []), [kill(1)], 1))).toEqual(['discord: nothing answered']);
    const cut = campaign(one, [kill(1)], 1);
    expect(missingWork({ ...cut, options: { ...cut.options, rounds: 2 } })).toEqual(['only 1 of 2 rounds']);
  });

  it('is asked for by options', () => {
    const usual = { rounds: 200, seed: 1, rate: 20, webhooks: false, patience: 420 };
    expect(readOptions([])).toEqual([
      { ...usual, store: 'sqlite' },
      { ...usual, store: 'postgresql' },
    ]);
    expect(
      readOptions(['--rounds', '3', '--seed=7', '--store', 'sqlite', '--rate', '40', '--webhooks', '--patience=60']),
    ).toEqual([{ store: 'sqlite', rounds: 3, seed: 7, rate: 40, webhooks: true, patience: 60 }]);
    for (const args of [['--rounds', '0'], ['--seed', 'x'], ['--store', 'both of them'], ['--what']]) {
      expect(() => readOptions(args)).toThrow();
    }
  });
});
