import type { Clock } from '../core/clock.ts';
import type { Connector, PlatformPort, Sender } from '../core/connector.ts';
import type { Health } from '../core/health.ts';
import type { BotId, IntegrationId } from '../core/ids.ts';
import type { Bot, OwnedBot, Route } from '../core/integration.ts';
import type { Log } from '../core/log.ts';
import type { Place } from '../core/message.ts';
import { Lanes } from './lanes.ts';

/** Looks again this often whether a lapsed lease has been renewed, ms. */
const LEASE_RETRY_MS = 250;

/**
 * One bot while this node owns it: its routes as they are now, its sender, its conversations in order. It ends when the
 * bot is lost or the node stops; a reload changes what it holds without ending it.
 */
export class Session {
  readonly connector: Connector;
  readonly port: PlatformPort;
  readonly log: Log;
  readonly lanes: Lanes;
  /** Turns that wait or run, by their message's number in the store. */
  readonly open = new Set<number>();
  /** A commit failed whose outcome nobody knows: turns may wait in the store that are in no lane. */
  unsure = false;
  sender: Sender;
  health: Health;

  readonly #ended = new AbortController();
  readonly #clock: Clock;
  readonly #leased: () => boolean;
  /** Aborted and replaced when an integration is paused or removed, so that its running turns stop at once. */
  readonly #turns = new Map<IntegrationId, AbortController>();
  readonly #moves = new Map<string, string>();
  #owned: OwnedBot;
  #dead = false;
  #blockedUntil = 0;
  #wake = Promise.withResolvers<void>();

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
    this.sender = this.connector.sender(this.bot, input.owned.credential, this.port);
    this.health = { state: 'connecting', transport: 'unknown', since: input.clock.now() };
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

  /** The integration that hears messages at this place: an enabled one if there is any, the oldest first. */
  listening(at: Place): Route | undefined {
    const hearing = this.#owned.routes.filter((route) => this.connector.listens(route.integration, at));
    return hearing.find((route) => route.integration.enabled) ?? hearing[0];
  }

  /** Queues a turn behind those of its conversation. */
  begin(seq: number, conversation: string, turn: () => Promise<unknown>): void {
    this.open.add(seq);
    this.lanes.push(conversation, () => turn().finally(() => this.open.delete(seq)));
  }

  /** Aborts when the integration is paused or removed, or the session ends. */
  turnSignal(id: IntegrationId): AbortSignal {
    let controller = this.#turns.get(id);
    if (!controller) {
      controller = new AbortController();
      if (this.#ended.signal.aborted) controller.abort();
      this.#turns.set(id, controller);
    }
    return controller.signal;
  }

  /** Takes over what the store says now. Returns whether the credential is another one. */
  reload(owned: OwnedBot): boolean {
    const replaced = JSON.stringify(owned.credential) !== JSON.stringify(this.#owned.credential);
    this.#owned = owned;
    if (replaced) {
      this.sender = this.connector.sender(this.bot, owned.credential, this.port);
      this.#dead = false;
      this.#blockedUntil = 0;
    }
    for (const [id, controller] of this.#turns) {
      if (this.route(id)?.integration.enabled) continue;
      controller.abort();
      this.#turns.delete(id);
    }
    this.#wakeUp();
    return replaced;
  }

  /** The platform refused the credential: no further call until it is replaced. */
  credentialRefused(): void {
    this.#dead = true;
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

  /**
   * Waits until the platform may be called: the lease holds, the credential lives, no credential-wide wait is running.
   * `until` is wall-clock ms.
   */
  async ready(until: number): Promise<'ready' | 'ended' | 'late'> {
    for (;;) {
      if (this.signal.aborted) return 'ended';
      const left = until - this.#clock.now();
      if (left <= 0) return 'late';
      const blocked = this.#blockedUntil - this.#clock.elapsed();
      if (this.#dead) {
        await this.#pause(left, this.#wake.promise);
      } else if (blocked > 0) {
        await this.#pause(Math.min(blocked, left), this.#wake.promise);
      } else if (!this.#leased()) {
        await this.#pause(LEASE_RETRY_MS);
      } else {
        return 'ready';
      }
    }
  }

  /** Lets running tasks end for at most `graceMs`, then cuts them. What did not finish is in the store. */
  async end(graceMs: number): Promise<void> {
    const stopped = this.lanes.stop();
    if (graceMs > 0) {
      const grace = new AbortController();
      await Promise.race([stopped, this.#clock.sleep(graceMs, grace.signal)]);
      grace.abort();
    }
    this.#ended.abort();
    for (const controller of this.#turns.values()) controller.abort();
    this.#wakeUp();
    await stopped;
  }

  #wakeUp(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }

  async #pause(ms: number, wake?: Promise<void>): Promise<void> {
    const done = new AbortController();
    const sleep = this.#clock.sleep(Math.min(ms, 2 ** 31 - 1), AbortSignal.any([done.signal, this.signal]));
    await (wake ? Promise.race([sleep, wake]) : sleep);
    done.abort();
  }
}
