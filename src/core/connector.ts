import type { ZodObject } from 'zod';
import type { Clock } from './clock.ts';
import type { Delivery, LookUp, Part, SendResult } from './delivery.ts';
import type { Health, Notice } from './health.ts';
import type { Addressee, Hook, Intake, Listener } from './hook.ts';
import type { Bot, Credential, Integration, Profile, Settings } from './integration.ts';
import type { Log } from './log.ts';
import type { Cursor, InboundMessage, Place } from './message.ts';

/**
 * One per platform; holds no state and does nothing until called. The API, OpenAPI, validation and the runtime know a
 * platform only through this: adding one is a folder and a line in `connectors/registry.ts`.
 */
export interface Connector {
  /** Lower-case name: the last segment of its REST route and the prefix of its `…_API_URL` setting. */
  readonly platform: string;
  /** Name for people. */
  readonly title: string;
  /** Where the platform's API is, unless the operator overrides it. */
  readonly apiUrl: string;
  /** The secret fields of the request body; write-only. Required ones first. */
  readonly credential: ZodObject;
  /** The public fields of the request body, echoed in responses under the same names. */
  readonly settings: ZodObject;
  /** What its secrets look like wherever they turn up, with the flag `g`: log lines are written without them. */
  readonly secretShapes: readonly RegExp[];
  /** Names in `settings` that PUT may change. The others are read-only once connected. */
  readonly updatable: readonly string[];
  readonly limits: {
    /** Longest text of one part, in UTF-16 code units. */
    readonly textLength: number;
  };

  /**
   * Asks the platform whether this credential works and may serve these settings. Few calls, no side effects, never
   * throws for anything the platform or the network does.
   */
  verify(credential: Credential, settings: Settings, port: PlatformPort): Promise<Verification>;

  /**
   * Cursors that mean "now": nothing posted before this call will be heard. Called when an integration is connected or
   * resumed, after its claim is safe and while no receiver runs for it; and when one at work gets other places, of which
   * only the new ones begin. Absent where the platform replays nothing by itself.
   */
  beginning?(credential: Credential, settings: Settings, port: PlatformPort, state: BeginningState): Promise<Beginning>;

  /** Pure: does this integration hear messages at that place? The only reader of place settings. */
  listens(integration: Pick<Integration, 'settings'>, at: Place): boolean;

  /**
   * Pure: does this message stand outside of threads, though its place names the one that its answer will open? Absent where
   * answers open none.
   */
  opensThread?(message: Pick<InboundMessage, 'id' | 'at'>): boolean;

  /** Pure: where a test message goes; absent when the settings name no place and the last active one is to be used. */
  testPlace(settings: Settings): Place | undefined;

  /** Pure: the settings after the platform renamed a channel. Absent where channels keep their ids. */
  moved?(settings: Settings, from: string, to: string): Settings;

  /**
   * Pure: Markdown to parts, each within the platform's limits; empty when nothing visible remains. Lets other work go on
   * in between when the text is long.
   */
  render(answer: string, to: Place): Promise<readonly Part[]>;

  /** How it takes what the platform pushes to `/hooks/<platform>`; absent where it pushes nothing over HTTP. */
  readonly hook?: Hook;

  /**
   * Secret fields that the operator may set for all bots of the deployment, as `<PLATFORM>_<FIELD>`: those of one app that
   * many customers install. They reach the connector as `PlatformPort.deployment`.
   */
  readonly deploymentSecrets?: readonly string[];

  /** A live link. Does nothing before `run`. */
  receiver(bot: Bot, credential: Credential, port: ReceiverPort): Receiver;

  /** Calls with one credential; keeps its rate-limit state. Makes no call before it is used. */
  sender(bot: Bot, credential: Credential, port: PlatformPort): Sender;
}

/** What a connector is given of the world. */
export interface PlatformPort {
  /** Base of the platform's API, no trailing slash. */
  readonly apiUrl: string;
  /** Where the platform reaches our hooks, `https://…/hooks/<platform>`: a bot's own is below it, by its id. Absent: nowhere. */
  readonly hooksUrl?: string;
  /** The operator's secrets for this platform, by field name; usually none. */
  readonly deployment?: Credential;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly random: () => number;
  /** Its lines name the platform, and the bot where there is one. */
  readonly log: Log;
}

