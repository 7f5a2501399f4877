import type { Clock } from '../core/clock.ts';
import { type Connector, PAUSED, type PlatformPort, type Sender } from '../core/connector.ts';
import type { BotId, NodeId } from '../core/ids.ts';
import type { OwnedBot } from '../core/integration.ts';
import type { Log } from '../core/log.ts';
import type { Cursor } from '../core/message.ts';
import type { OwnedVersion, Store } from '../core/store.ts';
import { HealthReport } from './health-report.ts';
import type { Inbox } from './inbox.ts';
import { Link, type LinkDeps } from './links.ts';
import { followMoves, moveOf } from './moves.ts';
import type { Outbox } from './outbox.ts';
import { resume } from './resume.ts';
import { Session } from './session.ts';
import { Steps } from './steps.ts';
import { ConnectorMissingError, Troubles } from './troubles.ts';
import type { Turns } from './turns.ts';

export interface SupervisorDeps {
  readonly store: Store;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly portFor: (platform: string) => PlatformPort;
  readonly inbox: Inbox;
  readonly turns: Turns;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly node: NodeId;
  readonly leased: () => boolean;
  readonly join: LinkDeps['join'];
}

interface Held {
  readonly session: Session;
  readonly health: HealthReport;
  link: Link | undefined;
  /** What of the store is in force here, all of it; else it has to be looked at again. */
  version: number | undefined;
}

const nameOf = (platform: string, identity: string) => `${platform} ${identity}`;

