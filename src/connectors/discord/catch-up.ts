import { type Backoff, backoffMs } from '../../core/backoff.ts';
import type { ReceiverPort } from '../../core/connector.ts';
import type { InboundMessage } from '../../core/message.ts';
import { createGate } from '../shared/gate.ts';
import type { Pace } from '../shared/pace.ts';
import { type Caller, createCaller } from './calls.ts';
import { type Gap, type Place, readGap } from './gap.ts';
import { guildOf } from './places.ts';
import { atWork, behindIn, behindInDirect, type Survey } from './places-behind.ts';
import { GAP, isNewer, type Positions } from './positions.ts';
import { type Api, isObject, type WireMessage } from './wire.ts';

/** What the sender leaves of 50 calls a second and bot [D2]. */
const PACE: Pace = { everyMs: 250, burst: 4 };
const AT_ONCE = 4;
/** Places of the whole process that are read at a time: each is held in memory until all of it is there. */
const reading = createGate(40);
/** Stored at once. */
const BATCH = 200;
const SURVEY_TIMEOUT_MS = 15_000;
const RETRY: Backoff = { baseMs: 1_000, capMs: 60_000 };
/** Direct messages are a place like a guild. */
const DIRECT = '';

export interface CatchUpOwner {
  /** As if it had come by the gateway. */
  parse(message: WireMessage, parent: string | undefined): InboundMessage | undefined;
}

/**
 * Finds what was said between the end of one session and the beginning of the next, which the platform replays to
 * nobody, in the history of each place (platforms.md §1.2, gap filling).
 *
 * Within a session the events of a channel come complete and in order, so there each message may move the position of
 * its place. Between two sessions there is a gap, and as long as it is open only reading it may: a live message that
 * moved the position would hide the gap from the next one who looks. The cursor `gap` says so to a server that is
 * started anew and goes on with the session.
 */
export class CatchUp {
  readonly #self: string;
  readonly #token: string;
  readonly #api: Api;
  readonly #port: ReceiverPort;
  readonly #positions: Positions;
  readonly #owner: CatchUpOwner;
  readonly #signal: AbortSignal;
  /** Guilds, and `DIRECT`, of which not all has been read. */
  #behind: Set<string> | undefined;
  /** A session goes on that somebody else began, and was not done with. */
  #unsure: boolean;
  #run: AbortController | undefined;
  #call: Caller | undefined;
  #work: Promise<unknown> = Promise.resolve();

  constructor(
    bot: { readonly self: string; readonly token: string; readonly api: Api },
    port: ReceiverPort,
    positions: Positions,
    owner: CatchUpOwner,
    signal: AbortSignal,
  ) {
    this.#self = bot.self;
    this.#token = bot.token;
    this.#api = bot.api;
    this.#port = port;
    this.#positions = positions;
    this.#owner = owner;
    this.#signal = signal;
    this.#unsure = port.cursors.has(GAP);
  }

  /** Whether live messages there may not move positions yet. */
  isBehind(scope: string | undefined): boolean {
    return this.#unsure || this.#behind?.has(scope ?? DIRECT) === true;
  }

  /** A fresh session: what was said before it in these guilds has to be read. */
  began(guilds: ReadonlySet<unknown>): void {
    this.#stop();
    this.#unsure = false;
    const { routes, cursors } = this.#port;
    const direct = behindInDirect(routes(), cursors);
    this.#behind = new Set([...this.#guilds()].filter((guild) => guilds.has(guild)));
    if (direct.length > 0) this.#behind.add(DIRECT);
    this.#positions.set(GAP, '1');
    if (direct.length > 0) this.#start(DIRECT, direct);
    else this.#caughtUp(DIRECT);
  }

  /** A session goes on. What it has not caught up with, nobody will tell again. */
  resumed(): void {
    if (!this.#unsure) return;
    this.#unsure = false;
    this.#behind = new Set([...this.#guilds(), DIRECT]);
    for (const scope of this.#behind) this.#start(scope);
  }

  /** The platform tells all about a guild, as it does when a session begins. */
  guild(id: string, survey: Survey): void {
    if (!this.#behind?.has(id)) return;
    const { routes, cursors } = this.#port;
    const places = behindIn(id, survey, routes(), cursors);
    if (places.length > 0) this.#start(id, places);
    else this.#caughtUp(id);
  }

  /** Resolves when nothing is being read. For the end, after the signal. */
  async settled(): Promise<void> {
    this.#stop();
    await this.#work;
  }

  #guilds(): Set<string> {
    const guilds = atWork(this.#port.routes()).map(({ settings }) => guildOf(settings));
    return new Set(guilds.filter((id) => id !== undefined));
  }

  #stop(): void {
    this.#run?.abort();
    this.#run = undefined;
    this.#call = undefined;
  }

  #start(scope: string, places?: readonly Place[]): void {
    if (this.#signal.aborted) return;
    this.#run ??= new AbortController();
    const work = this.#catchUp(scope, places, this.#run.signal).catch((error) => {
      this.#port.log.error('catch_up_failed', { guild: scope, error });
    });
    this.#work = Promise.all([this.#work, work]);
  }

