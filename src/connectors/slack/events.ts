import type { Addressee, Intake, Listener } from '../../core/hook.ts';
import type { Cursor, InboundMessage } from '../../core/message.ts';
import { parseMessage, type Self, selfOf } from './parse.ts';
import { CURSOR, routeAt, willAnswer } from './places.ts';
import { compareTs, isTs, newestTs, tsBefore, tsEarlier } from './ts.ts';
import { isObject, type WireOuter } from './wire.ts';

/**
 * Whom an event concerns: the bot that it was sent for, if it is named; else all of the workspace, of which `eventIntake`
 * picks the right one.
 */
export function addresseeOf(outer: WireOuter): Addressee {
  const team = String(outer.team_id ?? '');
  const bot = authorizationsOf(outer).find(({ is_bot: is, user_id: id }) => is === true && isNamed(id));
  // In a channel that several workspaces share the event may name another one's [S1].
  return bot ? { identity: `${isNamed(bot.team_id) ? bot.team_id : team}/${bot.user_id}` } : { scope: team };
}

/**
 * What one event means to a bot, whether it came by HTTP or by a socket. Undefined when it is of another workspace or
 * another app. An event moves no position in a channel, because others may be missing before it. `now`: ms since 1970.
 */
export function eventIntake(
  outer: WireOuter,
  { bot, routes, cursors }: Listener,
  now: number,
  nameOf: (userId: string) => string | undefined = () => undefined,
): Intake | undefined {
  const self = selfOf(bot.identity, bot.profile);
  if (outer.type !== 'event_callback' || !isMeantFor(outer, self)) return undefined;
  const event = isObject(outer.event) ? (outer.event as NonNullable<WireOuter['event']>) : {};
  switch (event.type) {
    case 'app_uninstalled':
      return isFresh(outer, now) ? { ...NOTHING, revoked: true } : NOTHING;
    case 'tokens_revoked':
      return tokensOf(event).includes(self.userId) && isFresh(outer, now) ? { ...NOTHING, revoked: true } : NOTHING;
    case 'message':
    case 'app_mention':
      break;
    default:
      return NOTHING;
  }
  const { channel, ts, channel_type: channelType } = event;
  if (typeof channel !== 'string' || !isChannel(channel) || !isTs(ts) || isBelowFloor(cursors, channel, ts)) {
    return NOTHING;
  }
  const own = String(bot.profile['name'] ?? '');
  const message = parseMessage(event, {
    self,
    channel,
    ...(typeof channelType === 'string' && { channelType }),
    mentioned: event.type === 'app_mention',
    joined: (root) => cursors.has(CURSOR.thread(channel, root)),
    routes,
    nameOf: (id) => nameOf(id) ?? (id === self.userId && own !== '' ? own : undefined),
  });
  if (!message) return NOTHING;
  return { messages: [message], cursors: followed(message, ts, { routes, cursors }) };
}

const NOTHING: Intake = { messages: [], cursors: [] };

/** What nobody took comes again at once, after one minute and after five [S19]. */
const FRESH_MS = 30_000;

/**
 * What is told late may be about a token that has a successor by now: its owner has installed the app anew meanwhile. So only
 * fresh news count; a token that died without them shows with its next call, within minutes.
 */
function isFresh({ event_time: seconds }: WireOuter, now: number): boolean {
  return typeof seconds === 'number' && Math.abs(now - seconds * 1000) <= FRESH_MS;
}

/** Replies older than this are too old to be answered (core/policy.ts), or were read before the thread was forgotten, s. */
const BACK_S = 24 * 60 * 60;

/**
 * A thread in which the bot is going to answer is read from here on, because history tells nothing of replies [S-i6]. One
 * that is read already keeps its position. A message that does not open the thread may follow on others that nobody was
 * told of: where all are answered it is read from its beginning.
 */
export function followed(
  message: InboundMessage,
  ts: string,
  { routes, cursors }: Pick<Listener, 'routes' | 'cursors'>,
): readonly Cursor[] {
  const { channel, thread } = message.at;
  if (thread === undefined || !willAnswer(message, routes)) return [];
  const name = CURSOR.thread(channel, thread);
  if (cursors.has(name)) return [];
  const goesBack = ts !== thread && isTs(thread) && routeAt(routes, channel)?.autoRespond;
  const value = goesBack ? newestTs(tsBefore(thread), tsEarlier(ts, BACK_S)) : ts;
  return [{ name, value: value ?? ts }];
}

/** Was it posted before listening began? */
export function isBelowFloor(cursors: ReadonlyMap<string, string>, channel: string, ts: string): boolean {
  const floor = cursors.get(CURSOR.floorOf(channel));
  return isTs(floor) && compareTs(ts, floor) <= 0;
}

/** It becomes part of names in which colons and slashes separate. */
function isChannel(id: string): boolean {
  return /^[CGD][A-Z0-9]{1,40}$/.test(id);
}

/**
 * In a channel that several workspaces share, the authorization names ours where the event names another's [S1]. Apps of one
 * workspace are told apart by the app's id or else by the bot's name; where both are missing it is nobody's.
 */
function isMeantFor(outer: WireOuter, self: Self): boolean {
  const { team_id: team, api_app_id: app } = outer;
  const knowsApp = self.appId !== undefined && isNamed(app);
  if (knowsApp && app !== self.appId) return false;
  const named = authorizationsOf(outer).filter((one) => one.is_bot === true);
  const ours = named.some((one) => one.user_id === self.userId);
  if (!knowsApp && !ours) return false;
  return team === self.team || (ours && named.some((one) => one.team_id === self.team));
}

function isNamed(id: unknown): id is string {
  return typeof id === 'string' && id !== '';
}

function authorizationsOf({ authorizations }: WireOuter): NonNullable<WireOuter['authorizations']> {
  return Array.isArray(authorizations) ? authorizations.filter(isObject) : [];
}

/** The bot users whose tokens are dead; a person's tokens are none of our business. */
function tokensOf(event: NonNullable<WireOuter['event']>): readonly string[] {
  const list = event.tokens?.bot;
  return Array.isArray(list) ? list : [];
}
