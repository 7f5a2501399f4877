import { readdirSync } from 'node:fs';
import { rssMb } from '../shared/process-usage.ts';

export interface Sample {
  /** Since the first question, s. */
  readonly at: number;
  readonly rssMb: number;
  readonly files: number;
}

export interface Trend {
  /** By a straight line through the samples, over their whole span. */
  readonly growth: number;
  readonly mean: number;
  readonly samples: number;
}

/** Linux only. */
export function sampleOf(pid: number, at: number): Sample {
  return { at, rssMb: rssMb(pid), files: readdirSync(`/proc/${pid}/fd`).length };
}

/** The first third is warm-up. */
export function trendOf(samples: readonly Sample[], of: 'rssMb' | 'files'): Trend {
  const warm = samples.slice(Math.floor(samples.length / 3));
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const atMean = mean(warm.map(({ at }) => at));
  const valueMean = mean(warm.map((sample) => sample[of]));
  const shared = warm.reduce((sum, sample) => sum + (sample.at - atMean) * (sample[of] - valueMean), 0);
  const spread = warm.reduce((sum, { at }) => sum + (at - atMean) ** 2, 0);
  const span = (warm.at(-1)?.at ?? 0) - (warm[0]?.at ?? 0);
  return { growth: (shared / spread) * span, mean: valueMean, samples: warm.length };
}
