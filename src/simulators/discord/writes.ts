import { ring } from '../shared/bell.ts';
import { type Call, channelOf, type Outcome } from './call.ts';
import { type Body, contentOf, readBody, type Schema } from './content.ts';
import { record } from './ledger.ts';
import { findMentions, type Mentions, pingsOf, showsPreview } from './mentions.ts';
import { may, maySend } from './permissions.ts';
import { edit, post, remove } from './posts.ts';
import { messageOf, viewOf } from './reads.ts';
import { invalidForm, Refusal } from './refusal.ts';
import { attachmentJson, messageJson } from './wire.ts';
import { type Channel, ChannelType, type Message, MessageType } from './world.ts';

/** The documentation's "past few minutes" (platforms.md §1.3). */
const nonceMemory = 5 * 60_000;

export function createMessage(call: Call): Outcome {
  const { scene, bot } = call;
  const channel = channelOf(call);
  const body = read(call, 'MessageCreateRequest');
  checkPlace(call, channel);
  const content = contentOf(body, call.files.length);
  const answered = answeredBy(call, channel, body);
  const known = body.enforce_nonce && body.nonce != null ? recall(call, String(body.nonce), content) : undefined;
  if (known) return { status: 200, body: messageJson(known, { ...viewOf(call), nonce: true }) };
  if (!body.enforce_nonce || body.nonce == null) scene.ledger.counts.without_nonce++;
  const allowed = body.allowed_mentions ?? undefined;
  const mentions = findMentions(scene, channel, bot.user, content, allowed, answered);
  const flags = (body.flags ?? 0) & ((1 << 2) | (1 << 12) | (1 << 15));
  const { message } = post(scene, channel, {
    author: bot.user,
    content,
    mentions,
    replyTo: answered,
    nonce: body.nonce ?? undefined,
    flags,
    embeds: body.embeds ?? [],
    attachments: call.files.map((file, id) => attachmentJson(file, scene.clock.now(), id)),
    files: call.files,
    extra: { application_id: bot.applicationId },
    sent: true,
  });
  if (body.nonce != null) remember(call, String(body.nonce), message);
  call.made = record(scene.ledger, scene.ledger.messages, {
    bot_id: bot.user.id,
    channel_id: channel.id,
    message_id: message.id,
    at: message.at,
    content,
    nonce: message.nonce,
    reply_to: answered?.id,
    flags,
    pings: pingsOf(mentions, content),
    preview: showsPreview(content, flags),
    edits: 0,
    visible: true,
    ambiguous: false,
  });
  scene.ledger.counts.messages++;
  judge(call, mentions, content, flags);
  ring(scene.bell);
  return { status: 200, body: messageJson(message, { ...viewOf(call), nonce: true }) };
}

export function editMessage(call: Call): Outcome {
  const { scene, bot } = call;
  const message = messageOf(call);
  const body = read(call, 'MessageEditRequestPartial');
  if (message.author.id !== bot.user.id) throw new Refusal(403, 50005);
  if (message.channel.thread?.archived) throw new Refusal(400, 50083);
  const content = body.content === undefined ? message.content : contentOf(body, message.attachments.length);
  const allowed = body.allowed_mentions ?? undefined;
  const mentions = findMentions(scene, message.channel, bot.user, content, allowed, undefined);
  const flags = body.flags == null ? message.flags : body.flags & (1 << 2);
  edit(scene, message, { content, mentions, flags, ...(body.embeds ? { embeds: body.embeds } : {}) });
  const made = scene.ledger.messages.findLast((it) => it.message_id === message.id);
  if (made) {
    made.content = content;
    made.flags = flags;
    made.edits++;
    made.preview ||= showsPreview(content, flags);
    made.pings = [...new Set([...made.pings, ...pingsOf(mentions, content)])];
  }
  judge(call, mentions, content, flags);
  return { status: 200, body: messageJson(message, viewOf(call)) };
}

export function deleteMessage(call: Call): Outcome {
  const { scene, bot } = call;
  const message = messageOf(call);
  const own = message.author.id === bot.user.id;
  if (!own && !may(message.channel, bot.user.id, 'MANAGE_MESSAGES', scene.clock.now())) throw new Refusal(403, 50013);
  remove(scene, message);
  return { status: 204 };
}

export function startTyping(call: Call): Outcome {
  checkPlace(call, channelOf(call));
  call.scene.ledger.counts.typing++;
  return { status: 204 };
}

function read(call: Call, schema: Schema): Body {
  const { body, unknown } = readBody(schema, call.body);
  call.scene.ledger.counts.unknown_fields += unknown;
  return body;
}

/** Where a bot may speak at all. */
function checkPlace({ scene, bot }: Call, channel: Channel): void {
  const now = scene.clock.now();
  if (channel.dialogue?.closed) throw new Refusal(403, 50007);
  if (channel.type === ChannelType.forum || channel.type === ChannelType.media) throw new Refusal(400, 40058);
  if (channel.type === ChannelType.category) throw new Refusal(400, 50008);
  if (!maySend(channel, bot.user.id, now)) throw new Refusal(403, 50013);
  const { thread } = channel;
  if (!thread?.locked || may(channel, bot.user.id, 'MANAGE_THREADS', now)) return;
  // A message opens an archived thread, but not one that a moderator locked [D13].
  throw thread.archived ? new Refusal(400, 50083) : new Refusal(403, 160005);
}

function answeredBy({ scene, bot }: Call, channel: Channel, body: Body): Message | undefined {
  const reference = body.message_reference;
  if (!reference) return undefined;
  if (!may(channel, bot.user.id, 'READ_MESSAGE_HISTORY', scene.clock.now())) throw new Refusal(403, 160002);
  const wrong = (code: string, message: string) => invalidForm([{ path: ['message_reference'], code, message }]);
  if (reference.channel_id != null && reference.channel_id !== channel.id) {
    throw wrong('REPLIES_CANNOT_REFERENCE_OTHER_CHANNEL', 'Cannot reply to a message in a different channel');
  }
  const found = channel.messages.get(reference.message_id);
  if (!found) {
    if (reference.fail_if_not_exists === false) return undefined;
    throw wrong('MESSAGE_REFERENCE_UNKNOWN_MESSAGE', 'Unknown message');
  }
  if (found.type === MessageType.default || found.type === MessageType.reply) return found;
  throw wrong('REPLIES_CANNOT_REPLY_TO_SYSTEM_MESSAGE', 'Cannot reply to a system message');
}

/** The first message with this nonce; gone meanwhile: Unknown Message (platforms.md §1.5 no. 11). */
function recall({ scene, bot }: Call, nonce: string, content: string): Message | undefined {
  const known = bot.nonces.get(nonce);
  if (!known || scene.clock.now() - known.at >= nonceMemory) return undefined;
  scene.ledger.counts.nonce_replays++;
  if (known.message.deleted) throw new Refusal(404, 10008);
  if (known.message.content !== content && known.message.edited === undefined) scene.ledger.counts.nonce_collisions++;
  return known.message;
}

function remember({ scene, bot }: Call, nonce: string, message: Message): void {
  const now = scene.clock.now();
  for (const [old, { at }] of bot.nonces) {
    if (now - at < nonceMemory) break;
    bot.nonces.delete(old);
  }
  bot.nonces.delete(nonce);
  bot.nonces.set(nonce, { message, at: now });
}

function judge({ scene }: Call, mentions: Mentions, content: string, flags: number): void {
  const { counts } = scene.ledger;
  if (pingsOf(mentions, content).length > 0) counts.pings++;
  if (mentions.replied) counts.reply_pings++;
  if (showsPreview(content, flags)) counts.previews++;
}
