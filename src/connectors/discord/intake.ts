import type { ReceiverPort } from '../../core/connector.ts';
import type { Bot } from '../../core/integration.ts';
import type { InboundMessage, Place } from '../../core/message.ts';
import { parse, placeOf, type Self } from './parse.ts';
import { channelsOf, guildOf, listens } from './places.ts';
import type { Survey } from './places-behind.ts';
import { POSITION, type Positions } from './positions.ts';
import { SESSION, type Session, storeSession } from './session.ts';
import type { Threads } from './threads.ts';
import { isObject, isSnowflake, type WireMessage } from './wire.ts';

/** Most events that are taken at once, and how many may wait before the platform has to. */
const MAX_BATCH = 200;
const MAX_WAITING = 1_000;

export interface IntakeOwner {
  /** A session begins. */
  began(ready: Readonly<Record<string, unknown>>, sequence: number): void;
  resumed(): void;
  /** The guild is there, and what is in it, or the bot has been removed from it. */
  guild(id: string, there: boolean, survey?: Survey): void;
  /** What was said there before may not all be known yet. */
  isBehind(scope: string | undefined): boolean;
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
  readonly #positions: Positions;
  readonly #owner: IntakeOwner;
  readonly #signal: AbortSignal;
  #waiting: Event[] = [];
  #draining: Promise<void> | undefined;
  /** The session stands elsewhere than the store knows. */
  #unstored = false;
  #warned = false;

  constructor(
    bot: Bot,
    port: ReceiverPort,
    { threads, positions }: { readonly threads: Threads; readonly positions: Positions },
    owner: IntakeOwner,
    signal: AbortSignal,
  ) {
    const { roleIds } = bot.profile;
    this.#selfId = bot.identity;
    this.#roleIds = Array.isArray(roleIds) ? roleIds.filter(isSnowflake) : [];
    this.#port = port;
    this.#threads = threads;
    this.#positions = positions;
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
    if (this.session && (this.#unstored || this.#positions.pending)) await this.#accept([], this.session.seq);
  }

  async forget(): Promise<void> {
    this.session = undefined;
    await this.#accept([], null);
  }

  async #drain(): Promise<void> {
    // What the same tick still brings belongs to the same transaction.
    await Promise.resolve();
    try {
      while (this.#waiting.length > 0 && !this.#signal.aborted) await this.#take(this.#waiting.splice(0, MAX_BATCH));
    } catch {
      this.#positions.discard();
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
    if (!session) {
      this.#positions.discard();
      if (messages.length > 0) await this.#port.accept(messages, []);
      return;
    }
    // What nobody listens to is only counted, and is not worth a transaction. A new session is, or a crash loses it.
    if (began || messages.some(({ at }) => this.#isHeard(at))) await this.#accept(messages, sequence);
    else {
      if (messages.length > 0) await this.#port.accept(messages, []);
      this.#positions.keep();
      this.#unstored = true;
    }
    session.seq = sequence;
  }

  /** `null` forgets the session. */
  async #accept(messages: readonly InboundMessage[], sequence: number | null): Promise<void> {
    const { session } = this;
    const value = session && sequence !== null ? storeSession({ ...session, seq: sequence }) : null;
    const moved = this.#positions.cursors();
    await this.#port.accept(messages, [{ name: SESSION, value }, ...moved]);
    this.#positions.stored(moved);
    this.#unstored = false;
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
        this.#sleeps(data);
        this.#threads.forget(data['id']);
        break;
      case 'THREAD_LIST_SYNC':
        this.#noteThreads(data['threads'], data['guild_id']);
        break;
      default: {
        const { thread_metadata: metadata, guild_id: guild } = data;
        if (isObject(metadata) && metadata['archived'] === true) this.#sleeps(data);
        this.#noteThreads([data], guild);
      }
    }
    return undefined;
  }

  async #message(data: Readonly<Record<string, unknown>>): Promise<InboundMessage | undefined> {
    if (!isSnowflake(data['id']) || !isSnowflake(data['channel_id'])) return undefined;
    const message = data as unknown as WireMessage;
    // Our own words come back to us; they are nobody's news.
    if (message.author?.id === this.#selfId) {
      this.#reached(message, this.#threads.known(message.channel_id));
      return undefined;
    }
    // Where that cannot be found out now, the link closes and resumes: the platform sends the message again.
    const parent = await this.#parentOf(message);
    this.#reached(message, parent);
    return this.parse(message, parent);
  }

  /** `parent` is the channel that holds the thread it was posted in. Undefined when it is nothing for us. */
  parse(message: WireMessage, parent: string | undefined): InboundMessage | undefined {
    const self: Self = { id: this.#selfId, roleIds: new Set([...this.#roleIds, ...(this.session?.roles ?? [])]) };
    try {
      const parsed = parse(message, self, parent);
      if (parsed) this.#noticeSilence(parsed, message);
      return parsed;
    } catch {
      // One that we cannot read must not keep all later ones waiting.
      this.#port.log.warn('message_unreadable', { message: message.id });
      return undefined;
    }
  }

  /** The events of a channel come in order and complete, so all before it in its place has come, too. */
  #reached(message: WireMessage, parent: string | undefined): void {
    const at = placeOf(message, parent);
    if (this.#isHeard(at) && !this.#owner.isBehind(at.scope)) this.#positions.reached(at, message.id);
  }

  /** Nobody talks in an archived thread without waking it: its position need not be kept. */
  #sleeps({ id, parent_id: parent, guild_id: guild }: Readonly<Record<string, unknown>>): void {
    if (!isSnowflake(id) || !isSnowflake(parent) || !isSnowflake(guild) || this.#owner.isBehind(guild)) return;
    this.#positions.left(POSITION.thread(parent, id));
  }

  async #parentOf({ guild_id: guild, channel_id: channel, channel_type }: WireMessage): Promise<string | undefined> {
    const routes = guild ? this.#port.routes().filter(({ settings }) => guildOf(settings) === guild) : [];
    if (routes.length === 0 || routes.some(({ settings }) => channelsOf(settings).includes(channel))) return undefined;
    const parent = await this.#threads.parentOf(channel, channel_type, this.#signal);
    if (this.#signal.aborted) throw new Error('stopped');
    return parent;
  }

  #guild(data: Readonly<Record<string, unknown>>): void {
    const { id, roles, channels, threads, unavailable } = data;
    if (!isSnowflake(id) || unavailable === true) return;
    this.#owner.guild(id, true, { channels, threads });
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

  #isHeard(at: Place): boolean {
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
