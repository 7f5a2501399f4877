import type { Delivery, Part } from './delivery.ts';
import type { Health, Notice } from './health.ts';
import type { Listener, Target } from './hook.ts';
import type { ApiKeyId, BotId, DeliveryId, IntegrationId, NodeId, ReplrId, UserId } from './ids.ts';
import type { Credential, Integration, OwnedBot, Profile, Replr, Settings } from './integration.ts';
import type { ConversationKey, Cursor, Fate, InboundMessage, Place } from './message.ts';
import type { Options, OptionsChange } from './options.ts';
import type { HistoryEntry } from './responder.ts';

/**
 * The one durable place. Each method is a whole transaction named for its step and no handle leaks out, so a method that
 * resolved is committed and synced, and one that rejected changed nothing. Methods of the hot path take batches; calls
 * made at the same time share a commit, and a bad one among them fails alone.
 *
 * Secrets go in and come out in the clear and are sealed in between. Text may hold anything a person can type: the store
 * takes NUL and lone surrogates without losing the message (they are replaced by U+FFFD).
 * Every read or write on behalf of a user takes the user's id and treats a foreign object as a missing one.
 */
export interface Store extends FlowStore, OwnerStore, IntegrationStore, ReplrStore, AccessStore {
  /** Rejects when the store cannot serve. */
  ping(): Promise<void>;
  /** Deletes what is past its use: settled messages older than `before` with their deliveries, old idempotency keys. */
  sweep(before: number): Promise<{ messages: number }>;
  close(): Promise<void>;
}

// ── the flow: three commits and what recovers them ──────────────────────────────────────────────────────────────────

/** What one receiver hands over at once; stored whole or not at all. */
export interface AcceptBatch {
  readonly botId: BotId;
  /** `null`: received by a node that does not own the bot. Then nothing fences it, and its owner is told. */
  readonly epoch: number | null;
  readonly messages: readonly AcceptedMessage[];
  readonly cursors: readonly Cursor[];
  /** When it was received, ms since 1970. */
  readonly at: number;
}

export interface AcceptedMessage {
  readonly integrationId: IntegrationId;
  readonly conversation: ConversationKey;
  readonly message: InboundMessage;
  /** Decided already, or `null`: it is due a turn. */
  readonly fate: Fate | null;
  /**
   * Nobody answers it, but who answers later may want to know what was said: its text is kept as long as it is among the newest
   * `MAX_OVERHEARD` such messages of its conversation. Otherwise the text of what is ignored is not stored; of what is ignored
   * only later, it goes with that outcome.
   */
  readonly overheard?: boolean;
}

/** A stored message that waits for its turn. */
export interface TurnDue {
  /** Order of acceptance within the store. */
  readonly seq: number;
  readonly botId: BotId;
  readonly integrationId: IntegrationId;
  readonly conversation: ConversationKey;
  readonly message: InboundMessage;
}

/**
 * `stored`: the ids of those messages of the batch that were not known. `fenced`: another node owns the bot by now; stop
 * working for it.
 */
export type AcceptResult =
  | { readonly ok: true; readonly due: readonly TurnDue[]; readonly stored: readonly string[] }
  | { readonly ok: false; readonly reason: 'fenced' };

export interface Composed {
  readonly botId: BotId;
  readonly epoch: number;
  readonly seq: number;
  readonly integrationId: IntegrationId;
  readonly to: Place;
  readonly replyTo?: string;
  readonly parts: readonly { readonly id: DeliveryId; readonly part: Part }[];
  /**
   * What is sent is no answer but tells the person that there will be none: once it has arrived, or failed to, this is
   * the message's fate. It is not counted and no part of the conversation's history.
   */
  readonly notice?: Exclude<Fate, { kind: 'answered' }>;
  readonly at: number;
}

export type ComposeResult =
  /** Stored, in order; the first is `sending`, the others `pending`. */
  | { readonly ok: true; readonly deliveries: readonly Delivery[] }
  | {
      readonly ok: false;
      /**
       * `paused`: the store has settled the message as `ignored(paused)`. `gone`: integration or message no longer exist.
       * `settled`: the message has its outcome or its answer already.
       */
      readonly reason: 'fenced' | 'paused' | 'gone' | 'settled';
    };

