import type { ReceiverPort } from '../../core/connector.ts';
import type { Bot } from '../../core/integration.ts';
import type { Cursor, InboundMessage } from '../../core/message.ts';
import { parse, type Self } from './parse.ts';
import { channelsOf, guildOf, listens } from './places.ts';
import { SESSION, type Session, storeSession } from './session.ts';
import { type Threads, ThreadUnknownError } from './threads.ts';
import { isObject, isSnowflake, type WireMessage } from './wire.ts';

/** Most events that are taken at once, and how many may wait before the platform has to. */
const MAX_BATCH = 200;
const MAX_WAITING = 1_000;

export interface IntakeOwner {
  /** A session begins. */
  began(ready: Readonly<Record<string, unknown>>, sequence: number): void;
  resumed(): void;
  /** The guild is there, or the bot has been removed from it. */
  guild(id: string, there: boolean): void;
  /** What has come could not be stored: it must come again. */
  failed(): void;
  /** Too much waits to be stored, or no longer. */
  hold(on: boolean): void;
}

interface Event {
  readonly name: string;
  sequence: number;
  readonly data: Readonly<Record<string, unknown>> | undefined;
}

/** Events we know something to do with. Of all others only the number counts (F048). */
const KNOWN = new Set([
  ...['READY', 'RESUMED', 'MESSAGE_CREATE', 'GUILD_CREATE', 'GUILD_DELETE'],
  ...['THREAD_CREATE', 'THREAD_UPDATE', 'THREAD_DELETE', 'THREAD_LIST_SYNC'],
]);

/**
 * Takes events in their order and stores messages together with the sequence they reach. What came in one go is one
 * transaction; events with nothing for us move the sequence in memory only and are stored along with the next.
 */
export class Intake {
  session: Session | undefined;
  readonly #selfId: string;
  /** Its own roles as the last verification saw them: an integration may be younger than the session. */
  readonly #roleIds: readonly string[];
  readonly #port: ReceiverPort;
  readonly #threads: Threads;
  readonly #owner: IntakeOwner;
  readonly #signal: AbortSignal;
  #waiting: Event[] = [];
  #draining: Promise<void> | undefined;
  /** The session stands elsewhere than the store knows. */
  #unstored = false;
  #warned = false;

  constructor(bot: Bot, port: ReceiverPort, threads: Threads, owner: IntakeOwner, signal: AbortSignal) {
    const { roleIds } = bot.profile;
    this.#selfId = bot.identity;
    this.#roleIds = Array.isArray(roleIds) ? roleIds.filter(isSnowflake) : [];
    this.#port = port;
    this.#threads = threads;
    this.#owner = owner;
    this.#signal = signal;
  }

