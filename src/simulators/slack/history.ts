import { type Call, channelOf, flag, isIn, type Method, needHistory, text } from './call.ts';
import { pageOf } from './paging.ts';
import { Refusal } from './refusal.ts';
import { historyMessage } from './wire.ts';
import { type Message, readTs } from './world.ts';

/** Objects in one answer: 999 at most, 15 for the capped class [S4]. */
const most = 999;
const mostCapped = 15;

/** What stands in the channel itself, newest first. Replies are not there, unless broadcast. */
export const history: Method = (call) => {
  const { install, args } = call;
  const channel = channelOf(call);
  needHistory(install, channel);
  if (!isIn(install, channel)) throw new Refusal('not_in_channel');
  const within = range(call);
  const shown = [...channel.messages.values()].filter(
    (it) => (!it.parent || it.broadcast) && (!it.deleted || it.replies.length > 0) && within(it),
  );
  const limit = { usual: install.app.capped ? mostCapped : 100, most: install.app.capped ? mostCapped : most };
  const page = pageOf(args, shown.reverse(), (it) => it.ts, limit);
  const withMetadata = flag(args, 'include_all_metadata');
  return {
    messages: page.items.map((it) => historyMessage(it, withMetadata)),
    has_more: page.more,
    pin_count: 0,
    channel_actions_ts: null,
    channel_actions_count: 0,
    ...(page.more && { response_metadata: page.metadata }),
  };
};

/** The parent and what was answered to it, oldest first; the `ts` of a reply gives that reply alone. */
export const replies: Method = (call) => {
  const { scene, install, args } = call;
  const channel = channelOf(call);
  needHistory(install, channel);
  // Its documentation lists no `not_in_channel`.
  if (!isIn(install, channel)) throw new Refusal('channel_not_found');
  const within = range(call);
  const parent = channel.messages.get(text(args, 'ts') ?? '');
  if (!parent || (parent.deleted && parent.replies.length === 0)) throw new Refusal('thread_not_found');
  const withMetadata = flag(args, 'include_all_metadata');
  if (parent.parent) {
    scene.ledger.counts.reply_ts_as_parent++;
    return { messages: [historyMessage(parent, withMetadata)], has_more: false };
  }
  const { capped } = install.app;
  // The parent is always there and stands outside the limit; of the capped class's 15 it is one.
  const limit = { usual: capped ? mostCapped - 1 : 1000, most: capped ? mostCapped - 1 : 1000 };
  const page = pageOf(args, parent.replies.filter(within), (it) => it.ts, limit);
  return {
    messages: [parent, ...page.items].map((it) => historyMessage(it, withMetadata)),
    has_more: page.more,
    ...(page.more && { response_metadata: page.metadata }),
  };
};

/** `oldest` and `latest` are outside of the range, unless `inclusive`. */
function range({ args }: Call): (message: Message) => boolean {
  const edge = (name: 'oldest' | 'latest') => {
    const value = text(args, name);
    if (value === undefined || value === '') return undefined;
    const micros = readTs(value);
    if (micros === undefined) throw new Refusal(`invalid_ts_${name}`);
    return micros;
  };
  const oldest = edge('oldest');
  const latest = edge('latest');
  const inclusive = flag(args, 'inclusive');
  return ({ ts }) => {
    const micros = readTs(ts) ?? 0;
    if (oldest !== undefined && (inclusive ? micros < oldest : micros <= oldest)) return false;
    return latest === undefined || (inclusive ? micros <= latest : micros < latest);
  };
}
