import type { BotId, NodeId } from '../core/ids.ts';
import type { Input, OperationName, Output } from './operations.ts';

/** Runs operations, each as one transaction: what resolved is committed and synced, what rejected changed nothing. */
export interface Engine {
  run<N extends OperationName>(name: N, input: Input<N>): Promise<Output<N>>;
  /** Calls back when another process changed a bot of this node; returns the stop. */
  watch(node: NodeId, changed: (botId: BotId) => void): Promise<() => Promise<void>>;
  /** Ends after the calls under way. */
  close(): Promise<void>;
}
