import { isObject } from '../shared/json.ts';
import { type Call, channelOf, flag, isIn, type Method, text } from './call.ts';
import { type Content, hasPreview, mentionsIn, readContent } from './content.ts';
import { record } from './ledger.ts';
import { edit, post, remove } from './posts.ts';
import { Refusal } from './refusal.ts';
import { historyMessage } from './wire.ts';
import type { Channel, Message } from './world.ts';

/** Nobody documents the limit of metadata; this is generous. */
const longestMetadata = 16_384;

export const postMessage: Method = (call) => {
  const { scene, install, args } = call;
  const { counts } = scene.ledger;
  const channel = channelOf(call);
  if (!isIn(install, channel) && !install.scopes.has('chat:write.public')) throw new Refusal('not_in_channel');
  if (channel.archived) throw new Refusal('is_archived');
  const said = contentOf(call);
  const metadata = metadataOf(args);
  const parent = parentOf(call, channel);
  const mentions = mentionsIn(args);
  if (mentions.length > 0) counts.pings++;
  if (hasPreview(args)) counts.previews++;
  if (metadata === undefined) counts.without_metadata++;
  const message = post(scene, channel, {
    user: install.user,
    botId: install.botId,
    appId: install.app.id,
    text: said.text,
    blocks: said.blocks,
    parent,
    broadcast: flag(args, 'reply_broadcast'),
    metadata,
    sent: true,
    extra: extras(args),
  });
  counts.messages++;
  call.made = record(scene.ledger, scene.ledger.messages, {
    app_id: install.app.id,
    bot: install.user.id,
    team_id: install.workspace.id,
    channel: channel.id,
    ts: message.ts,
    thread_ts: parent?.ts,
    at: message.at,
    text: said.text,
    mentions,
    metadata,
    edits: 0,
    visible: true,
    ambiguous: false,
  });
  return { channel: channel.id, ts: message.ts, message: historyMessage(message, true) };
};

export const update: Method = (call) => {
  const { scene, args } = call;
  const message = ownMessage(call, 'cant_update_message');
  if (message.channel.archived) throw new Refusal('is_inactive');
  const said = contentOf(call, true);
  // An edit has no say in previews: what the post said stays.
  const mentions = mentionsIn(args);
  if (mentions.length > 0) scene.ledger.counts.pings++;
  const metadata = metadataOf(args);
  if (metadata !== undefined) message.metadata = metadata;
  edit(scene, message, { text: said.text, blocks: said.blocks });
  const entry = scene.ledger.messages.findLast((it) => it.ts === message.ts && it.channel === message.channel.id);
  if (entry) {
    entry.text = said.text;
    entry.mentions = [...entry.mentions, ...mentions];
    entry.edits++;
  }
  return { channel: message.channel.id, ts: message.ts, text: said.text, message: historyMessage(message, true) };
};

export const deleteMessage: Method = (call) => {
  const { scene } = call;
  const message = ownMessage(call, 'cant_delete_message');
  remove(scene, message);
  const entry = scene.ledger.messages.findLast((it) => it.ts === message.ts && it.channel === message.channel.id);
  if (entry) entry.visible = false;
  return { channel: message.channel.id, ts: message.ts };
};

function ownMessage(call: Call, refused: string): Message {
  const message = channelOf(call).messages.get(text(call.args, 'ts') ?? '');
  if (!message || message.deleted) throw new Refusal('message_not_found');
  if (message.botId !== call.install.botId) throw new Refusal(refused);
  return message;
}

function contentOf({ scene, args }: Call, isUpdate = false): Content {
  const said = readContent(args, isUpdate);
  if (said.truncated) scene.ledger.counts.truncated_texts++;
  return said;
}

function metadataOf(args: Call['args']): unknown {
  const metadata = args['metadata'];
  if (metadata === undefined) return undefined;
  const isWhole =
    isObject(metadata) && typeof metadata['event_type'] === 'string' && isObject(metadata['event_payload']);
  if (!isWhole) throw new Refusal('invalid_metadata_format');
  if (Buffer.byteLength(JSON.stringify(metadata)) > longestMetadata) throw new Refusal('metadata_too_large');
  return metadata;
}

function parentOf({ scene, args }: Call, channel: Channel): Message | undefined {
  const ts = text(args, 'thread_ts');
  if (ts === undefined || ts === '') return undefined;
  const named = channel.messages.get(ts);
  if (!named || (named.deleted && named.replies.length === 0)) throw new Refusal('cannot_reply_to_message');
  if (!named.parent) return named;
  // The platform takes it and shows it somewhere odd; here it comes into the thread, and is counted.
  scene.ledger.counts.reply_ts_as_parent++;
  return named.parent;
}

function extras(args: Call['args']): Record<string, unknown> {
  const names = ['attachments', 'username', 'icon_emoji', 'icon_url'];
  return Object.fromEntries(names.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]])));
}
