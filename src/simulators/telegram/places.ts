import { ring } from '../shared/bell.ts';
import { announce, tellMembership } from './posts.ts';
import type { Scene } from './scene.ts';
import { chatJson, statusJson, userJson } from './wire.ts';
import {
  type Bot,
  type Chat,
  dialogueKey,
  isMember,
  type Member,
  type MemberStatus,
  makeChat,
  type Person,
  type Topic,
} from './world.ts';

/** Who is where, and what becomes of the place. */
export function makeDialogue(scene: Scene, bot: Bot, person: Person, started: boolean): Chat {
  const key = dialogueKey(bot.person.id, person.id);
  const known = scene.world.dialogues.get(key);
  if (known) return known;
  const chat = makeChat(scene.world, 'private', person.id, person.firstName);
  chat.dialogue = { bot, person, started, blocked: false };
  setMember(chat, bot.person, 'member');
  setMember(chat, person, 'member');
  chat.bots.set(bot.person.id, bot);
  scene.world.dialogues.set(key, chat);
  return chat;
}

export function setMember(chat: Chat, person: Person, status: MemberStatus, privacy = true): Member {
  const member: Member = { person, status, privacy };
  chat.members.set(person.id, member);
  return member;
}

export function addPerson(scene: Scene, chat: Chat, person: Person, by: Person): void {
  setMember(chat, person, 'member');
  if (chat.type !== 'channel') announce(scene, chat, by, { new_chat_members: [userJson(person)] });
}

/** The bot's privacy setting counts from here on, until it is added again [T3]. */
export function addBot(scene: Scene, chat: Chat, bot: Bot, by: Person, status: 'member' | 'administrator'): void {
  const before = statusJson(chat, bot.person);
  setMember(chat, bot.person, status, bot.privacy);
  chat.bots.set(bot.person.id, bot);
  chat.muted.delete(bot.person.id);
  tellMembership(scene, chat, bot, by, before);
  if (chat.type !== 'channel') announce(scene, chat, by, { new_chat_members: [userJson(bot.person)] });
}

/** Removes (`left`: may be added again without more ado) or bans (`kicked`) a bot or a person. */
export function removeMember(scene: Scene, chat: Chat, person: Person, by: Person, status: 'left' | 'kicked'): void {
  const before = statusJson(chat, person);
  setMember(chat, person, status);
  const bot = chat.bots.get(person.id);
  chat.bots.delete(person.id);
  if (bot) tellMembership(scene, chat, bot, by, before);
  if (chat.type !== 'channel') announce(scene, chat, by, { left_chat_member: userJson(person) });
}

export function setAdmin(scene: Scene, chat: Chat, person: Person, by: Person, admin: boolean): void {
  const before = statusJson(chat, person);
  const member = chat.members.get(person.id) ?? setMember(chat, person, 'member');
  member.status = admin ? 'administrator' : 'member';
  const bot = chat.bots.get(person.id);
  if (bot) tellMembership(scene, chat, bot, by, before);
}

export function setBlocked(scene: Scene, chat: Chat, blocked: boolean): void {
  const { dialogue } = chat;
  if (!dialogue || dialogue.blocked === blocked) return;
  const before = statusJson(chat, dialogue.bot.person);
  dialogue.blocked = blocked;
  setMember(chat, dialogue.bot.person, blocked ? 'kicked' : 'member');
  tellMembership(scene, chat, dialogue.bot, dialogue.person, before);
}

/** A topic is called by the id of the message that announced it. */
export function createTopic(scene: Scene, chat: Chat, by: Person, name: string): Topic {
  const id = chat.nextMessageId;
  const topic: Topic = { id, name, closed: false };
  chat.topics.set(id, topic);
  announce(scene, chat, by, {
    forum_topic_created: { name, icon_color: 7322096 },
    message_thread_id: id,
    is_topic_message: true,
  });
  return topic;
}

export function setTopicClosed(scene: Scene, chat: Chat, by: Person, id: number, closed: boolean): void {
  const topic = chat.topics.get(id);
  if (!topic) throw new Error(`no topic ${id} in chat ${chat.id}`);
  topic.closed = closed;
  announce(
    scene,
    chat,
    by,
    closed ? { forum_topic_closed: {} } : { forum_topic_reopened: {} },
    id === 1 ? undefined : id,
  );
}

export function deleteTopic(scene: Scene, chat: Chat, id: number): void {
  chat.topics.delete(id);
  for (const message of [...chat.messages.values()]) if (message.thread === id) chat.messages.delete(message.id);
  ring(scene.bell);
}

/** A group becomes a supergroup: a new chat with a new id; both sides say so (platforms.md §2.2). */
export function migrate(scene: Scene, chat: Chat, by: Person): Chat {
  if (chat.type !== 'group') throw new Error('only a group can become a supergroup');
  const { world } = scene;
  const next = makeChat(world, 'supergroup', world.nextSupergroupId--, chat.title);
  for (const member of chat.members.values()) {
    if (isMember(member.status)) setMember(next, member.person, member.status, member.privacy);
  }
  for (const [id, bot] of chat.bots) next.bots.set(id, bot);
  announce(scene, chat, by, { migrate_to_chat_id: next.id });
  chat.migratedTo = next;
  announce(scene, next, by, { migrate_from_chat_id: chat.id });
  return next;
}

/** A channel's posts appear in its group from now on. */
export function link(channel: Chat, group: Chat): void {
  channel.linked = group;
  group.linked = channel;
}

export function describe(chat: Chat): Record<string, unknown> {
  return { ...chatJson(chat), topics: [...chat.topics.values()] };
}
