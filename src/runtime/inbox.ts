import type { Connector } from '../core/connector.ts';
import type { AcceptedMessage, TurnDue } from '../core/flow-store.ts';
import type { Listener } from '../core/hook.ts';
import type { Bot, Integration } from '../core/integration.ts';
import type { Log } from '../core/log.ts';
import { type Cursor, conversationKey, type InboundMessage, type Place, roomKey } from '../core/message.ts';
import type { Metrics } from '../core/metrics.ts';
import { judge, overhears } from '../core/policy.ts';
import type { Store } from '../core/store.ts';
import { type FlowDeps, persist } from './persist.ts';
import { Places } from './places.ts';
import type { Session } from './session.ts';
import type { Turns } from './turns.ts';

export interface InboxDeps extends FlowDeps {
  readonly store: Store;
  readonly turns: Turns;
  readonly metrics: Metrics;
  readonly log: Log;
}

export interface Inbox {
  /**
   * Finds each message's integration, judges it, stores all of them with the cursors in one commit, and starts the turns.
   * Rejects when nothing could be stored; then nothing may be acknowledged.
   */
  accept(session: Session, messages: readonly InboundMessage[], cursors: readonly Cursor[]): Promise<void>;
  /** As `accept`, for a bot of another node: that one is told, and runs the turns. */
  forward(
    connector: Connector,
    listener: Listener,
    messages: readonly InboundMessage[],
    cursors: readonly Cursor[],
  ): Promise<void>;
  /** Starts the turns that the store holds for this bot and no lane does: other nodes take messages in for it. */
  adopt(session: Session, turns: readonly TurnDue[], begun: ReadonlySet<number>): void;
}

export class FencedError extends Error {
  constructor() {
    super('another node owns this bot');
    this.name = 'FencedError';
  }
}

/** The integration that hears messages at this place: an enabled one if there is any, the oldest first. */
function hearing(connector: Connector, routes: readonly Integration[], at: Place): Integration | undefined {
  const all = routes.filter((integration) => connector.listens(integration, at));
  return all.find(({ enabled }) => enabled) ?? all[0];
}

export function createInbox({ store, turns, metrics, log, clock, random }: InboxDeps): Inbox {
  function begin(session: Session, due: TurnDue, started: number): void {
    if (session.open.has(due.seq)) return;
    // Nodes that forward do not know how many wait: this one does.
    const goes = session.places.makeRoom(due.conversation, due.message.author.id);
    if (goes !== undefined) expire(session, goes === 'full' ? due.seq : goes);
    if (goes === 'full') return;
    session.begin(due, async (wanted) => {
      const answered = await turns.run(session, due, wanted);
      if (answered) metrics.answeredIn(session.bot.platform, (clock.elapsed() - started) / 1_000);
    });
  }

  function expire(session: Session, seq: number): void {
    const change = { kind: 'fate', seq, fate: { kind: 'expired', reason: 'backlog' } } as const;
    const settled = { botId: session.id, epoch: session.epoch, at: clock.now(), change };
    void persist(session, 'settle_fate', () => store.settle(settled), { clock, random });
  }

  function judged(
    connector: Connector,
    bot: Bot,
    routes: readonly Integration[],
    messages: readonly InboundMessage[],
    places: Places,
  ): AcceptedMessage[] {
    const { platform } = connector;
    const now = clock.now();
    const accepted: AcceptedMessage[] = [];
    for (const message of messages) {
      if (message.author.kind === 'self') continue;
      const integration = hearing(connector, routes, message.at);
      if (!integration) {
        metrics.accepted(platform, 'unheard');
        const { channel } = message.at;
        log.debug('message_unheard', { platform, bot: bot.id, channel, message: message.id });
        continue;
      }
      const conversation = conversationKey(integration.id, message.at);
      // As it is now: what this batch itself adds is looked at when its turns begin, and may be known already.
      const full = !places.admits(conversation, message.author.id);
      const fate = judge(message, integration, now, full);
      const overheard = overhears(fate, integration);
      // What people say outside of threads is the room's: each such message would be alone in a conversation of its own.
      const outside = overheard && connector.opensThread?.(message);
      accepted.push({
        integrationId: integration.id,
        conversation: outside ? roomKey(integration.id, message.at) : conversation,
        message,
        fate,
        ...(overheard && { overheard }),
      });
    }
    return accepted;
  }

  /** A platform tells some messages more than once: each is counted as what became of it when it came first. */
  function count(bot: Bot, accepted: readonly AcceptedMessage[], stored: readonly string[]): void {
    const fresh = new Set(stored);
    for (const { integrationId, message, fate } of accepted) {
      const reason = fate && 'reason' in fate ? fate.reason : '';
      const outcome = fate === null ? 'turn' : `${fate.kind}:${reason}`;
      const isFresh = fresh.delete(message.id);
      metrics.accepted(bot.platform, isFresh ? outcome : 'known');
      if (!isFresh || fate === null) continue;
      const which = { bot: bot.id, integration: integrationId, channel: message.at.channel, message: message.id };
      log.debug('message_judged', { platform: bot.platform, ...which, outcome });
    }
  }

  /** What the store holds for this bot and no lane does; known messages among those just accepted are in it too. */
  async function unbegun(session: Session): Promise<readonly TurnDue[]> {
    const begun = new Set(session.open);
    const unfinished = await store.recover(session.id, session.epoch);
    if (unfinished === 'fenced') throw new FencedError();
    return unfinished.turns.filter((due) => !begun.has(due.seq));
  }

  return {
    async accept(session, messages, cursors) {
      const accepted = judged(
        session.connector,
        session.bot,
        session.owned.routes.map(({ integration }) => integration),
        messages,
        session.places,
      );
      if (accepted.length === 0 && cursors.length === 0) return;
      const at = clock.now();
      const started = clock.elapsed();
      const batch = { botId: session.id, epoch: session.epoch, messages: accepted, cursors, at };
      let due: readonly TurnDue[];
      try {
        const result = await store.accept(batch);
        if (!result.ok) throw new FencedError();
        count(session.bot, accepted, result.stored);
        const { failures } = session;
        due = session.unsure ? await unbegun(session) : result.due;
        session.sure(failures);
      } catch (error) {
        // It may have been committed all the same: then the platform sends the messages again, and they are known.
        session.failures++;
        throw error;
      }
      for (const one of due) begin(session, one, started);
    },

    async forward(connector, { bot, routes }, messages, cursors) {
      // How many wait there already only the owner's memory knows.
      const accepted = judged(connector, bot, routes, messages, new Places());
      if (accepted.length === 0 && cursors.length === 0) return;
      // A bot that is gone by now has nothing to hear: that must not fail what came with it for others.
      const batch = { botId: bot.id, epoch: null, messages: accepted, cursors, at: clock.now() };
      const result = await store.accept(batch);
      if (result.ok) count(bot, accepted, result.stored);
    },

    adopt(session, turns, begun) {
      for (const due of turns) if (!begun.has(due.seq)) begin(session, due, clock.elapsed());
    },
  };
}
