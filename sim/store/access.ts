import type { Replr } from '../../src/core/integration.ts';
import type { ReplrStore } from '../../src/core/integration-store.ts';
import type { AccessStore } from '../../src/core/store.ts';
import type { Tables } from './tables.ts';

export function replrsOn(tables: Tables): ReplrStore {
  const usedBy = (id: Replr['id']) => [...tables.integrations.values()].filter((row) => row.replrId === id);
  return {
    async createReplr(id, userId, fields, at) {
      if (tables.replrs.has(id)) return 'id_taken';
      const replr: Replr = { id, userId, ...fields, createdAt: at, updatedAt: at };
      tables.replrs.set(id, replr);
      return replr;
    },
    async listReplrs(userId, { limit, offset }) {
      const all = [...tables.replrs.values()]
        .filter((replr) => replr.userId === userId)
        .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
      return { data: all.slice(offset, offset + limit), total: all.length };
    },
    async getReplr(userId, id) {
      const replr = tables.replrs.get(id);
      return replr?.userId === userId ? replr : undefined;
    },
    async updateReplr(userId, id, fields, at) {
      const before = tables.replrs.get(id);
      if (before?.userId !== userId) return undefined;
      const replr: Replr = { ...before, ...fields, updatedAt: at };
      tables.replrs.set(id, replr);
      const bots = [...new Set(usedBy(id).map((row) => row.botId))];
      tables.touch(bots);
      return { replr, bots };
    },
    async deleteReplr(userId, id) {
      if (tables.replrs.get(id)?.userId !== userId) return 'missing';
      if (usedBy(id).length > 0) return 'in_use';
      tables.replrs.delete(id);
      return 'deleted';
    },
  };
}

export function accessOn(tables: Tables): AccessStore {
  const keyOf = (userId: string, key: string) => `${userId} ${key}`;
  return {
    async ensureUser(id, name) {
      const known = tables.users.get(name);
      if (known === undefined) tables.users.set(name, id);
      return known ?? id;
    },
    async createApiKey({ id, userId, hash }) {
      if (tables.keys.has(hash)) return false;
      tables.keys.set(hash, { id, userId });
      return true;
    },
    findApiKey: async (hash) => tables.keys.get(hash),
    hasApiKeys: async () => tables.keys.size > 0,
    async beginRequest({ userId, key, fingerprint, at, staleMs }) {
      const known = tables.requests.get(keyOf(userId, key));
      if (!known || (known.answer === null && at - known.begunAt > staleMs)) {
        tables.requests.set(keyOf(userId, key), { fingerprint, begunAt: at, answer: null });
        return { kind: 'new' };
      }
      if (known.fingerprint !== fingerprint) return { kind: 'different' };
      return known.answer ? { kind: 'done', ...known.answer } : { kind: 'running' };
    },
    async finishRequest(userId, key, answer) {
      const known = tables.requests.get(keyOf(userId, key));
      if (known) known.answer = answer;
    },
    async abandonRequest(userId, key) {
      if (tables.requests.get(keyOf(userId, key))?.answer === null) tables.requests.delete(keyOf(userId, key));
    },
  };
}
