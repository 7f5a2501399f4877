import { describe, expect, it } from 'vitest';
import { loadJudges, loadSamples, runCampaign } from '../fuzz/render/campaign.ts';
import { missingText } from '../fuzz/render/preserved.ts';
import { brokenPromises, type Promised } from '../fuzz/render/promises.ts';

/** Cases, and for how long at most, ms: a busy machine tries fewer, never none. */
const CASES = 150;
const AT_MOST_MS = 3_000;
const LEAST = 10;

const samples = await loadSamples();
const judges = await loadJudges();

describe('made-up answers', () => {
  it('have a judge for each platform', () => {
    expect(judges.map(({ platform }) => platform)).toEqual(['discord', 'slack', 'telegram']);
  });

  it.each(judges)('F055 F072: come out well on $platform', async (judge) => {
    const until = performance.now() + AT_MOST_MS;
    const enough = (done: number) => done >= LEAST && performance.now() > until;
    const campaign = await runCampaign(judge, samples, { seed: 1, from: 0, cases: CASES, enough });
    // `npm run fuzz -- render --seed 1 --case …` tells more.
    expect(campaign.failures).toEqual([]);
    expect(campaign.parts).toBeGreaterThan(campaign.cases / 2);
    expect(campaign.several).toBeGreaterThan(0);
  });
});

describe('what is missing', () => {
  it.each([
    ['a word', 'one **two** three', 'one three'],
    ['a digit', 'see page 42', 'see page 4'],
    ['the order', 'a b c', 'a c b'],
    ['a row of a table', '| h | i |\n|---|---|\n| a | b |\n| c | d |', 'h: a\ni: b'],
    ['a head of a table', '| h | i |\n|---|---|\n| a | b |', 'h: a\nb'],
    ['a cell beyond the head', '| h | i |\n|---|---|\n| a | b | c |', 'h i a b'],
    ['a cell beyond the head in a quote', '> | h | i |\n> |---|---|\n> | a | b | c |', 'h i a b'],
    ['what leads nowhere', '[Max]: Hello!', 'Max'],
    ['a numbered source', 'a [1]\n\n[1]: https://x.example "Title"', 'a 1 (x.example) 1'],
    ['a source that nothing refers to', '[x]: https://x.example "Title"', 'x'],
    ['code', '```\nlet x = 1;\n```', 'let x = ;'],
  ])('%s is noticed', (_, answer, shown) => {
    expect(missingText(answer, [], shown)).not.toEqual([]);
  });

  it.each([
    ['signs of Markdown', '**one** [two](https://x.example/y) `three`', 'one two (x.example) three'],
    ['a definition that is used', 'a [b]\n\n[b]: https://x.example "Title"', 'a b (x.example)'],
    ['a box', '- [x] done', '☑ done'],
    ['heads before each cell', '| h | i |\n|---|---|\n| a | b |\n| c | d |', 'h: a\ni: b\nh: c\ni: d'],
    ['what nobody sees', 'a&#8238;b\u3164c', 'abc'],
  ])('%s is nothing that is missing', (_, answer, shown) => {
    expect(missingText(answer, [], shown)).toEqual([]);
  });

  it('is looked for in the file where there is one', () => {
    const file = (content: string) => [{ text: 'too long', file: { name: 'answer.md', content } }];
    expect(missingText('one **two**', file('one **two**'), '')).toEqual([]);
    expect(missingText('one **two**', file('one'), '')).not.toEqual([]);
  });
});

describe('a promise', () => {
  const looks: Promised = { kind: 'looks', pieces: [{ text: 'a' }, { text: 'b', bold: true }] };
  const link: Promised = { kind: 'link', url: 'https://x.example/_a_' };
  it.each<[string, Promised, string, string]>([
    ['of words that are not shown', { kind: 'shown', text: 'a = b' }, 'a = b', 'a b'],
    ['of words that are shown twice', { kind: 'shown', text: 'a', times: 1 }, 'a', 'a\na'],
    ['of other bold words', looks, '**a**b', 'ab'],
    ['of no bold words', looks, 'ab', 'ab'],
    ['of another address', link, 'https://x.example/a', 'https://x.example/a'],
  ])('%s is broken', (_, promised, answer, shown) => {
    expect(brokenPromises([promised], answer, shown)).toHaveLength(1);
  });

  it.each<[string, Promised, string, string]>([
    ['of words', { kind: 'shown', text: 'a\n= b', times: 1 }, 'a = b', 'so a = b'],
    ['of bold words', looks, 'a**b**', 'ab'],
    ['of an address', link, '- https://x.example/_a_', ''],
  ])('%s is kept', (_, promised, answer, shown) => {
    expect(brokenPromises([promised], answer, shown)).toEqual([]);
  });
});
