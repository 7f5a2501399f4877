import type { Clock } from '../core/clock.ts';
import type { Connector, PlatformPort, Sender } from '../core/connector.ts';
import { TEST_DEADLINE_MS, type TestResult } from '../core/control.ts';
import type { Delivery, SendResult } from '../core/delivery.ts';
import type { Failure } from '../core/failure.ts';
import type { Ids } from '../core/ids.ts';
import type { Bot, Credential, Integration } from '../core/integration.ts';
import type { Store } from '../core/store.ts';
import type { Session } from './session.ts';

const TEXT = 'Test message: this integration can reach you here.';
/** Wait between attempts that surely did not arrive, ms. */
const RETRY_MS = 500;

export interface TestMessageDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly portFor: (platform: string) => PlatformPort;
  readonly session: (integration: Integration) => Session | undefined;
  readonly refused: (session: Session, sender: Sender) => void;
}

const explained: Readonly<Record<string, string>> = {
  no_chat_yet: 'The bot has not been written to yet: send it a message, then test again.',
  unauthorized: "The platform does not accept this bot's token any more.",
  rate_limited: 'The platform asks to wait longer than a test may take.',
  timeout: 'The platform did not answer in time.',
  unconfirmed: 'The message may have been delivered, but the platform did not confirm it.',
  unreachable: 'The platform cannot be reached.',
};

/** Sends one message past all queues: an answer that takes a minute must not delay it, nor it an answer. */
export function createTestMessage(deps: TestMessageDeps) {
  const { store, clock, ids, connectors, portFor } = deps;

  /** What to wait before trying again, or the reason to stop. */
  function judge(failure: Failure): { waitMs: number } | { reason: string } {
    if (failure.kind === 'rate_limited') return { waitMs: failure.afterMs };
    if (failure.kind === 'unauthorized') return { reason: 'unauthorized' };
    if (failure.kind !== 'retry') return { reason: failure.reason };
    return failure.delivered === 'no' ? { waitMs: failure.afterMs ?? RETRY_MS } : { reason: 'unconfirmed' };
  }

  return async (integration: Integration, credential: Credential): Promise<TestResult> => {
    const started = clock.elapsed();
    const failed = (reason: string): TestResult => ({
      success: false,
      latencyMs: Math.round(clock.elapsed() - started),
      reason,
      message: explained[reason] ?? `The platform refused the message: ${reason}.`,
    });
    const connector = connectors.get(integration.platform);
    if (!connector) return failed('connector_missing');
    const place = connector.testPlace(integration.settings) ?? (await store.lastPlace(integration.id));
    const [part] = place ? await connector.render(TEXT, place) : [];
    if (!place || !part) return failed('no_chat_yet');

    const session = deps.session(integration);
    if (session?.dead) return failed('unauthorized');
    const bot: Bot = session?.bot ?? {
      id: integration.botId,
      platform: integration.platform,
      identity: '',
      profile: {},
    };
    const sender: Sender = session?.sender ?? connector.sender(bot, credential, portFor(integration.platform));
    const delivery: Delivery = {
      id: ids.delivery(),
      botId: integration.botId,
      integrationId: integration.id,
      inboxSeq: null,
      to: place,
      part,
      index: 0,
      operation: 'create',
      revision: 0,
      state: 'sending',
      attempts: 0,
      nextAttemptAt: 0,
      createdAt: clock.now(),
      maybeDuplicate: false,
    };

    const send = async (signal: AbortSignal): Promise<SendResult> => {
      try {
        return await sender.send(delivery, signal);
      } catch (error) {
        // A connector that throws has a bug; what it had sent by then nobody knows.
        session?.log.error('sender_threw', { delivery: delivery.id, error });
        return { ok: false, failure: { kind: 'retry', delivered: 'unknown', reason: 'internal_error' } };
      }
    };
    const over = new AbortController();
    const deadline = clock.sleep(TEST_DEADLINE_MS, over.signal).then(() => over.abort());
    try {
      for (let last = 'timeout'; ; ) {
        const sentAt = clock.elapsed();
        const result = await Promise.race([send(over.signal), deadline.then(() => undefined)]);
        if (!result) return failed(last);
        if (result.ok) {
          return {
            success: true,
            latencyMs: Math.round(clock.elapsed() - sentAt),
            messageId: result.messageId,
            channelId: result.movedTo ?? place.channel,
            deliveredAt: clock.now(),
          };
        }
        const { failure } = result;
        if (failure.kind === 'unauthorized' && session) deps.refused(session, sender);
        const next = judge(failure);
        if ('reason' in next) return failed(over.signal.aborted ? 'timeout' : next.reason);
        last = failure.kind === 'retry' ? failure.reason : failure.kind;
        if (clock.elapsed() - started + next.waitMs >= TEST_DEADLINE_MS) return failed(last);
        await clock.sleep(next.waitMs, over.signal);
      }
    } finally {
      over.abort();
      await deadline;
    }
  };
}
