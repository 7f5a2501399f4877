import { median } from '../shared/statistics.ts';
import type { syncCost } from '../shared/sync-cost.ts';
import { table } from '../shared/table.ts';
import type { Round } from './round.ts';

/** Rounds of the two subjects, pairs in the order in which they were run. */
export interface Pairs {
  readonly product: readonly Round[];
  readonly bare: readonly Round[];
}

const figures = ['cpuMs', 'p50', 'p99', 'rssMb'] as const;
type Figures = Readonly<Record<(typeof figures)[number], number>>;

const mediansOf = (rounds: readonly Round[]): Figures => {
  const of = (name: keyof Figures) => median(rounds.map((round) => round[name]));
  return { cpuMs: of('cpuMs'), p50: of('p50'), p99: of('p99'), rssMb: of('rssMb') };
};

export function summaryOf({ product, bare }: Pairs) {
  // Of each pair, because the two were run at nearly the same time on a machine that has its moods.
  const paired = (combine: (ours: number, theirs: number) => number) => (name: keyof Figures) =>
    median(product.map((round, index) => combine(round[name], bare[index]?.[name] ?? Number.NaN)));
  const added = paired((ours, theirs) => ours - theirs);
  const ratio = paired((ours, theirs) => ours / theirs);
  return {
    product: mediansOf(product),
    bare: mediansOf(bare),
    added: { cpuMs: added('cpuMs'), p50: added('p50'), p99: added('p99') },
    ratio: { cpuMs: ratio('cpuMs'), p50: ratio('p50'), p99: ratio('p99') },
  };
}

const ms = (value: number): string => value.toFixed(2);

export function report(
  pairs: Pairs,
  summary: ReturnType<typeof summaryOf>,
  disk: ReturnType<typeof syncCost>,
): string[] {
  const row = (name: string, counts: readonly [string, string], of: Figures) => [
    name,
    ...counts,
    ms(of.cpuMs),
    ms(of.p50),
    ms(of.p99),
    of.rssMb.toFixed(0),
  ];
  const rows = pairs.product.flatMap((round, index) => {
    const other = pairs.bare[index];
    const both = [
      { name: `replr ${index + 1}`, round },
      ...(other ? [{ name: `bare ${index + 1}`, round: other }] : []),
    ];
    return both.map(({ name, round: it }) => row(name, [`${it.messages}`, `${it.answered}`], it));
  });
  const total = (rounds: readonly Round[], name: 'messages' | 'answered') =>
    `${rounds.reduce((sum, round) => sum + round[name], 0)}`;
  const medians = (name: string, rounds: readonly Round[], of: Figures) =>
    row(name, [total(rounds, 'messages'), total(rounds, 'answered')], of);
  const { added, ratio } = summary;
  return [
    ...table(
      ['subject', 'messages', 'answered', 'CPU ms/msg', 'p50 ms', 'p99 ms', 'RSS MB'],
      [
        ...rows,
        medians('replr, median', pairs.product, summary.product),
        medians('bare, median', pairs.bare, summary.bare),
      ],
    ),
    '',
    `added latency   p50 ${ms(added.p50)} ms (x${ms(ratio.p50)})   p99 ${ms(added.p99)} ms (x${ms(ratio.p99)})`,
    `CPU             ${ms(added.cpuMs)} ms per answered message more than bare (x${ms(ratio.cpuMs)})`,
    `fdatasync 4 KB  append p50 ${ms(disk.append.p50)} p99 ${ms(disk.append.p99)} ms, ` +
      `in place p50 ${ms(disk.rewrite.p50)} p99 ${ms(disk.rewrite.p99)} ms`,
  ];
}
