import type { Connector } from '../core/connector.ts';
import type { BotId } from '../core/ids.ts';
import type { Integration, OwnedBot } from '../core/integration.ts';
import type { Place } from '../core/message.ts';
import type { Store } from '../core/store.ts';
import type { Session } from './session.ts';

/**
 * Another node may have heard that a channel has a new id: what waits here under the old one goes along before the new settings
 * are in force. Rejects when the store cannot tell.
 */
export async function followMoves(session: Session, { epoch, routes }: OwnedBot, store: Store): Promise<void> {
  const { connector } = session;
  if (!connector.moved) return;
  const outside = session.pending.filter(({ integrationId, at }) => {
    const route = routes.find(({ integration }) => integration.id === integrationId);
    return route !== undefined && !connector.listens(route.integration, session.present(at));
  });
  const unfinished = outside.length > 0 ? await store.recover(session.id, epoch) : 'fenced';
  if (unfinished === 'fenced') return;
  const places = new Map<number | null, Place>([
    ...unfinished.turns.map(({ seq, message }) => [seq, message.at] as const),
    ...unfinished.deliveries.map(({ delivery: { inboxSeq, to } }) => [inboxSeq, to] as const),
  ]);
  for (const { seq, at } of outside) {
    const to = places.get(seq)?.channel;
    if (to !== undefined && to !== at.channel) session.renamed(at.channel, to);
  }
}

type Move = Parameters<Store['moveChannel']>[0];

/** Everything that a bot's channel takes along to its new id. */
export function moveOf(
  connector: Connector,
  bot: { readonly id: BotId; readonly epoch: number | null; readonly integrations: readonly Integration[] },
  from: string,
  to: string,
): Move {
  const settings = bot.integrations.flatMap((integration) => {
    const next = connector.moved?.(integration.settings, from, to);
    return next ? [{ integrationId: integration.id, settings: next }] : [];
  });
  return { botId: bot.id, epoch: bot.epoch, from, to, settings };
}
