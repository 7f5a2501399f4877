import { badRequest, forbidden } from './refusal.ts';
import {
  type Bot,
  type Chat,
  dialogueKey,
  findChat,
  findPerson,
  isAdmin,
  isMember,
  type Message,
  type World,
} from './world.ts';

/** Which chat is meant and what this bot may do in it; texts are the server's (check_chat_access [T7]). */
export type Right = 'read' | 'write' | 'edit';

export function checkChat(world: World, bot: Bot, name: string, right: Right): Chat {
  if (name === '') throw badRequest('chat_id is empty');
  const chat = findChat(world, bot.person.id, name);
  if (!chat) {
    const person = findPerson(world, Number.parseInt(name, 10));
    if (person && right === 'write' && !person.isBot) throw forbidden("bot can't initiate conversation with a user");
    if (person?.isBot && right === 'write') throw forbidden("bot can't send messages to bots");
    throw badRequest('chat not found');
  }
  if (chat.dialogue) checkDialogue(chat, right);
  else checkGroup(chat, bot, right);
  return chat;
}

function checkDialogue(chat: Chat, right: Right): void {
  const { dialogue } = chat;
  if (!dialogue || right === 'read') return;
  if (dialogue.person.deactivated) throw forbidden('user is deactivated');
  if (right !== 'write') return;
  if (!dialogue.started) throw forbidden("bot can't initiate conversation with a user");
  if (dialogue.blocked) throw forbidden('bot was blocked by the user');
}

function checkGroup(chat: Chat, bot: Bot, right: Right): void {
  const status = chat.members.get(bot.person.id)?.status;
  if (chat.type === 'group') {
    if (chat.migratedTo && right === 'write') {
      throw badRequest('group chat was upgraded to a supergroup chat', { migrate_to_chat_id: chat.migratedTo.id });
    }
    if (chat.migratedTo) return;
    if (chat.deleted && right === 'write') throw forbidden('the group chat was deleted');
    if (chat.deleted) return;
    if (right === 'read' && status !== undefined) return;
  }
  const kind = `${chat.type} chat`;
  if (status === undefined && chat.username === undefined) throw badRequest('chat not found');
  if (status === 'kicked') throw forbidden(`bot was kicked from the ${kind}`);
  if (!isMember(status) && (chat.username === undefined || right !== 'read')) {
    throw forbidden(`bot is not a member of the ${kind}`);
  }
  if (right !== 'write') return;
  if (chat.type === 'channel' && !isAdmin(status)) {
    throw badRequest('need administrator rights in the channel chat');
  }
  if (chat.muted.has(bot.person.id)) throw badRequest('not enough rights to send text messages to the chat');
}

/**
 * The General topic is never named: 1 fails like an unknown one. In a chat without topics a thread fails too
 * (platforms.md §2.2 [T7][T-i3][T-i4]).
 */
export function checkTopic(chat: Chat, thread: number): number | undefined {
  if (thread === 0) {
    if (chat.topics.get(1)?.closed) throw badRequest('TOPIC_CLOSED');
    return undefined;
  }
  const topic = thread === 1 ? undefined : chat.topics.get(thread);
  if (!topic) throw badRequest('message thread not found');
  if (topic.closed) throw badRequest('TOPIC_CLOSED');
  return thread;
}

export interface ReplyParameters {
  readonly messageId: number;
  readonly chatId: string;
  readonly allowMissing: boolean;
  readonly quote: string;
}

export function checkReply(world: World, bot: Bot, chat: Chat, reply: ReplyParameters): Message | undefined {
  if (reply.messageId <= 0) return undefined;
  const elsewhere = reply.chatId !== '' && reply.chatId !== String(chat.id);
  const place = elsewhere ? checkChat(world, bot, reply.chatId, 'read') : chat;
  const message = place.messages.get(reply.messageId);
  if (!message) {
    if (reply.allowMissing) return undefined;
    throw badRequest('message to be replied not found');
  }
  if (reply.quote !== '' && !message.text?.includes(reply.quote)) throw badRequest('QUOTE_TEXT_INVALID');
  return message;
}

export function dialogueOf(world: World, bot: Bot, personId: number): Chat | undefined {
  return world.dialogues.get(dialogueKey(bot.person.id, personId));
}
