import type { Connector } from '../core/connector.ts';
import type { Listener } from '../core/hook.ts';
import type { Integration } from '../core/integration.ts';
import { type Cursor, conversationKey, type InboundMessage, type Place } from '../core/message.ts';
import type { Metrics } from '../core/metrics.ts';
import { crowds, judge, MAX_WAITING, overhears } from '../core/policy.ts';
import type { AcceptedMessage, Store, TurnDue } from '../core/store.ts';
import { type FlowDeps, persist } from './persist.ts';
import type { Session } from './session.ts';
import type { Turns } from './turns.ts';

export interface InboxDeps extends FlowDeps {
  readonly store: Store;
  readonly turns: Turns;
  readonly metrics: Metrics;
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

const speakerKey = (conversation: string, author: string) => `${conversation} ${author}`;

export function createInbox({ store, turns, metrics, clock, random }: InboxDeps): Inbox {
  /** How many turns of each speaker wait or run; those that an earlier owner left are not counted. */
  const speaking = new WeakMap<Session, Map<string, number>>();

  function speakersOf(session: Session): Map<string, number> {
    const known = speaking.get(session);
    if (known) return known;
    const fresh = new Map<string, number>();
    speaking.set(session, fresh);
    return fresh;
  }

  function begin(session: Session, due: TurnDue, started: number): void {
    // Nodes that forward do not know how many wait: this one does.
    const { conversation, message } = due;
    if (session.open.has(due.seq)) return;
    const speakers = speakersOf(session);
    const speaker = speakerKey(conversation, message.author.id);
    if (session.lanes.waiting(conversation) >= MAX_WAITING || crowds(message, speakers.get(speaker) ?? 0)) {
      expire(session, due);
      return;
    }
    speakers.set(speaker, (speakers.get(speaker) ?? 0) + 1);
    session.begin(due, async (wanted) => {
      try {
        const answered = await turns.run(session, due, wanted);
        if (answered) metrics.answeredIn(session.bot.platform, (clock.elapsed() - started) / 1_000);
      } finally {
        const left = (speakers.get(speaker) ?? 1) - 1;
        if (left > 0) speakers.set(speaker, left);
        else speakers.delete(speaker);
      }
    });
  }

  function expire(session: Session, { seq }: TurnDue): void {
    const change = { kind: 'fate', seq, fate: { kind: 'expired', reason: 'backlog' } } as const;
    const settled = { botId: session.id, epoch: session.epoch, at: clock.now(), change };
    void persist(session, 'settle_fate', () => store.settle(settled), { clock, random });
  }

  function judged(
    connector: Connector,
    routes: readonly Integration[],
    messages: readonly InboundMessage[],
    session: Session | undefined,
  ): AcceptedMessage[] {
    const { platform } = connector;
    const now = clock.now();
    const joining = new Map<string, number>();
    const accepted: AcceptedMessage[] = [];
    for (const message of messages) {
      if (message.author.kind === 'self') continue;
      const integration = hearing(connector, routes, message.at);
      if (!integration) {
        metrics.accepted(platform, 'unheard');
        continue;
      }
      const conversation = conversationKey(integration.id, message.at);
      const speaker = speakerKey(conversation, message.author.id);
      const waiting = joining.get(conversation) ?? session?.lanes.waiting(conversation) ?? 0;
      const fate = judge(message, integration, now, waiting);
      const own = joining.get(speaker) ?? (session && speaking.get(session)?.get(speaker)) ?? 0;
      // What is too much of one person expires once it is known to be new, and takes nobody's place until then.
      if (fate === null && !crowds(message, own)) {
        joining.set(conversation, waiting + 1);
        joining.set(speaker, own + 1);
      }
      metrics.accepted(platform, fate === null ? 'turn' : `${fate.kind}:${'reason' in fate ? fate.reason : ''}`);
      const overheard = overhears(fate, integration);
      accepted.push({ integrationId: integration.id, conversation, message, fate, ...(overheard && { overheard }) });
    }
    return accepted;
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
        session.owned.routes.map(({ integration }) => integration),
        messages,
        session,
      );
      if (accepted.length === 0 && cursors.length === 0) return;
      const at = clock.now();
      const started = clock.elapsed();
      const batch = { botId: session.id, epoch: session.epoch, messages: accepted, cursors, at };
      let due: readonly TurnDue[];
      try {
        const result = await store.accept(batch);
        if (!result.ok) throw new FencedError();
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
      const accepted = judged(connector, routes, messages, undefined);
      if (accepted.length === 0 && cursors.length === 0) return;
      // A bot that is gone by now has nothing to hear: that must not fail what came with it for others.
      await store.accept({ botId: bot.id, epoch: null, messages: accepted, cursors, at: clock.now() });
    },

    adopt(session, turns, begun) {
      for (const due of turns) if (!begun.has(due.seq)) begin(session, due, clock.elapsed());
    },
  };
}
