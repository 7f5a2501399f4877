import { ring, waitOn } from '../shared/bell.ts';
import type { Line } from '../simulator.ts';
import type { Somebody } from './apps.ts';
import { joinChannel, leaveChannel } from './places.ts';
import { edit, post, remove } from './posts.ts';
import type { Scene } from './scene.ts';
import { shown } from './shown.ts';
import { type Channel, type Message, shownName, type User } from './world.ts';

export interface SayOptions {
  /** A person, or a bot that speaks without the Web API. */
  readonly from?: Somebody;
  /** Starts with a mention of this user. */
  readonly mention?: Somebody;
  /** `ts` of the message that this answers in its thread. */
  readonly thread?: string;
  /** A reply that the channel shows too. */
  readonly broadcast?: boolean;
  readonly subtype?: string;
  readonly files?: readonly unknown[];
  readonly blocks?: readonly unknown[];
  /** Further fields as the platform names them. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

export interface SayAsBotOptions extends SayOptions {
  /** As older integrations post: `subtype: bot_message`, a name and no user. */
  readonly classic?: boolean;
  readonly username?: string;
}

export interface Said {
  readonly ts: string;
}

export interface TranscriptLine extends Line {
  readonly ts: string;
  /** The parent's `ts`, for replies. */
  readonly thread_ts: string | undefined;
  readonly edited: boolean;
  readonly metadata: unknown;
}

/** What a test holds of a channel or a direct message. */
export interface ChannelHandle {
  readonly id: string;
  readonly channel: Channel;
  readonly teamId: string;
  /** Who speaks unless told otherwise. */
  readonly speaker: User;
  say(text: string, options?: SayOptions): Said;
  /** Another app's bot; `from` a bot user of this simulator gives its ids. */
  sayAsBot(text: string, options?: SayAsBotOptions): Said;
  /** `message_changed` with another text. */
  edit(ts: string, text: string): void;
  /** `message_changed` with the same text: a link got its preview. */
  unfurl(ts: string): void;
  delete(ts: string): void;
  join(who: Somebody): void;
  /** Leaves, or is removed. */
  leave(who: Somebody): void;
  archive(on?: boolean): void;
  rename(name: string): void;
  /** All that is visible, answers as people see them, threads included, messages about joining and the like left out; oldest first. */
  transcript(): TranscriptLine[];
  /** What bots sent over the Web API, as people see it, in this thread only where one is named. */
  answers(thread?: string): string[];
  /** Resolves once the bots have `count` messages here. */
  answered(count: number, signal?: AbortSignal): Promise<string[]>;
}

export function channelHandle(scene: Scene, channel: Channel, speaker: User): ChannelHandle {
  const find = (ts: string): Message => {
    const message = channel.messages.get(ts);
    if (!message) throw new Error(`no message ${ts} in channel ${channel.id}`);
    return message;
  };
  const user = (who: Somebody): User => {
    const found = scene.world.users.get(who.id);
    if (!found) throw new Error(`no user ${who.id}`);
    return found;
  };
  const parentOf = ({ thread }: SayOptions) => {
    const named = thread === undefined ? undefined : find(thread);
    return named?.parent ?? named;
  };
  const answers = (thread?: string) =>
    [...channel.messages.values()]
      .filter((it) => it.sent && (thread === undefined || it.parent?.ts === thread))
      .map(shown);
  const body = (text: string, options: SayOptions) => ({
    text: options.mention ? `<@${options.mention.id}> ${text}` : text,
    parent: parentOf(options),
    broadcast: options.broadcast ?? false,
    subtype: options.subtype ?? (options.files ? 'file_share' : undefined),
    extra: {
      ...(options.files && { files: options.files, upload: false }),
      ...options.extra,
    },
    blocks: options.blocks,
  });
  return {
    id: channel.id,
    channel,
    teamId: channel.workspace.id,
    speaker,
    say: (text, options = {}) => {
      const from = options.from ? user(options.from) : speaker;
      channel.members.add(from.id);
      const ids = from.bot ?? { botId: undefined, appId: undefined };
      const { ts } = post(scene, channel, { ...body(text, options), user: from, ...ids });
      return { ts };
    },
    sayAsBot: (text, options = {}) => {
      const { from, classic, username } = options;
      const bot = from && user(from);
      const ids = bot?.bot ?? { botId: 'B0OTHERBOT', appId: 'A0OTHERAPP' };
      const said = body(text, options);
      const { ts } = post(scene, channel, {
        ...said,
        ...ids,
        subtype: said.subtype ?? (classic ? 'bot_message' : undefined),
        user: classic ? undefined : bot,
        username: bot && !classic ? undefined : (username ?? 'other bot'),
      });
      return { ts };
    },
    edit: (ts, text) => edit(scene, find(ts), { text }),
    unfurl: (ts) => {
      const attachments = [{ id: 1, from_url: 'https://example.com/', title: 'Example', fallback: 'Example' }];
      edit(scene, find(ts), { attachments });
    },
    delete: (ts) => remove(scene, find(ts)),
    join: (who) => joinChannel(scene, channel, user(who)),
    leave: (who) => leaveChannel(scene, channel, user(who)),
    archive: (on = true) => {
      channel.archived = on;
      ring(scene.bell);
    },
    rename: (name) => {
      channel.name = name;
      ring(scene.bell);
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
  };
}

const unspoken = new Set(['channel_join', 'channel_leave']);

function lines(channel: Channel): TranscriptLine[] {
  const spoken = [...channel.messages.values()].filter((it) => !it.deleted && !unspoken.has(it.subtype ?? ''));
  return spoken.map((message) => ({
    who: message.user?.bot ? `@${message.user.name}` : shownName(message),
    fromBot: message.botId !== undefined,
    text: message.sent ? shown(message) : message.text,
    at: message.at,
    ts: message.ts,
    thread_ts: message.parent?.ts,
    edited: message.edited !== undefined,
    metadata: message.metadata,
  }));
}
