import { ring, waitOn } from '../shared/bell.ts';
import type { Line } from '../simulator.ts';
import type { Somebody } from './bots.ts';
import { dispatchChannel } from './dispatch.ts';
import { findMentions } from './mentions.ts';
import type { Permission } from './permissions.ts';
import { addToThread, deleteChannel, join, overwrite } from './places.ts';
import { edit, post, remove, setArchived } from './posts.ts';
import type { Scene } from './scene.ts';
import { shown } from './shown.ts';
import type { Upload } from './uploads.ts';
import { shownName } from './wire.ts';
import { type Channel, type Message, MessageType, snowflake, type User } from './world.ts';

export interface SayOptions {
  /** A person, or a bot that speaks without the simulator's REST. */
  readonly from?: Somebody;
  /** Starts with a mention of this user. */
  readonly mention?: Somebody;
  /** Starts with a mention of this bot's own role. */
  readonly mentionRole?: Somebody;
  readonly replyTo?: string;
  /** A reply that does not notify. */
  readonly silentReply?: boolean;
  /** Posted by a webhook under that name. */
  readonly webhook?: string;
  /** Message type; 0 or 19 unless told. */
  readonly type?: number;
  readonly flags?: number;
  readonly attachments?: readonly unknown[];
  readonly embeds?: readonly unknown[];
  readonly extra?: Readonly<Record<string, unknown>>;
  /** The message's id, where something else gives it. */
  readonly id?: string;
}

export interface Said {
  readonly id: string;
  /** By session id: the number of the event that told it. */
  readonly sessions: ReadonlyMap<string, number>;
}

export interface TranscriptLine extends Line {
  readonly message_id: string;
  readonly reply_to: string | undefined;
  readonly edited: boolean;
  readonly nonce: string | number | undefined;
  /** `text` as the apps show it. */
  readonly shown: string;
  readonly files: readonly Upload[];
}

/** What a test holds of a channel, a thread or a direct message. */
export interface ChannelHandle {
  readonly id: string;
  readonly channel: Channel;
  /** Who speaks unless told otherwise: the owner of the guild, or the other side of a direct message. */
  readonly speaker: User;
  say(text: string, options?: SayOptions): Said;
  edit(messageId: string, text: string): void;
  /** Deletes a message; without an id the channel itself. */
  delete(messageId?: string): void;
  /** All that is visible, system messages left out, oldest first. */
  transcript(): TranscriptLine[];
  /** What bots sent over REST; a bot that a test lets `say` something is not among them. */
  answers(): string[];
  /** Resolves once the bots have `count` messages here. */
  answered(count: number, signal?: AbortSignal): Promise<string[]>;
  archive(on?: boolean): void;
  lock(on?: boolean): void;
  rename(name: string): void;
  /** Somebody is added to a thread. */
  add(who: Somebody): void;
  deny(who: Somebody, permission: Permission): void;
  allow(who: Somebody, permission: Permission): void;
  inherit(who: Somebody, permission: Permission): void;
  /** Direct messages: the person takes none any more. */
  close(on?: boolean): void;
}

export function channelHandle(scene: Scene, channel: Channel, speaker: User): ChannelHandle {
  const { world } = scene;
  const find = (id: string): Message => {
    const message = channel.messages.get(id);
    if (!message) throw new Error(`no message ${id} in channel ${channel.id}`);
    return message;
  };
  const thread = () => {
    if (!channel.thread) throw new Error(`channel ${channel.id} is no thread`);
    return channel.thread;
  };
  const answers = () => [...channel.messages.values()].flatMap((it) => (it.sent ? [it.content] : []));
  return {
    id: channel.id,
    channel,
    speaker,
    say: (text, options = {}) => say(scene, channel, speaker, text, options),
    edit: (id, text) => {
      const message = find(id);
      const mentions = findMentions(scene, channel, message.author, text, undefined, undefined);
      edit(scene, message, { content: text, mentions });
    },
    delete: (id) => {
      if (id === undefined) deleteChannel(scene, channel);
      else remove(scene, find(id));
    },
    transcript: () => lines(channel),
    answers,
    answered: (count, signal) =>
      waitOn(
        scene.bell,
        () => {
          const given = answers();
          return given.length >= count && given;
        },
        signal,
      ),
    archive: (on = true) => setArchived(scene, channel, on),
    lock: (on = true) => {
      thread().locked = on;
      dispatchChannel(scene, 'THREAD_UPDATE', channel);
    },
    rename: (name) => {
      channel.name = name;
      dispatchChannel(scene, channel.thread ? 'THREAD_UPDATE' : 'CHANNEL_UPDATE', channel);
    },
    add: (who) => {
      const bot = world.bots.get(who.id);
      if (bot) addToThread(scene, channel, bot);
      else thread().members.add(who.id);
    },
    deny: (who, permission) => overwrite(scene, channel, who.id, permission, 'deny'),
    allow: (who, permission) => overwrite(scene, channel, who.id, permission, 'allow'),
    inherit: (who, permission) => overwrite(scene, channel, who.id, permission, 'inherit'),
    close: (on = true) => {
      if (!channel.dialogue) throw new Error('only direct messages are closed');
      channel.dialogue.closed = on;
      ring(scene.bell);
    },
  };
}

function say(scene: Scene, channel: Channel, speaker: User, text: string, options: SayOptions): Said {
  const { world, clock } = scene;
  const { guild } = channel;
  const known = options.from ? world.users.get(options.from.id) : speaker;
  if (!known) throw new Error(`nobody has the id ${options.from?.id}`);
  const webhookId = options.webhook === undefined ? undefined : snowflake(world, clock.now());
  // The platform shows a webhook as a bot user with the webhook's own id.
  const author = webhookId === undefined ? known : { id: webhookId, username: options.webhook ?? '', bot: true };
  if (guild && webhookId === undefined) join(scene, guild, author);
  const role = [...(guild?.roles.values() ?? [])].find((it) => it.botId === options.mentionRole?.id);
  const prefix = `${options.mention ? `<@${options.mention.id}> ` : ''}${options.mentionRole && role ? `<@&${role.id}> ` : ''}`;
  const content = prefix + text;
  const replyTo = options.replyTo === undefined ? undefined : channel.messages.get(options.replyTo);
  // The answered message may be gone by now: the reference stays.
  const reference = options.replyTo === undefined ? undefined : { messageId: options.replyTo, channelId: channel.id };
  const pinged = options.silentReply ? undefined : replyTo;
  const { message, event } = post(scene, channel, {
    author,
    content,
    mentions: findMentions(scene, channel, author, content, undefined, pinged),
    type: options.type ?? (reference ? MessageType.reply : MessageType.default),
    replyTo,
    reference,
    webhookId,
    flags: options.flags,
    attachments: options.attachments ?? [],
    embeds: options.embeds ?? [],
    extra: options.extra ?? {},
    ...(options.id === undefined ? {} : { id: options.id }),
  });
  return { id: message.id, sessions: new Map(event.sessions.map((it) => [it.session_id, it.seq])) };
}

export function lines(channel: Channel): TranscriptLine[] {
  const spoken = [...channel.messages.values()].filter(
    (it) => it.type === MessageType.default || it.type === MessageType.reply,
  );
  return spoken.map((message) => ({
    who: shownName(message),
    fromBot: message.author.bot && message.webhookId === undefined,
    text: message.content,
    at: message.at,
    message_id: message.id,
    reply_to: message.reference?.messageId,
    edited: message.edited !== undefined,
    nonce: message.nonce,
    shown: shown(message.content),
    files: message.files,
  }));
}
