import type { ReceiverPort } from '../../core/connector.ts';
import type { Bot } from '../../core/integration.ts';
import type { Cursor, InboundMessage } from '../../core/message.ts';
import { answeredBelow, answeredIn } from './answered.ts';
import { followed, isBelowFloor } from './events.ts';
import { knownName, type Names } from './names.ts';
import { type ParseContext, parseMessage, type Self, selfOf } from './parse.ts';
import { CURSOR } from './places.ts';
import { compareTs, isTs, newestTs, tsBefore } from './ts.ts';
import { type Api, nextCursor, objectsIn, type Reply, type WireMessage } from './wire.ts';

const CALL_TIMEOUT_MS = 15_000;
/** Messages that are stored at once. */
const MAX_BATCH = 200;
/** Messages of one place that are held while its pages are being read. */
const MAX_HELD = 5_000;

/** A channel, or a thread in it. */
export interface Source {
  readonly channel: string;
  readonly root?: string;
}

export type Reading =
  | {
      readonly kind: 'read';
      /** What people wrote, oldest first; stored. */
      readonly heard: readonly InboundMessage[];
      /** Further pages wait: nothing is stored yet. */
      readonly unfinished: boolean;
      /** What the page held, and whether the platform has more. */
      readonly objects: number;
      readonly more: boolean;
    }
  | { readonly kind: 'not_stored' }
  | Exclude<Reply, { kind: 'ok' }>;

const ABORTED: Reading = { kind: 'failed', sent: 'no', reason: 'aborted' };

interface Held {
  readonly messages: readonly WireMessage[];
  /** What is answered, as far as the pages have told. */
  readonly answered: ReadonlySet<string>;
  readonly position: string;
  readonly next: string;
}

type Line = WireMessage & { readonly ts: string };

/**
 * Reads channels and threads on from their cursors. Pages come newest first, so a cursor moves only when all of them are
 * there, oldest first and together with the messages: what was not stored is read again.
 */
export class History {
  readonly #self: Self;
  readonly #api: Api;
  readonly #port: ReceiverPort;
  readonly #names: Names;
  readonly #nameOf: ParseContext['nameOf'];
  /** Places of which not all pages are read, by the name of their cursor. */
  readonly #held = new Map<string, Held>();

  constructor(bot: Bot, api: Api, names: Names, port: ReceiverPort) {
    this.#self = selfOf(bot.identity, bot.profile);
    this.#api = api;
    this.#port = port;
    this.#names = names;
    const { name } = bot.profile;
    const own = typeof name === 'string' && name !== '' ? name : undefined;
    this.#nameOf = (id) => (id === this.#self.userId ? own : undefined) ?? knownName(bot.identity, id);
  }

