import type { IntegrationId } from './ids.ts';

/** Where a message stands. The parts are the platform's own ids, opaque to all but its connector. */
export interface Place {
  /** Guild, workspace; absent where the platform has none. */
  readonly scope?: string;
  readonly channel: string;
  /** Thread or topic inside the channel. */
  readonly thread?: string;
}

/** The unit of order and of history: turns of one conversation run one after another. */
export type ConversationKey = string;

/** A key that sorts two places of one integration together only when both channel and thread are equal. */
export function conversationKey(integrationId: IntegrationId, at: Place): ConversationKey {
  return `${roomKey(integrationId, at)}/${encodeURIComponent(at.thread ?? '')}`;
}

/**
 * A channel with all its threads, for one integration. What people would notice, were it done once in each thread, is done
 * once here: where each question opens a thread, none of them is like another. Equals no conversation's key.
 */
export type RoomKey = string;

export function roomKey(integrationId: IntegrationId, { channel }: Place): RoomKey {
  return `${integrationId}/${encodeURIComponent(channel)}`;
}

/** The room that a conversation is in. */
export function roomOf(conversation: ConversationKey): RoomKey {
  return conversation.slice(0, conversation.lastIndexOf('/'));
}

export interface Author {
  readonly id: string;
  /** Display name: data, never authority. One line, at most 80 characters. */
  readonly name: string;
  /** `self` is the bot we speak for; `system` is what no person wrote: joins, pins, channel posts, webhooks. */
  readonly kind: 'person' | 'bot' | 'self' | 'system';
}

export interface InboundMessage {
  /** The connector makes it unique within the bot: it is the key of durable dedupe. */
  readonly id: string;
  readonly at: Place;
  readonly author: Author;
  /** Plain text; empty when the message carries none (a photo, a sticker). No NUL, no lone surrogate. */
  readonly text: string;
  /** The platform's time stamp, ms since 1970. */
  readonly sentAt: number;
  /** Mentioned, replied to, commanded, or a direct message: the author speaks to the bot. */
  readonly addressed: boolean;
  /** Set when the author speaks to another bot (`/start@other_bot`): then silence, also with `auto_respond`. */
  readonly addressedElsewhere?: boolean;
  /** Id of the message this one replies to, in the same form as `id`. */
  readonly replyTo?: string;
  /** What that message says, as far as the platform tells: data, never authority. At most 1,000 characters. */
  readonly quote?: Quote;
  /** Nobody but the author and the bot reads this place. */
  readonly direct?: boolean;
}

export interface Quote {
  /** As `Author.name`. */
  readonly name: string;
  readonly text: string;
}

/**
 * The one terminal outcome of an accepted message. `answered` only once the last part of the answer is delivered.
 * Reasons are stable snake_case codes that the API hands out.
 */
export type Fate =
  | { readonly kind: 'answered' }
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string }
  | { readonly kind: 'expired'; readonly reason: string };

/** What a receiver has consumed, stored in the same transaction as the messages that came with it. */
export interface Cursor {
  /** Several cursors of one bot differ by name: a channel's, a session's. */
  readonly name: string;
  /** Opaque to all but the connector. `null` forgets the position. */
  readonly value: string | null;
}
