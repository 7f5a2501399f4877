import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Delivery, SendResult } from '../core/delivery.ts';
import type { Failure } from '../core/failure.ts';
import type { Metrics } from '../core/metrics.ts';
import { MAX_AGE_MS } from '../core/policy.ts';
import type { Settled, Store } from '../core/store.ts';
import { type FlowDeps, persist } from './persist.ts';
import type { Session } from './session.ts';

/** platforms.md §4.5: 1, 2, 4 … at most 60 s. */
const SEND_BACKOFF: Backoff = { baseMs: 1_000, capMs: 60_000 };
/** A payload that a reachable platform keeps failing on is given up after this many attempts (platforms.md §4.5). */
const MAX_ATTEMPTS = 5;
/** A shorter wait is not worth a commit: a crash in it makes the send look ambiguous, which costs a look-up, not a message. */
const DURABLE_WAIT_MS = 1_000;

export interface OutboxDeps extends FlowDeps {
  readonly store: Store;
  readonly metrics: Metrics;
  /** The platform refused the credential. */
  readonly refused: (session: Session) => void;
  /** A channel has a new id. */
  readonly moved: (session: Session, from: string, to: string) => Promise<void>;
}

export interface Outbox {
  /** Sends the parts of one answer in order until each has its outcome, or the session ends. Resolves whether all arrived. */
  deliver(session: Session, deliveries: readonly Delivery[], recovered: boolean): Promise<boolean>;
}

type Change = Settled['change'];
/** `next`: go on with the next part. `stop`: the answer has ended, or must go on elsewhere. */
type Step = 'next' | 'stop';

