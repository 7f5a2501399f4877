import { type Backoff, backoffMs } from '../core/backoff.ts';
import type { Sender } from '../core/connector.ts';
import type { Delivery, LookUp, SendResult } from '../core/delivery.ts';
import type { Failure } from '../core/failure.ts';
import type { Composed, Settled } from '../core/flow-store.ts';
import type { Metrics } from '../core/metrics.ts';
import { MAX_AGE_MS } from '../core/policy.ts';
import type { Store } from '../core/store.ts';
import { type FlowDeps, persist } from './persist.ts';
import type { Session } from './session.ts';

/** platforms.md §4.5: 1, 2, 4 … at most 60 s. */
const SEND_BACKOFF: Backoff = { baseMs: 1_000, capMs: 60_000 };
/** A payload that a reachable platform keeps failing on is given up after this many attempts (platforms.md §4.5). */
const MAX_ATTEMPTS = 5;
/** A platform that takes sends and says nothing is away, not against this payload: then it is also tried for so long, ms. */
const SILENT_MS = 10 * 60_000;
/** Why nobody knows the outcome of a send that no answer speaks of. */
const INTERRUPTED = 'interrupted';
/** How long "not sent" may be built upon where it only means that the platform would remove a repeat, ms. */
const PROOF_MS = 5_000;
/** A shorter wait is not worth a commit: a crash in it makes the send look ambiguous, which costs a look-up, not a message. */
const DURABLE_WAIT_MS = 1_000;

export interface OutboxDeps extends FlowDeps {
  readonly store: Store;
  readonly metrics: Metrics;
  /** The platform refused the credential of this sender. */
  readonly refused: (session: Session, sender: Sender) => void;
  /** A channel has a new id. */
  readonly moved: (session: Session, from: string, to: string) => Promise<void>;
}

type Notice = NonNullable<Composed['notice']>;

export interface Outbox {
  /**
   * Sends the parts of one answer, just stored, in order until each has its outcome, or the session ends. Resolves
   * whether all arrived. What is left when `wanted` aborts is not sent any more. `notice`: they are no answer but tell
   * of this fate.
   */
  deliver(session: Session, deliveries: readonly Delivery[], wanted: AbortSignal, notice?: Notice): Promise<boolean>;
  /** The same for what an earlier owner left: of a part in the state `sending` nobody knows whether it arrived. */
  resume(session: Session, deliveries: readonly Delivery[], wanted: AbortSignal, notice?: Notice): Promise<boolean>;
}

type Change = Settled['change'];
/** `next`: go on with the next part. `stop`: the answer has ended, or must go on elsewhere. */
type Step = 'next' | 'stop' | Failed;
/** Given up, and the answer with it. */
type Failed = `failed:${string}`;