export interface Settled {
  readonly botId: BotId;
  readonly epoch: number;
  readonly at: number;
  readonly change: /** The part arrived. The next part, if any, becomes `sending`; after the last the message is `answered` and counted. */
    | {
        readonly kind: 'delivered';
        readonly delivery: DeliveryId;
        readonly messageId: string;
        readonly attempts: number;
        readonly maybeDuplicate: boolean;
      }
    /** Given up: this part and all later ones of the answer fail, the message's fate is `failed(reason)`. */
    | { readonly kind: 'failed'; readonly delivery: DeliveryId; readonly reason: string; readonly attempts: number }
    /** Surely not sent; back to `pending` until `nextAttemptAt`. */
    | {
        readonly kind: 'postponed';
        readonly delivery: DeliveryId;
        readonly attempts: number;
        readonly nextAttemptAt: number;
      }
    /** A request is about to go out for a `pending` part, or once more for an ambiguous one. */
    | {
        readonly kind: 'sending';
        readonly delivery: DeliveryId;
        readonly attempts: number;
        readonly maybeDuplicate: boolean;
      }
    /** A turn that ends without an answer. */
    | { readonly kind: 'fate'; readonly seq: number; readonly fate: Fate };
}

/** What a new owner goes on with, each list in order of acceptance. */
export interface Unfinished {
  /** Parts not yet final, with the conversation they belong to. */
  readonly deliveries: readonly { readonly conversation: ConversationKey; readonly delivery: Delivery }[];
  /** Messages whose turn has not been composed. */
  readonly turns: readonly TurnDue[];
  readonly cursors: ReadonlyMap<string, string>;
}

/** What a turn has cost, answered or not. */
export interface Spending {
  readonly integrationId: IntegrationId;
  /** The platform's id of the author. */
  readonly person: string;
  readonly day: string;
  readonly tokens: number;
}

/** So many messages of a conversation that were not for the bot are remembered. */
export const MAX_OVERHEARD = 20;

export interface FlowStore {
  /**
   * tx1. Unknown messages are stored under (bot, message id) and those due a turn come back and are counted; known ones
   * are passed over. What other nodes took in before, and nobody has adopted, comes back with them. Messages of integrations that no longer exist are passed over too. Cursors move in the same commit.
   */
  accept(batch: AcceptBatch): Promise<AcceptResult>;
  /**
   * tx2. Stores the answer before its first byte is sent; re-checks owner, integration and message. After a rejection it
   * may be repeated with the same delivery ids: if the first one was stored after all, that is what comes back.
   */
  compose(composed: Composed): Promise<ComposeResult>;
  /** tx3. A settle of something deleted or already final changes nothing. `fenced` as above. */
  settle(settled: Settled): Promise<'ok' | 'fenced'>;
  recover(botId: BotId, epoch: number): Promise<Unfinished | 'fenced'>;
  /**
   * What other nodes took in for this bot: each such turn comes out once, here or with an `accept` of its owner; from then on
   * only `recover` knows of it. With the bot's cursors as they are now.
   */
  adopt(botId: BotId, epoch: number): Promise<Omit<Unfinished, 'deliveries'> | 'fenced'>;
  /** Bots as anybody may see them, whoever owns them; those without an integration are not among them. */
  findListeners(target: Target): Promise<Listener[]>;
  /**
   * The newest `limit` messages of the conversation accepted before `seq`, with their delivered or pending answers, and what
   * was overheard among them, oldest first. Nothing of an integration that does not store content.
   */
  history(
    integrationId: IntegrationId,
    conversation: ConversationKey,
    seq: number,
    limit: number,
  ): Promise<HistoryEntry[]>;
  /** Everything said in the conversation before `seq` is gone: texts, quotes and answers, for good. */
  forget(integrationId: IntegrationId, conversation: ConversationKey, seq: number): Promise<void>;
  /** Adds to what was used. A day is that of UTC, `2026-11-23`. */
  spend(spendings: readonly Spending[]): Promise<void>;
  /** Tokens used on that day: by the person in this integration, by this integration, by all integrations that its user has or had. */
  spent(
    integrationId: IntegrationId,
    person: string,
    day: string,
  ): Promise<{ readonly person: number; readonly integration: number; readonly user: number }>;
  /** Where the newest heard message of this integration stands. */
  lastPlace(integrationId: IntegrationId): Promise<Place | undefined>;
  /**
   * A channel has a new id: messages, conversations, unfinished deliveries and the given settings follow. `settings` are
   * the integrations' new settings as their connector made them; claims do not change.
   */
  moveChannel(move: {
    readonly botId: BotId;
    /** `null`: told by a node that does not own the bot, as in `AcceptBatch`. */
    readonly epoch: number | null;
    readonly from: string;
    readonly to: string;
    readonly settings: readonly { readonly integrationId: IntegrationId; readonly settings: Settings }[];
  }): Promise<'ok' | 'fenced'>;
}