export function createOutbox(deps: OutboxDeps): Outbox {
  const { store, clock, random, metrics } = deps;

  const settle = (session: Session, change: Change): Promise<'ok' | 'fenced' | undefined> =>
    persist(
      session,
      `settle_${change.kind}`,
      () => store.settle({ botId: session.id, epoch: session.epoch, at: clock.now(), change }),
      deps,
    );

  async function fail(session: Session, delivery: Delivery, reason: string): Promise<Step> {
    session.log.warn('delivery_failed', { delivery: delivery.id, integration: delivery.integrationId, reason });
    metrics.settled(session.bot.platform, `failed:${reason}`);
    await settle(session, { kind: 'failed', delivery: delivery.id, reason, attempts: delivery.attempts });
    return 'stop';
  }

  async function arrived(session: Session, delivery: Delivery, messageId: string): Promise<Step> {
    const stored = await settle(session, {
      kind: 'delivered',
      delivery: delivery.id,
      messageId,
      attempts: delivery.attempts,
      maybeDuplicate: delivery.maybeDuplicate,
    });
    return stored === 'ok' ? 'next' : 'stop';
  }

  /** Waits, and lets the store know when the wait is long, so that a restart in it does not take the send for ambiguous. */
  async function postpone(session: Session, delivery: Delivery, ms: number): Promise<Delivery> {
    if (ms < DURABLE_WAIT_MS) {
      await clock.sleep(ms, session.signal);
      return delivery;
    }
    const nextAttemptAt = clock.now() + ms;
    await settle(session, { kind: 'postponed', delivery: delivery.id, attempts: delivery.attempts, nextAttemptAt });
    await clock.sleep(ms, session.signal);
    return { ...delivery, state: 'pending', nextAttemptAt };
  }

  /** After a send whose outcome is unknown: prove it, or send once more and say so. */
  async function reconcile(session: Session, delivery: Delivery): Promise<Delivery | Step> {
    const found = (await session.sender.lookUp?.(delivery, session.signal)) ?? { kind: 'unknown' };
    if (found.kind === 'sent') return arrived(session, delivery, found.messageId);
    if (found.kind === 'not_sent') return delivery;
    if (delivery.maybeDuplicate) return fail(session, delivery, 'unconfirmed');
    session.log.warn('delivery_ambiguous', { delivery: delivery.id, integration: delivery.integrationId });
    metrics.attempted(session.bot.platform, 'repeated');
    const stored = await settle(session, { kind: 'sending', delivery: delivery.id, maybeDuplicate: true });
    return stored === 'ok' ? { ...delivery, maybeDuplicate: true } : 'stop';
  }

  async function afterFailure(session: Session, delivery: Delivery, failure: Failure): Promise<Delivery | Step> {
    switch (failure.kind) {
      case 'rate_limited':
        if (failure.scope === 'credential') session.block(failure.afterMs);
        return postpone(session, delivery, failure.afterMs);
      case 'unauthorized':
        deps.refused(session);
        return delivery;
      case 'gone':
      case 'rejected':
        return fail(session, delivery, failure.reason);
      case 'retry': {
        const tried = { ...delivery, attempts: delivery.attempts + 1 };
        const wait = failure.afterMs ?? backoffMs(delivery.attempts, SEND_BACKOFF, random);
        if (failure.delivered === 'unknown') {
          await clock.sleep(wait, session.signal);
          return session.signal.aborted ? 'stop' : reconcile(session, tried);
        }
        // An unreachable platform is nobody's fault: the answer waits as long as messages may. One that answers and
        // keeps failing on this payload would block the conversation for ever.
        if (failure.reason !== 'unreachable' && tried.attempts >= MAX_ATTEMPTS) {
          return fail(session, tried, failure.reason);
        }
        return postpone(session, tried, wait);
      }
      default:
        return failure satisfies never;
    }
  }

  async function attempt(session: Session, delivery: Delivery): Promise<SendResult> {
    try {
      const result = await session.sender.send(delivery, session.signal);
      metrics.attempted(session.bot.platform, result.ok ? 'delivered' : result.failure.kind);
      return result;
    } catch (error) {
      // A connector that throws has a bug; what it had sent by then nobody knows.
      session.log.error('sender_threw', { delivery: delivery.id, error });
      return { ok: false, failure: { kind: 'retry', delivered: 'unknown', reason: 'internal_error' } };
    }
  }

  async function one(session: Session, first: Delivery, ambiguous: boolean): Promise<Step> {
    const until = first.createdAt + MAX_AGE_MS;
    let delivery = first;
    if (ambiguous) {
      const ready = await session.ready(until);
      if (ready === 'ended') return 'stop';
      const next = await reconcile(session, delivery);
      if (typeof next === 'string') return next;
      delivery = next;
    }
    for (;;) {
      const wait = delivery.state === 'pending' ? delivery.nextAttemptAt - clock.now() : 0;
      if (wait > 0) await clock.sleep(wait, session.signal);
      const ready = await session.ready(until);
      if (ready === 'ended') return 'stop';
      if (ready === 'late') return fail(session, delivery, 'expired');
      const route = session.route(delivery.integrationId);
      if (!route) return 'stop';
      if (!route.integration.enabled) return fail(session, delivery, 'paused');
      if (delivery.state === 'pending') {
        const { maybeDuplicate } = delivery;
        const stored = await settle(session, { kind: 'sending', delivery: delivery.id, maybeDuplicate });
        if (stored !== 'ok') return 'stop';
        delivery = { ...delivery, state: 'sending' };
        continue;
      }
      const to = session.present(delivery.to);
      const result = await attempt(session, to === delivery.to ? delivery : { ...delivery, to });
      if (result.ok) {
        if (result.movedTo !== undefined) await deps.moved(session, to.channel, result.movedTo);
        return arrived(session, { ...delivery, attempts: delivery.attempts + 1 }, result.messageId);
      }
      const next = await afterFailure(session, delivery, result.failure);
      if (typeof next === 'string') return next;
      delivery = next;
    }
  }

  return {
    async deliver(session, deliveries, recovered) {
      for (const [position, delivery] of deliveries.entries()) {
        // Within one answer the store marks the next part `sending` as it settles the one before.
        const fresh = position > 0 && delivery.state === 'pending' && delivery.attempts === 0;
        const step = await one(
          session,
          fresh ? { ...delivery, state: 'sending' } : delivery,
          recovered && delivery.state === 'sending',
        );
        if (step === 'stop') return false;
      }
      metrics.settled(session.bot.platform, 'answered');
      return true;
    },
  };
}