  push(name: string, sequence: number, data: unknown): void {
    if (this.#signal.aborted) return;
    const known = KNOWN.has(name) ? (isObject(data) ? data : {}) : undefined;
    const last = this.#waiting.at(-1);
    // In a busy guild nearly all events are of this kind: they need no room.
    if (!known && last && !last.data) last.sequence = sequence;
    else this.#waiting.push({ name, sequence, data: known });
    if (this.#waiting.length > MAX_WAITING) this.#owner.hold(true);
    this.#draining ??= this.#drain();
  }

  /** Resolves when all that has come is done with. */
  async settled(): Promise<void> {
    await this.#draining;
  }

  /** Stores how far the session has come. For the end, when no event will take it along. */
  async store(): Promise<void> {
    if (this.session && this.#unstored) await this.#accept([], [this.#cursor(this.session.seq)]);
  }

  async forget(): Promise<void> {
    this.session = undefined;
    await this.#accept([], [{ name: SESSION, value: null }]);
  }

  async #drain(): Promise<void> {
    // What the same tick still brings belongs to the same transaction.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0 && !this.#signal.aborted) await this.#take(this.#waiting.splice(0, MAX_BATCH));
    } catch {
      if (!this.#signal.aborted) this.#owner.failed();
    } finally {
      this.#waiting = [];
      this.#draining = undefined;
    }
  }

  async #take(events: readonly Event[]): Promise<void> {
    const messages: InboundMessage[] = [];
    let began = false;
    for (const event of events) {
      const message = await this.#read(event);
      if (message) messages.push(message);
      began ||= event.name === 'READY';
    }
    if (this.#waiting.length <= MAX_WAITING) this.#owner.hold(false);
    const { session } = this;
    const sequence = events.at(-1)?.sequence ?? 0;
    if (!session) return void (await this.#accept(messages, []));
    // What nobody listens to is only counted, and is not worth a transaction. A new session is, or a crash loses it.
    const stored = began || messages.some((message) => this.#isHeard(message));
    if (stored) await this.#accept(messages, [this.#cursor(sequence)]);
    else {
      if (messages.length > 0) await this.#accept(messages, []);
      this.#unstored = true;
    }
    session.seq = sequence;
  }

  async #accept(messages: readonly InboundMessage[], cursors: readonly Cursor[]): Promise<void> {
    if (messages.length === 0 && cursors.length === 0) return;
    await this.#port.accept(messages, cursors);
    if (cursors.length > 0) this.#unstored = false;
  }

  #cursor(seq: number): Cursor {
    return { name: SESSION, value: this.session ? storeSession({ ...this.session, seq }) : null };
  }

  async #read({ name, sequence, data }: Event): Promise<InboundMessage | undefined> {
    if (!data) return undefined;
    switch (name) {
      case 'READY':
        this.#owner.began(data, sequence);
        break;
      case 'RESUMED':
        this.#owner.resumed();
        break;
      case 'MESSAGE_CREATE':
        return this.#message(data);
      case 'GUILD_CREATE':
        this.#guild(data);
        break;
      case 'GUILD_DELETE':
        // An outage of the platform is not a removal (F050).
        if (isSnowflake(data['id']) && data['unavailable'] !== true) this.#owner.guild(data['id'], false);
        break;
      case 'THREAD_DELETE':
        this.#threads.forget(data['id']);
        break;
      case 'THREAD_LIST_SYNC':
        this.#noteThreads(data['threads'], data['guild_id']);
        break;
      default:
        this.#noteThreads([data], data['guild_id']);
    }
    return undefined;
  }

  async #message(data: Readonly<Record<string, unknown>>): Promise<InboundMessage | undefined> {
    if (!isSnowflake(data['id']) || !isSnowflake(data['channel_id'])) return undefined;
    const message = data as unknown as WireMessage;
    // Our own words come back to us; they are nobody's news.
    if (message.author?.id === this.#selfId) return undefined;
    const self: Self = { id: this.#selfId, roleIds: new Set([...this.#roleIds, ...(this.session?.roles ?? [])]) };
    try {
      const parent = await this.#parentOf(message);
      const parsed = parse(message, self, parent);
      if (parsed) this.#noticeSilence(parsed, message);
      return parsed;
    } catch (error) {
      if (this.#signal.aborted) throw new Error('stopped');
      // The link closes and resumes: the platform sends the message again.
      if (error instanceof ThreadUnknownError) throw error;
      // One that we cannot read must not keep all later ones waiting.
      this.#port.log.warn('message_unreadable', { message: message.id });
      return undefined;
    }
  }

  async #parentOf({ guild_id: guild, channel_id: channel, channel_type }: WireMessage): Promise<string | undefined> {
    const routes = guild ? this.#port.routes().filter(({ settings }) => guildOf(settings) === guild) : [];
    if (routes.length === 0 || routes.some(({ settings }) => channelsOf(settings).includes(channel))) return undefined;
    const parent = await this.#threads.parentOf(channel, channel_type, this.#signal);
    if (this.#signal.aborted) throw new Error('stopped');
    return parent;
  }

  #guild(data: Readonly<Record<string, unknown>>): void {
    const { id, roles, threads, unavailable } = data;
    if (!isSnowflake(id) || unavailable === true) return;
    this.#owner.guild(id, true);
    this.#noteThreads(threads, id);
    if (!this.session || !this.#isServed(id) || !Array.isArray(roles)) return;
    const own = roles.filter(isObject).filter(({ tags }) => isObject(tags) && tags['bot_id'] === this.#selfId);
    this.session.roles = [...new Set([...this.session.roles, ...own.map((role) => role['id']).filter(isSnowflake)])];
  }

  #noteThreads(threads: unknown, guild: unknown): void {
    if (!Array.isArray(threads) || !this.#isServed(guild)) return;
    for (const thread of threads) this.#threads.note(thread);
  }

  #isServed(guild: unknown): boolean {
    return this.#port.routes().some(({ settings }) => guildOf(settings) === guild);
  }

  #isHeard({ at }: InboundMessage): boolean {
    const routes = this.#port.routes();
    return routes.length === 0 || routes.some(({ settings }) => listens(settings, at));
  }

  /** The intent is there and the words are not: nobody would find out why the bot does not answer (F039). */
  #noticeSilence({ text, author, addressed }: InboundMessage, message: WireMessage): void {
    if (this.#warned || text !== '' || author.kind !== 'person' || addressed) return;
    const other = ['attachments', 'sticker_items', 'embeds', 'components'] as const;
    const all = message as unknown as Record<string, unknown>;
    if ('poll' in all || other.some((field) => Array.isArray(all[field]) && all[field].length > 0)) return;
    this.#warned = true;
    this.#port.log.warn('message_without_content', { message: message.id });
  }
}
