import { type Backoff, backoffMs } from '../../core/backoff.ts';
import type { ReceiverPort } from '../../core/connector.ts';
import type { PlaceTrouble } from '../../core/health.ts';
import type { Bot, Integration } from '../../core/integration.ts';
import type { InboundMessage } from '../../core/message.ts';
import { Conversations } from './conversations.ts';
import { cursorOf, History, type Reading, type Source } from './history.ts';
import { Names } from './names.ts';
import { CURSOR, isDirect, listenedChannels, routeAt, wantsDirect } from './places.ts';
import { type Budget, choose, pollEveryMs, type Task } from './schedule.ts';
import { historyCapped, LIMITED, STORE_UNAVAILABLE, type State, UNREACHABLE, unreadable } from './states.ts';
import { followedThreads, forgotten } from './threads.ts';
import { newestTs, tsMs } from './ts.ts';
import type { Api } from './wire.ts';

/** While messages are pushed, history is only read in case one was missed. */
const SWEEP_MS = 5 * 60_000;
/** New conversations with the bot can only be found by asking for all of them. */
const DIRECT_MS = 60_000;
/** A place that cannot be read is tried again after this. */
const REFUSED_MS = 5 * 60_000;
const RETRY: Backoff = { baseMs: 1_000, capMs: 30_000 };
/** A store that is back must not wait long for those who need it. */
const STORE_RETRY: Backoff = { baseMs: 1_000, capMs: 5_000 };
/** Whose name no channel has: all of them together. */
const DIRECTS = 'direct messages';

/** One thing to read, as it stood last time. */
interface Place {
  readonly source: Source;
  /** When reading it began, by the running clock: it shows what was there then. */
  readAt: number;
  notBefore: number;
  /** When its first page was asked for. */
  begunAt: number;
  /** Its last page has not been read. */
  unfinished: boolean;
  /** Somebody waits for it. */
  urgent?: boolean;
  /** What it showed could not be stored. */
  unstored?: boolean;
  trouble?: PlaceTrouble;
}

interface Read extends Task {
  readonly place: Place;
}

/** What one step brought. `waitMs`: nothing is to be read before. */
export type Step =
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'idle'; readonly waitMs: number }
  | { readonly kind: 'read'; readonly heard: readonly InboundMessage[] };

/** Reads all places of a bot in turn, one call at a time: each as often as it is worth, within what the platform allows. */
export class Reader {
  readonly #port: ReceiverPort;
  readonly #names: Names;
  readonly #history: History;
  readonly #budget: Budget;
  /** By the names of their cursors. */
  readonly #places = new Map<string, Place>();
  readonly #directs = unread({ channel: DIRECTS });
  readonly #conversations: Conversations;
  #failures = 0;
  #resting = 0;
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** What is wrong with reading as a whole. */
  #trouble: State | undefined;
  #began = false;

  constructor(bot: Bot, api: Api, budget: Budget, port: ReceiverPort) {
    this.#port = port;
    this.#names = new Names(bot.identity, api, port.clock);
    this.#history = new History(bot, api, this.#names, port);
    this.#conversations = new Conversations(api);
    this.#budget = budget;
  }

  open(): void {
    this.#names.open();
  }

  close(): void {
    this.#names.close();
  }

