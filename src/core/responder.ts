import type { Replr } from './integration.ts';

/** An earlier message of the same conversation. */
export interface HistoryEntry {
  readonly from: 'person' | 'replr';
  readonly name: string;
  readonly text: string;
  /** ms since 1970. */
  readonly at: number;
}

/** One message to be answered. */
export interface Turn {
  readonly replr: Replr;
  readonly message: { readonly authorName: string; readonly text: string; readonly sentAt: number };
  /** The newest earlier messages of this conversation and no other, oldest first. Reads the store only when called. */
  history(): Promise<readonly HistoryEntry[]>;
}

/**
 * Yields the answer's Markdown as it comes. Retries before the first piece are its own affair; afterwards, and when they
 * are used up, it throws a `ResponderError`. Soon after the signal aborts it throws the signal's reason and nothing else.
 */
export type Responder = (turn: Turn, signal: AbortSignal) => AsyncIterable<string>;

/** Reasons are handed out as the message's fate: `failed(model_timeout)`. */
export type ResponderReason =
  | 'model_timeout'
  | 'model_overloaded'
  | 'model_unavailable'
  | 'model_unauthorized'
  | 'model_refused'
  | 'model_rejected'
  | 'model_empty'
  | 'model_unknown';

export class ResponderError extends Error {
  readonly reason: ResponderReason;
  constructor(reason: ResponderReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResponderError';
    this.reason = reason;
  }
}
