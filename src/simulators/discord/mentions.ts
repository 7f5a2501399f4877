import { may } from './permissions.ts';
import type { Scene } from './scene.ts';
import type { Channel, Message, User } from './world.ts';

/** As in a request; undefined: everything in the text counts [D4]. */
export interface AllowedMentions {
  readonly parse?: readonly string[] | null | undefined;
  readonly users?: readonly string[] | null | undefined;
  readonly roles?: readonly string[] | null | undefined;
  readonly replied_user?: boolean | null | undefined;
}

export interface Mentions {
  readonly users: readonly User[];
  readonly roles: readonly string[];
  readonly everyone: boolean;
  /** The author of the answered message is among the users because of the reply, not of the text. */
  readonly replied: User | undefined;
}

/** Pure: what in a text would notify somebody, after what the sender allowed: ids, and `everyone`. */
export function mentionedIn(content: string, allowed: AllowedMentions | undefined) {
  const text = withoutCode(content);
  const parse = (kind: string) => allowed === undefined || allowed.parse?.includes(kind) === true;
  const ids = (token: RegExp, kind: string, list: readonly string[] | null | undefined) =>
    [...text.matchAll(token)].map(([, id = '']) => id).filter((id) => parse(kind) || list?.includes(id) === true);
  return {
    users: ids(/<@!?(\d+)>/g, 'users', allowed?.users),
    roles: ids(/<@&(\d+)>/g, 'roles', allowed?.roles),
    everyone: /@(everyone|here)\b/.test(text) && parse('everyone'),
  };
}

/** Whom a text notifies, after what the sender allowed and may do. */
export function findMentions(
  scene: Scene,
  channel: Channel,
  author: User,
  content: string,
  allowed: AllowedMentions | undefined,
  answered: Message | undefined,
): Mentions {
  const named = mentionedIn(content, allowed);
  const users = new Map<string, User>();
  for (const id of named.users) {
    const user = scene.world.users.get(id);
    if (user) users.set(id, user);
  }
  const roles = new Set(named.roles.filter((id) => channel.guild?.roles.has(id)));
  const everyone =
    named.everyone && channel.guild !== undefined && may(channel, author.id, 'MENTION_EVERYONE', scene.clock.now());
  const notifies = allowed === undefined || allowed.replied_user === true;
  const replied = answered && notifies ? answered.author : undefined;
  if (replied) users.set(replied.id, replied);
  return { users: [...users.values()], roles: [...roles], everyone, replied };
}

/** `everyone`, and the ids of the roles and users that the text itself notifies. */
export function pingsOf(mentions: Mentions, content: string): string[] {
  const users = mentions.users.filter(
    (user) => user !== mentions.replied || new RegExp(`<@!?${user.id}>`).test(content),
  );
  return [...(mentions.everyone ? ['everyone'] : []), ...mentions.roles, ...users.map((user) => user.id)];
}

const suppressEmbeds = 1 << 2;

/** A link that is neither wrapped in <> nor in code nor covered by SUPPRESS_EMBEDS shows a preview [D4]. */
export function showsPreview(content: string, flags: number): boolean {
  return (flags & suppressEmbeds) === 0 && /(^|[^<])https?:\/\/[^\s\\]/.test(withoutCode(content));
}

/**
 * Does it hold the address of an invite, a gift or a template without its scheme? The apps put one before it, and show a
 * card of it, whatever the flags say: so it was read in their code, and not tried.
 */
export function opensCard(content: string): boolean {
  const text = withoutShownCode(content).replace(/<https?:[^<>\s]*>/g, ' ');
  return /(?<!\/\/)\bdiscord(?:app)?\.(?:(?:gg|gift|new)|com\/(?:invite|template|gifts|events))\/[\w-]/i.test(text);
}

/** As the apps see code: what a backslash stands before begins none. */
function withoutShownCode(content: string): string {
  return content.replace(/\\[^0-9A-Za-z\s]|```[\s\S]*?```|(`+)[\s\S]*?[^`]\1(?!`)/g, (found) =>
    found.startsWith('`') ? ' ' : found,
  );
}

function withoutCode(content: string): string {
  return content.replace(/```[\s\S]*?```|(?<![`\\])(``?)(?!`)[^\n]*?[^`\n]\1(?!`)/g, ' ');
}
