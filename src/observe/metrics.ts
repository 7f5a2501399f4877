import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../core/metrics.ts';

export interface MetricsPage {
  readonly metrics: Metrics;
  /** The page that Prometheus reads. */
  page(): Promise<{ body: string; contentType: string }>;
}

export function createMetrics(): MetricsPage {
  const register = new Registry();
  const registers = [register];
  collectDefaultMetrics({ register });
  const accepted = new Counter({
    name: 'replr_messages_accepted_total',
    help: 'Messages received, by what was decided: turn, a fate, unheard, or known: received once more.',
    labelNames: ['platform', 'outcome'],
    registers,
  });
  const settled = new Counter({
    name: 'replr_messages_settled_total',
    help: 'Messages that were due a turn, by their terminal outcome.',
    labelNames: ['platform', 'outcome'],
    registers,
  });
  const attempted = new Counter({
    name: 'replr_send_attempts_total',
    help: 'Calls that carry out a delivery, by outcome.',
    labelNames: ['platform', 'outcome'],
    registers,
  });
  const answered = new Histogram({
    name: 'replr_answer_seconds',
    help: 'From acceptance of a message to delivery of the last part of its answer.',
    labelNames: ['platform'],
    buckets: [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600],
    registers,
  });
  const fellBack = new Counter({
    name: 'replr_fallbacks_total',
    help: 'Turns handed to the fallback model, by why the model failed and what the fallback brought.',
    labelNames: ['reason', 'outcome'],
    registers,
  });
  const bots = new Gauge({ name: 'replr_bots', help: 'Bots held by this node.', registers });
  return {
    metrics: {
      accepted: (platform, outcome, count = 1) => accepted.inc({ platform, outcome }, count),
      settled: (platform, outcome) => settled.inc({ platform, outcome }),
      attempted: (platform, outcome) => attempted.inc({ platform, outcome }),
      answeredIn: (platform, seconds) => answered.observe({ platform }, seconds),
      fellBack: (reason, outcome) => fellBack.inc({ reason, outcome }),
      bots: (count) => bots.set(count),
    },
    page: async () => ({ body: await register.metrics(), contentType: register.contentType }),
  };
}
