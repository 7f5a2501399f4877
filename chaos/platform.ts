import type { Environment } from '../src/config.ts';

/** What a campaign needs of a platform: people who ask, and what its simulator's ledger says of the answers. */
export interface Platform {
  readonly name: string;
  /** The settings that lead the server to the simulator. */
  readonly env: Environment;
  /** It shows a send that is repeated only once, or can be asked: then no answer may ever appear twice. */
  readonly removesRepeats: boolean;
  readonly bots: readonly Bot[];
  /** Places to ask in, of all bots. */
  readonly chats: readonly Chat[];
  /** Every message that a bot made visible and nobody deleted, oldest first. */
  shown(): Shown[];
  /** Sends that are being carried out, or whose answer is on its way. */
  underWay(): number;
  /** Where the platform promises no order: when it offered this question to the server, and when that took it. */
  handedOver?(question: number): HandedOver | undefined;
  /** Calls that the platform refused as malformed, or that carried what it does not know. */
  misuse(): Promise<number>;
  /** Calls into a limit that had been told: a killed process forgets, so this is a figure and no verdict. */
  impatience(): Promise<number>;
  /** All that the ledger knows of one question, for people. */
  story(question: number): string[];
  close(): Promise<void>;
}

export interface Bot {
  /** Body of `POST /v1/integrations/<platform>` without `replr_id`. */
  readonly connect: Record<string, unknown>;
  /** What its owner does on the platform once the integration is there. */
  connected?(integration: Record<string, unknown>): void;
}

export interface Chat {
  /** Asks as a person, whether or not a server is there to hear it; returns the conversation's id. */
  say(text: string): string;
}

export interface Shown {
  readonly conversation: string;
  readonly text: string;
  /** Ms since 1970. */
  readonly at: number;
  /** Carried out, but the sender was never told. */
  readonly ambiguous: boolean;
}

export interface HandedOver {
  readonly offeredAt: number;
  readonly takenAt: number | undefined;
}

export interface PlatformOptions {
  /** Questions a second. */
  readonly rate: number;
  /** By HTTP requests to the server instead of polling and sockets, where there is a choice. */
  readonly webhooks: boolean;
}

/** Each call takes so long, ms: without it hardly a kill would meet a send under way. */
export const LATENCY_MS = 80;
/** A place is asked in this seldom on average, s: the platforms take about one answer a second in each. */
const EVERY_S = 4;
/** Entries kept by a ledger: all. */
export const LEDGER_LIMIT = 10_000_000;

/** So many bots with so many places each take the rate. */
export const botsFor = (rate: number, chatsEach: number): number =>
  Math.max(2, Math.ceil((rate * EVERY_S) / chatsEach));

export const question = (number: number): string => `q${number} Are you open on Friday evening?`;
/** The number of the question that a text is or repeats. */
export function questionIn(text: string | undefined): number | undefined {
  const [, number] = /\bq(\d+) /.exec(text ?? '') ?? [];
  return number === undefined ? undefined : Number(number);
}
