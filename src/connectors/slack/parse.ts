import type { Integration } from '../../core/integration.ts';
import type { Author, InboundMessage, Place } from '../../core/message.ts';
import { oneLine, storable } from '../../core/text.ts';
import { isDirect, repliesInThread, routeAt } from './places.ts';
import { isTs, tsMs } from './ts.ts';
import type { WireMessage } from './wire.ts';

/** The bot we speak for. */
export interface Self {
  readonly team: string;
  readonly userId: string;
  readonly botId?: string;
  readonly appId?: string;
}

export interface ParseContext {
  readonly self: Self;
  readonly channel: string;
  readonly channelType?: string;
  /** The platform itself says that the bot was mentioned (`app_mention`). */
  readonly mentioned?: boolean;
  /** The bot takes part in this thread: whoever writes there replies to it, unless they call somebody else. */
  readonly joined?: (root: string) => boolean;
  /** The integrations on the bot: where an answer will go decides which conversation this is. */
  readonly routes: readonly Integration[];
  /** The name that people know somebody by, if it is at hand. */
  readonly nameOf: (userId: string) => string | undefined;
}

/** What a person posted. All other subtypes are announcements, edits and deletions (platforms.md §3.2.5). */
const SPOKEN: readonly string[] = ['file_share', 'thread_broadcast', 'me_message'];

const MAX_NAME = 80;
const SLACKBOT = 'USLACKBOT';

/**
 * Undefined when it is not a message for us. Events, sockets and history give the same message the same id, so `message`
 * and `app_mention` of one post are one.
 */
export function parseMessage(raw: WireMessage, context: ParseContext): InboundMessage | undefined {
  const { self, channel } = context;
  const { ts, subtype } = raw;
  if (!isTs(ts) || raw.hidden === true) return undefined;
  if (subtype !== undefined && !SPOKEN.includes(subtype)) return undefined;
  const author = authorOf(raw, context);
  if (!author) return undefined;
  const root = isTs(raw.thread_ts) && raw.thread_ts !== ts ? raw.thread_ts : undefined;
  const said = typeof raw.text === 'string' ? raw.text : '';
  const direct = context.channelType === 'im' || isDirect(channel);
  return {
    id: messageId(channel, ts),
    at: placeOf(context, direct, ts, root),
    author,
    text: storable(textOf(said, context)),
    sentAt: tsMs(ts),
    addressed:
      direct ||
      context.mentioned === true ||
      mentionOf(self.userId).test(said) ||
      (root !== undefined &&
        (raw.parent_user_id === self.userId || context.joined?.(root) === true) &&
        !CALLS.test(said)),
    ...(root !== undefined && { replyTo: messageId(channel, root) }),
    // A direct message between several people is no such place, whoever of them is spoken to.
    ...(direct && { direct: true }),
  };
}

export function messageId(channel: string, ts: string): string {
  return `${channel}/${ts}`;
}

/** The bot of a stored identity and profile. */
export function selfOf(identity: string, profile: Readonly<Record<string, unknown>>): Self {
  const [team = '', userId = ''] = identity.split('/');
  const { botId, appId } = profile;
  return {
    team,
    userId,
    ...(typeof botId === 'string' && botId !== '' && { botId }),
    ...(typeof appId === 'string' && appId !== '' && { appId }),
  };
}

/**
 * A thread is a conversation, and a message that opens none yet will have its answer in one: they share its key. Where
 * answers go to the channel itself, so does the conversation. A direct message is one conversation, but for threads in it.
 */
function placeOf({ self, channel, routes }: ParseContext, direct: boolean, ts: string, root?: string): Place {
  const opens = !direct && repliesInThread(routeAt(routes, channel)?.settings ?? {});
  const thread = root ?? (opens ? ts : undefined);
  return { scope: self.team, channel, ...(thread !== undefined && { thread }) };
}

function authorOf(raw: WireMessage, { self, nameOf }: ParseContext): Author | undefined {
  const { user, bot_id: bot, app_id: app } = raw;
  const id = typeof user === 'string' && user !== '' ? user : bot;
  if (typeof id !== 'string' || id === '') return undefined;
  const ours = user === self.userId || (bot && bot === self.botId) || (app && app === self.appId && bot);
  const profile = raw.user_profile;
  const names = [nameOf(id), profile?.display_name, profile?.real_name, profile?.name, raw.bot_profile?.name];
  const name = names.map((one) => oneLine(typeof one === 'string' ? one : '', MAX_NAME)).find(Boolean);
  const kind = ours ? 'self' : bot || id === SLACKBOT ? 'bot' : 'person';
  // Without a name the id tells the people of a channel apart.
  return { id, name: name ?? (oneLine(id, MAX_NAME) || 'Someone'), kind };
}

/** It begins with somebody's name: they are meant, and not who else takes part. */
const CALLS = /^\s*<@[UW][A-Z0-9]+(?:\|[^<>]*)?>/;

function mentionOf(userId: string): RegExp {
  return new RegExp(`<@${userId}(?:\\|[^<>]*)?>`);
}

/**
 * What was said, for a reader who does not know the platform's tokens [S12]. A mention of the bot at the very start only
 * serves to call it and goes; a message that is nothing else keeps it, or it would say nothing.
 */
function textOf(said: string, { self, nameOf }: ParseContext): string {
  const rest = said.replace(new RegExp(`^(?:\\s*<@${self.userId}(?:\\|[^<>]*)?>(?:\\s*[,:;])?)+\\s*`), '');
  return readable(rest.trim() === '' ? said : rest, nameOf);
}

/** One pass, so that what a person typed as `&lt;@U1&gt;` is not taken for a token once it is decoded. */
function readable(text: string, nameOf: ParseContext['nameOf']): string {
  return text.replace(/<([^<>]{1,4000})>|&(amp|lt|gt);/g, (whole: string, token?: string, entity?: string) =>
    token === undefined ? (ENTITIES[entity ?? ''] ?? whole) : meaningOf(token, nameOf, whole),
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>' };

function decode(text: string): string {
  return text.replace(/&(amp|lt|gt);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
}

function meaningOf(token: string, nameOf: ParseContext['nameOf'], whole: string): string {
  const bar = token.indexOf('|');
  const target = bar === -1 ? token : token.slice(0, bar);
  const label = bar === -1 ? '' : decode(token.slice(bar + 1));
  if (target.startsWith('@')) {
    const name = oneLine(nameOf(target.slice(1)) ?? label, MAX_NAME);
    return name === '' ? whole : `@${name.replace(/^@/, '')}`;
  }
  if (target.startsWith('#')) return label === '' ? whole : `#${label.replace(/^#/, '')}`;
  if (target.startsWith('!')) return special(target.slice(1), label);
  const url = decode(target);
  // The platform makes a link of whatever looks like one, and repeats what was typed as its label.
  return label === '' || withoutScheme(url) === withoutScheme(label) ? label || url : `${label} (${url})`;
}

/** `<!here>`, `<!channel|channel>`, `<!subteam^S1|@team>`, `<!date^1^{date}|fallback>`. */
function special(command: string, label: string): string {
  const [name = '', ...details] = command.split('^');
  if (name === 'date') return label;
  if (label !== '') return `@${label.replace(/^@/, '')}`;
  return details.length > 0 ? '@group' : `@${name}`;
}

function withoutScheme(link: string): string {
  return link.replace(/^(?:https?:\/\/|mailto:|tel:)/i, '').replace(/\/$/, '');
}
