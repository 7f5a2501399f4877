import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../shared/statistics.ts';
import { type Transport, textOf } from './transport.ts';

/** What is not acknowledged this long after the last message was not acknowledged in time, ms. */
const PATIENCE_MS = 10_000;

/** How one stretch of load was acknowledged. */
export interface Round {
  readonly title: string;
  readonly messages: number;
  /** Acknowledged at the first attempt. */
  readonly acknowledged: number;
  /** Messages that the platform sent more than once. */
  readonly repeated: number;
  /** ms */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** People who write at a steady rate, whether or not anything is acknowledged; `first` is the number of their first message. */
export async function runRound(transport: Transport, first: number, rate: number, seconds: number): Promise<Round> {
  const { seats, title } = transport;
  const messages = rate * seconds;
  const began = performance.now();
  for (let sent = 0; sent < messages; sent++) {
    const early = began + (sent * 1_000) / rate - performance.now();
    if (early > 0) await sleep(early);
    seats[sent % seats.length]?.say(textOf(first + sent));
  }
  const own = () => transport.pushes().filter(({ number }) => number >= first);
  const timely = () => own().flatMap(({ ms }) => ms ?? []);
  await transport.until(() => timely().length === messages, AbortSignal.timeout(PATIENCE_MS)).catch(() => {});
  const times = timely();
  return {
    title,
    messages,
    acknowledged: times.length,
    repeated: own().filter(({ attempts }) => attempts > 1).length,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    max: percentile(times, 100),
  };
}