  async #catchUp(scope: string, known: readonly Place[] | undefined, signal: AbortSignal): Promise<void> {
    const places = known ?? (await this.#placesIn(scope, signal));
    if (!places) return;
    if (places.length > 0) this.#port.log.info('catching_up', { guild: scope, places: places.length });
    const queue = [...places];
    const worker = async () => {
      for (let place = queue.shift(); place; place = queue.shift()) {
        if (!(await this.#read(place, signal))) return false;
      }
      return true;
    };
    const ends = await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (ends.every(Boolean) && !signal.aborted) this.#caughtUp(scope);
  }

  #caughtUp(scope: string): void {
    this.#behind?.delete(scope);
    if (this.#behind && this.#behind.size > 0) return;
    this.#behind = undefined;
    this.#positions.set(GAP, null);
    this.#stop();
  }

  /** Undefined when it ended before that was known. */
  async #placesIn(scope: string, signal: AbortSignal): Promise<Place[] | undefined> {
    const { cursors, routes, clock, random } = this.#port;
    if (scope === DIRECT) return behindInDirect(routes(), cursors);
    for (let failures = 0; !signal.aborted; failures++) {
      const ask = (what: string) =>
        this.#api({ method: 'GET', path: `/guilds/${scope}/${what}` }, { timeoutMs: SURVEY_TIMEOUT_MS, signal });
      const [channels, threads] = (await Promise.all([ask('channels'), ask('threads/active')])).map((it) => it.reply);
      if (channels?.kind === 'ok' && (threads?.kind === 'ok' || threads?.kind === 'refused')) {
        const active = threads.kind === 'ok' && isObject(threads.result) ? threads.result['threads'] : [];
        return behindIn(scope, { channels: channels.result, threads: active }, routes(), cursors);
      }
      // It is not a member there any more, or nowhere at all.
      if (channels?.kind === 'refused') return [];
      if (channels?.kind === 'unauthorized' || threads?.kind === 'unauthorized') return undefined;
      const asked = [channels, threads].map((it) => (it?.kind === 'limited' ? it.afterMs : 0));
      await clock.sleep(Math.max(...asked, backoffMs(failures, RETRY, random)), signal);
    }
    return undefined;
  }

  /** False when there is no point in going on. */
  async #read(place: Place, signal: AbortSignal): Promise<boolean> {
    const { clock, random, log } = this.#port;
    this.#call ??= createCaller(this.#token, this.#port, PACE);
    const call = this.#call;
    for (let failures = 0; !signal.aborted; failures++) {
      const leave = await reading.enter(signal);
      try {
        const gap = await readGap(place, this.#self, call, clock, signal);
        if (signal.aborted || gap.kind === 'unauthorized') return false;
        if (gap.kind === 'read') return await this.#take(place, gap, signal);
        if (gap.kind === 'refused') {
          log.info('catch_up_refused', { channel: place.channel, status: gap.status, code: gap.code });
          if (place.parent !== undefined) this.#positions.set(place.name, null);
          return true;
        }
        leave();
        await clock.sleep(gap.afterMs ?? backoffMs(failures, RETRY, random), signal);
      } finally {
        leave();
      }
    }
    return false;
  }

  async #take(
    place: Place,
    { messages, until, capped }: Gap & { kind: 'read' },
    signal: AbortSignal,
  ): Promise<boolean> {
    const { clock, random, log } = this.#port;
    const { name, channel, parent, guild } = place;
    if (capped) log.warn('catch_up_capped', { channel, taken: messages.length });
    let stored = 0;
    for (let failures = 0; stored < messages.length; ) {
      const batch = messages.slice(stored, stored + BATCH);
      // What history holds lacks what an event adds [D12].
      const heard = batch.map((message) =>
        this.#owner.parse({ ...message, ...(guild && { guild_id: guild }) }, parent),
      );
      const value = batch.at(-1)?.id ?? until;
      try {
        await this.#port.accept(
          heard.filter((message) => message !== undefined),
          [{ name, value }],
        );
        stored += batch.length;
        failures = 0;
      } catch {
        await clock.sleep(backoffMs(failures++, RETRY, random), signal);
      }
      if (signal.aborted) return false;
    }
    if (messages.length > 0) log.info('caught_up', { channel, messages: messages.length });
    if (place.archived) this.#positions.set(name, null);
    else if (isNewer(until, this.#port.cursors.get(name))) this.#positions.set(name, until);
    return true;
  }
}
