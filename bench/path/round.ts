import { cpuMs, rssMb } from '../shared/process-usage.ts';
import { percentile } from '../shared/statistics.ts';
import type { Load } from './load.ts';
import type { Subject } from './subject.ts';

/** The first questions after a rest find caches and processor cold, seconds. */
const LEAD_IN_S = 1;

/** What one subject did with one stretch of load. */
export interface Round {
  readonly messages: number;
  readonly answered: number;
  /** Questions with more than one answer. */
  readonly repeated: number;
  readonly cpuMs: number;
  /** Latencies of the measured messages, ms. */
  readonly p50: number;
  readonly p99: number;
  readonly rssMb: number;
}

export async function runRound(subject: Subject, load: Load, seconds: number, now: () => number): Promise<Round> {
  load.begin();
  const first = await load.ask(LEAD_IN_S);
  const cpuBefore = cpuMs(subject.pid);
  const from = now();
  await load.ask(seconds);
  const to = now();
  const cpu = cpuMs(subject.pid) - cpuBefore;
  const exchanges = await load.end();
  // The work of a stretch of time belongs to the answers given in it: what is still open at its end is as much as was
  // at its beginning.
  const inTime = exchanges.filter(({ answeredAt: [at = 0] }) => at >= from && at < to).length;
  const measured = exchanges.filter(({ number }) => number >= first);
  const latencies = measured.flatMap(({ emittedAt, answeredAt: [at] }) => (at === undefined ? [] : [at - emittedAt]));
  return {
    messages: exchanges.length,
    answered: exchanges.filter(({ answeredAt }) => answeredAt.length > 0).length,
    repeated: exchanges.filter(({ answeredAt }) => answeredAt.length > 1).length,
    cpuMs: cpu / inTime,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    rssMb: rssMb(subject.pid),
  };
}
