import type { BotHandle } from '../../src/simulators/telegram/bots.ts';

export type Bots = readonly Pick<BotHandle, 'id' | 'token'>[];

/** A process of its own that answers what people write to its bots. */
export interface Subject {
  readonly pid: number;
  /** How many messages it says it has stored, both directions; `undefined` when it stores nothing. */
  stored(): Promise<number | undefined>;
  /** When it has ended without being told to: how, and what it said last. */
  obituary(): string | undefined;
  stop(): Promise<void>;
}
