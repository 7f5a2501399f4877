/** Many bots on one simulated platform, one place each, and the troubles that can be made for one of them. */
export interface Crowd {
  readonly platform: string;
  /** The setting that leads the server to the simulator. */
  readonly env: Readonly<Record<string, string>>;
  readonly seats: readonly Seat[];
  readonly troubles: readonly Trouble[];
  /** What bots made visible since this was asked for the last time. */
  shown(): Shown[];
  /** Sends that were carried out although their sender was never told. */
  ambiguous(): number;
  close(): Promise<void>;
}

export interface Seat {
  /** Body of `POST /v1/integrations/<platform>` without `replr_id`. */
  readonly connect: Readonly<Record<string, unknown>>;
  /** Says something as a person where this bot listens. */
  say(text: string): void;
}

export interface Shown {
  readonly text: string;
  /** Ms since 1970. */
  readonly at: number;
}

/** One kind of fault, made for the bot of one seat. */
export interface Trouble {
  readonly name: string;
  /** Nothing said meanwhile may be lost: the platform still has it, or takes the answer once it is well again. */
  readonly passes: boolean;
  begin(seat: number): End;
}

/** Ends it; what its owner then has to PUT so that the bot goes on. */
export type End = () => Readonly<Record<string, unknown>> | undefined;

/** Entries kept by a ledger: all. */
export const LEDGER_LIMIT = 10_000_000;
/** More calls than are made while a trouble lasts. */
export const ALWAYS = 1_000_000;

export const question = (number: number): string => `q${number} Are you open on Friday evening?`;
export function questionIn(text: string): number | undefined {
  const [, number] = /\bq(\d+) /.exec(text) ?? [];
  return number === undefined ? undefined : Number(number);
}

/** Does it now, and again at this distance until it is ended. */
export function again(action: () => void, everyMs: number): () => void {
  action();
  const timer = setInterval(action, everyMs);
  return () => clearInterval(timer);
}

/** Gives what is new in a list that only grows. */
export function news<T>(list: readonly T[]): () => readonly T[] {
  let read = 0;
  return () => {
    const from = read;
    read = list.length;
    return list.slice(from);
  };
}
