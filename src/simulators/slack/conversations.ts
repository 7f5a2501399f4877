import { type Call, channelOf, flag, isIn, type Method, needRead, needScope, text } from './call.ts';
import { pageOf } from './paging.ts';
import { joinChannel, openDialogue } from './places.ts';
import { Refusal } from './refusal.ts';
import { wireChannel } from './wire.ts';
import type { Channel, ChannelKind } from './world.ts';

const kinds: Readonly<Record<string, ChannelKind>> = {
  public_channel: 'public',
  private_channel: 'private',
  im: 'im',
  mpim: 'mpim',
};
const pageLimit = { usual: 100, most: 999 };

export const info: Method = (call) => {
  const channel = channelOf(call);
  needRead(call.install, channel);
  const members = flag(call.args, 'include_num_members') ? { num_members: channel.members.size } : {};
  return { channel: { ...wireChannel(channel, call.install.user), ...members } };
};

export const join: Method = (call) => {
  const { scene, install } = call;
  const channel = channelOf(call);
  if (channel.kind !== 'public') throw new Refusal('method_not_supported_for_channel_type');
  if (channel.archived) throw new Refusal('is_archived');
  const already = isIn(install, channel) ? { warning: 'already_in_channel' } : {};
  joinChannel(scene, channel, install.user);
  return { channel: wireChannel(channel, install.user), ...already };
};

/** Everything of the workspace that the bot may know of. */
export const list: Method = (call) => {
  const { install } = call;
  return listed(call, (it) => it.kind === 'public' || isIn(install, it));
};

/** What the bot is in. */
export const own: Method = (call) => listed(call, (it) => isIn(call.install, it));

function listed(call: Call, visible: (channel: Channel) => boolean) {
  const { scene, install, args } = call;
  const names = (text(args, 'types') ?? 'public_channel').split(',').map((it) => it.trim());
  const wanted = names.map((name) => kinds[name]);
  if (wanted.includes(undefined)) throw new Refusal('invalid_types');
  for (const kind of wanted) needScope(install, readScope(kind ?? 'public'));
  const all = [...scene.world.channels.values()].filter(
    (it) =>
      it.workspace === install.workspace &&
      wanted.includes(it.kind) &&
      visible(it) &&
      !(it.archived && flag(args, 'exclude_archived')),
  );
  const page = pageOf(args, all, (it) => it.id, pageLimit);
  return { channels: page.items.map((it) => wireChannel(it, install.user)), response_metadata: page.metadata };
}

function readScope(kind: ChannelKind): string {
  return { public: 'channels:read', private: 'groups:read', im: 'im:read', mpim: 'mpim:read' }[kind];
}

export const open: Method = (call) => {
  const { scene, install, args } = call;
  const named = text(args, 'channel');
  if (named !== undefined) {
    const channel = channelOf(call);
    if (channel.kind !== 'im' && channel.kind !== 'mpim') throw new Refusal('method_not_supported_for_channel_type');
    return { no_op: true, already_open: true, channel: { id: channel.id } };
  }
  const ids = (text(args, 'users') ?? '').split(',').filter((it) => it !== '');
  if (ids.length === 0) throw new Refusal('users_list_not_supplied');
  if (ids.length > 8) throw new Refusal('too_many_users');
  needScope(install, ids.length > 1 ? 'mpim:write' : 'im:write');
  const users = ids.map((id) => scene.world.users.get(id));
  const people = users.flatMap((it) => (it && it.workspace === install.workspace && it !== install.user ? [it] : []));
  if (people.length !== ids.length) throw new Refusal('user_not_found');
  const channel = openDialogue(scene, install.workspace, [install.user, ...people]);
  return { channel: flag(args, 'return_im') ? wireChannel(channel, install.user) : { id: channel.id } };
};