// ── ownership ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A bot's claim on this node's attention: compare with what is held to see what to open, reload or drop. */
export interface OwnedVersion {
  readonly botId: BotId;
  readonly epoch: number;
  readonly version: number;
}

export interface OwnerStore {
  /**
   * Renews this node's heartbeat by database time and takes bots that have an integration and no live owner, at most
   * `take`. A node whose heartbeat is older than `ttlMs` is dead. Returns all bots this node owns now.
   */
  holdBots(node: NodeId, ttlMs: number, take: number): Promise<OwnedVersion[]>;
  /** Takes the bot for this node if nobody else owns it. Returns what this node holds of it, or undefined. */
  takeBot(node: NodeId, ttlMs: number, botId: BotId): Promise<OwnedVersion | undefined>;
  /** Everything needed to serve a bot; undefined when this node does not own it, or nothing is left to serve. */
  loadBot(node: NodeId, botId: BotId): Promise<OwnedBot | undefined>;
  /** Whether the bot is anybody's: a bot that this node cannot load any more has another owner, or no integration left. */
  botExists(botId: BotId): Promise<boolean>;
  /** Bots of this node for which another one has taken in something that nobody has adopted. */
  arrivals(node: NodeId): Promise<BotId[]>;
  /**
   * Takes or renews what only one node may do at a time, by name. `held`: this node has it now, and `health` (if given)
   * is stored with it. Otherwise the living node that has it goes on, and `health` is what that one said last.
   */
  holdLease(
    name: string,
    node: NodeId,
    ttlMs: number,
    health: Health | undefined,
  ): Promise<{ readonly held: boolean; readonly health: Health | undefined }>;
  /** Lets another node have it at once. */
  dropLease(name: string, node: NodeId): Promise<void>;
  /** Gives the bots and leases back at once, so that another node need not wait for the heartbeat to grow old. */
  releaseBots(node: NodeId): Promise<void>;
  /** Stores the state of a bot's link; a report with an old epoch changes nothing. */
  reportHealth(botId: BotId, epoch: number, health: Health): Promise<void>;
  /** Calls back when another process changed a bot of this node. Best effort: `holdBots` is the floor. Returns the stop. */
  watchBots(node: NodeId, changed: (botId: BotId) => void): Promise<() => Promise<void>>;
}

// ── integrations ────────────────────────────────────────────────────────────────────────────────────────────────────

export interface Claim {
  readonly platform: string;
  readonly identity: string;
  readonly places: readonly string[];
}

/** `integrationId` only when the claim in the way belongs to the same user. */
export type ClaimConflict = { readonly ok: false; readonly reason: 'claimed'; readonly integrationId?: IntegrationId };

export interface NewIntegration {
  readonly id: IntegrationId;
  readonly userId: UserId;
  readonly replrId: ReplrId;
  readonly identity: string;
  readonly platform: string;
  readonly profile: Profile;
  readonly settings: Settings;
  readonly credential: Credential;
  readonly claims: readonly string[];
  readonly notices: readonly Notice[];
  readonly cursors: readonly Cursor[];
  readonly transport: string;
  /** True unless said otherwise. */
  readonly autoRespond?: boolean;
  /** `defaultOptions` unless said otherwise. */
  readonly options?: Options;
  readonly at: number;
}

export interface IntegrationUpdate {
  readonly enabled?: boolean;
  readonly autoRespond?: boolean;
  readonly replrId?: ReplrId;
  readonly settings?: Settings;
  /** Laid over what is stored by then. `storeContent: false` deletes the texts of all that has its outcome, in the same commit. */
  readonly options?: OptionsChange;
  /** Present when the platform was asked again: credential, identity and what it claims are replaced as a whole. */
  readonly verified?: {
    readonly credential: Credential;
    readonly identity: string;
    readonly profile: Profile;
    readonly claims: readonly string[];
    readonly notices: readonly Notice[];
  };
  readonly cursors?: readonly Cursor[];
  readonly at: number;
}

/** `bots` are those whose node must look again. */
export type IntegrationChange =
  | { readonly ok: true; readonly integration: Integration; readonly bots: readonly BotId[] }
  | { readonly ok: false; readonly reason: 'missing' | 'replr_missing' }
  | ClaimConflict;

