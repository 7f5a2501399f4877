import { ring, waitOn } from '../shared/bell.ts';
import type { Line } from '../simulator.ts';
import type { Entity } from './entities.ts';
import { deleteTopic, migrate, removeMember, setAdmin, setBlocked, setTopicClosed } from './places.ts';
import { edit, type Post, post } from './posts.ts';
import type { Scene } from './scene.ts';
import { shownName } from './wire.ts';
import type { Chat, Document, Message, Person } from './world.ts';

/** Anything that is known by its id. */
export interface Somebody {
  readonly id: number;
}

export interface Said {
  readonly message_id: number;
  /** By bot id: the update that told it. Bots that were not told are absent. */
  readonly updates: ReadonlyMap<number, number>;
}

export interface TranscriptLine extends Line {
  readonly message_id: number;
  readonly reply_to: number | undefined;
  readonly thread: number | undefined;
  readonly entities: readonly Entity[];
  readonly edited: boolean;
  /** The file that came with it. */
  readonly document?: Document;
}

/** What a test holds of a chat. */
export interface ChatHandle {
  readonly id: number;
  readonly chat: Chat;
  /** Who speaks unless told otherwise: the person of a private chat, the owner of a group. */
  readonly speaker: Person;
  say(text: string, options?: Partial<Omit<Post, 'text'>>): Said;
  /** Something without text: `{ sticker: {…} }`, `{ photo: […] }`. */
  send(extra: Readonly<Record<string, unknown>>, options?: Partial<Post>): Said;
  edit(messageId: number, text: string): Said;
  /** A person deletes a message; the platform tells bots nothing. */
  delete(messageId: number): void;
  /** All that is visible, service messages left out, oldest first. */
  transcript(): TranscriptLine[];
  /** Texts of the bots only. */
  answers(): string[];
  /** Resolves once the bots have `count` messages here. */
  answered(count: number, signal?: AbortSignal): Promise<string[]>;
  remove(who: Somebody, how?: 'left' | 'kicked'): void;
  admin(who: Somebody, on?: boolean): void;
  mute(who: Somebody, on?: boolean): void;
  block(on?: boolean): void;
  closeTopic(id: number, closed?: boolean): void;
  deleteTopic(id: number): void;
  /** A group becomes a supergroup. */
  migrate(): ChatHandle;
}

export function chatHandle(scene: Scene, chat: Chat, speaker: Person): ChatHandle {
  const say = (said: Partial<Post>): Said => {
    const { message, updates } = post(scene, chat, { from: speaker, ...said });
    return { message_id: message.id, updates };
  };
  const find = (id: number): Message => {
    const message = chat.messages.get(id);
    if (!message) throw new Error(`no message ${id} in chat ${chat.id}`);
    return message;
  };
  const member = (who: Somebody): Person => {
    const found: Person | undefined = chat.members.get(who.id)?.person;
    if (!found) throw new Error(`${who.id} is not in chat ${chat.id}`);
    return found;
  };
  const answers = () =>
    lines(chat)
      .filter((line) => line.fromBot)
      .map((line) => line.text);
  return {
    id: chat.id,
    chat,
    speaker,
    say: (text, options = {}) => say({ ...options, text }),
    send: (extra, options = {}) => say({ ...options, extra }),
    edit: (messageId, text) => ({ message_id: messageId, updates: edit(scene, find(messageId), text).updates }),
    delete: (messageId) => {
      chat.messages.delete(messageId);
      ring(scene.bell);
    },
    transcript: () => lines(chat),
    answers,
    answered: (count, signal) =>
      waitOn(
        scene.bell,
        () => {
          const given = answers();
          return given.length >= count && given;
        },
        signal,
      ),
    remove: (who, how = 'kicked') => removeMember(scene, chat, member(who), speaker, how),
    admin: (who, on = true) => setAdmin(scene, chat, member(who), speaker, on),
    mute: (who, on = true) => {
      if (on) chat.muted.add(who.id);
      else chat.muted.delete(who.id);
    },
    block: (on = true) => setBlocked(scene, chat, on),
    closeTopic: (id, closed = true) => setTopicClosed(scene, chat, speaker, id, closed),
    deleteTopic: (id) => deleteTopic(scene, chat, id),
    migrate: () => chatHandle(scene, migrate(scene, chat, speaker), speaker),
  };
}

export function lines(chat: Chat): TranscriptLine[] {
  const all: TranscriptLine[] = [];
  for (const message of chat.messages.values()) {
    if (message.service) continue;
    all.push({
      who: shownName(message),
      fromBot: message.author !== undefined,
      text: message.text ?? `[${Object.keys(message.extra).join(', ')}]`,
      at: message.at,
      message_id: message.id,
      reply_to: message.replyTo?.id,
      thread: message.thread,
      entities: message.entities,
      edited: message.edited !== undefined,
      ...(message.document && { document: message.document }),
    });
  }
  return all;
}
