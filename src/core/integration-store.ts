import type { Notice } from './health.ts';
import type { BotId, IntegrationId, ReplrId, UserId } from './ids.ts';
import type { Credential, Integration, Profile, Replr, Settings } from './integration.ts';
import type { Cursor } from './message.ts';
import type { Options, OptionsChange } from './options.ts';

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

/** A part of `Store`, whose rules hold here. */
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

export type ReplrFields = Pick<
  Replr,
  'name' | 'instructions' | 'description' | 'model' | 'avatarUrl' | 'greetingMessage'
>;

/** A part of `Store`, whose rules hold here. */
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
