import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '../../sim/world/random.ts';
import type { Judge } from '../judge.ts';
import { generate } from './generate.ts';
import { brokenGraphemes } from './graphemes.ts';
import { missingText } from './preserved.ts';
import { brokenPromises } from './promises.ts';
import type { Specimen } from './specimens.ts';

const SAMPLES = join(import.meta.dirname, '../../gallery/samples');
const PLATFORMS = join(import.meta.dirname, '../platforms');

export interface Failure {
  readonly case: number;
  readonly problems: readonly string[];
}

export interface Campaign {
  readonly platform: string;
  readonly cases: number;
  readonly characters: number;
  readonly parts: number;
  /** Answers of several parts, with a file, of nothing to show. */
  readonly several: number;
  readonly files: number;
  readonly empty: number;
  readonly failures: readonly Failure[];
}

export async function loadSamples(): Promise<readonly string[]> {
  const names = (await readdir(SAMPLES)).filter((name) => name.endsWith('.md')).sort();
  return Promise.all(names.map((name) => readFile(join(SAMPLES, name), 'utf8')));
}

export async function loadJudges(): Promise<readonly Judge[]> {
  const names = (await readdir(PLATFORMS)).filter((name) => /^[a-z]+\.ts$/.test(name)).sort();
  return Promise.all(names.map(async (name) => ((await import(join(PLATFORMS, name))) as { judge: Judge }).judge));
}

/** The answer of one case, the same for each platform and on each day. */
export function answerOf(seed: number, number: number, samples: readonly string[]): Specimen {
  return generate(createRandom(`render ${seed}/${number}`), samples);
}

/** All that is wrong with how this platform would get this answer. */
export async function judged(
  judge: Judge,
  { text, promised }: Specimen,
): Promise<{ parts: number; file: boolean; problems: string[] }> {
  try {
    const parts = await judge.render(text);
    const shown = judge.shown(parts);
    const problems = [
      ...judge.violations(parts),
      ...brokenGraphemes(text, parts),
      ...missingText(text, parts, shown),
      ...brokenPromises(promised, text, shown),
    ];
    return { parts: parts.length, file: parts.some((part) => part.file), problems };
  } catch (error) {
    return { parts: 0, file: false, problems: [`threw ${error instanceof Error ? error.stack : error}`] };
  }
}

export interface Plan {
  readonly seed: number;
  readonly from: number;
  readonly cases: number;
  /** Ends the campaign earlier. */
  readonly enough?: (done: number) => boolean;
  /** After each case, so that a long campaign can be watched. */
  readonly watch?: (done: number, failure: Failure | undefined) => void;
}

export async function runCampaign(judge: Judge, samples: readonly string[], plan: Plan): Promise<Campaign> {
  const figures = { cases: 0, characters: 0, parts: 0, several: 0, files: 0, empty: 0 };
  const failures: Failure[] = [];
  for (let number = plan.from; number < plan.from + plan.cases && !plan.enough?.(figures.cases); number++) {
    const answer = answerOf(plan.seed, number, samples);
    const { parts, file, problems } = await judged(judge, answer);
    figures.cases++;
    figures.characters += answer.text.length;
    figures.parts += parts;
    if (parts > 1) figures.several++;
    if (file) figures.files++;
    if (parts === 0) figures.empty++;
    const failure = problems.length > 0 ? { case: number, problems } : undefined;
    if (failure) failures.push(failure);
    plan.watch?.(figures.cases, failure);
  }
  return { platform: judge.platform, ...figures, failures };
}
