import { missingWork } from './campaign.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { reportOf, writeResults } from './report.ts';
import { shareOut } from './workers.ts';
import { runSeed } from './world/world.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function one(seed: number, { breakage }: Options): Promise<boolean> {
  const outcome = await runSeed(seed, { print: say, ...(breakage && { breakage }) });
  const { violations, digest, faults, ...figures } = outcome;
  say(`\n${JSON.stringify(figures)}\n${JSON.stringify(faults)}\ndigest ${digest}`);
  for (const { rule, what } of violations) say(`VIOLATED ${rule}: ${what}`);
  if (violations.length === 0) say('All rules held.');
  return violations.length === 0;
}

async function many(options: Options): Promise<boolean> {
  const began = performance.now();
  let told = 0;
  const campaign = await shareOut(options, ({ seeds, failures }) => {
    if (seeds - told < 1_000) return;
    told = seeds;
    process.stderr.write(`${seeds} of ${options.seeds} seeds, ${failures.length} failed\n`);
  });
  const missing = missingWork(campaign);
  for (const line of reportOf(campaign, missing, (performance.now() - began) / 1_000)) say(line);
  say(`Written to ${await writeResults(campaign, options)}.`);
  return campaign.failures.length === 0 && missing.length === 0;
}

try {
  const options = readOptions(process.argv.slice(2));
  const held = options.seed === undefined ? await many(options) : await one(options.seed, options);
  process.exitCode = held ? 0 : 1;
} catch (error) {
  const known = error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
  process.stderr.write(`${known ? `${error.message}\n\n${USAGE}` : error instanceof Error ? error.stack : error}\n`);
  process.exitCode = known ? 2 : 1;
}