export interface Page<T> {
  readonly data: readonly T[];
  readonly total: number;
}

export interface IntegrationStore {
  /**
   * Keeps the claim for `id` while the platform is being asked, for at most `forMs`, so that two requests cannot both
   * believe that they were first. Repeating it for the same `id` is fine. Overlap with any claim refuses the whole.
   */
  reserveClaim(
    id: IntegrationId,
    userId: UserId,
    claim: Claim,
    forMs: number,
  ): Promise<{ readonly ok: true } | ClaimConflict>;
  /** Drops a reservation that did not become an integration. */
  releaseClaim(id: IntegrationId): Promise<void>;
  /** Makes bot (if new), claims, cursors and integration one commit. `id_taken`: choose another id. */
  createIntegration(
    input: NewIntegration,
  ): Promise<IntegrationChange | { readonly ok: false; readonly reason: 'id_taken' }>;
  listIntegrations(userId: UserId, page: { limit: number; offset: number }): Promise<Page<Integration>>;
  getIntegration(userId: UserId, id: IntegrationId): Promise<Integration | undefined>;
  /** The secrets of one's own integration, to ask the platform again with some of them replaced. */
  getCredential(userId: UserId, id: IntegrationId): Promise<Credential | undefined>;
  updateIntegration(userId: UserId, id: IntegrationId, update: IntegrationUpdate): Promise<IntegrationChange>;
  /** Removes it with its messages, deliveries, claims and secrets, and the bot when nothing is left on it. */
  deleteIntegration(
    userId: UserId,
    id: IntegrationId,
  ): Promise<{ readonly ok: boolean; readonly bots: readonly BotId[] }>;
}

// ── REPLRs ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export type ReplrFields = Pick<
  Replr,
  'name' | 'instructions' | 'description' | 'model' | 'avatarUrl' | 'greetingMessage'
>;

export interface ReplrStore {
  createReplr(id: ReplrId, userId: UserId, fields: ReplrFields, at: number): Promise<Replr | 'id_taken'>;
  listReplrs(userId: UserId, page: { limit: number; offset: number }): Promise<Page<Replr>>;
  getReplr(userId: UserId, id: ReplrId): Promise<Replr | undefined>;
  updateReplr(
    userId: UserId,
    id: ReplrId,
    fields: Partial<ReplrFields>,
    at: number,
  ): Promise<{ readonly replr: Replr; readonly bots: readonly BotId[] } | undefined>;
  deleteReplr(userId: UserId, id: ReplrId): Promise<'deleted' | 'missing' | 'in_use'>;
}

// ── access ──────────────────────────────────────────────────────────────────────────────────────────────────────────

export interface AccessStore {
  /** Finds the user by name or makes one. Names are unique. */
  ensureUser(id: UserId, name: string, at: number): Promise<UserId>;
  /** `hash` is the hex SHA-256 of the key; the key itself is never stored. `false`: that key exists already. */
  createApiKey(key: { id: ApiKeyId; userId: UserId; hash: string; at: number }): Promise<boolean>;
  findApiKey(hash: string): Promise<{ readonly id: ApiKeyId; readonly userId: UserId } | undefined>;
  hasApiKeys(): Promise<boolean>;
  /**
   * Begins a request under an Idempotency-Key. `new`: carry it out, then finish or abandon it. `done`: hand out the
   * stored answer. `running`: the first one has not ended. `different`: the key was used for another request.
   * A request that began longer than `staleMs` ago and never ended counts as abandoned.
   */
  beginRequest(input: {
    readonly userId: UserId;
    readonly key: string;
    /** Hash of method, path and body. */
    readonly fingerprint: string;
    readonly at: number;
    readonly staleMs: number;
  }): Promise<
    | { readonly kind: 'new' | 'running' | 'different' }
    | { readonly kind: 'done'; readonly status: number; readonly body: string }
  >;
  finishRequest(userId: UserId, key: string, answer: { readonly status: number; readonly body: string }): Promise<void>;
  abandonRequest(userId: UserId, key: string): Promise<void>;
}

// ── when it fails ───────────────────────────────────────────────────────────────────────────────────────────────────

/** What the methods reject with. `away`: the database cannot serve now (full, locked, read-only, unreachable), but may again. */
export interface StoreFailure extends Error {
  readonly away: boolean;
}

export const isStoreAway = (error: unknown): boolean =>
  error instanceof Error && (error as Partial<StoreFailure>).away === true;