export type Verification =
  | {
      readonly ok: true;
      readonly identity: string;
      readonly profile: Profile;
      /** Places that belong to this integration alone; `['']` claims the whole bot. */
      readonly claims: readonly string[];
      readonly notices: readonly Notice[];
    }
  /** The platform says no, in its own reason (`invalid_bot_token`); the caller's fault, nothing to retry. */
  | {
      readonly ok: false;
      readonly kind: 'rejected';
      readonly reason: string;
      readonly message: string;
      readonly fixUrl?: string;
      readonly details?: Readonly<Record<string, unknown>>;
    }
  /** The platform cannot be asked now. */
  | { readonly ok: false; readonly kind: 'unavailable'; readonly message: string; readonly retryAfterMs?: number };

export interface BeginningState {
  /** The bot's cursors as stored; empty for a bot that is new. */
  readonly known: ReadonlyMap<string, string>;
  /** The settings so far of an integration that is at work and goes on. Absent when all of it begins now. */
  readonly before?: Settings;
}

export type Beginning = { readonly ok: true; readonly cursors: readonly Cursor[] } | (Verification & { ok: false });

/** One live link of one bot. */
export interface Receiver {
  /**
   * Runs until the signal aborts, or until nothing can be done without the owner (then it has reported `error`).
   * Trouble with network or platform is reported and survived, not thrown. Resolves only when all its work has ended.
   * Where the platform keeps a session for a link that comes back, `signal.reason` tells whether one will: `PAUSED` means
   * that nobody wants the bot any more, so take it offline and forget the session; any other reason, that somebody goes on.
   */
  run(signal: AbortSignal): Promise<void>;
}

export const PAUSED = 'paused';

export interface ReceiverPort extends PlatformPort {
  /** The bot's stored cursors by name, as they are now: `accept`, hooks and the API move them. */
  readonly cursors: ReadonlyMap<string, string>;
  /** The integrations on this bot as they are now. */
  routes(): readonly Integration[];
  /**
   * Stores the messages and the cursors in one transaction. Only after it resolves may the platform be told that they
   * arrived. Rejects when they could not be stored: acknowledge nothing, close the link, come back.
   */
  accept(messages: readonly InboundMessage[], cursors: readonly Cursor[]): Promise<void>;
  /** A channel has a new id; stored places, conversations and settings follow before this resolves. */
  moved(from: string, to: string): Promise<void>;
  /** Cheap; call it at each change, and only then. */
  report(health: Omit<Health, 'since'>): void;
  /**
   * Takes part in a link that serves several bots (the socket of an app) until the signal aborts; then it resolves. One link
   * runs per `name` in the whole deployment, on whichever node holds its lease, while anybody takes part. Where several
   * take part on one node, the `link` of one of them runs; when it ends with `error`, that of the next is tried.
   * `told` hears the state of the link at once and at each change, wherever it runs.
   */
  join(
    name: string,
    link: SharedLink,
    told: (health: Omit<Health, 'since'>) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A live link of several bots. As `Receiver.run`, but what it hears names its bot itself. */
export interface SharedLink {
  run(port: SharedPort, signal: AbortSignal): Promise<void>;
}

export interface SharedPort extends PlatformPort {
  /**
   * Hands an event to each bot it concerns, wherever it is owned: `read` says what it means to that bot. Resolves when all
   * of it is stored; only then may it be acknowledged. Rejects when it could not be stored.
   */
  deliver(to: Addressee, read: (listener: Listener) => Intake | undefined): Promise<void>;
  report(health: Omit<Health, 'since'>): void;
}

export interface Sender {
  /**
   * One attempt to carry out the delivery's operation. Never throws for what platform or network do, and has a time-out of
   * its own, well under a minute: until it resolves, its conversation waits.
   */
  send(delivery: Delivery, signal: AbortSignal): Promise<SendResult>;
  /** After an ambiguous send: did it arrive? Absent where the platform gives no way to know. */
  lookUp?(delivery: Delivery, signal: AbortSignal): Promise<LookUp>;
  /** Shows that an answer is being written; best effort. Called again every `typingMs` while it lasts. */
  typing?(to: Place, signal: AbortSignal): Promise<void>;
  /** How long one `typing` call is worth, ms. */
  readonly typingMs?: number;
}
