import { loadavg } from 'node:os';
import { hostileTexts } from '../../fuzz/hostile.ts';
import { connectors } from '../../src/connectors/registry.ts';
import { machine, writeResults } from '../shared/results.ts';
import { table } from '../shared/table.ts';
import { ordinaryAnswer } from './answer.ts';
import { type Blocked, longestBlock, threadMs } from './blocked.ts';
import { readOptions } from './options.ts';

export { RENDER_OPTIONS } from './options.ts';

const LENGTH = 10_000;
const GOAL_MEDIAN_MS = 5;
/** Twice the text may take twice the time, and no more than this much on top, per character. */
const GOAL_RATIO = 2;
const GOAL_BLOCK_MS = 50;
/** Of the hostile texts so many are shown, the worst first. */
const SHOWN = 5;

interface Speed {
  readonly platform: string;
  readonly length: number;
  readonly parts: number;
  /** By the clock, ms. */
  readonly median: number;
  /** What this thread works, on average, ms: the kernel's clock of it is too coarse for a single rendering. */
  readonly cpu: number;
  readonly perCharacter: number;
}

type Hostile = Blocked & { readonly platform: string; readonly name: string; readonly parts: number };

/** What it takes to make messages of an answer, and whether a hostile one can stop everything else. */
export async function render(args: readonly string[], say: (line: string) => void): Promise<boolean> {
  const options = readOptions(args);
  const { cores, node } = machine();
  say(`${options.rounds} renderings of each answer; ${cores} cores, Node ${node}, load ${loadavg()[0]?.toFixed(1)}`);
  const speeds: Speed[] = [];
  const hostile: Hostile[] = [];
  for (const connector of connectors) {
    for (const factor of [1, 2, 4, 8]) speeds.push(await speedOf(connector, LENGTH * factor, options.rounds / factor));
    if (options.hostile === 0) continue;
    for (const { name, text } of hostileTexts(options.hostile)) {
      let parts = 0;
      const blocked = await longestBlock(async () => {
        parts = (await connector.render(text, { channel: '1' })).length;
      });
      hostile.push({ platform: connector.platform, name, parts, ...blocked });
    }
  }
  const problems = [...speeds.flatMap((speed) => tooSlow(speed, speeds)), ...hostile.flatMap(tooLong)];
  for (const line of ['', ...report(speeds, hostile), '']) say(line);
  const goals = { median: GOAL_MEDIAN_MS, ratio: GOAL_RATIO, block: GOAL_BLOCK_MS };
  say(`written to ${await writeResults('render', { options, goals, load: loadavg()[0], speeds, hostile, problems })}`);
  for (const problem of problems) say(`FAILED: ${problem}`);
  return problems.length === 0;
}

async function speedOf(
  { platform, render }: (typeof connectors)[number],
  length: number,
  rounds: number,
): Promise<Speed> {
  const answer = ordinaryAnswer(length);
  const clock: number[] = [];
  let parts = 0;
  let used = 0;
  // The first rounds warm the compiler up.
  for (let round = -Math.ceil(rounds / 2); round < rounds; round++) {
    if (round === 0) used = threadMs();
    const began = performance.now();
    parts = (await render(answer, { channel: '1' })).length;
    if (round >= 0) clock.push(performance.now() - began);
  }
  const median = clock.sort((a, b) => a - b)[clock.length >> 1] ?? Number.NaN;
  const cpu = (threadMs() - used) / clock.length;
  return { platform, length, parts, median, cpu, perCharacter: cpu / length };
}

/** What another program did in the meantime is not held against it. */
function tooSlow({ platform, length, median, cpu, perCharacter }: Speed, all: readonly Speed[]): string[] {
  const first = all.find((speed) => speed.platform === platform);
  const problems: string[] = [];
  if (length === LENGTH && !(Math.min(median, cpu) <= GOAL_MEDIAN_MS))
    problems.push(`${platform}: ${ms(median)} ms for ${length}`);
  if (first && !(perCharacter <= first.perCharacter * GOAL_RATIO))
    problems.push(`${platform}: ${length} is not linear`);
  return problems;
}

function tooLong({ platform, name, cpu }: Hostile): string[] {
  return cpu <= GOAL_BLOCK_MS ? [] : [`${platform}: ${name} blocks the event loop for ${ms(cpu)} ms`];
}

const ms = (value: number): string => value.toFixed(1);

function report(speeds: readonly Speed[], hostile: readonly Hostile[]): string[] {
  const worst = [...new Set(hostile.map(({ platform }) => platform))].flatMap((platform) =>
    hostile
      .filter((one) => one.platform === platform)
      .sort((a, b) => b.cpu - a.cpu)
      .slice(0, SHOWN),
  );
  const first = (platform: string) => speeds.find((speed) => speed.platform === platform)?.perCharacter ?? Number.NaN;
  return [
    ...table(
      ['answer', 'characters', 'parts', 'median ms', 'CPU ms', 'per character, of the first'],
      speeds.map(({ platform, length, parts, median, cpu, perCharacter }) => [
        platform,
        `${length}`,
        `${parts}`,
        median.toFixed(2),
        cpu.toFixed(2),
        (perCharacter / first(platform)).toFixed(2),
      ]),
    ),
    '',
    ...table(
      ['hostile text', 'parts', 'longest block: CPU ms', 'clock ms', 'whole ms'],
      worst.map(({ platform, name, parts, cpu, wall, total }) => [
        `${platform}: ${name}`,
        `${parts}`,
        ms(cpu),
        ms(wall),
        ms(total),
      ]),
    ),
  ];
}