export function createOutbox(deps: OutboxDeps): Outbox {
  const { store, clock, random, metrics } = deps;

  const settle = (session: Session, change: Change): Promise<'ok' | 'fenced' | undefined> =>
    persist(
      session,
      `settle_${change.kind}`,
      () => store.settle({ botId: session.id, epoch: session.epoch, at: clock.now(), change }),
      deps,
    );

  async function fail(session: Session, delivery: Delivery, reason: string): Promise<Failed> {
    session.log.warn('delivery_failed', { delivery: delivery.id, integration: delivery.integrationId, reason });
    await settle(session, { kind: 'failed', delivery: delivery.id, reason, attempts: delivery.attempts });
    return `failed:${reason}`;
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

  /** Surely not sent: the store knows, so that a restart in the wait does not take the send for ambiguous. */
  async function postpone(session: Session, delivery: Delivery, ms: number): Promise<Delivery> {
    const nextAttemptAt = clock.now() + ms;
    await settle(session, { kind: 'postponed', delivery: delivery.id, attempts: delivery.attempts, nextAttemptAt });
    return { ...delivery, state: 'pending' };
  }

  async function waitThenAgain(
    session: Session,
    delivery: Delivery,
    ms: number,
    doubtful: boolean,
    wanted: AbortSignal,
  ): Promise<Delivery> {
    // What may have arrived stays `sending`: a restart in the wait must look it up once more.
    const waiting = ms < DURABLE_WAIT_MS || doubtful ? delivery : await postpone(session, delivery, ms);
    const left = delivery.createdAt + MAX_AGE_MS - clock.now();
    await clock.sleep(Math.max(0, Math.min(ms, left)), wanted);
    return waiting;
  }

  async function lookUp(session: Session, delivery: Delivery): Promise<LookUp> {
    try {
      return (await session.sender.lookUp?.(delivery, session.signal)) ?? { kind: 'unknown' };
    } catch (error) {
      session.log.error('look_up_threw', { delivery: delivery.id, error });
      return { kind: 'unknown' };
    }
  }

  /** After a send whose outcome is unknown: prove it, or send once more and say so. */
  async function reconcile(session: Session, delivery: Delivery, reason: string): Promise<Delivery | Step> {
    const found = await lookUp(session, delivery);
    if (found.kind === 'sent') return arrived(session, delivery, found.messageId);
    if (session.signal.aborted) return 'stop';
    if (found.kind === 'not_sent') {
      const silent = reason === 'timeout' && clock.now() - delivery.createdAt < SILENT_MS;
      const again = delivery.attempts < MAX_ATTEMPTS || silent;
      return again ? delivery : fail(session, delivery, reason);
    }
    // A repeat that a crash cut off may never have left: it is made again, but not for ever.
    const cut = reason === INTERRUPTED;
    const attempts = cut ? delivery.attempts + 1 : delivery.attempts;
    if (delivery.maybeDuplicate && !(cut && attempts < MAX_ATTEMPTS)) return fail(session, delivery, 'unconfirmed');
    session.log.warn('delivery_ambiguous', { delivery: delivery.id, integration: delivery.integrationId });
    metrics.attempted(session.bot.platform, 'repeated');
    const stored = await settle(session, { kind: 'sending', delivery: delivery.id, attempts, maybeDuplicate: true });
    return stored === 'ok' ? { ...delivery, attempts, maybeDuplicate: true } : 'stop';
  }

  async function afterFailure(
    session: Session,
    delivery: Delivery,
    failure: Failure,
    doubtful: boolean,
    wanted: AbortSignal,
  ): Promise<Delivery | Step> {
    switch (failure.kind) {
      case 'rate_limited':
        if (failure.scope === 'credential') session.block(failure.afterMs);
        return waitThenAgain(session, delivery, failure.afterMs, doubtful, wanted);
      case 'unauthorized':
        return doubtful ? delivery : postpone(session, delivery, 0);
      case 'gone':
      case 'rejected':
        return fail(session, delivery, failure.reason);
      case 'retry': {
        const tried = { ...delivery, attempts: delivery.attempts + 1 };
        // An unreachable platform is nobody's fault: the answer waits as long as messages may. One that answers and
        // keeps failing on this payload would block the conversation for ever.
        if (failure.reason !== 'unreachable' && tried.attempts >= MAX_ATTEMPTS) {
          return fail(session, tried, failure.reason);
        }
        return waitThenAgain(session, tried, waitAfter(failure, delivery), doubtful, wanted);
      }
      default:
        return failure satisfies never;
    }
  }

  const waitAfter = (failure: { readonly afterMs?: number }, delivery: Delivery) =>
    failure.afterMs ?? backoffMs(delivery.attempts, SEND_BACKOFF, random);

  async function attempt(session: Session, delivery: Delivery): Promise<SendResult> {
    const { sender } = session;
    try {
      const result = await sender.send(delivery, session.signal);
      metrics.attempted(session.bot.platform, result.ok ? 'delivered' : result.failure.kind);
      if (!result.ok && result.failure.kind === 'unauthorized') deps.refused(session, sender);
      return result;
    } catch (error) {
      // A connector that throws has a bug; what it had sent by then nobody knows.
      session.log.error('sender_threw', { delivery: delivery.id, error });
      return { ok: false, failure: { kind: 'retry', delivered: 'unknown', reason: 'internal_error' } };
    }
  }

  async function succeeded(session: Session, delivery: Delivery, result: SendResult & { ok: true }, from: string) {
    const step = await arrived(session, { ...delivery, attempts: delivery.attempts + 1 }, result.messageId);
    const { movedTo } = result;
    if (movedTo !== undefined && step === 'next') {
      await persist(session, 'move_channel', () => deps.moved(session, from, movedTo), deps);
    }
    return step;
  }

  async function one(session: Session, first: Delivery, recovered: boolean, wanted: AbortSignal): Promise<Step> {
    const until = first.createdAt + MAX_AGE_MS;
    let delivery = first;
    let ambiguous = recovered && first.state === 'sending' ? INTERRUPTED : undefined;
    // When an earlier attempt of unknown outcome was last found not to have arrived; it may count as that for a while only.
    let unprovenAt: number | undefined;
    if (recovered && first.state === 'pending') {
      await clock.sleep(Math.max(0, Math.min(first.nextAttemptAt, until) - clock.now()), wanted);
    }
    for (;;) {
      // Stored as `sending`, but surely not sent before the wait is over: a restart in it must not look ambiguous.
      const waits =
        ambiguous === undefined && unprovenAt === undefined && delivery.state === 'sending' && session.refrains;
      if (waits) delivery = await postpone(session, delivery, 0);
      const ready = await session.ready(until, wanted);
      if (session.signal.aborted || !session.route(delivery.integrationId)) return 'stop';
      if (ready === 'unwanted') return fail(session, delivery, session.unwantedAs(placeOf(delivery)));
      if (ready === 'late') return fail(session, delivery, 'expired');
      if (unprovenAt !== undefined && clock.elapsed() - unprovenAt > PROOF_MS) ambiguous ??= INTERRUPTED;
      if (ambiguous !== undefined) {
        const next = await reconcile(session, delivery, ambiguous);
        if (typeof next === 'string') return next;
        unprovenAt = next.maybeDuplicate ? undefined : clock.elapsed();
        delivery = next;
        ambiguous = undefined;
        continue;
      }
      if (delivery.state === 'pending') {
        const { attempts, maybeDuplicate } = delivery;
        const stored = await settle(session, { kind: 'sending', delivery: delivery.id, attempts, maybeDuplicate });
        if (stored !== 'ok') return 'stop';
        delivery = { ...delivery, state: 'sending' };
        continue;
      }
      const to = session.present(delivery.to);
      const result = await attempt(session, to === delivery.to ? delivery : { ...delivery, to });
      if (result.ok) return succeeded(session, delivery, result, to.channel);
      const { failure } = result;
      if (isAmbiguous(failure)) {
        await clock.sleep(waitAfter(failure, delivery), wanted);
        delivery = { ...delivery, attempts: delivery.attempts + 1 };
        ambiguous = failure.reason;
        continue;
      }
      const next = await afterFailure(session, delivery, failure, unprovenAt !== undefined, wanted);
      if (typeof next === 'string') return next;
      delivery = next;
    }
  }

  async function all(
    session: Session,
    deliveries: readonly Delivery[],
    recovered: boolean,
    wanted: AbortSignal,
    notice?: Notice,
  ) {
    // Whether a notice arrives changes nothing about what became of its message.
    const told = notice && `${notice.kind}:${notice.reason}`;
    for (const [position, delivery] of deliveries.entries()) {
      // Within one answer the store marks the next part `sending` as it settles the one before.
      const marked = position > 0 && delivery.state === 'pending' && delivery.attempts === 0;
      const part: Delivery = marked ? { ...delivery, state: 'sending' } : delivery;
      const step = await one(session, part, recovered && !marked, wanted);
      if (step === 'next') continue;
      if (step !== 'stop') metrics.settled(session.bot.platform, told ?? step);
      return false;
    }
    metrics.settled(session.bot.platform, told ?? 'answered');
    return true;
  }

  return {
    deliver: (session, deliveries, wanted, notice) => all(session, deliveries, false, wanted, notice),
    resume: (session, deliveries, wanted, notice) => all(session, deliveries, true, wanted, notice),
  };
}

const placeOf = ({ integrationId, to }: Delivery) => ({ integrationId, at: to });

type Ambiguous = { readonly kind: 'retry'; readonly delivered: 'unknown' };
const isAmbiguous = (failure: Failure): failure is Failure & Ambiguous =>
  failure.kind === 'retry' && failure.delivered === 'unknown';
