import { ring } from '../shared/bell.ts';
import { dispatchChannel, dispatchDeletion, dispatchMessage } from './dispatch.ts';
import type { LedgerEvent } from './ledger.ts';
import type { Mentions } from './mentions.ts';
import type { Scene } from './scene.ts';
import type { Upload } from './uploads.ts';
import { type Channel, type Message, MessageType, snowflake, type User } from './world.ts';

export interface NewMessage {
  readonly author: User;
  readonly content: string;
  readonly mentions: Mentions;
  readonly type?: number;
  /** The id, where it is given by something else: the first post of a forum thread has the thread's. */
  readonly id?: string;
  readonly replyTo?: Message | undefined;
  /** A reference without a message behind it. */
  readonly reference?: Message['reference'];
  readonly webhookId?: string | undefined;
  readonly nonce?: string | number | undefined;
  readonly flags?: number | undefined;
  readonly embeds?: readonly unknown[];
  readonly attachments?: readonly unknown[];
  readonly files?: readonly Upload[];
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly sent?: boolean;
}

/** Puts a message into a channel and tells everyone. An archived thread opens first [D13]. */
export function post(scene: Scene, channel: Channel, it: NewMessage): { message: Message; event: LedgerEvent } {
  const { world, clock } = scene;
  const now = clock.now();
  if (channel.thread?.archived) setArchived(scene, channel, false);
  const replyTo = it.replyTo ? { messageId: it.replyTo.id, channelId: it.replyTo.channel.id } : it.reference;
  const message: Message = {
    id: it.id ?? snowflake(world, now),
    channel,
    author: it.author,
    type: it.type ?? (it.replyTo ? MessageType.reply : MessageType.default),
    content: it.content,
    at: now,
    edited: undefined,
    mentions: it.mentions.users,
    mentionRoles: it.mentions.roles,
    mentionEveryone: it.mentions.everyone,
    reference: replyTo,
    webhookId: it.webhookId,
    flags: it.flags ?? 0,
    nonce: it.nonce,
    embeds: it.embeds ?? [],
    attachments: it.attachments ?? [],
    files: it.files ?? [],
    deleted: false,
    sent: it.sent ?? false,
    extra: it.extra ?? {},
  };
  channel.messages.set(message.id, message);
  channel.lastMessageId = message.id;
  channel.thread?.members.add(message.author.id);
  if (channel.messages.size > world.messagesPerChannel) {
    const oldest = channel.messages.keys().next();
    if (!oldest.done) channel.messages.delete(oldest.value);
  }
  return { message, event: dispatchMessage(scene, 'MESSAGE_CREATE', message) };
}

export function edit(
  scene: Scene,
  message: Message,
  change: { content?: string; mentions?: Mentions; flags?: number; embeds?: readonly unknown[] },
): LedgerEvent {
  if (change.content !== undefined) message.content = change.content;
  if (change.flags !== undefined) message.flags = change.flags;
  if (change.embeds !== undefined) message.embeds = change.embeds;
  if (change.mentions) {
    message.mentions = change.mentions.users;
    message.mentionRoles = change.mentions.roles;
    message.mentionEveryone = change.mentions.everyone;
  }
  message.edited = scene.clock.now();
  return dispatchMessage(scene, 'MESSAGE_UPDATE', message);
}

export function remove(scene: Scene, message: Message): void {
  message.deleted = true;
  message.channel.messages.delete(message.id);
  const made = scene.ledger.messages.findLast((it) => it.message_id === message.id);
  if (made) made.visible = false;
  dispatchDeletion(scene, message);
}

export function setArchived(scene: Scene, channel: Channel, on: boolean): void {
  if (!channel.thread) throw new Error('only threads are archived');
  channel.thread.archived = on;
  dispatchChannel(scene, 'THREAD_UPDATE', channel);
  ring(scene.bell);
}
