import type { Replr } from './integration.ts';
import type { Log } from './log.ts';
import type { Quote } from './message.ts';

/** An earlier message of the same conversation; of those that deserved no answer, the newest few. */
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
  readonly message: {
    readonly authorName: string;
    readonly text: string;
    readonly sentAt: number;
    /** What it replies to. */
    readonly quote?: Quote;
  };
  /** How much of the conversation a model may be shown, question included, in tokens. */
  readonly contextTokens: number;
  /** The newest earlier messages of this conversation and no other, oldest first. Reads the store only when called. */
  history(): Promise<readonly HistoryEntry[]>;
  /** Its lines say whose turn it is. */
  readonly log: Log;
  /** Hears what each request cost, in tokens, both ways, as the provider counts or as good as one can tell; also of failed ones. */
  spent(tokens: number): void;
}

/** What was yielded so far is void: another attempt begins the answer anew. */
export const RESTART = Symbol('restart');

/**
 * Yields the answer's Markdown as it comes. Retries, and another model in place of one that fails, are its own affair; when
 * they are used up, it throws a `ResponderError`, and what was yielded is no answer. Soon after the signal aborts it throws the signal's reason and nothing else.
 */
export type Responder = (turn: Turn, signal: AbortSignal) => AsyncIterable<string | typeof RESTART>;

/** Reasons are handed out as the message's fate: `failed(model_timeout)`. */
export type ResponderReason =
  | 'model_timeout'
  | 'model_overloaded'
  | 'model_unavailable'
  | 'model_unauthorized'
  | 'model_refused'
  | 'model_rejected'
  | 'model_empty'
  /** It did not stop. */
  | 'model_endless'
  | 'model_unknown';

/**
 * These are answers to what was asked, not troubles of a model: the same words would only be turned down again. What they were said
 * to is no part of the conversation from then on, or one such message would silence it for everybody.
 */
export const TURNED_DOWN: ReadonlySet<string> = new Set<ResponderReason>(['model_refused', 'model_rejected']);

export class ResponderError extends Error {
  readonly reason: ResponderReason;
  constructor(reason: ResponderReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResponderError';
    this.reason = reason;
  }
}
