/** The counts an operator watches. Labels are few and bounded: a platform, an outcome, a reason; never an id. */
export interface Metrics {
  /**
   * A message met its integration: `turn`, or the fate that judged it, or `unheard` when none listens there, or `known` when
   * it had been stored before.
   */
  accepted(platform: string, outcome: string, count?: number): void;
  /** A message reached its terminal outcome after a turn. */
  settled(platform: string, outcome: string): void;
  /** One send attempt: `delivered`, or the failure's kind. */
  attempted(platform: string, outcome: string): void;
  /** From the message's acceptance to its answer's last part, seconds. */
  answeredIn(platform: string, seconds: number): void;
  /** A model had failed for good, for this reason, and the fallback was asked: `answered`, or its own reason. */
  fellBack(reason: string, outcome: string): void;
  /** Bots held by this node. */
  bots(count: number): void;
}

export const noMetrics: Metrics = {
  accepted: () => {},
  settled: () => {},
  attempted: () => {},
  answeredIn: () => {},
  fellBack: () => {},
  bots: () => {},
};
