import { isObject } from '../shared/json.ts';
import { type Call, channelOf, flag, isIn, type Method, text } from './call.ts';
import { record } from './ledger.ts';
import { edit, post, remove } from './posts.ts';
import { Refusal } from './refusal.ts';
import { historyMessage } from './wire.ts';
import type { Channel, Message } from './world.ts';

/** Truncated above that [S8]. */
const longestText = 40_000;
/** Refused above that in chat.update [S7]. */
const longestUpdate = 4000;
const longestMarkdown = 12_000;
/** Nobody documents the limit of metadata; this is generous. */
const longestMetadata = 16_384;

export const postMessage: Method = (call) => {
  const { scene, install, args } = call;
  const { counts } = scene.ledger;
  const channel = channelOf(call);
  if (!isIn(install, channel) && !install.scopes.has('chat:write.public')) throw new Refusal('not_in_channel');
  if (channel.archived) throw new Refusal('is_archived');
  const said = content(call);
  const metadata = metadataOf(args);
  const parent = parentOf(call, channel);
  judge(call, said);
  if (metadata === undefined) counts.without_metadata++;
  const message = post(scene, channel, {
    user: install.user,
    botId: install.botId,
    appId: install.app.id,
    text: said,
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
    text: said,
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
  if ((text(args, 'text') ?? '').length > longestUpdate) throw new Refusal('msg_too_long');
  const said = content(call);
  judge(call, said);
  const metadata = metadataOf(args);
  if (metadata !== undefined) message.metadata = metadata;
  edit(scene, message, { text: said });
  const entry = scene.ledger.messages.findLast((it) => it.ts === message.ts && it.channel === message.channel.id);
  if (entry) {
    entry.text = said;
    entry.edits++;
  }
  return { channel: message.channel.id, ts: message.ts, text: said, message: historyMessage(message, true) };
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

function content({ scene, args }: Call): string {
  const plain = text(args, 'text');
  const markdown = text(args, 'markdown_text');
  const rich = Array.isArray(args['blocks']) && args['blocks'].length > 0;
  const attached = Array.isArray(args['attachments']) && args['attachments'].length > 0;
  if (markdown !== undefined && (plain !== undefined || rich)) throw new Refusal('markdown_text_conflict');
  if (rich && (args['blocks'] as unknown[]).length > 50) throw new Refusal('invalid_blocks');
  if (attached && (args['attachments'] as unknown[]).length > 100) throw new Refusal('too_many_attachments');
  if (markdown !== undefined && markdown.length > longestMarkdown) throw new Refusal('invalid_arguments');
  const said = plain ?? markdown ?? '';
  if (said.trim() === '' && !rich && !attached) throw new Refusal('no_text');
  if (said.length <= longestText) return said;
  scene.ledger.counts.truncated_texts++;
  return said.slice(0, longestText);
}

/** What the platform lets pass in silence and people do not like. */
function judge({ scene, args }: Call, said: string): void {
  const { counts } = scene.ledger;
  const quiet = args['unfurl_links'] === false && args['unfurl_media'] === false;
  if (!quiet && /https?:\/\//.test(said)) counts.previews++;
  // Channel references notify nobody; everything else in angle brackets that names somebody does [S12].
  const fires = /<(?:!channel|!here|!everyone|!subteam\^|@[UW])/.test(said);
  const linked = flag(args, 'link_names') || (text(args, 'parse') ?? 'none') !== 'none';
  if (fires || (linked && /[@#]\w/.test(said))) counts.pings++;
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
  const names = ['blocks', 'attachments', 'username', 'icon_emoji', 'icon_url'];
  return Object.fromEntries(names.flatMap((name) => (args[name] === undefined ? [] : [[name, args[name]]])));
}