  /** The platform has answered, or there is nothing to ask. */
  get began(): boolean {
    return this.#began;
  }
  get trouble(): State | undefined {
    return this.#trouble;
  }
  /** What is wrong with single places. */
  get placeTroubles(): readonly PlaceTrouble[] {
    return [this.#directs, ...this.#places.values()].flatMap(({ trouble }) => trouble ?? []);
  }
  get capped(): State | undefined {
    if (!this.#budget.capped) return undefined;
    const threads = [...this.#places.values()].filter(({ source }) => source.root !== undefined).length;
    return historyCapped(Math.max(threads, this.#places.size - threads));
  }

  /** Everything that is there now is read once more, soon. */
  sweep(): void {
    this.#sweptAt = this.#port.clock.elapsed();
    for (const place of [this.#directs, ...this.#places.values()]) place.readAt = Number.NEGATIVE_INFINITY;
  }

  /** Has everything been read since this moment, or been refused? */
  sweptSince(elapsed: number): boolean {
    return [...this.#places.values()].every(({ readAt, notBefore }) => readAt >= elapsed || notBefore > elapsed);
  }

  /** Has this place not been read since everything was to be read, though it could be? */
  isUnread(source: Source): boolean {
    const place = this.#places.get(cursorOf(source));
    // It becomes a place with the next step.
    if (!place) return source.root === undefined ? !this.#began : this.#port.cursors.has(cursorOf(source));
    return place.readAt < this.#sweptAt && place.notBefore <= this.#port.clock.elapsed();
  }

  /** Of all that was not read since everything was to be read, this channel comes first, and this thread in it. */
  hurry({ channel, root }: Source): void {
    for (const source of root === undefined ? [{ channel }] : [{ channel }, { channel, root }]) {
      const place = this.#places.get(cursorOf(source));
      if (place) place.urgent = true;
    }
  }

  /** Reads what is most due. `pushed`: messages arrive by themselves. */
  async step(pushed: boolean, signal: AbortSignal): Promise<Step> {
    const { clock } = this.#port;
    await this.#forget();
    const now = clock.elapsed();
    const tasks = this.#tasks(pushed);
    if (tasks.length === 0) this.#began = true;
    if (this.#resting > now) return { kind: 'idle', waitMs: this.#resting - now };
    const task = choose(tasks, this.#budget, now);
    if (typeof task === 'number') {
      if (!this.#names.wanting) return { kind: 'idle', waitMs: task };
      await this.#names.lookUp(signal);
      return { kind: 'idle', waitMs: 0 };
    }
    const { place, method } = task;
    if (!place.unfinished) place.begunAt = now;
    this.#budget.use(method);
    const limit = this.#budget.pageSize;
    const list = method === 'users.conversations';
    const reading = await (list ? this.#conversations.read(signal) : this.#history.read(place.source, limit, signal));
    if (signal.aborted) return { kind: 'idle', waitMs: 0 };
    if (reading.kind === 'read' && !list) this.#budget.noticed(limit, reading.objects, reading.more);
    return this.#judge(reading, task);
  }

  #judge(reading: Reading, { place, method }: Read): Step {
    const { clock } = this.#port;
    switch (reading.kind) {
      case 'unauthorized':
        return { kind: 'unauthorized' };
      case 'limited':
        this.#began = true;
        this.#budget.limited(method, reading.afterMs);
        if (!this.#budget.capped) this.#trouble = LIMITED;
        break;
      case 'refused': {
        place.notBefore = clock.elapsed() + REFUSED_MS;
        this.#done(place);
        const channel = place === this.#directs ? undefined : place.source.channel;
        place.trouble = unreadable(channel, reading.error, reading.needed);
        // A thread whose first message is gone is no trouble, and is never read again.
        if (place.source.root !== undefined) delete place.trouble;
        this.#well();
        break;
      }
      case 'failed':
        this.#rest(UNREACHABLE, RETRY);
        break;
      case 'not_stored':
        place.unstored = true;
        this.#rest(STORE_UNAVAILABLE, STORE_RETRY);
        break;
      case 'read':
        if (place.unstored && !reading.unfinished) this.#recovered();
        place.unfinished = reading.unfinished;
        if (!reading.unfinished) this.#done(place);
        delete place.trouble;
        this.#well();
        return { kind: 'read', heard: reading.heard };
    }
    return { kind: 'idle', waitMs: 0 };
  }

  /** What was being read when everything was to be read once more shows too little. */
  #done(place: Place): void {
    place.unfinished = false;
    delete place.urgent;
    place.readAt = place.begunAt >= this.#sweptAt ? place.begunAt : Number.NEGATIVE_INFINITY;
  }

  #well(): void {
    this.#began = true;
    this.#trouble = undefined;
    this.#failures = 0;
  }

  /** While nothing could be stored, nothing that was pushed could be either, and the platform tells it a few times only. */
  #recovered(): void {
    for (const place of this.#places.values()) delete place.unstored;
    this.sweep();
  }

  #rest(trouble: State, backoff: Backoff): void {
    const { clock, random } = this.#port;
    this.#trouble = trouble;
    this.#resting = clock.elapsed() + backoffMs(this.#failures++, backoff, random);
  }

  /** All there is to read now; what is no longer listened to is forgotten. */
  #tasks(pushed: boolean): readonly Read[] {
    const { cursors, clock } = this.#port;
    const routes = this.#port.routes();
    const direct = routes.some(({ enabled, settings }) => enabled && wantsDirect(settings));
    const channels = new Set([...listenedChannels(routes), ...(direct ? this.#conversations.known : [])]);
    const sources = new Map<string, Source>();
    for (const channel of channels) sources.set(cursorOf({ channel }), { channel });
    for (const { name, channel, root } of followedThreads(cursors)) {
      if (channels.has(channel) || (direct && isDirect(channel))) sources.set(name, { channel, root });
    }
    for (const name of this.#places.keys()) if (!sources.has(name)) this.#places.delete(name);
    this.#history.keep(new Set(sources.keys()));
    const tasks: Read[] = [];
    const urgent: Read[] = [];
    for (const [name, source] of sources) {
      const place = this.#places.get(name) ?? this.#newPlace(name, source, pushed);
      const method = source.root === undefined ? 'conversations.history' : 'conversations.replies';
      const everyMs = pushed ? SWEEP_MS : pollEveryMs(clock.now() - this.#livelyAt(name, source, routes));
      const task = { place, method, everyMs, readAt: place.readAt, notBefore: place.notBefore } as const;
      (place.urgent ? urgent : tasks).push(task);
    }
    if (direct) {
      const { readAt, notBefore } = this.#directs;
      const everyMs = pushed ? SWEEP_MS : DIRECT_MS;
      tasks.push({ place: this.#directs, method: 'users.conversations', everyMs, readAt, notBefore });
    }
    // Of equals the first is chosen.
    return urgent.length > 0 ? [...urgent, ...tasks] : tasks;
  }

  /** A channel is read at once, and a thread that has just begun is not, because what follows in it is pushed. */
  #newPlace(name: string, source: Source, pushed: boolean): Place {
    const place = unread(source);
    // Any other position says that there are replies which nobody may have been told of.
    const isNew = source.root !== undefined && this.#port.cursors.get(name) === source.root;
    if (isNew && pushed && this.#began) place.readAt = this.#port.clock.elapsed();
    this.#places.set(name, place);
    return place;
  }

  /** When something happened there last, ms since 1970: somebody wrote, or the integration was connected. */
  #livelyAt(name: string, { channel, root }: Source, routes: readonly Integration[]): number {
    const { cursors } = this.#port;
    const ts = newestTs(cursors.get(name), cursors.get(CURSOR.floorOf(channel)));
    const connectedAt = root === undefined ? (routeAt(routes, channel)?.connectedAt ?? 0) : 0;
    return Math.max(ts === undefined ? 0 : tsMs(ts), connectedAt);
  }

  async #forget(): Promise<void> {
    const { cursors, clock } = this.#port;
    const old = forgotten(cursors, clock.now());
    // When this fails it is tried again; nothing depends on it.
    if (old.length > 0) await this.#port.accept([], old).catch(() => {});
  }
}

function unread(source: Source): Place {
  return { source, readAt: Number.NEGATIVE_INFINITY, notBefore: 0, begunAt: 0, unfinished: false };
}
