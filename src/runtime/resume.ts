import type { Delivery } from '../core/delivery.ts';
import type { Unfinished } from '../core/flow-store.ts';
import type { Outbox } from './outbox.ts';
import type { Session } from './session.ts';
import type { Turns } from './turns.ts';

/** Puts what an earlier owner left undone into its lanes: answers that are stored go before turns that are not begun. */
export function resume(
  session: Session,
  { deliveries, turns }: Unfinished,
  flow: { readonly outbox: Outbox; readonly turns: Turns },
): void {
  const answers = new Map<string, Delivery[]>();
  for (const { conversation, delivery, notice } of deliveries) {
    const key = `${conversation} ${delivery.inboxSeq}`;
    const parts = answers.get(key);
    if (parts) {
      parts.push(delivery);
      continue;
    }
    const fresh = [delivery];
    answers.set(key, fresh);
    const { inboxSeq: seq, integrationId, to: at } = delivery;
    session.queue(conversation, { seq, integrationId, at }, (wanted) =>
      flow.outbox.resume(session, fresh, wanted, notice),
    );
  }
  for (const due of turns) session.begin(due, (wanted) => flow.turns.run(session, due, wanted));
  if (deliveries.length + turns.length > 0) {
    session.log.info('work_resumed', { deliveries: deliveries.length, turns: turns.length });
  }
}
