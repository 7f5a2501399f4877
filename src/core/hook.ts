import type { BotId } from './ids.ts';
import type { Bot, Credential, Integration } from './integration.ts';
import type { Cursor, InboundMessage } from './message.ts';

/** What somebody POSTed to `/hooks/<platform>`, not yet believed. */
export interface HookRequest {
  /** By lower-case name; undefined when it is absent, and also when it was sent twice. */
  header(name: string): string | undefined;
  /** The bytes as they came: signatures are made over these. */
  readonly body: Uint8Array;
}

export type HookReading =
  /** Not from the platform, or too old. Nothing may depend on what it says; the sender hears 401 and no reason. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Genuine, and it wants exactly this answer (a handshake). */
  | { readonly kind: 'reply'; readonly contentType: string; readonly body: string }
  /** Genuine, and of no interest: acknowledged as it is. */
  | { readonly kind: 'nothing' }
  /** Genuine. `to` says whom it concerns by the platform's own names; absent: the bot whose hook it is. */
  | { readonly kind: 'event'; readonly event: unknown; readonly to?: Addressee };

/** Whom an event concerns. `scope`: all bots whose identity begins with `scope` and a slash. */
export type Addressee = { readonly identity: string } | { readonly scope: string };

/** How a connector takes what the platform pushes over HTTP. All of it is pure: any node may serve any bot's hook. */
export interface Hook {
  /** The public field of an integration that shows its hook's URL, where its owner has to enter it by hand. */
  readonly urlField?: string;
  /** Looks at headers alone, before anything is looked up: false when the request cannot be genuine. `now`: ms since 1970. */
  plausible(request: HookRequest, now: number): boolean;
  /**
   * Is it the platform's own? Judged by these secrets, in constant time, before the body is parsed. They are those of the
   * bot whose hook it is, or of the deployment. Never throws.
   */
  open(request: HookRequest, secrets: Credential, now: number): HookReading;
  /** What a genuine event means to this bot; undefined when it is another one's (another app in the same workspace). */
  read(event: unknown, listener: Listener, now: number): Intake | undefined;
}

/** A bot as somebody sees it who need not own it. */
export interface Listener {
  readonly bot: Bot;
  readonly credential: Credential;
  /** Enabled and paused ones alike, oldest first. */
  readonly routes: readonly Integration[];
  readonly cursors: ReadonlyMap<string, string>;
}

/** What came in one event, for one bot. */
export interface Intake {
  readonly messages: readonly InboundMessage[];
  readonly cursors: readonly Cursor[];
  /** A channel has a new id; it is followed before the messages are taken. */
  readonly moved?: { readonly from: string; readonly to: string };
  /** The platform says that the credential is dead. */
  readonly revoked?: boolean;
}

export type Target = { readonly botId: BotId } | (Addressee & { readonly platform: string });
