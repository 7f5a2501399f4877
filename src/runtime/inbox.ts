import { type Cursor, conversationKey, type InboundMessage } from '../core/message.ts';
import type { Metrics } from '../core/metrics.ts';
import { judge } from '../core/policy.ts';
import type { AcceptedMessage, Store, TurnDue } from '../core/store.ts';
import type { FlowDeps } from './persist.ts';
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
}

export class FencedError extends Error {
  constructor() {
    super('another node owns this bot');
    this.name = 'FencedError';
  }
}

export function createInbox({ store, turns, metrics, clock }: InboxDeps): Inbox {
  function begin(session: Session, due: TurnDue, started: number): void {
    session.begin(due, async (wanted) => {
      const answered = await turns.run(session, due, wanted);
      if (answered) metrics.answeredIn(session.bot.platform, (clock.elapsed() - started) / 1_000);
    });
  }

  function judged(session: Session, messages: readonly InboundMessage[]): AcceptedMessage[] {
    const { platform } = session.bot;
    const now = clock.now();
    const joining = new Map<string, number>();
    const accepted: AcceptedMessage[] = [];
    for (const message of messages) {
      if (message.author.kind === 'self') continue;
      const integration = session.listening(message.at)?.integration;
      if (!integration) {
        metrics.accepted(platform, 'unheard');
        continue;
      }
      const conversation = conversationKey(integration.id, message.at);
      const before = joining.get(conversation) ?? session.lanes.waiting(conversation);
      const fate = judge(message, integration, now, before);
      if (fate === null) joining.set(conversation, before + 1);
      metrics.accepted(platform, fate === null ? 'turn' : `${fate.kind}:${'reason' in fate ? fate.reason : ''}`);
      accepted.push({ integrationId: integration.id, conversation, message, fate });
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
      const accepted = judged(session, messages);
      if (accepted.length === 0 && cursors.length === 0) return;
      const at = clock.now();
      const started = clock.elapsed();
      const batch = { botId: session.id, epoch: session.epoch, messages: accepted, cursors, at };
      let due: readonly TurnDue[];
      try {
        const result = await store.accept(batch);
        if (!result.ok) throw new FencedError();
        due = session.unsure ? await unbegun(session) : result.due;
        session.unsure = false;
      } catch (error) {
        // It may have been committed all the same: then the platform sends the messages again, and they are known.
        session.unsure = true;
        throw error;
      }
      for (const one of due) begin(session, one, started);
    },
  };
}
