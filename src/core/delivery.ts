import type { Failure } from './failure.ts';
import type { BotId, DeliveryId, IntegrationId } from './ids.ts';
import type { Place } from './message.ts';

/** One platform message of an answer, as the connector rendered it. JSON. */
export interface Part {
  readonly text: string;
  /** Formatting in the platform's own shape, opaque to all but its connector. */
  readonly format?: unknown;
  /** Goes with the message, where an answer is longer than a chat can bear. Only for platforms that take files. */
  readonly file?: { readonly name: string; readonly content: string };
}

/**
 * `pending`: stored, surely not sent. `sending`: stored, and a request may be on its way or have arrived; after a crash
 * this is the state that needs care. The last two are final.
 */
export type DeliveryState = 'pending' | 'sending' | 'delivered' | 'failed';

export const deliveryMoves: Readonly<Record<DeliveryState, readonly DeliveryState[]>> = {
  pending: ['sending', 'failed'],
  sending: ['delivered', 'failed', 'pending'],
  delivered: [],
  failed: [],
};

export interface Delivery {
  readonly id: DeliveryId;
  readonly botId: BotId;
  readonly integrationId: IntegrationId;
  /** The inbox row this answers; `null` for a test message, which answers nothing. */
  readonly inboxSeq: number | null;
  readonly to: Place;
  /** Id of the message to reply to, in the form of `InboundMessage.id`. Only the first part replies. */
  readonly replyTo?: string;
  readonly part: Part;
  /** Position among the parts of one answer, from 0. */
  readonly index: number;
  readonly operation: 'create' | 'edit' | 'delete';
  /** The platform's id of the message, once known; an edit or delete needs it. */
  readonly messageId?: string;
  readonly revision: number;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** Not before this, ms since 1970. */
  readonly nextAttemptAt: number;
  /** Stored when first composed, ms since 1970: a connector judges by it how old an ambiguous send is. */
  readonly createdAt: number;
  /** It was sent again after a send whose outcome nobody could tell. */
  readonly maybeDuplicate: boolean;
}

export type SendResult =
  | {
      readonly ok: true;
      readonly messageId: string;
      /** The channel has a new id (a group became a supergroup): everything stored about it must follow. */
      readonly movedTo?: string;
    }
  | { readonly ok: false; readonly failure: Failure };

/** `not_sent` also where repeating is harmless because the platform itself removes the duplicate. */
export type LookUp =
  | { readonly kind: 'sent'; readonly messageId: string }
  | { readonly kind: 'not_sent' }
  | { readonly kind: 'unknown' };
