import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Clock } from '../core/clock.ts';
import type { PlatformPort, SharedLink, SharedPort } from '../core/connector.ts';
import type { Health } from '../core/health.ts';
import type { NodeId } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/store.ts';
import { LEASE_MS } from './owners.ts';
import type { Router } from './router.ts';

type State = Omit<Health, 'since'>;

/** A node that has the link makes sure this often that it still does, ms; one that waits for it looks more often. */
const RENEW_MS = 5_000;
const WAIT_MS = 3_000;
/** A link that ends without saying why is opened again after this, ms. */
const REOPEN: Backoff = { baseMs: 1_000, capMs: 60_000 };
/** A run this long starts the count anew, ms. */
const STEADY_MS = 60_000;

export interface SharedLinksDeps {
  readonly store: Store;
  readonly router: Router;
  readonly portFor: (platform: string) => PlatformPort;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly node: NodeId;
  /** Whether this node may still act for its bots. */
  readonly leased: () => boolean;
}

/** What is said of a link that was something else between two looks at it. */
const INTERRUPTED = {
  state: 'reconnecting',
  code: 'interrupted',
  message: 'The connection was interrupted for a moment; what was said meanwhile is being read.',
} as const;

interface Member {
  readonly link: SharedLink;
  readonly told: (health: State) => void;
  /** Its link ended with an error of its own: another member's is tried. */
  failed: boolean;
}

/** Links that serve several bots: one runs per name in the whole deployment, on the node that holds the name's lease. */
export class SharedLinks {
  readonly #deps: SharedLinksDeps;
  readonly #groups = new Map<string, Group>();

  constructor(deps: SharedLinksDeps) {
    this.#deps = deps;
  }

  /** See `ReceiverPort.join`. */
  async join(
    platform: string,
    name: string,
    link: SharedLink,
    told: (health: State) => void,
    signal: AbortSignal,
  ): Promise<void> {
    if (signal.aborted) return;
    const key = `${platform}/${name}`;
    // One that is about to end cannot be joined any more: the next begins when it has.
    for (let old = this.#groups.get(key); old?.ending; old = this.#groups.get(key)) await old.ended;
    if (signal.aborted) return;
    const group = this.#groups.get(key) ?? this.#open(platform, key);
    await group.take({ link, told, failed: false }, signal);
  }

  #open(platform: string, key: string): Group {
    const group = new Group(platform, key, this.#deps);
    this.#groups.set(key, group);
    void group.ended.then(() => {
      if (this.#groups.get(key) === group) this.#groups.delete(key);
    });
    return group;
  }
}

/** Those on this node who take part in one link. */
class Group {
  readonly ended: Promise<void>;
  readonly #platform: string;
  readonly #name: string;
  readonly #deps: SharedLinksDeps;
  readonly #log: Log;
  readonly #members = new Set<Member>();
  #health: State | undefined;
  /** Of it, what is stored with the lease. */
  #stored: State | undefined;
  /** Since when the node that has the link says what it says; undefined while that is this one. */
  #since: number | undefined;
  /** Aborted at whatever may change what is to be done. */
  #changed = new AbortController();
  #begin = () => {};
  ending = false;

  constructor(platform: string, name: string, deps: SharedLinksDeps) {
    this.#platform = platform;
    this.#name = name;
    this.#deps = deps;
    this.#log = deps.log.child({ platform, link: name });
    this.ended = new Promise<void>((resolve) => {
      this.#begin = resolve;
    }).then(() => this.#keep());
  }

  /** Resolves when the member has left, and with the last one also the link. */
  async take(member: Member, signal: AbortSignal): Promise<void> {
    this.#members.add(member);
    this.#begin();
    if (this.#health) member.told(this.#health);
    this.#change();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    this.#members.delete(member);
    if (this.#members.size === 0) this.ending = true;
    this.#change();
    if (this.ending) await this.ended;
  }

  async #keep(): Promise<void> {
    const { store, clock, node, leased } = this.#deps;
    let running: Running | undefined;
    for (let attempt = 0; !this.ending; ) {
      const changed = this.#changed.signal;
      const held = this.#next() && leased() ? await this.#hold() : false;
      // The member whose link it is has left, or the lease is another node's.
      if (running && (!held || !this.#members.has(running.member))) {
        await running.stop();
        running = undefined;
      }
      if (running?.over) {
        if (clock.elapsed() - running.began > STEADY_MS) attempt = 0;
        if (this.#health?.state === 'error') {
          running.member.failed = true;
          this.#change();
        } else {
          await clock.sleep(backoffMs(attempt++, REOPEN, this.#deps.random), changed);
        }
        running = undefined;
        continue;
      }
      // Asked again: some may have come or gone while the store was asked and the old one ended.
      const member = this.#next();
      if (held && member && !running) running = this.#run(member);
      if (!member) await store.dropLease(this.#name, node).catch(() => {});
      await clock.sleep(member ? (held ? RENEW_MS : WAIT_MS) : RENEW_MS, changed);
    }
    await running?.stop();
    await store.dropLease(this.#name, node).catch((error) => this.#log.warn('lease_not_dropped', { error }));
  }

  #next(): Member | undefined {
    return [...this.#members].find((one) => !one.failed);
  }

  /** Whether this node has the lease. Those who wait for it hear what the one that has it says. */
  async #hold(): Promise<boolean> {
    const { store, node, clock } = this.#deps;
    try {
      const news = this.#health === this.#stored ? undefined : this.#health;
      const { held, health } = await store.holdLease(
        this.#name,
        node,
        LEASE_MS,
        news && { ...news, since: clock.now() },
      );
      if (held) this.#since = undefined;
      if (held && news) this.#stored = news;
      if (!held && health) this.#hear(health);
      return held;
    } catch (error) {
      this.#log.warn('lease_unknown', { error });
      // The store is away, and with it all who could take the lease from us.
      return this.#deps.leased();
    }
  }

  /** The same state of another moment is another state: in between it was broken, and those who wait have missed something. */
  #hear({ since, ...state }: Health): void {
    if (since !== this.#since && same(state, this.#health)) {
      this.#tell({ ...INTERRUPTED, transport: state.transport });
    }
    this.#since = since;
    this.#tell(state);
  }

  #run(member: Member): Running {
    const { portFor, router, clock } = this.#deps;
    const stop = new AbortController();
    const began = clock.elapsed();
    const port: SharedPort = {
      ...portFor(this.#platform),
      deliver: (to, read) => router.deliver({ platform: this.#platform, ...to }, read),
      report: (health) => {
        if (!stop.signal.aborted) this.#tell(health);
      },
    };
    const running: Running = {
      member,
      began,
      over: false,
      stop: async () => {
        stop.abort();
        await done;
      },
    };
    const done = member.link
      .run(port, stop.signal)
      .catch((error) => this.#log.error('shared_link_threw', { error }))
      .then(() => {
        running.over = true;
        this.#change();
      });
    return running;
  }

  #tell(health: State): void {
    if (same(health, this.#health)) return;
    this.#health = health;
    for (const { told } of this.#members) told(health);
    // What it says is stored with the lease, for those who wait on other nodes.
    this.#change();
  }

  #change(): void {
    this.#changed.abort();
    this.#changed = new AbortController();
  }
}

function same(one: State, other: State | undefined): boolean {
  const { state, code, message, fixUrl, transport } = one;
  if (!other || other.state !== state || other.transport !== transport) return false;
  return other.code === code && other.message === message && other.fixUrl === fixUrl;
}

interface Running {
  readonly member: Member;
  readonly began: number;
  over: boolean;
  stop(): Promise<void>;
}
