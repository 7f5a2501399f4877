import type { Listener, Target } from '../../src/core/hook.ts';
import type { BotId } from '../../src/core/ids.ts';
import type { Credential } from '../../src/core/integration.ts';
import { SealError } from '../../src/store/seal.ts';
import { type BotRow, botOf, type IntegrationRow, integrationOf, type Tables } from './tables.ts';

/** Of each secret the one verified last among the integrations of one bot. */
export function credentialOf(tables: Tables, botId: BotId): Credential | undefined {
  const all = tables.routesOf(botId).sort((a, b) => a.credentialAt - b.credentialAt);
  return all.length === 0 ? undefined : Object.assign({}, ...all.map(unseal));
}

export function unseal({ id, secrets }: IntegrationRow): Credential {
  if (secrets.sealedFor !== id) throw new SealError('moved');
  return secrets.credential;
}

export function listenersOf(tables: Tables, target: Target): Listener[] {
  const concerned = (bot: BotRow): boolean => {
    if ('botId' in target) return bot.id === target.botId;
    if (bot.platform !== target.platform) return false;
    return 'identity' in target ? bot.identity === target.identity : bot.identity.startsWith(`${target.scope}/`);
  };
  const found = [...tables.bots.values()].filter(concerned).sort((a, b) => (a.id < b.id ? -1 : 1));
  return found.flatMap((bot): Listener[] => {
    const credential = credentialOf(tables, bot.id);
    if (!credential) return [];
    const routes = tables.routesOf(bot.id).map((row) => integrationOf(row, bot));
    return [{ bot: botOf(bot), credential, routes, cursors: new Map(bot.cursors) }];
  });
}
