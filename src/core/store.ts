import type { FlowStore } from './flow-store.ts';
import type { Health } from './health.ts';
import type { ApiKeyId, BotId, NodeId, UserId } from './ids.ts';
import type { OwnedBot } from './integration.ts';
import type { IntegrationStore, ReplrStore } from './integration-store.ts';

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

/** What the methods reject with. `away`: the database cannot serve now (full, locked, read-only, unreachable), but may again. */
export interface StoreFailure extends Error {
  readonly away: boolean;
}

export const isStoreAway = (error: unknown): boolean =>
  error instanceof Error && (error as Partial<StoreFailure>).away === true;
