import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Campaign } from './campaign.ts';

const RESULTS = join(import.meta.dirname, 'results');
/** More failures than this say nothing more. */
const SHOWN = 30;

export function reportOf(campaign: Campaign, missing: readonly string[], seconds: number): string[] {
  const { failures, faults } = campaign;
  const figures: [string, number][] = [
    ['seeds', campaign.seeds],
    ['virtual hours', Math.round(campaign.virtualMs / 3_600_000)],
    ['messages posted', campaign.posted],
    ['accepted', campaign.accepted],
    ['answered', campaign.answered],
    ['parts shown', campaign.shown],
    ['maybe_duplicate', campaign.marked],
    ['second copies', campaign.doubled],
    ['faults', Object.values(faults).reduce((sum, count) => sum + count, 0)],
    ['seeds that failed', failures.length],
  ];
  const kinds = Object.entries(faults).sort(([a], [b]) => (a < b ? -1 : 1));
  const rows = (of: readonly (readonly [string, number])[]) =>
    of.map(([name, count]) => `  ${name.padEnd(28)}${count.toLocaleString('en').padStart(12)}`);
  return [
    ...rows(figures),
    '',
    ...rows(kinds),
    '',
    ...failures.slice(0, SHOWN).map(({ seed, violations: [first, ...more] }) => {
      const others = more.length > 0 ? ` (and ${more.length} more)` : '';
      return `  seed ${seed}: ${first?.rule}: ${first?.what}${others}`;
    }),
    ...(failures.length > SHOWN ? [`  and ${failures.length - SHOWN} more seeds`] : []),
    ...missing.map((what) => `  too little work: ${what}`),
    `${failures.length === 0 && missing.length === 0 ? 'All rules held' : 'FAILED'}, ${seconds.toFixed(0)} s.`,
  ];
}

/** Returns where, as seen from the folder the command was given in. */
export async function writeResults(campaign: Campaign, options: object): Promise<string> {
  await mkdir(RESULTS, { recursive: true });
  const at = new Date().toISOString();
  const file = join(RESULTS, `sim-${at.replaceAll(/[:.]/g, '-')}.json`);
  await writeFile(file, `${JSON.stringify({ sim: options, at, node: process.version, ...campaign }, null, 2)}\n`);
  return relative(process.cwd(), file);
}
