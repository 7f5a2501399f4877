import type { ConversationKey } from '../core/message.ts';
import { MAX_WAITING } from '../core/policy.ts';

/**
 * The places to wait in, of one bot: `MAX_WAITING` in each conversation. When all are taken, who holds most of them gives up
 * the newest for somebody who holds fewer, so that one who floods a conversation costs nobody else an answer.
 */
export class Places {
  /** By conversation and author, oldest first. What runs holds its place as well. */
  readonly #held = new Map<ConversationKey, Map<string, number[]>>();

  /** Whether one more of this author finds a place. */
  admits(conversation: ConversationKey, author: string): boolean {
    if (this.#taken(conversation) < MAX_WAITING) return true;
    const own = this.#held.get(conversation)?.get(author)?.length ?? 0;
    return own + 1 < this.#longest(conversation).length;
  }

  /** Makes room for one more of this author. Returns whose turn goes for it, if one must; `full` when there is no room to make. */
  makeRoom(conversation: ConversationKey, author: string): number | 'full' | undefined {
    if (this.#taken(conversation) < MAX_WAITING) return undefined;
    if (!this.admits(conversation, author)) return 'full';
    return this.#longest(conversation).pop();
  }

  hold(conversation: ConversationKey, author: string, seq: number): void {
    const authors = this.#held.get(conversation) ?? new Map<string, number[]>();
    this.#held.set(conversation, authors);
    const own = authors.get(author);
    if (own) own.push(seq);
    else authors.set(author, [seq]);
  }

  /** Whether it was still held; otherwise it has been given up for somebody else's. */
  holds(conversation: ConversationKey, author: string, seq: number): boolean {
    return this.#held.get(conversation)?.get(author)?.includes(seq) ?? false;
  }

  leave(conversation: ConversationKey, author: string, seq: number): void {
    const authors = this.#held.get(conversation);
    const own = authors?.get(author);
    const index = own?.indexOf(seq) ?? -1;
    if (!authors || !own || index < 0) return;
    own.splice(index, 1);
    if (own.length === 0) authors.delete(author);
    if (authors.size === 0) this.#held.delete(conversation);
  }

  #taken(conversation: ConversationKey): number {
    let taken = 0;
    for (const own of this.#held.get(conversation)?.values() ?? []) taken += own.length;
    return taken;
  }

  #longest(conversation: ConversationKey): number[] {
    let longest: number[] = [];
    for (const own of this.#held.get(conversation)?.values() ?? []) if (own.length > longest.length) longest = own;
    return longest;
  }
}
