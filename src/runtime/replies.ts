import type { Part } from '../core/delivery.ts';
import type { Composed, TurnDue } from '../core/flow-store.ts';
import type { Ids } from '../core/ids.ts';
import type { Fate } from '../core/message.ts';
import type { Metrics } from '../core/metrics.ts';
import type { Store } from '../core/store.ts';
import type { Outbox } from './outbox.ts';
import { type FlowDeps, persist } from './persist.ts';
import type { Session } from './session.ts';

export type Silence = Exclude<Fate, { kind: 'answered' }>;

const NOT_LISTENING: Silence = { kind: 'ignored', reason: 'not_listening' };

export interface ReplyDeps extends FlowDeps {
  readonly store: Store;
  readonly outbox: Outbox;
  readonly ids: Ids;
  readonly metrics: Metrics;
}

/** The ways in which a turn ends; each is stored before anything is sent. */
export interface Replies {
  /** Markdown as the place takes it; empty when nothing visible remains. */
  render(session: Session, due: TurnDue, text: string): Promise<readonly Part[]>;
  /** Resolves whether all of the answer arrived. */
  answer(session: Session, due: TurnDue, parts: readonly Part[], wanted: AbortSignal): Promise<boolean>;
  /** In silence. */
  end(session: Session, due: TurnDue, fate: Silence): Promise<false>;
  /** With one line that tells the person; in silence where not even that can be made. */
  notify(session: Session, due: TurnDue, text: string, fate: Silence, wanted: AbortSignal): Promise<false>;
}

export function createReplies(deps: ReplyDeps): Replies {
  const { store, clock, ids, metrics, outbox } = deps;

  const compose = (session: Session, due: TurnDue, parts: readonly Part[], notice?: Silence) => {
    const composed: Composed = {
      botId: session.id,
      epoch: session.epoch,
      seq: due.seq,
      integrationId: due.integrationId,
      to: session.present(due.message.at),
      replyTo: due.message.id,
      parts: parts.map((part) => ({ id: ids.delivery(), part })),
      ...(notice && { notice }),
      at: clock.now(),
    };
    return persist(session, 'compose', () => store.compose(composed), deps);
  };

  function ended(session: Session, due: TurnDue, fate: Silence): void {
    session.log.info('turn_ended', {
      integration: due.integrationId,
      seq: due.seq,
      message: due.message.id,
      channel: session.present(due.message.at).channel,
      outcome: `${fate.kind}:${fate.reason}`,
    });
  }

  /** Its owner has taken the place away meanwhile: it may be somebody else's by now. */
  const left = (session: Session, { integrationId, message }: TurnDue): boolean =>
    session.route(integrationId) !== undefined && !session.hears({ integrationId, at: message.at });

  const render: Replies['render'] = async (session, due, text) =>
    session.connector.render(text, session.present(due.message.at));

  const end: Replies['end'] = async (session, due, fate) => {
    metrics.settled(session.bot.platform, `${fate.kind}:${fate.reason}`);
    ended(session, due, fate);
    const change = { kind: 'fate', seq: due.seq, fate } as const;
    await persist(
      session,
      'settle_fate',
      () => store.settle({ botId: session.id, epoch: session.epoch, at: clock.now(), change }),
      deps,
    );
    return false;
  };

  return {
    render,
    end,

    async answer(session, due, parts, wanted) {
      if (left(session, due)) return end(session, due, NOT_LISTENING);
      const stored = await compose(session, due, parts);
      if (!stored?.ok) {
        session.log.info('answer_not_stored', { seq: due.seq, reason: stored?.reason ?? 'ended' });
        return false;
      }
      return outbox.deliver(session, stored.deliveries, wanted);
    },

    async notify(session, due, text, fate, wanted) {
      if (left(session, due)) return end(session, due, NOT_LISTENING);
      const parts = await render(session, due, text).catch((error) => {
        session.log.error('notice_not_rendered', { seq: due.seq, error });
        return [];
      });
      if (parts.length === 0) return end(session, due, fate);
      const stored = await compose(session, due, parts, fate);
      if (stored?.ok) {
        ended(session, due, fate);
        await outbox.deliver(session, stored.deliveries, wanted, fate);
        return false;
      }
      // An answer of it is stored already, and what came then was no fault of the model: there must be an end all the same.
      return stored?.reason === 'settled' ? end(session, due, fate) : false;
    },
  };
}
