import type { Author, InboundMessage, Place, Quote } from '../../core/message.ts';
import { cut, oneLine, storable } from '../../core/text.ts';
import { madeAt, type WireMessage, type WireUser } from './wire.ts';

/** The bot we speak for. */
export interface Self {
  readonly id: string;
  /** Its own roles, one per guild: a mention of such a role is meant for the bot [D9]. */
  readonly roleIds: ReadonlySet<string>;
}

/** DEFAULT and REPLY; all other types are the platform's own announcements: joins, pins, thread starters [D4]. */
const SPOKEN: readonly number[] = [0, 19];
/** Seen by one person only [D4]. */
const EPHEMERAL = 1 << 6;
/** A forward refers to a message as well, but replies to nothing [D4]. */
const FORWARD = 1;

const MAX_NAME = 80;
const MAX_QUOTE = 1_000;

/** Undefined when it is not a message for us. `parent` is the channel that holds the thread it was posted in. */
export function parse(message: WireMessage, self: Self, parent?: string): InboundMessage | undefined {
  if (!SPOKEN.includes(message.type ?? 0) || ((message.flags ?? 0) & EPHEMERAL) !== 0) return undefined;
  const repliedTo = message.message_reference?.type === FORWARD ? undefined : message.message_reference?.message_id;
  const quote = repliedTo ? quoteOf(message, self) : undefined;
  return {
    id: message.id,
    at: placeOf(message, parent),
    author: authorOf(message, self),
    text: storable(textOf(message, self)),
    sentAt: Date.parse(message.timestamp ?? '') || madeAt(message.id),
    addressed: isAddressed(message, self),
    ...(repliedTo && { replyTo: repliedTo }),
    ...(quote && { quote }),
    ...(!message.guild_id && { direct: true }),
  };
}

/** What it replies to, as far as it was given and says something. */
function quoteOf({ referenced_message: said }: WireMessage, self: Self): Quote | undefined {
  const text = said ? cut(storable(textOf(said, self)), MAX_QUOTE) : '';
  return said && text.trim() !== '' ? { name: authorOf(said, self).name, text } : undefined;
}

/** Where it was posted; `parent` as in `parse`. */
export function placeOf({ guild_id: scope, channel_id }: WireMessage, parent: string | undefined): Place {
  if (!scope) return { channel: channel_id };
  return parent === undefined ? { scope, channel: channel_id } : { scope, channel: parent, thread: channel_id };
}

function authorOf({ author, member, webhook_id }: WireMessage, self: Self): Author {
  const id = String(author?.id ?? webhook_id ?? '0');
  const name = nameOf(author, member?.nick);
  if (id === self.id) return { id, name, kind: 'self' };
  // A webhook posts under any name it likes; nobody reads an answer there.
  if (webhook_id || !author?.id) return { id, name, kind: 'system' };
  return { id, name, kind: author.bot ? 'bot' : 'person' };
}

function nameOf(user: WireUser | undefined, nick?: string | null): string {
  for (const name of [nick, user?.global_name, user?.username]) {
    const line = oneLine(name ?? '', MAX_NAME);
    if (line !== '') return line;
  }
  return 'Someone';
}

/** `@everyone` is meant for everyone and so for nobody (platforms.md §1.2). A reply that pings is a mention, too. */
function isAddressed(message: WireMessage, self: Self): boolean {
  const { mentions, mention_roles, referenced_message, content, guild_id } = message;
  return (
    !guild_id ||
    mentions?.some(({ id }) => id === self.id) === true ||
    mention_roles?.some((id) => self.roleIds.has(id)) === true ||
    (referenced_message?.author?.id === self.id && message.message_reference?.type !== FORWARD) ||
    new RegExp(`<@!?${self.id}>`).test(content ?? '')
  );
}

/**
 * What was said, for a reader who does not know the platform's tokens: mentions become names. A mention of the bot at
 * the very start only serves to call it and goes; a message that is nothing else keeps it, or it would say nothing.
 */
function textOf(message: WireMessage, self: Self): string {
  const said = message.content || message.message_snapshots?.[0]?.message?.content || '';
  const ours = [`@!?${self.id}`, ...[...self.roleIds].map((id) => `@&${id}`)].join('|');
  const rest = said.replace(new RegExp(`^(?:\\s*<(?:${ours})>)+\\s*[,:;]?\\s*`), '');
  return readable(rest.trim() === '' ? said : rest, message);
}

function readable(text: string, { mentions = [] }: WireMessage): string {
  return text
    .replace(/<@!?(\d{1,20})>/g, (token, id) => {
      const user = mentions.find((one) => one.id === id);
      return user ? `@${nameOf(user, user.member?.nick)}` : token;
    })
    .replace(/<a?(:\w{1,64}:)\d{1,20}>/g, '$1');
}
