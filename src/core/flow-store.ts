import type { Delivery, Part } from './delivery.ts';
import type { Listener, Target } from './hook.ts';
import type { BotId, DeliveryId, IntegrationId } from './ids.ts';
import type { Settings } from './integration.ts';
import type { ConversationKey, Cursor, Fate, InboundMessage, Place, RoomKey } from './message.ts';
import type { HistoryEntry } from './responder.ts';

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
  /** Or the room, of what was overheard where it opened no thread. */
  readonly conversation: ConversationKey | RoomKey;
  readonly message: InboundMessage;
  /** Decided already, or `null`: it is due a turn. */
  readonly fate: Fate | null;
  /**
   * Nobody answers it, but who answers later may want to know what was said: its text is kept as long as it is among the newest
   * `MAX_OVERHEARD` such messages of its conversation or room. Otherwise the text of what is ignored is not stored; of what is ignored
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
  /** Parts not yet final, with the conversation they belong to; `notice` as they were composed with. */
  readonly deliveries: readonly {
    readonly conversation: ConversationKey;
    readonly delivery: Delivery;
    readonly notice?: NonNullable<Composed['notice']>;
  }[];
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

/** So many messages of a conversation, or of a room outside of threads, that were not for the bot are remembered. */
export const MAX_OVERHEARD = 20;

/** A conversation, or a channel with all its threads. */
export type Where = { readonly conversation: ConversationKey } | { readonly channel: string };

/** A part of `Store`, whose rules hold here. */
export interface FlowStore {
  /**
   * tx1. Unknown messages are stored under (bot, message id) and those due a turn come back and are counted; known ones
   * are passed over. What other nodes took in before, and nobody has adopted, comes back with them. Messages of integrations
   * that no longer exist are passed over too. Cursors move in the same commit.
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
   * was overheard among them and in its room, oldest first. Nothing that a model has turned down, which goes with its outcome; nothing of an
   * integration that does not store content.
   */
  history(
    integrationId: IntegrationId,
    conversation: ConversationKey,
    seq: number,
    limit: number,
  ): Promise<HistoryEntry[]>;
  /** Everything said in the conversation, or in all of the channel, before `seq` is gone: texts, quotes and answers, for good. */
  forget(integrationId: IntegrationId, where: Where, seq: number): Promise<void>;
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
