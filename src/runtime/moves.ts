import type { Connector } from '../core/connector.ts';
import type { BotId } from '../core/ids.ts';
import type { Integration } from '../core/integration.ts';
import type { Store } from '../core/store.ts';

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