  /** Reads the next page. */
  async read(source: Source, limit: number, signal: AbortSignal): Promise<Reading> {
    const { channel, root } = source;
    const name = cursorOf(source);
    const held = this.#held.get(name);
    const position = held?.position ?? this.#position(source);
    const method = root === undefined ? 'conversations.history' : 'conversations.replies';
    const parameters = {
      channel,
      ...(root !== undefined && { ts: root }),
      include_all_metadata: true,
      ...(position === undefined ? { limit: 1 } : { oldest: position, limit }),
      ...(held && { cursor: held.next }),
    };
    const reply = await this.#api(method, parameters, { timeoutMs: CALL_TIMEOUT_MS, signal });
    if (signal.aborted) return ABORTED;
    if (reply.kind !== 'ok') return this.#refused(name, reply);
    const page = objectsIn(reply.body, 'messages') as WireMessage[];
    const more = reply.body['has_more'] === true;
    const done = (heard: readonly InboundMessage[], unfinished = false): Reading => {
      return { kind: 'read', heard, unfinished, objects: page.length, more };
    };
    try {
      if (position === undefined) {
        await this.#begin(name, page);
        return done([]);
      }
      // The first message of a thread is always among its replies [S-i6], on each page.
      const isNew = (ts: string | undefined) => isTs(ts) && (ts !== root || (!held && compareTs(ts, position) > 0));
      const lines = [...(held?.messages ?? []), ...page.filter(({ ts }) => isNew(ts))] as Line[];
      const answered = new Set([...(held?.answered ?? []), ...answeredIn(page, this.#self)]);
      lines.sort((a, b) => compareTs(a.ts, b.ts));
      // Too many for one go: the newest are read another time, because the cursor will not have reached them.
      lines.splice(MAX_HELD);
      const next = nextCursor(reply.body);
      if (next !== undefined) {
        this.#held.set(name, { messages: lines, answered, position, next });
        return done([], true);
      }
      this.#held.delete(name);
      if (lines.length > 0) await this.#names.meet(lines, signal);
      if (signal.aborted) return ABORTED;
      return done(await this.#take(source, name, lines, answered));
    } catch {
      this.#held.delete(name);
      return { kind: 'not_stored' };
    }
  }

  /** Forgets pages of places that are not read any more. */
  keep(names: ReadonlySet<string>): void {
    for (const name of this.#held.keys()) if (!names.has(name)) this.#held.delete(name);
  }

  /** From where on: its own cursor, but never from before listening began. */
  #position({ channel, root }: Source): string | undefined {
    const { cursors } = this.#port;
    const own = cursors.get(cursorOf({ channel, ...(root !== undefined && { root }) }));
    return newestTs(own, cursors.get(CURSOR.floorOf(channel)));
  }

  #refused(name: string, reply: Exclude<Reply, { kind: 'ok' }>): Reading {
    // Positions within pages run out [S4]: from the beginning, then.
    if (reply.kind !== 'refused' || reply.error !== 'invalid_cursor') return reply;
    this.#held.delete(name);
    return { kind: 'failed', sent: 'no', reason: reply.error };
  }

  /** A place without any position: what was said before is nobody's business, so only the position is taken. */
  async #begin(name: string, page: readonly WireMessage[]): Promise<void> {
    const now = `${Math.floor(this.#port.clock.now() / 1000)}.000000`;
    await this.#port.accept([], [{ name, value: newestTs(...page.map(({ ts }) => ts)) ?? now }]);
  }

  async #take(
    source: Source,
    name: string,
    lines: readonly Line[],
    answered: ReadonlySet<string>,
  ): Promise<readonly InboundMessage[]> {
    const heard: InboundMessage[] = [];
    for (let from = 0; from < lines.length; from += MAX_BATCH) {
      const batch = lines.slice(from, from + MAX_BATCH);
      const messages: InboundMessage[] = [];
      const cursors = new Map<string, string>([[name, batch.at(-1)?.ts ?? '']]);
      for (const line of batch) {
        const message = this.#parse(source, line);
        for (const cursor of this.#follow(source, line, message)) {
          if (cursor.value !== null && !cursors.has(cursor.name)) cursors.set(cursor.name, cursor.value);
        }
        if (!message || message.author.kind === 'self' || answered.has(line.ts)) continue;
        if (this.#isOpen(source, line, message)) messages.push(message);
      }
      await this.#port.accept(
        messages,
        [...cursors].map(([of, value]) => ({ name: of, value })),
      );
      heard.push(...messages.filter(({ author }) => author.kind === 'person'));
    }
    return heard;
  }

  #parse({ channel, root }: Source, line: Line): InboundMessage | undefined {
    const { cursors, log } = this.#port;
    if (isBelowFloor(cursors, channel, line.ts)) return undefined;
    const joined = (thread: string) => cursors.has(CURSOR.thread(channel, thread));
    const context = { self: this.#self, channel, routes: this.#port.routes(), nameOf: this.#nameOf, joined };
    try {
      return parseMessage(root === undefined ? line : { thread_ts: root, ...line }, context);
    } catch {
      // One that we cannot read must not keep all later ones waiting.
      log.warn('message_unreadable', { channel, ts: line.ts });
      return undefined;
    }
  }

  /**
   * Not answered below, as far as the channel tells. Who takes part in a thread that the store knows nothing of was forgotten
   * with the answer; where the channel does not tell enough, the thread is read from its first message on.
   */
  #isOpen({ channel, root }: Source, line: Line, message: InboundMessage): boolean {
    const { cursors } = this.#port;
    if (root !== undefined || cursors.has(CURSOR.thread(channel, line.ts))) return true;
    const below = answeredBelow(line, this.#self);
    if (below !== 'perhaps') return below === 'no';
    return followed(message, line.ts, { routes: this.#port.routes(), cursors }).length === 0;
  }

  /** Threads to read from now on: those in which the bot will answer, and below what it posted in the channel itself. */
  #follow({ channel, root }: Source, line: Line, message: InboundMessage | undefined): readonly Cursor[] {
    const { cursors } = this.#port;
    if (!message) return [];
    if (message.author.kind !== 'self') {
      const begun = followed(message, line.ts, { routes: this.#port.routes(), cursors });
      return root === undefined ? begun.map((cursor) => this.#unread(cursor, line)) : begun;
    }
    const opens = root === undefined && (line.thread_ts === undefined || line.thread_ts === line.ts);
    const name = CURSOR.thread(channel, line.ts);
    return opens && !cursors.has(name) ? [this.#unread({ name, value: line.ts }, line)] : [];
  }

  /** Where there are replies by others, none of them has been read: its position is before its first message (see `Reader`). */
  #unread(cursor: Cursor, line: Line): Cursor {
    const { reply_count: replies = 0 } = line;
    return replies === 0 || answeredBelow(line, this.#self) === 'yes'
      ? cursor
      : { ...cursor, value: tsBefore(line.ts) };
  }
}

export function cursorOf({ channel, root }: Source): string {
  return root === undefined ? CURSOR.channel(channel) : CURSOR.thread(channel, root);
}
