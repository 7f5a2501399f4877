import { unlessAborted } from '../core/abort.ts';
import type { TurnDue } from '../core/flow-store.ts';
import type { Route } from '../core/integration.ts';
import { conversationKey, type Fate } from '../core/message.ts';
import { MAX_TURN_MS } from '../core/policy.ts';
import { type HistoryEntry, RESTART, type Responder, ResponderError, type Turn } from '../core/responder.ts';
import type { Store } from '../core/store.ts';
import type { Meter } from './meter.ts';
import { type FlowDeps, persist } from './persist.ts';
import type { Session } from './session.ts';

/** Messages of the conversation that a responder may read; how many of them a model is shown, its tokens decide. */
const HISTORY_LIMIT = 60;
/** A quicker answer needs no "is typing…", ms. */
const TYPING_AFTER_MS = 400;

/** One for all: an abort without a reason makes an error with a stack for each turn. */
const OVER = new Error('the turn has ended');

export interface AskDeps extends FlowDeps {
  readonly store: Store;
  readonly respond: Responder;
  readonly meter: Meter;
}

export type Answer =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'failed'; readonly fate: Fate & { readonly kind: 'failed' } }
  /** Nobody wants it any more. */
  | { readonly kind: 'cut' };

export type Ask = (session: Session, due: TurnDue, route: Route, wanted: AbortSignal) => Promise<Answer>;

/** Has the responder answer one message within the time that a turn may take, and shows that somebody writes. */
export function createAsk({ store, clock, random, respond, meter }: AskDeps): Ask {
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

  /** A store that is away for a while costs the turn time, and nobody an answer. */
  async function history(session: Session, { seq, integrationId, message }: TurnDue, signal: AbortSignal) {
    const conversation = conversationKey(integrationId, session.present(message.at));
    const read = () => store.history(integrationId, conversation, seq, HISTORY_LIMIT);
    const entries = await persist<HistoryEntry[]>(session, 'history', read, { clock, random }, signal);
    if (!entries) throw OVER;
    return entries;
  }

  function turnOf(session: Session, due: TurnDue, { integration, replr }: Route, signal: AbortSignal): Turn {
    const { message } = due;
    return {
      replr,
      message: {
        authorName: message.author.name,
        text: message.text,
        sentAt: message.sentAt,
        ...(message.quote && { quote: message.quote }),
      },
      contextTokens: integration.options.contextTokens,
      history: () => history(session, due, signal),
      log: session.log.child({ integration: integration.id, seq: due.seq }),
      spent: (tokens) => meter.add(integration, message.author.id, tokens),
    };
  }

  async function read(pieces: AsyncIterable<string | typeof RESTART>, signal: AbortSignal): Promise<string> {
    let text = '';
    const stream = pieces[Symbol.asyncIterator]();
    // A responder that does not heed its signal must not hold up the conversation.
    for (;;) {
      const piece = await unlessAborted(stream.next(), signal);
      if (piece.done) return text;
      text = piece.value === RESTART ? '' : text + piece.value;
    }
  }

  return async (session, due, route, wanted) => {
    if (!session.hears({ integrationId: due.integrationId, at: due.message.at })) return { kind: 'cut' };
    const turn = new AbortController();
    const cut = () => turn.abort();
    wanted.addEventListener('abort', cut, { once: true });
    if (wanted.aborted) cut();
    const late = clock.sleep(MAX_TURN_MS, turn.signal).then(cut);
    const shown = typing(session, due, turn.signal).catch((error) => {
      if (!turn.signal.aborted) session.log.debug('typing_failed', { error });
    });
    try {
      const text = await read(respond(turnOf(session, due, route, turn.signal), turn.signal), turn.signal);
      if (!turn.signal.aborted) return { kind: 'text', text };
    } catch (error) {
      if (!turn.signal.aborted) {
        const reason = error instanceof ResponderError ? error.reason : 'internal_error';
        session.log.warn('responder_failed', { integration: due.integrationId, seq: due.seq, reason, error });
        return { kind: 'failed', fate: { kind: 'failed', reason } };
      }
    } finally {
      wanted.removeEventListener('abort', cut);
      turn.abort(OVER);
      await Promise.all([late, shown]);
    }
    return wanted.aborted ? { kind: 'cut' } : { kind: 'failed', fate: { kind: 'failed', reason: 'turn_timeout' } };
  };
}
