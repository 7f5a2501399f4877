import type { memoryActions } from './memory.ts';
import type { Remote } from './remote.ts';
import type { WorldBot } from './world.ts';

/** What a program that holds bots by itself obeys. */
export type HolderActions = typeof memoryActions & {
  /** Resolves when they are READY, or on their way to it. */
  readonly open: (input: { readonly url: string; readonly bots: readonly WorldBot[] }) => Promise<void>;
  /** How many of its bots have been given a message. */
  readonly heard: () => number;
};

/** A process that holds idle bots and is measured. */
export interface Subject {
  readonly remote: Remote<typeof memoryActions>;
  open(bots: readonly WorldBot[]): Promise<void>;
  heard(): Promise<number>;
  stop(): Promise<void>;
}
