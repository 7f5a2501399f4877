/** How the platform fared with one event, by its own ledger. */
export interface Push {
  /** The message's number. */
  readonly number: number;
  /** From the first byte out to the acknowledgement of the first attempt, ms; absent when that one was not acknowledged. */
  readonly ms: number | undefined;
  readonly attempts: number;
}

export interface Seat {
  /** What the API is told to connect it. */
  readonly connect: Readonly<Record<string, unknown>>;
  /** What its owner then does by hand on the platform. */
  connected(integration: Readonly<Record<string, unknown>>): void;
  /** Somebody writes to it where nobody has written before: a conversation of its own, so that no turn waits for another. */
  say(text: string): void;
}

/** Bots that one platform pushes to in one way. */
export interface Transport {
  readonly title: string;
  readonly platform: string;
  /** What `health.transport` calls it. */
  readonly name: string;
  readonly seats: readonly Seat[];
  /** What became of all messages so far. */
  pushes(): readonly Push[];
  /** Resolves once `look` is true; looks whenever something happened on the platform. */
  until(look: () => boolean, signal: AbortSignal): Promise<unknown>;
}

export const textOf = (number: number): string => `q${number} Are you open on Friday evening?`;

/** The number of the message that is somewhere in this text. */
export function numberIn(text: string | undefined): number | undefined {
  const [, number] = /\bq(\d+) Are you open/.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Number(number);
}
