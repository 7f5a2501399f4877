import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { table } from '../bench/shared/table.ts';
import type { Judge } from './judge.ts';
import { type Options, readOptions, USAGE, unusable } from './options.ts';
import {
  answerOf,
  type Campaign,
  type Failure,
  judged,
  loadJudges,
  loadSamples,
  runCampaign,
} from './render/campaign.ts';

const RESULTS = join(import.meta.dirname, 'results');
/** More failures than this say nothing more. */
const SHOWN = 10;
const say = (line: string) => void process.stdout.write(`${line}\n`);

async function one(
  judges: readonly Judge[],
  samples: readonly string[],
  seed: number,
  number: number,
): Promise<boolean> {
  const answer = answerOf(seed, number, samples);
  say(JSON.stringify(answer.text));
  let held = true;
  for (const judge of judges) {
    const { parts, problems } = await judged(judge, answer);
    held &&= problems.length === 0;
    say(`\n${judge.platform}: ${parts} parts`);
    for (const part of await judge.render(answer.text).catch(() => [])) say(JSON.stringify(part));
    for (const problem of problems) say(`WRONG: ${problem}`);
  }
  return held;
}

async function many(judges: readonly Judge[], samples: readonly string[], options: Options): Promise<boolean> {
  const campaigns: Campaign[] = [];
  const rows: string[][] = [];
  for (const judge of judges) {
    const began = performance.now();
    const campaign = await runCampaign(judge, samples, { ...options, from: 0, watch: watcher(judge, options) });
    campaigns.push(campaign);
    const figures = [
      campaign.cases,
      campaign.characters,
      campaign.parts,
      campaign.several,
      campaign.files,
      campaign.empty,
    ];
    const seconds = Math.round((performance.now() - began) / 1_000);
    rows.push([
      judge.platform,
      ...[...figures, campaign.failures.length, seconds].map((figure) => figure.toLocaleString('en')),
    ]);
  }
  for (const line of table(
    ['platform', 'cases', 'characters', 'parts', 'several', 'files', 'empty', 'wrong', 's'],
    rows,
  ))
    say(line);
  for (const { platform, failures } of campaigns) {
    for (const failure of failures.slice(0, SHOWN)) say(`\n${told(platform, options, failure)}`);
  }
  say(`\nWritten to ${await writeResults(campaigns, options)}.`);
  return campaigns.every(({ cases, parts, failures }) => cases > 0 && parts > 0 && failures.length === 0);
}

/** Says, beside the results, how far it is, and each find at once. */
function watcher({ platform }: Judge, options: Options) {
  const tenth = Math.max(1, Math.ceil(options.cases / 10));
  return (done: number, failure: Failure | undefined) => {
    if (failure) process.stderr.write(`${told(platform, options, failure)}\n`);
    if (done % tenth === 0) process.stderr.write(`${platform}: ${done} of ${options.cases}\n`);
  };
}

const told = (platform: string, { seed }: Options, failure: Failure): string =>
  `--platform ${platform} --seed ${seed} --case ${failure.case}: ${failure.problems.slice(0, 3).join('\n  ')}`;

async function writeResults(campaigns: readonly Campaign[], options: Options): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = join(RESULTS, `render-${at.replaceAll(/[:.]/g, '-')}.json`);
  await writeFile(
    file,
    `${JSON.stringify({ fuzz: 'render', at, node: process.version, options, campaigns }, null, 2)}\n`,
  );
  return relative(process.cwd(), file);
}

try {
  const options = readOptions(process.argv.slice(2));
  const [all, samples] = await Promise.all([loadJudges(), loadSamples()]);
  const judges = all.filter(({ platform }) => (options.platform ?? platform) === platform);
  if (judges.length === 0)
    throw unusable(`--platform must be one of ${all.map(({ platform }) => platform).join(', ')}`);
  const held =
    options.case === undefined
      ? await many(judges, samples, options)
      : await one(judges, samples, options.seed, options.case);
  process.exitCode = held ? 0 : 1;
} catch (error) {
  const known = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${known ? `${error.message}\n\n${USAGE}` : error instanceof Error ? error.stack : error}\n`);
  process.exitCode = known ? 2 : 1;
}
