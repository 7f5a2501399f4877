import { unlessAborted } from '../core/abort.ts';
import type { Ids } from '../core/ids.ts';
import type { Route } from '../core/integration.ts';
import { conversationKey, type Fate } from '../core/message.ts';
import type { Metrics } from '../core/metrics.ts';
import { MAX_AGE_MS, MAX_TURN_MS } from '../core/policy.ts';
import { type Responder, ResponderError } from '../core/responder.ts';
import type { Store, TurnDue } from '../core/store.ts';
import type { Outbox } from './outbox.ts';
import { type FlowDeps, persist } from './persist.ts';
import type { Session } from './session.ts';

/** Messages of the conversation that a responder may read. */
const HISTORY_LIMIT = 30;
/** A quicker answer needs no "is typing…", ms. */
const TYPING_AFTER_MS = 400;

/** One for all: an abort without a reason makes an error with a stack for each turn. */
const OVER = new Error('the turn has ended');

export interface TurnDeps extends FlowDeps {
  readonly store: Store;
  readonly respond: Responder;
  readonly outbox: Outbox;
  readonly ids: Ids;
  readonly metrics: Metrics;
}

export interface Turns {
  /**
   * Answers one message: asks the responder, stores the answer, delivers it. Runs inside the conversation's lane.
   * Resolves whether the answer arrived; every other outcome is in the store. `wanted` aborts when nobody wants it more.
   */
  run(session: Session, due: TurnDue, wanted: AbortSignal): Promise<boolean>;
}

type Answer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'fate'; readonly fate: Fate }
  | { readonly kind: 'cut' };

export function createTurns(deps: TurnDeps): Turns {
  const { store, clock, ids, metrics } = deps;

  async function end(session: Session, due: TurnDue, fate: Fate): Promise<false> {
    const outcome = fate.kind === 'answered' ? fate.kind : `${fate.kind}:${fate.reason}`;
    metrics.settled(session.bot.platform, outcome);
    session.log.info('turn_ended', { integration: due.integrationId, seq: due.seq, outcome });
    const change = { kind: 'fate', seq: due.seq, fate } as const;
    await persist(
      session,
      'settle_fate',
      () => store.settle({ botId: session.id, epoch: session.epoch, at: clock.now(), change }),
      deps,
    );
    return false;
  }

  /** Shows that somebody is writing, once the answer takes long enough for a person to wonder. */
  async function typing(session: Session, due: TurnDue, signal: AbortSignal): Promise<void> {
    const { sender } = session;
    if (!sender.typing) return;
    await clock.sleep(TYPING_AFTER_MS, signal);
    while (!signal.aborted) {
      // A platform that has told us to wait, or to go away, is not told that somebody writes.
      if (session.callable) await unlessAborted(sender.typing(session.present(due.message.at), signal), signal);
      await clock.sleep(sender.typingMs ?? 5_000, signal);
    }
  }

  async function ask(session: Session, due: TurnDue, route: Route, wanted: AbortSignal): Promise<Answer> {
    const turn = new AbortController();
    const cut = () => turn.abort();
    wanted.addEventListener('abort', cut, { once: true });
    if (wanted.aborted) cut();
    const late = clock.sleep(MAX_TURN_MS, turn.signal).then(cut);
    const shown = typing(session, due, turn.signal).catch((error) => {
      if (!turn.signal.aborted) session.log.debug('typing_failed', { error });
    });
    const { message } = due;
    const conversation = conversationKey(due.integrationId, session.present(message.at));
    try {
      let text = '';
      const pieces = deps.respond(
        {
          replr: route.replr,
          message: { authorName: message.author.name, text: message.text, sentAt: message.sentAt },
          history: () => store.history(due.integrationId, conversation, due.seq, HISTORY_LIMIT),
        },
        turn.signal,
      );
      const stream = pieces[Symbol.asyncIterator]();
      // A responder that does not heed its signal must not hold up the conversation.
      for (;;) {
        const piece = await unlessAborted(stream.next(), turn.signal);
        if (piece.done) break;
        text += piece.value;
      }
      if (!turn.signal.aborted) return { kind: 'text', text };
    } catch (error) {
      if (!turn.signal.aborted) {
        const reason = error instanceof ResponderError ? error.reason : 'internal_error';
        session.log.warn('responder_failed', { integration: due.integrationId, seq: due.seq, reason, error });
        return { kind: 'fate', fate: { kind: 'failed', reason } };
      }
    } finally {
      wanted.removeEventListener('abort', cut);
      turn.abort(OVER);
      await Promise.all([late, shown]);
    }
    return wanted.aborted ? { kind: 'cut' } : { kind: 'fate', fate: { kind: 'failed', reason: 'turn_timeout' } };
  }

  async function answer(session: Session, due: TurnDue, text: string, wanted: AbortSignal): Promise<boolean> {
    const to = session.present(due.message.at);
    const parts = session.connector.render(text, to);
    if (parts.length === 0) return end(session, due, { kind: 'failed', reason: 'empty_answer' });
    const composed = {
      botId: session.id,
      epoch: session.epoch,
      seq: due.seq,
      integrationId: due.integrationId,
      to,
      replyTo: due.message.id,
      parts: parts.map((part) => ({ id: ids.delivery(), part })),
      at: clock.now(),
    };
    const stored = await persist(session, 'compose', () => store.compose(composed), deps);
    if (!stored?.ok) {
      session.log.info('answer_not_stored', { seq: due.seq, reason: stored?.reason ?? 'ended' });
      return false;
    }
    return deps.outbox.deliver(session, stored.deliveries, wanted);
  }

  /** Nobody wants the answer any more. */
  async function unwanted(session: Session, due: TurnDue): Promise<false> {
    // Left to the next owner; or deleted, and the message with it.
    if (session.signal.aborted || !session.route(due.integrationId)) return false;
    return end(session, due, { kind: 'ignored', reason: 'paused' });
  }

  async function run(session: Session, due: TurnDue, wanted: AbortSignal): Promise<boolean> {
    // Asking a model for an answer that cannot be delivered costs its owner money: wait first.
    const ready = await session.ready(due.message.sentAt + MAX_AGE_MS, wanted);
    const route = session.route(due.integrationId);
    if (ready === 'unwanted' || !route) return unwanted(session, due);
    if (ready === 'late') return end(session, due, { kind: 'expired', reason: 'age' });
    const result = await ask(session, due, route, wanted);
    if (result.kind === 'text') return answer(session, due, result.text, wanted);
    if (result.kind === 'fate') return end(session, due, result.fate);
    return unwanted(session, due);
  }

  return {
    async run(session, due, wanted) {
      try {
        return await run(session, due, wanted);
      } catch (error) {
        // Ours or a connector's mistake. Without an outcome the message would be tried again after every restart.
        session.log.error('turn_threw', { integration: due.integrationId, seq: due.seq, error });
        return end(session, due, { kind: 'failed', reason: 'internal_error' });
      }
    },
  };
}
