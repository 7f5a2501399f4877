import { machine, writeResults } from '../shared/results.ts';
import { median } from '../shared/statistics.ts';
import { table } from '../shared/table.ts';
import type { Memory } from './memory.ts';
import { readOptions } from './options.ts';
import { type Round, runRound, SPOKEN_TO } from './round.ts';
import type { SubjectName } from './subjects.ts';

export { IDLE_OPTIONS } from './options.ts';

/** What one more idle bot costs, times raw `ws`: more misses the goal. */
const GOAL = 2.5;

/** KB of memory per further idle Discord bot, ours beside raw `ws` connections that identify and heartbeat. */
export async function idle(args: readonly string[], say: (line: string) => void): Promise<boolean> {
  const options = readOptions(args);
  const { cores, node } = machine();
  say(`idle Discord bots, ${options.from} to ${options.to}, ${options.rounds} rounds; ${cores} cores, Node ${node}`);
  const names = [...new Set<SubjectName>([options.subject, 'raw'])];
  const runs: { readonly name: SubjectName; readonly round: Round }[] = [];
  for (let number = 1; number <= options.rounds; number++) {
    // In turn, and in turn who comes first.
    for (const name of number % 2 === 1 ? names : names.toReversed()) {
      runs.push({ name, round: await runRound(name, number, options) });
    }
  }
  // A round of its own: taking one costs memory that would count as the bots'.
  if (options.snapshots) await runRound(options.subject, options.rounds + 1, options, true);
  const summary = Object.fromEntries(names.map((name) => [name, mediansOf(runs, name)]));
  const ratio = (summary[options.subject]?.rss ?? Number.NaN) / (summary['raw']?.rss ?? Number.NaN);
  const problems = runs.flatMap(({ round }) => round.problems);
  const rows = runs.map(({ name, round: { from, to, slope, heard } }) => [
    name,
    ...[mb(from.rss), mb(to.rss), ...each(slope), `${heard}/${Math.min(SPOKEN_TO, options.to)}`],
  ]);
  const medians = Object.entries(summary).map(([name, slope]) => [`${name}, median`, '', '', ...each(slope), '']);
  const head = ['subject', `MB at ${options.from}`, `MB at ${options.to}`];
  const lines = table([...head, 'RSS KB/bot', 'heap KB/bot', 'external KB/bot', 'heard'], [...rows, ...medians]);
  for (const line of ['', ...lines, '']) say(line);
  say(`${options.subject} / raw   x${ratio.toFixed(2)} of resident memory per further bot (goal: at most x${GOAL})`);
  say(`written to ${await writeResults('idle', { options, goal: GOAL, ratio, summary, runs, problems })}`);
  for (const problem of problems) say(`FAILED: ${problem}`);
  return problems.length === 0;
}

function mediansOf(runs: readonly { name: SubjectName; round: Round }[], wanted: SubjectName): Memory {
  const slopes = runs.filter(({ name }) => name === wanted).map(({ round }) => round.slope);
  const of = (kb: keyof Memory) => median(slopes.map((slope) => slope[kb]));
  return { rss: of('rss'), heap: of('heap'), external: of('external') };
}

const mb = (kb: number): string => (kb / 1024).toFixed(1);
const each = ({ rss, heap, external }: Memory): string[] => [rss, heap, external].map((kb) => kb.toFixed(1));
