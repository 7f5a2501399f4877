import type { Clock } from '../core/clock.ts';
import type { Connector, PlatformPort } from '../core/connector.ts';
import type { Delivery } from '../core/delivery.ts';
import type { BotId, NodeId } from '../core/ids.ts';
import type { OwnedBot } from '../core/integration.ts';
import type { Log } from '../core/log.ts';
import type { OwnedVersion, Store, Unfinished } from '../core/store.ts';
import type { Inbox } from './inbox.ts';
import { Link, type LinkDeps } from './links.ts';
import type { Outbox } from './outbox.ts';
import { Session } from './session.ts';
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
}

interface Held {
  session: Session;
  link: Link | undefined;
}

/** Keeps a session for each owned bot and a link for each that is wanted; everything about one bot happens in order. */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #held = new Map<BotId, Held>();
  /** The last step under way for each bot; the next waits for it. */
  readonly #steps = new Map<BotId, Promise<void>>();
  #stopping = false;

  constructor(deps: SupervisorDeps) {
    this.#deps = deps;
  }

  get size(): number {
    return this.#held.size;
  }

  session(id: BotId): Session | undefined {
    return this.#held.get(id)?.session;
  }

  /** Makes what is held here equal to what the store says this node owns. */
  async follow(owned: readonly OwnedVersion[]): Promise<void> {
    const steps: Promise<void>[] = [];
    const mine = new Set<BotId>();
    for (const { botId, epoch, version } of owned) {
      mine.add(botId);
      const held = this.#held.get(botId)?.session.owned;
      if (held?.epoch !== epoch || held.version !== version) steps.push(this.look(botId));
    }
    for (const botId of this.#held.keys()) if (!mine.has(botId)) steps.push(this.look(botId));
    await Promise.all(steps);
  }

  /** Looks again at one bot: opens, reloads or closes it. Resolves when what the store says is in force. */
  look(id: BotId): Promise<void> {
    return this.#inOrder(id, async () => {
      if (this.#stopping) return;
      const owned = await this.#deps.store.loadBot(this.#deps.node, id);
      const held = this.#held.get(id);
      if (held && (!owned || owned.epoch !== held.session.epoch)) await this.#close(id, held, 0);
      if (owned) await (this.#held.has(id) ? this.#reload(id, owned) : this.#open(owned));
    });
  }

  /** Ends a session whose bot went to another node. */
  drop(session: Session): void {
    void this.#inOrder(session.id, async () => {
      const held = this.#held.get(session.id);
      if (held?.session === session) await this.#close(session.id, held, 0);
    });
  }

  /** The platform refused the credential while sending: say so, and stop listening with it too. */
  refused(session: Session): void {
    if (session.dead) return;
    session.credentialRefused();
    void this.#inOrder(session.id, async () => {
      const held = this.#held.get(session.id);
      if (held?.session !== session || !session.dead) return;
      await held.link?.close();
      held.link?.report({
        state: 'error',
        code: 'bad_credentials',
        message: `${session.connector.title} no longer accepts this bot's token. Make a new one and PUT it as bot_token.`,
        transport: session.health.transport,
      });
    });
  }

  async moved(session: Session, from: string, to: string): Promise<void> {
    const { connector, owned } = session;
    session.renamed(from, to);
    const settings = owned.routes.flatMap(({ integration }) => {
      const next = connector.moved?.(integration.settings, from, to);
      return next ? [{ integrationId: integration.id, settings: next }] : [];
    });
    await this.#deps.store.moveChannel({ botId: session.id, epoch: session.epoch, from, to, settings });
    session.log.info('channel_moved', { from, to });
    const fresh = await this.#deps.store.loadBot(this.#deps.node, session.id);
    if (fresh?.epoch === session.epoch) session.reload(fresh);
  }

  /** Stops listening first, then lets what is under way end for at most `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#steps.values());
    await Promise.all([...this.#held].map(([id, held]) => this.#close(id, held, graceMs)));
  }

  async #open(owned: OwnedBot): Promise<void> {
    const { store, connectors, portFor, clock, leased } = this.#deps;
    const { bot } = owned;
    const connector = connectors.get(bot.platform);
    const log = this.#deps.log.child({ bot: bot.id, platform: bot.platform });
    if (!connector) {
      log.error('connector_missing');
      return;
    }
    const unfinished = await store.recover(bot.id, owned.epoch);
    if (unfinished === 'fenced') return;
    const session = new Session({ owned, connector, port: portFor(bot.platform), clock, log, leased });
    const held: Held = { session, link: undefined };
    this.#held.set(bot.id, held);
    this.#resume(session, unfinished);
    if (session.wanted) held.link = new Link(session, unfinished.cursors, this.#linkDeps());
  }

  async #reload(id: BotId, owned: OwnedBot): Promise<void> {
    const held = this.#held.get(id);
    if (!held) return;
    const { session } = held;
    const replaced = session.reload(owned);
    let cursors = held.link?.cursors;
    if (held.link && (replaced || !session.wanted)) {
      await held.link.close();
      if (!session.wanted) {
        held.link.report({ state: 'paused', transport: session.health.transport });
        cursors = undefined;
      }
      held.link = undefined;
    }
    if (held.link || !session.wanted) return;
    if (!cursors) {
      // Resumed: the API has moved the cursors past what came meanwhile.
      const unfinished = await this.#deps.store.recover(id, owned.epoch);
      if (unfinished === 'fenced') return;
      cursors = unfinished.cursors;
    }
    held.link = new Link(session, cursors, this.#linkDeps());
  }

  async #close(id: BotId, held: Held, graceMs: number): Promise<void> {
    this.#held.delete(id);
    await held.link?.close();
    await held.session.end(graceMs);
  }

  /** Puts what an earlier owner left undone into its lanes: answers that are stored go before turns that are not begun. */
  #resume(session: Session, { deliveries, turns }: Unfinished): void {
    const answers = new Map<string, Delivery[]>();
    for (const { conversation, delivery } of deliveries) {
      const key = `${conversation} ${delivery.inboxSeq}`;
      const parts = answers.get(key);
      if (parts) {
        parts.push(delivery);
      } else {
        const fresh = [delivery];
        answers.set(key, fresh);
        session.lanes.push(conversation, () => this.#deps.outbox.deliver(session, fresh, true));
      }
    }
    for (const due of turns) session.begin(due.seq, due.conversation, () => this.#deps.turns.run(session, due));
    if (deliveries.length + turns.length > 0) {
      session.log.info('work_resumed', { deliveries: deliveries.length, turns: turns.length });
    }
  }

  #linkDeps(): LinkDeps {
    const { store, inbox, clock, random } = this.#deps;
    return {
      store,
      inbox,
      clock,
      random,
      fenced: (session) => this.drop(session),
      moved: (session, from, to) => this.moved(session, from, to),
    };
  }

  #inOrder(id: BotId, step: () => Promise<void>): Promise<void> {
    const before = this.#steps.get(id) ?? Promise.resolve();
    const mine = before.then(step);
    const kept = mine
      .catch((error) => this.#deps.log.error('bot_step_failed', { bot: id, error }))
      .finally(() => {
        if (this.#steps.get(id) === kept) this.#steps.delete(id);
      });
    this.#steps.set(id, kept);
    return mine;
  }
}