/** Keeps a session for each owned bot and a link for each that is wanted; everything about one bot happens in order. */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #held = new Map<BotId, Held>();
  /** By platform and identity: what comes in from outside names a bot so. */
  readonly #named = new Map<string, Session>();
  readonly #troubles: Troubles;
  readonly #steps: Steps;
  /** Those that only end what is under way: a pause still reaches them. */
  readonly #draining = new Map<BotId, Session>();
  #stopping = false;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
    this.#troubles = new Troubles(deps.clock, deps.random);
    this.#steps = new Steps(deps.log);
  }

  get size(): number {
    return this.#held.size;
  }

  session(id: BotId): Session | undefined {
    return this.#held.get(id)?.session;
  }

  named(platform: string, identity: string): Session | undefined {
    return this.#named.get(nameOf(platform, identity));
  }

  /** The cursors of its link; empty while it has none. */
  cursors(session: Session): ReadonlyMap<string, string> {
    return this.#linkOf(session)?.cursors ?? new Map();
  }

  moveCursors(session: Session, cursors: readonly Cursor[]): void {
    this.#linkOf(session)?.move(cursors);
  }

  /** Makes what is held here equal to what the store says this node owns. */
  async follow(owned: readonly OwnedVersion[]): Promise<void> {
    const steps: Promise<void>[] = [];
    const mine = new Set<BotId>();
    const epochs = new Map(owned.map(({ botId, epoch }) => [botId, epoch]));
    // Before anything is awaited: the lease has just been renewed, and with it only what is named here.
    for (const [botId, { session }] of this.#held) if (epochs.get(botId) !== session.epoch) session.doubt();
    for (const one of owned) {
      mine.add(one.botId);
      if (this.#draining.get(one.botId)?.owned.version === one.version) continue;
      const held = this.#held.get(one.botId);
      // One that is unsure has messages in the store, perhaps, that the platform will not bring here again.
      const inForce = held?.session.epoch === one.epoch && held.version === one.version;
      if (inForce && !held.session.unsure) continue;
      if (!this.#troubles.rests(one)) steps.push(this.look(one.botId, one));
    }
    for (const botId of this.#held.keys()) if (!mine.has(botId)) steps.push(this.look(botId));
    this.#troubles.keep(mine);
    // Each has told of its own failure: the others go on.
    await Promise.allSettled(steps);
  }

  /** Looks at each bot for which other nodes took something in. */
  async adopt(arrived: readonly BotId[]): Promise<void> {
    await Promise.allSettled(arrived.filter((id) => this.#held.has(id)).map((id) => this.look(id)));
  }

  /** Looks again at one bot: opens, reloads or closes it. Resolves when what the store says is in force. */
  look(id: BotId, seen?: OwnedVersion): Promise<void> {
    const draining = this.#draining.get(id);
    if (draining) return this.#heed(draining);
    return this.#steps.share(id, async () => {
      if (this.#stopping) return;
      try {
        const owned = await this.#deps.store.loadBot(this.#deps.node, id);
        const held = this.#held.get(id);
        if (held && (!owned || owned.epoch !== held.session.epoch)) {
          const gone = !owned && !(await this.#deps.store.botExists(id));
          await this.#close(id, held, 0, gone ? PAUSED : undefined);
        }
        if (owned) await (this.#held.has(id) ? this.#reload(id, owned) : this.#open(owned));
        this.#troubles.over(id);
      } catch (error) {
        await this.#tell(id, seen, this.#troubles.add(id, seen, error));
        throw error;
      }
    });
  }

  /** Ends a session whose bot went to another node. */
  drop(session: Session): void {
    void this.#steps.run(session.id, async () => {
      const held = this.#held.get(session.id);
      if (held?.session === session) await this.#close(session.id, held, 0);
    });
  }

  /** The platform refused the credential while sending: say so, and stop listening with it too. */
  refused(session: Session, sender: Sender): void {
    // A refusal that was under way while the credential was replaced says nothing about the new one.
    if (session.dead || session.sender !== sender) return;
    session.credentialRefused();
    void this.#steps.run(session.id, async () => {
      const held = this.#held.get(session.id);
      if (held?.session !== session || !session.dead) return;
      await held.link?.close();
      held.health.report({
        state: 'error',
        code: 'bad_credentials',
        message: `${session.connector.title} no longer accepts this bot's token. Make a new one and PUT it as bot_token.`,
        transport: session.health.transport,
      });
    });
  }

  /** Not a step in order: a receiver waits for it, and a step may wait for the receiver's end. */
  async moved(session: Session, from: string, to: string): Promise<void> {
    const { connector, owned } = session;
    session.renamed(from, to);
    const integrations = owned.routes.map(({ integration }) => integration);
    const move = moveOf(connector, { id: session.id, epoch: session.epoch, integrations }, from, to);
    if ((await this.#deps.store.moveChannel(move)) === 'fenced') return this.drop(session);
    // The store's version is a new one: the next beat reloads the rest.
    session.resettle(new Map(move.settings.map((change) => [change.integrationId, change.settings])));
    session.log.info('channel_moved', { from, to });
  }

  /** Stops listening first, then lets what is under way end for at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await this.#steps.settled();
    const close = (id: BotId) =>
      this.#steps.run(id, async () => {
        const held = this.#held.get(id);
        if (held) await this.#close(id, held, graceMs);
      });
    await Promise.allSettled([...this.#held.keys()].map(close));
    await this.#steps.settled();
  }

  async #open(owned: OwnedBot): Promise<void> {
    const { store, connectors, portFor, clock, leased } = this.#deps;
    const { bot } = owned;
    const connector = connectors.get(bot.platform);
    if (!connector) throw new ConnectorMissingError(bot.platform);
    const unfinished = await store.recover(bot.id, owned.epoch);
    if (unfinished === 'fenced') return;
    const log = this.#deps.log.child({ bot: bot.id, platform: bot.platform });
    const port = { ...portFor(bot.platform), log };
    const session = new Session({ owned, connector, port, clock, log, leased });
    const health = new HealthReport(session, this.#deps);
    const held: Held = { session, health, link: undefined, version: owned.version };
    this.#held.set(bot.id, held);
    this.#named.set(nameOf(bot.platform, bot.identity), session);
    resume(session, unfinished, this.#deps);
    if (session.wanted) held.link = new Link(session, unfinished.cursors, health, this.#linkDeps());
    else health.report({ state: 'paused', transport: session.health.transport });
  }

  async #reload(id: BotId, owned: OwnedBot): Promise<void> {
    const held = this.#held.get(id);
    if (!held) return;
    const { session } = held;
    const changed = owned.version !== session.owned.version;
    held.version = undefined;
    const { failures } = session;
    const begun = new Set(session.open);
    // Before the new routes are in force: a place that is new must not be listened to from an old position.
    const known = held.link?.moves ?? 0;
    await followMoves(session, owned, this.#deps.store);
    const fresh = await this.#unbegun(session, owned.epoch);
    if (fresh === 'fenced') return;
    held.link?.refresh(fresh.cursors, known);
    let restart = session.reload(owned);
    if (changed && (session.dead || held.link?.gaveUp)) {
      // Its owner has done something about it: worth one more try.
      session.credentialTriedAgain();
      restart = true;
    }
    const cursors = held.link?.cursors ?? fresh.cursors;
    if (held.link && (restart || !session.wanted)) {
      await held.link.close(session.wanted ? undefined : PAUSED);
      held.link = undefined;
    }
    if (!session.wanted) {
      held.health.report({ state: 'paused', transport: session.health.transport });
    } else if (!held.link) {
      held.link = new Link(session, cursors, held.health, this.#linkDeps());
    }
    this.#deps.inbox.adopt(session, fresh.turns, begun);
    session.sure(failures);
    held.version = owned.version;
  }

  /** Turns that no lane holds: those that other nodes took in, or all of the store's where a commit is in doubt. */
  async #unbegun(session: Session, epoch: number) {
    const { store } = this.#deps;
    if (session.unsure) return store.recover(session.id, epoch);
    try {
      return await store.adopt(session.id, epoch);
    } catch (error) {
      // They may have come out of the store and gone nowhere.
      session.failures++;
      throw error;
    }
  }

  async #close(id: BotId, held: Held, graceMs: number, reason?: typeof PAUSED): Promise<void> {
    this.#held.delete(id);
    const name = nameOf(held.session.bot.platform, held.session.bot.identity);
    if (this.#named.get(name) === held.session) this.#named.delete(name);
    await held.link?.close(reason);
    if (graceMs > 0) this.#draining.set(id, held.session);
    await held.session.end(graceMs);
    this.#draining.delete(id);
    await held.health.close();
  }

  /** What its owner wants of it now, while it ends. Not a step in order: its end is one. */
  async #heed(session: Session): Promise<void> {
    const owned = await this.#deps.store.loadBot(this.#deps.node, session.id);
    session.reload(owned?.epoch === session.epoch ? owned : { ...session.owned, routes: [] });
  }

  /** A bot that cannot be served must not look as if it were. */
  async #tell(id: BotId, seen: OwnedVersion | undefined, told: ReturnType<Troubles['add']>): Promise<void> {
    if (!told) return;
    const held = this.#held.get(id);
    if (held) {
      if (told.state === 'error') held.health.report({ ...told, transport: held.session.health.transport });
      return;
    }
    if (!seen) return;
    const health = { ...told, transport: 'unknown', since: this.#deps.clock.now() };
    await this.#deps.store
      .reportHealth(id, seen.epoch, health)
      .catch((error) => this.#deps.log.warn('health_not_stored', { bot: id, error }));
  }

  #linkOf(session: Session): Link | undefined {
    const held = this.#held.get(session.id);
    return held?.session === session ? held.link : undefined;
  }

  #linkDeps(): LinkDeps {
    const { inbox, clock, random, join } = this.#deps;
    return {
      inbox,
      clock,
      random,
      fenced: (session) => this.drop(session),
      moved: (session, from, to) => this.moved(session, from, to),
      join,
    };
  }
}
