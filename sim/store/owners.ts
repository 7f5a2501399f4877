import type { NodeId } from '../../src/core/ids.ts';
import type { Route } from '../../src/core/integration.ts';
import type { OwnerStore } from '../../src/core/store.ts';
import { credentialOf } from './listeners.ts';
import { type BotRow, botOf, integrationOf, type Tables } from './tables.ts';

export function ownersOn(tables: Tables, watch: OwnerStore['watchBots']): OwnerStore {
  /** Has something to serve and no live owner. */
  const free = (bot: BotRow, ttlMs: number) => !tables.alive(bot.owner, ttlMs) && tables.routesOf(bot.id).length > 0;
  const take = (bot: BotRow, node: NodeId) => {
    bot.owner = node;
    bot.epoch++;
  };
  const held = ({ id, epoch, version }: BotRow) => ({ botId: id, epoch, version });

  return {
    async holdBots(node, ttlMs, most) {
      tables.heartbeats.set(node, tables.now());
      const bots = [...tables.bots.values()];
      const wanted = bots.filter((bot) => free(bot, ttlMs)).sort((a, b) => (a.id < b.id ? -1 : 1));
      for (const bot of wanted.slice(0, most)) take(bot, node);
      return bots.filter((bot) => bot.owner === node).map(held);
    },

    async takeBot(node, ttlMs, botId) {
      tables.heartbeats.set(node, tables.now());
      const bot = tables.bots.get(botId);
      if (bot && free(bot, ttlMs)) take(bot, node);
      return bot?.owner === node ? held(bot) : undefined;
    },

    async loadBot(node, botId) {
      const bot = tables.bots.get(botId);
      if (bot?.owner !== node) return undefined;
      const credential = credentialOf(tables, botId);
      if (!credential) return undefined;
      const routes = tables.routesOf(botId).flatMap((row): Route[] => {
        const replr = tables.replrs.get(row.replrId);
        return replr ? [{ integration: integrationOf(row, bot), replr }] : [];
      });
      return { bot: botOf(bot), owner: node, epoch: bot.epoch, version: bot.version, credential, routes };
    },

    botExists: async (botId) => tables.bots.has(botId),

    async arrivals(node) {
      const arrived = [...tables.open.values()].filter((row) => row.arrived).map(({ botId }) => botId);
      return [...new Set(arrived)].filter((botId) => tables.bots.get(botId)?.owner === node);
    },

    async holdLease(name, node, ttlMs, health) {
      const lease = tables.leases.get(name);
      if (!lease || lease.owner === node || !tables.alive(lease.owner, ttlMs)) {
        const said = lease?.owner === node ? (health ?? lease.health) : health;
        tables.leases.set(name, { owner: node, health: said });
        return { held: true, health: said };
      }
      return { held: false, health: lease.health };
    },

    async dropLease(name, node) {
      if (tables.leases.get(name)?.owner === node) tables.leases.delete(name);
    },

    async releaseBots(node) {
      for (const bot of tables.bots.values()) if (bot.owner === node) bot.owner = null;
      for (const [name, lease] of tables.leases) if (lease.owner === node) tables.leases.delete(name);
      tables.heartbeats.delete(node);
    },

    async reportHealth(botId, epoch, health) {
      const bot = tables.bots.get(botId);
      if (bot?.epoch === epoch) bot.health = health;
    },

    watchBots: watch,
  };
}
