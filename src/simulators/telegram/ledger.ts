import type { Entity } from './entities.ts';
import { mentionsIn, type ReadText } from './formatting.ts';
import type { Document } from './world.ts';

/**
 * What really happened, kept apart from what the product believes. Verdicts of tests come only from here
 * (faults.md §1.2, LEDGER). Field names are those of the control API.
 */
export interface Ledger {
  readonly updates: LedgerUpdate[];
  readonly calls: LedgerCall[];
  readonly messages: LedgerMessage[];
  readonly counts: LedgerCounts;
  /** Entries of each list beyond this are forgotten, oldest first. */
  readonly limit: number;
}

export interface LedgerUpdate {
  readonly bot_id: number;
  readonly update_id: number;
  readonly kind: string;
  readonly chat_id: number | undefined;
  readonly message_id: number | undefined;
  readonly emitted_at: number;
  /** First time that it was handed out. */
  delivered_at?: number;
  deliveries: number;
  /** Each attempt to deliver it by webhook, in order; absent where there was none. */
  pushes?: readonly LedgerPush[];
  /** A later offset, or a webhook's 2xx, said that it arrived. */
  confirmed_at?: number;
  /** Older than 24 hours before anybody confirmed it. */
  expired_at?: number;
  /** Thrown away by a negative offset, `drop_pending_updates` or the like. */
  forgotten_at?: number;
}

export interface LedgerPush {
  readonly at: number;
  /** 0: no answer, or none yet. */
  status: number;
  /** How long the answer took; absent while there is none. */
  ms?: number;
  /** Why it did not count, as getWebhookInfo words it. */
  failure?: string;
}

export interface LedgerCall {
  readonly method: string;
  readonly bot_id: number | undefined;
  readonly at: number;
  readonly parameters: Readonly<Record<string, string>>;
  ended_at?: number;
  /** 0: no answer was given. */
  status: number;
  description?: string;
  /** `dropped`: carried out, the answer thrown away. `refused`: the connection was reset before anything was read. */
  outcome: 'running' | 'answered' | 'dropped' | 'refused' | 'hung' | 'left';
}

/** A message that a bot made visible. */
export interface LedgerMessage {
  readonly bot_id: number;
  readonly chat_id: number;
  readonly message_id: number;
  readonly at: number;
  text: string;
  entities: readonly Entity[];
  readonly reply_to: number | undefined;
  readonly thread: number | undefined;
  edits: number;
  deleted: boolean;
  /** Carried out, but the sender was never told. */
  ambiguous: boolean;
  readonly document?: Document;
  /** Shows a link preview. */
  preview: boolean;
}

export interface LedgerCounts {
  calls: number;
  updates: number;
  messages: number;
  ambiguous: number;
  previews: number;
  /** People who were told that a bot named them: `text_mention`, or a link to `tg://user`. */
  mentions: number;
  /** Beyond the hundredth of a message. */
  ignored_entities: number;
  unknown_parameters: number;
  /** JSON values of another type than the documented one, which the real server bends into shape. */
  type_mismatches: number;
  malformed_bodies: number;
  /** Methods that exist but not here. */
  unsupported_methods: number;
  conflicts: number;
  rate_limited: number;
  /** Sends into a chat that was told to wait. */
  sent_while_limited: number;
  unauthorized: number;
  not_modified: number;
  drafts: number;
  chat_actions: number;
  /** Attempts to deliver an update by webhook, and those among them that failed. */
  pushes: number;
  failed_pushes: number;
}

export function createLedger(limit: number): Ledger {
  return {
    updates: [],
    calls: [],
    messages: [],
    limit,
    counts: {
      calls: 0,
      updates: 0,
      messages: 0,
      ambiguous: 0,
      previews: 0,
      mentions: 0,
      ignored_entities: 0,
      unknown_parameters: 0,
      type_mismatches: 0,
      malformed_bodies: 0,
      unsupported_methods: 0,
      conflicts: 0,
      rate_limited: 0,
      sent_while_limited: 0,
      unauthorized: 0,
      not_modified: 0,
      drafts: 0,
      chat_actions: 0,
      pushes: 0,
      failed_pushes: 0,
    },
  };
}

/** What a new text did, sent or edited in, beyond being read. */
export function countWhatHappened(
  { counts }: Ledger,
  { ignored }: ReadText,
  entities: readonly Entity[],
  preview: boolean,
): void {
  if (preview) counts.previews++;
  counts.mentions += mentionsIn(entities);
  counts.ignored_entities += ignored;
}

/** Trims in larger steps: shifting a long list for each entry would cost more than the entry. */
export function record<T>(ledger: Ledger, list: T[], entry: T): T {
  list.push(entry);
  if (list.length > ledger.limit * 1.25) list.splice(0, list.length - ledger.limit);
  return entry;
}
