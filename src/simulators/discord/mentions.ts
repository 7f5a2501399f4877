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

/** Whom a text notifies, after what the sender allowed and may do. */
export function findMentions(
  scene: Scene,
  channel: Channel,
  author: User,
  content: string,
  allowed: AllowedMentions | undefined,
  answered: Message | undefined,
): Mentions {
  const text = content.replace(/```[\s\S]*?```|`[^`\n]*`/g, ' ');
  const parse = (kind: string) => allowed === undefined || allowed.parse?.includes(kind) === true;
  const permitted = (kind: string, list: readonly string[] | null | undefined, id: string) =>
    parse(kind) || list?.includes(id) === true;
  const users = new Map<string, User>();
  for (const [, id = ''] of text.matchAll(/<@!?(\d+)>/g)) {
    const user = scene.world.users.get(id);
    if (user && permitted('users', allowed?.users, id)) users.set(id, user);
  }
  const roles = new Set<string>();
  for (const [, id = ''] of text.matchAll(/<@&(\d+)>/g)) {
    if (channel.guild?.roles.has(id) && permitted('roles', allowed?.roles, id)) roles.add(id);
  }
  const loud = /@(everyone|here)\b/.test(text) && parse('everyone');
  const everyone =
    loud && channel.guild !== undefined && may(channel, author.id, 'MENTION_EVERYONE', scene.clock.now());
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

/** A link that is neither wrapped in <> nor covered by SUPPRESS_EMBEDS shows a preview [D4]. */
export function showsPreview(content: string, flags: number): boolean {
  return (flags & suppressEmbeds) === 0 && /(^|[^<])https?:\/\/\S/.test(content);
}
