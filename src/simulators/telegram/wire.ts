import { type Bot, type Chat, type Document, isMember, type Member, type Message, type Person } from './world.ts';

type Json = Record<string, unknown>;

/** How the platform writes what is in the world: `User`, `Chat`, `Message`, `ChatMember` of the Bot API. */
export function userJson(person: Person): Json {
  const json: Json = { id: person.id, is_bot: person.isBot, first_name: person.firstName };
  if (person.lastName !== undefined) json['last_name'] = person.lastName;
  if (person.username !== undefined) json['username'] = person.username;
  if (!person.isBot) json['language_code'] = 'en';
  return json;
}

export function meJson(bot: Bot): Json {
  return {
    ...userJson(bot.person),
    can_join_groups: bot.joinsGroups,
    can_read_all_group_messages: !bot.privacy,
    supports_guest_queries: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: bot.topics,
    allows_users_to_create_topics: false,
    can_manage_bots: false,
  };
}

export function chatJson(chat: Chat): Json {
  if (chat.dialogue) {
    const { person } = chat.dialogue;
    const json: Json = { id: chat.id, first_name: person.firstName, type: 'private' };
    if (person.lastName !== undefined) json['last_name'] = person.lastName;
    if (person.username !== undefined) json['username'] = person.username;
    return json;
  }
  const json: Json = { id: chat.id, title: chat.title, type: chat.type };
  if (chat.username !== undefined) json['username'] = chat.username;
  if (chat.forum) json['is_forum'] = true;
  if (chat.type === 'group') json['all_members_are_administrators'] = false;
  return json;
}

export function fullChatJson(chat: Chat): Json {
  const json: Json = { ...chatJson(chat), accent_color_id: 0, max_reaction_count: 11 };
  if (chat.linked) json['linked_chat_id'] = chat.linked.id;
  if (chat.type === 'group' || chat.type === 'supergroup') {
    json['permissions'] = { can_send_messages: true, can_invite_users: true, can_manage_topics: false };
  }
  return json;
}

export function memberJson(member: Member): Json {
  const json: Json = { user: userJson(member.person), status: member.status };
  if (member.status === 'creator') json['is_anonymous'] = false;
  if (member.status === 'kicked') json['until_date'] = 0;
  if (member.status === 'restricted') {
    Object.assign(json, { is_member: true, can_send_messages: false, until_date: 0 });
  }
  if (member.status === 'administrator') {
    Object.assign(json, {
      can_be_edited: false,
      is_anonymous: false,
      can_manage_chat: true,
      can_delete_messages: true,
      can_manage_video_chats: false,
      can_restrict_members: false,
      can_promote_members: false,
      can_change_info: false,
      can_invite_users: true,
      can_post_stories: false,
      can_edit_stories: false,
      can_delete_stories: false,
      can_post_messages: true,
      can_edit_messages: true,
    });
  }
  return json;
}

export function statusJson(chat: Chat, person: Person): Json {
  return memberJson(chat.members.get(person.id) ?? { person, status: 'left', privacy: true });
}

/** Replies are shown one level deep [T1]. */
export function messageJson(message: Message, withReply = true): Json {
  const json: Json = { message_id: message.id };
  if (message.from) json['from'] = userJson(message.from);
  if (message.senderChat) json['sender_chat'] = chatJson(message.senderChat);
  json['chat'] = chatJson(message.chat);
  json['date'] = message.date;
  if (message.edited !== undefined) json['edit_date'] = message.edited;
  if (message.thread !== undefined) json['message_thread_id'] = message.thread;
  if (message.inTopic) json['is_topic_message'] = true;
  if (withReply && message.replyTo) json['reply_to_message'] = messageJson(message.replyTo, false);
  if (message.text !== undefined && !(message.document && message.text === '')) {
    const media =
      message.document || 'photo' in message.extra || 'document' in message.extra || 'video' in message.extra;
    json[media ? 'caption' : 'text'] = message.text;
    if (message.entities.length > 0) json[media ? 'caption_entities' : 'entities'] = message.entities;
  }
  if (message.document) json['document'] = documentJson(message, message.document);
  Object.assign(json, message.extra);
  if (message.markup !== undefined) json['reply_markup'] = message.markup;
  return json;
}

function documentJson(message: Message, { name, type, size }: Document): Json {
  const id = `document-${message.chat.id}-${message.id}`;
  return { file_id: id, file_unique_id: id, file_name: name, mime_type: type, file_size: size };
}

/** How a person appears in the transcript. */
export function shownName(message: Message): string {
  if (message.senderChat) return message.senderChat.title;
  const person = message.from;
  if (!person) return message.chat.title;
  return person.isBot && person.username !== undefined ? `@${person.username}` : person.firstName;
}

export function botIsIn(chat: Chat, bot: Bot): boolean {
  return isMember(chat.members.get(bot.person.id)?.status);
}
