import type { Delivery } from '../src/core/delivery.ts';

/** A delivery to a place of the platform, for a judge to put parts into: it is sent, and edited under `messageId`. */
export function sampleDelivery(place: Pick<Delivery, 'to' | 'replyTo'> & { readonly messageId: string }): Delivery {
  return {
    id: 'dlv_1',
    botId: 'bot_1',
    integrationId: 'int_1',
    inboxSeq: 1,
    part: { text: '' },
    index: 0,
    operation: 'create',
    revision: 0,
    state: 'sending',
    attempts: 0,
    nextAttemptAt: 0,
    createdAt: 0,
    maybeDuplicate: false,
    ...place,
  };
}
