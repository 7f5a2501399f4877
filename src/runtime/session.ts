import type { Clock } from '../core/clock.ts';
import type { Connector, PlatformPort, Sender } from '../core/connector.ts';
import type { TurnDue } from '../core/flow-store.ts';
import type { Health } from '../core/health.ts';
import type { BotId, IntegrationId } from '../core/ids.ts';
import type { Bot, OwnedBot, Route, Settings } from '../core/integration.ts';
import type { Log } from '../core/log.ts';
import type { ConversationKey, Place } from '../core/message.ts';
import { Lanes } from './lanes.ts';
import { Places } from './places.ts';
import { type Want, Wants } from './wants.ts';

/** Looks again this often whether a lapsed lease has been renewed, ms. */
const LEASE_RETRY_MS = 250;
/** What has been cut may take this long to end, ms. Code that does not heed its signal must not keep a server from stopping. */
const CUT_MS = 5_000;
/** Timers take no more, ms. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * One bot while this node owns it: its routes as they are now, its sender, its conversations in order. It ends when the
 * bot is lost or the node stops; a reload changes what it holds without ending it.
 */
export class Session {
  readonly connector: Connector;
  readonly port: PlatformPort;
  readonly log: Log;
  readonly lanes: Lanes;
  readonly places = new Places();
  /** Turns that wait or run, by their message's number in the store. */
  readonly open = new Set<number>();
  /** Commits that failed, so that nobody knows their outcome: turns may wait in the store that are in no lane. */
  failures = 0;
  /** So many of them have been looked after. */
  #cleared = 0;
  #sender: Sender | undefined;
  health: Health;

  readonly #ended = new AbortController();
  readonly #clock: Clock;
  readonly #leased: () => boolean;
  readonly #wants = new Wants();
  readonly #moves = new Map<string, string>();
  #owned: OwnedBot;
  #dead = false;
  #doubted = false;
  #blockedUntil = 0;
  #wake = new AbortController();

  constructor(input: {
    owned: OwnedBot;
    connector: Connector;
    port: PlatformPort;
    clock: Clock;
    log: Log;
    /** Whether this node may still act for its bots, judged by the time since its last heartbeat. */
    leased: () => boolean;
  }) {
    this.#owned = input.owned;
    this.connector = input.connector;
    this.port = input.port;
    this.log = input.log;
    this.#clock = input.clock;
    this.#leased = input.leased;
    this.lanes = new Lanes((error) => this.log.error('lane_task_failed', { error }));
    // What an earlier owner said last, until a link says otherwise.
    this.health = input.owned.routes[0]?.integration.health ?? {
      state: 'connecting',
      transport: 'unknown',
      since: input.clock.now(),
    };
  }

  /** Made when it is first needed: most bots are silent most of the time, and its tables are a tenth of what one costs. */
  get sender(): Sender {
    this.#sender ??= this.connector.sender(this.bot, this.#owned.credential, this.port);
    return this.#sender;
  }
  get owned(): OwnedBot {
    return this.#owned;
  }
  get bot(): Bot {
    return this.#owned.bot;
  }
  get id(): BotId {
    return this.#owned.bot.id;
  }
  get epoch(): number {
    return this.#owned.epoch;
  }
  /** Aborts when the session ends. */
  get signal(): AbortSignal {
    return this.#ended.signal;
  }
  /** Some integration on this bot is switched on. */
  get wanted(): boolean {
    return this.#owned.routes.some((route) => route.integration.enabled);
  }
  get dead(): boolean {
    return this.#dead;
  }

  route(id: IntegrationId): Route | undefined {
    return this.#owned.routes.find((route) => route.integration.id === id);
  }

  get unsure(): boolean {
    return this.failures > this.#cleared;
  }

  /** All turns in the store are in their lanes, as it was after so many failures. */
  sure(failures: number): void {
    this.#cleared = Math.max(this.#cleared, failures);
  }

  /**
   * Queues a turn behind those of its conversation, unless it waits or runs already. A turn that has given up its place to
   * somebody else's is passed over.
   */
  begin(due: TurnDue, turn: (wanted: AbortSignal) => Promise<unknown>): void {
    const { seq, conversation, integrationId } = due;
    if (this.open.has(seq)) return;
    this.open.add(seq);
    const author = due.message.author.id;
    this.places.hold(conversation, author, seq);
    this.queue(conversation, { seq, integrationId, at: due.message.at }, async (wanted) => {
      try {
        if (this.places.holds(conversation, author, seq)) await turn(wanted);
      } finally {
        this.places.leave(conversation, author, seq);
        this.open.delete(seq);
      }
    });
  }

  /**
   * Puts a task into the conversation's lane. `wanted` aborts once the integration is paused or removed, hears this place no
   * more, or the session ends. It is of this moment: a pause ends what waits, also when it is over before the task's time comes.
   */
  queue(conversation: ConversationKey, want: Want, task: (wanted: AbortSignal) => Promise<unknown>): void {
    const { signal, done } = this.#wants.add(want, !this.signal.aborted && this.#wanted(want));
    this.lanes.push(conversation, () => task(signal).finally(done));
  }

