import type { BotId, NodeId } from '../../src/core/ids.ts';
import type { Store } from '../../src/core/store.ts';
import { clean } from '../../src/store/clean.ts';
import { accessOn, replrsOn } from './access.ts';
import { flowOn } from './flow.ts';
import { integrationsOn } from './integrations.ts';
import { ownersOn } from './owners.ts';
import { Tables } from './tables.ts';

export interface ModelStore {
  /** Another process's door to the same data. */
  open(): Store;
  readonly tables: Tables;
}

export interface ModelStoreDeps {
  /** The database's own clock, ms since 1970. */
  readonly now: () => number;
  readonly newBotId: () => BotId;
}

/**
 * What the contract of `Store` says, in memory and without durability: commits are instant and nothing fails. Trusted
 * because it passes the same contract suite as the real engines.
 */
export function createModelStore({ now, newBotId }: ModelStoreDeps): ModelStore {
  const watchers = new Set<{ readonly node: NodeId; readonly changed: (bot: BotId) => void }>();
  const tables = new Tables(now, (bots) => {
    for (const id of bots) {
      const owner = tables.bots.get(id)?.owner;
      for (const { node, changed } of watchers) if (node === owner) changed(id);
    }
  });

  function open(): Store {
    let closed = false;
    const doors = {
      ...flowOn(tables),
      ...ownersOn(tables, async () => async () => {}),
      ...integrationsOn(tables, newBotId),
      ...replrsOn(tables),
      ...accessOn(tables),
      ping: async () => {},
      sweep: async (before: number) => sweep(tables, before),
    };
    const guarded = Object.entries(doors).map(([name, method]) => {
      const run = method as (...args: unknown[]) => Promise<unknown>;
      return [
        name,
        async (...args: unknown[]) => {
          if (closed) throw new Error('the store is closed');
          return await run(...args.map((arg) => clean(arg)));
        },
      ];
    });
    return {
      ...(Object.fromEntries(guarded) as typeof doors),
      async watchBots(node, changed) {
        const watcher = { node, changed };
        watchers.add(watcher);
        return async () => void watchers.delete(watcher);
      },
      close: async () => {
        closed = true;
      },
    };
  }
  return { open, tables };
}

const KEEP_USAGE_MS = 35 * 24 * 3_600_000;

async function sweep(tables: Tables, before: number): Promise<{ messages: number }> {
  const old = [...tables.messages.values()].filter((row) => row.receivedAt < before && row.fate !== null);
  for (const row of old) tables.dropMessage(row);
  const usageBefore = new Date(tables.now() - KEEP_USAGE_MS).toISOString().slice(0, 10);
  for (const used of [tables.usage, tables.userUsage]) {
    for (const [key, row] of used) if (row.day < usageBefore) used.delete(key);
  }
  for (const [key, row] of tables.requests) if (row.begunAt < before) tables.requests.delete(key);
  for (const row of tables.claims) {
    if (row.reservedUntil !== null && row.reservedUntil < tables.now()) tables.claims.delete(row);
  }
  const owners = new Set([...tables.bots.values()].map((bot) => bot.owner));
  for (const [node, at] of tables.heartbeats) if (at < before && !owners.has(node)) tables.heartbeats.delete(node);
  return { messages: old.length };
}
