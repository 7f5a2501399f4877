import { ring } from '../shared/bell.ts';
import { emit } from './dispatch.ts';
import { post } from './posts.ts';
import type { Scene } from './scene.ts';
import { type Channel, type ChannelKind, nextId, type User, type Workspace } from './world.ts';

export interface ChannelOptions {
  readonly name?: string;
  readonly kind?: ChannelKind;
  /** People and bots that are in it from the start, without a word about their joining. */
  readonly members?: readonly { readonly id: string }[];
}

const letters: Readonly<Record<ChannelKind, string>> = { public: 'C', private: 'C', im: 'D', mpim: 'C' };

export function createChannel(scene: Scene, workspace: Workspace, options: ChannelOptions): Channel {
  const { world } = scene;
  const kind = options.kind ?? 'public';
  const id = nextId(world, letters[kind]);
  const channel: Channel = {
    id,
    workspace,
    kind,
    name: options.name ?? id.toLowerCase(),
    archived: false,
    members: new Set((options.members ?? []).map((it) => it.id)),
    messages: new Map(),
    lastTs: 0,
  };
  world.channels.set(id, channel);
  ring(scene.bell);
  return channel;
}

/** The direct message of exactly these two, made when there is none. */
export function openDialogue(scene: Scene, workspace: Workspace, members: readonly User[]): Channel {
  const kind = members.length > 2 ? 'mpim' : 'im';
  for (const channel of scene.world.channels.values()) {
    if (channel.kind !== kind || channel.workspace !== workspace || channel.members.size !== members.length) continue;
    if (members.every((it) => channel.members.has(it.id))) return channel;
  }
  return createChannel(scene, workspace, { kind, members });
}

/** Says so in the channel, as the platform does: a message with a subtype and an event of its own. */
export function joinChannel(scene: Scene, channel: Channel, user: User): void {
  if (channel.members.has(user.id)) return;
  channel.members.add(user.id);
  const text = `<@${user.id}> has joined the channel`;
  const { ts } = post(scene, channel, { user, text, subtype: 'channel_join' });
  emit(scene, channel.workspace, {
    name: 'member_joined_channel',
    channel,
    event: {
      type: 'member_joined_channel',
      user: user.id,
      channel: channel.id,
      channel_type: channel.kind === 'private' ? 'G' : 'C',
      team: channel.workspace.id,
      event_ts: ts,
    },
  });
}

export function leaveChannel(scene: Scene, channel: Channel, user: User): void {
  if (!channel.members.has(user.id)) return;
  const text = `<@${user.id}> has left the channel`;
  const { ts } = post(scene, channel, { user, text, subtype: 'channel_leave' });
  channel.members.delete(user.id);
  if (!user.bot) return;
  emit(scene, channel.workspace, {
    name: 'channel_left',
    only: user.bot.appId,
    event: { type: 'channel_left', channel: channel.id, actor_id: user.id, event_ts: ts },
  });
}
