import { type Bot, type Chat, groupAnonymousBot, isAdmin, type Message } from './world.ts';

/**
 * The bots that are shown a message, and those of them that it is meant for (platforms.md §2.2 [T5][T3], [T-i12]).
 * Nobody is ever shown a bot's message; an anonymous administrator only looks like a bot.
 */
export function audience(message: Message): { readonly bots: readonly Bot[]; readonly meantFor: readonly number[] } {
  const { chat, from } = message;
  if (from?.isBot && from !== groupAnonymousBot && !message.service) return { bots: [], meantFor: [] };
  if (chat.type === 'private' || chat.type === 'channel') return { bots: [...chat.bots.values()], meantFor: [] };
  const bots: Bot[] = [];
  const meantFor: number[] = [];
  for (const bot of chat.bots.values()) {
    const member = chat.members.get(bot.person.id);
    const meant = isMeantFor(message, bot, chat);
    if (meant) meantFor.push(bot.person.id);
    if (meant || message.service || isAdmin(member?.status) || member?.privacy === false) bots.push(bot);
  }
  return { bots, meantFor };
}

function isMeantFor(message: Message, bot: Bot, chat: Chat): boolean {
  const { id } = bot.person;
  const reply = message.replyTo;
  if (reply && (reply.from?.id === id || reply.meantFor.includes(id))) return true;
  const name = bot.person.username?.toLowerCase();
  for (const entity of message.entities) {
    if (entity.type === 'text_mention' && entity.user?.['id'] === id) return true;
    if (entity.type !== 'mention' && entity.type !== 'bot_command') continue;
    const word = (message.text ?? '').slice(entity.offset, entity.offset + entity.length).toLowerCase();
    const [, addressee] = word.split('@');
    if (addressee !== undefined) {
      if (addressee === name) return true;
      // A command without a name is for the bot that spoke last; before any did, for all.
    } else if (chat.lastBot === undefined || chat.lastBot === id) return true;
  }
  return false;
}
