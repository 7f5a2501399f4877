import { ring } from '../shared/bell.ts';
import { emit } from './dispatch.ts';
import type { Scene } from './scene.ts';
import { channelType, eventMessage, historyMessage } from './wire.ts';
import { type Channel, type Message, nextTs, type User } from './world.ts';

export interface PostOptions {
  readonly user?: User | undefined;
  readonly botId?: string | undefined;
  readonly appId?: string | undefined;
  readonly username?: string | undefined;
  readonly text: string;
  readonly blocks?: readonly unknown[] | undefined;
  readonly subtype?: string | undefined;
  readonly parent?: Message | undefined;
  readonly broadcast?: boolean;
  readonly metadata?: unknown;
  readonly sent?: boolean;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Puts a message into the channel and tells the apps that are in it. */
export function post(scene: Scene, channel: Channel, options: PostOptions): Message {
  const now = scene.clock.now();
  const { parent } = options;
  const message: Message = {
    ts: nextTs(channel, now),
    channel,
    user: options.user,
    botId: options.botId,
    appId: options.appId,
    username: options.username,
    text: options.text,
    blocks: options.blocks,
    subtype: options.subtype ?? (parent && options.broadcast ? 'thread_broadcast' : undefined),
    parent,
    broadcast: parent !== undefined && (options.broadcast ?? false),
    replies: [],
    metadata: options.metadata,
    attachments: undefined,
    at: now,
    edited: undefined,
    deleted: false,
    sent: options.sent ?? false,
    extra: options.extra ?? {},
  };
  channel.messages.set(message.ts, message);
  parent?.replies.push(message);
  ring(scene.bell);
  const { workspace } = channel;
  const event = eventMessage(message);
  emit(scene, workspace, { name: `message.${subscription[channel.kind]}`, channel, message, event });
  mention(scene, message);
  return message;
}

const subscription = { public: 'channels', private: 'groups', im: 'im', mpim: 'mpim' } as const;

/** The second event for one post; not in direct messages [S11]. */
function mention(scene: Scene, message: Message): void {
  const { channel } = message;
  if (channel.kind === 'im' || channel.kind === 'mpim' || message.subtype === 'channel_join') return;
  for (const install of scene.world.installs.values()) {
    const { id } = install.user;
    const isNamed = message.text.includes(`<@${id}>`) || message.text.includes(`<@${id}|`);
    if (install.workspace !== channel.workspace || !isNamed) continue;
    const { channel_type: _, ...event } = eventMessage(message);
    emit(scene, channel.workspace, {
      name: 'app_mention',
      only: install.app.id,
      message,
      event: { ...event, type: 'app_mention' },
    });
  }
}

/** Without a text both text and blocks stay, as for an unfurled link; with one, blocks that are not given go [S7]. */
export function edit(
  scene: Scene,
  message: Message,
  change: { text?: string; blocks?: readonly unknown[] | undefined; attachments?: readonly unknown[] },
): void {
  const previous = historyMessage(message, true);
  const ts = nextTs(message.channel, scene.clock.now());
  if (change.text !== undefined) {
    message.text = change.text;
    message.blocks = change.blocks;
    message.edited = ts;
  }
  if (change.attachments) message.attachments = change.attachments;
  tellChange(scene, message, ts, {
    subtype: 'message_changed',
    message: historyMessage(message, true),
    previous_message: previous,
  });
}

export function remove(scene: Scene, message: Message): void {
  const previous = historyMessage(message, true);
  message.deleted = true;
  const { parent } = message;
  if (parent) parent.replies.splice(parent.replies.indexOf(message), 1);
  const ts = nextTs(message.channel, scene.clock.now());
  tellChange(scene, message, ts, { subtype: 'message_deleted', deleted_ts: message.ts, previous_message: previous });
}

function tellChange(scene: Scene, message: Message, ts: string, fields: Readonly<Record<string, unknown>>): void {
  const { channel } = message;
  ring(scene.bell);
  emit(scene, channel.workspace, {
    name: `message.${subscription[channel.kind]}`,
    channel,
    event: {
      type: 'message',
      hidden: true,
      channel: channel.id,
      channel_type: channelType(channel),
      ts,
      event_ts: ts,
      ...fields,
    },
  });
}
