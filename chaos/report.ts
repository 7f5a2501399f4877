import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { machine } from '../bench/shared/results.ts';
import { table } from '../bench/shared/table.ts';
import type { Campaign } from './campaign.ts';
import { missingWork, violations } from './violations.ts';

const RESULTS = join(import.meta.dirname, 'results');
const HEAD = [
  ...['store', 'platform', 'posted', 'answered', 'lost', 'doubled', 'out of order', 'overtaken'],
  ...['ambiguous', 'maybe_duplicate', 'impatient', 'misuse'],
];

export function reportOf(campaigns: readonly Campaign[]): string[] {
  const rows = campaigns.flatMap(({ options, verdicts }) =>
    verdicts.map((one) => [
      options.store,
      one.platform,
      ...[one.posted, one.answered, one.lost.length, one.doubled.length, one.unordered.length, one.overtaken],
      ...[one.ambiguous, one.marked, one.impatience, one.misuse + one.strange.length],
    ]),
  );
  return [
    ...table(
      HEAD,
      rows.map((row) => row.map(String)),
    ),
    '',
    ...campaigns.flatMap(summaryOf),
  ];
}

function summaryOf(campaign: Campaign): string[] {
  const { options, rounds, seconds, drained, stories } = campaign;
  const kills = rounds.filter(({ how }) => how === 'kill');
  const count = (how: string) => rounds.filter((round) => round.how === how).length;
  const broken = [...violations(campaign), ...missingWork(campaign).map((what) => `too little work: ${what}`)];
  return [
    `${options.store}, seed ${options.seed}: ${rounds.length} rounds in ${seconds.toFixed(0)} s (${kills.length} kill -9, ${count('term')} TERM, ${count('stop')} STOP), ` +
      `${kills.filter(({ sends }) => sends > 0).length} kills met a send under way, ${kills.filter(({ open }) => open > 0).length} an open question; ` +
      `all answered ${drained.toFixed(0)} s after the last question`,
    ...broken.map((what) => `VIOLATED (${options.store}, seed ${options.seed}) ${what}`),
    ...stories,
    ...(broken.length === 0 ? ['All promises held.'] : []),
  ];
}

export const held = (campaign: Campaign): boolean =>
  violations(campaign).length === 0 && missingWork(campaign).length === 0;

/** Returns where, as seen from the folder the command was given in. */
export async function writeResults(campaigns: readonly Campaign[]): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = join(RESULTS, `chaos-${at.replaceAll(/[:.]/g, '-')}.json`);
  await writeFile(file, `${JSON.stringify({ at, machine: machine(), campaigns }, null, 2)}\n`);
  return relative(process.cwd(), file);
}