  /** What waits in the lanes or is under way, and is wanted. */
  get pending(): readonly Want[] {
    return this.#wants.open;
  }

  /** Whether the integration still hears what is said there. Between its move and its new settings a channel has two names. */
  hears({ integrationId, at }: Pick<Want, 'integrationId' | 'at'>): boolean {
    const integration = this.route(integrationId)?.integration;
    if (!integration) return false;
    return this.connector.listens(integration, this.present(at)) || this.connector.listens(integration, at);
  }

  /** Why nobody wants an answer there any more. */
  unwantedAs(want: Pick<Want, 'integrationId' | 'at'>): 'paused' | 'not_listening' {
    return this.route(want.integrationId)?.integration.enabled && !this.hears(want) ? 'not_listening' : 'paused';
  }

  #wanted(want: Want): boolean {
    return this.route(want.integrationId)?.integration.enabled === true && this.hears(want);
  }

  /** Takes over what the store says now. Returns whether the credential is another one. */
  reload(owned: OwnedBot): boolean {
    const replaced = JSON.stringify(owned.credential) !== JSON.stringify(this.#owned.credential);
    this.#owned = owned;
    this.#doubted = false;
    if (replaced) {
      this.#sender = undefined;
      this.#dead = false;
      this.#blockedUntil = 0;
    }
    this.#wants.keep((want) => this.#wanted(want));
    this.#wakeUp();
    return replaced;
  }

  /** The platform refused the credential: no further call until it is replaced, or its owner has it tried again. */
  credentialRefused(): void {
    this.#dead = true;
  }

  credentialTriedAgain(): void {
    this.#dead = false;
    this.#sender = undefined;
    this.#wakeUp();
  }

  /** Settings changed by us, not by an owner: the rest stays as it was loaded. */
  resettle(settings: ReadonlyMap<IntegrationId, Settings>): void {
    const routes = this.#owned.routes.map((route) => {
      const changed = settings.get(route.integration.id);
      return changed ? { ...route, integration: { ...route.integration, settings: changed } } : route;
    });
    this.#owned = { ...this.#owned, routes };
  }

  /**
   * The node's lease holds, but the store did not name this bot among those it owns: nothing is sent until a reload has
   * shown that it still is, because whoever took it while the lease had lapsed may be sending the same.
   */
  doubt(): void {
    this.#doubted = true;
  }

  /** Everything that uses the credential waits. */
  block(ms: number): void {
    this.#blockedUntil = Math.max(this.#blockedUntil, this.#clock.elapsed() + ms);
  }

  /** A channel has a new id; messages taken before still carry the old one. */
  renamed(from: string, to: string): void {
    this.#moves.set(from, to);
  }

  /** The place under its present id. */
  present(at: Place): Place {
    const to = this.#moves.get(at.channel);
    return to === undefined ? at : { ...at, channel: to };
  }

  /** Whether the platform may be called now: the lease holds, the credential lives, no credential-wide wait is running. */
  get callable(): boolean {
    return !this.refrains && !this.#doubted && this.#leased();
  }
  /** The platform wants no call with this credential, now or ever. */
  get refrains(): boolean {
    return this.#dead || this.#blockedUntil > this.#clock.elapsed();
  }

  /** Waits until the platform may be called. `until` is wall-clock ms. */
  async ready(until: number, wanted: AbortSignal): Promise<'ready' | 'unwanted' | 'late'> {
    for (;;) {
      if (wanted.aborted || this.signal.aborted) return 'unwanted';
      const left = until - this.#clock.now();
      if (left <= 0) return 'late';
      if (this.callable) return 'ready';
      const blocked = this.#blockedUntil - this.#clock.elapsed();
      const wait = this.#dead ? left : blocked > 0 ? Math.min(blocked, left) : LEASE_RETRY_MS;
      await this.#clock.sleep(Math.min(wait, LONGEST_SLEEP_MS), this.#wake.signal);
    }
  }

  /** Lets running tasks end for at most `graceMs`, then cuts them. What did not finish is in the store. */
  async end(graceMs: number): Promise<void> {
    const stopped = this.lanes.stop();
    if (graceMs > 0) await this.#within(graceMs, stopped);
    this.#ended.abort();
    this.#wants.keep(() => false);
    this.#wakeUp();
    if (!(await this.#within(CUT_MS, stopped))) this.log.error('tasks_do_not_end');
  }

  #wakeUp(): void {
    this.#wake.abort();
    this.#wake = new AbortController();
  }

  async #within(ms: number, done: Promise<void>): Promise<boolean> {
    const over = new AbortController();
    const inTime = await Promise.race([done.then(() => true), this.#clock.sleep(ms, over.signal).then(() => false)]);
    over.abort();
    return inTime;
  }
}
