import type { BotId, IntegrationId, UserId } from '../../src/core/ids.ts';
import type { Profile } from '../../src/core/integration.ts';
import type {
  Claim,
  ClaimConflict,
  IntegrationChange,
  IntegrationStore,
  IntegrationUpdate,
} from '../../src/core/integration-store.ts';
import { changedOptions, defaultOptions } from '../../src/core/options.ts';
import { unseal } from './listeners.ts';
import { type BotRow, erase, type IntegrationRow, integrationOf, type Tables } from './tables.ts';

/** This place stands for the whole bot. */
const WHOLE = '';

export function integrationsOn(tables: Tables, newBotId: () => BotId): IntegrationStore {
  const own = (userId: UserId, id: IntegrationId): IntegrationRow | undefined => {
    const row = tables.integrations.get(id);
    return row?.userId === userId ? row : undefined;
  };
  const shown = (row: IntegrationRow) => {
    const bot = tables.bots.get(row.botId);
    if (!bot) throw new Error('an integration without a bot');
    return integrationOf(row, bot);
  };
  const changed = (row: IntegrationRow, bots: readonly BotId[]): IntegrationChange => ({
    ok: true,
    integration: shown(row),
    bots: [...new Set(bots)],
  });

  return {
    async reserveClaim(id, userId, claim, forMs) {
      const conflict = conflictOf(tables, id, userId, claim);
      if (conflict) return conflict;
      addClaims(tables, id, userId, claim, tables.now() + forMs);
      for (const row of claimsOf(tables, id)) {
        const same = row.platform === claim.platform && row.identity === claim.identity;
        if (same && row.reservedUntil !== null) row.reservedUntil = tables.now() + forMs;
      }
      return { ok: true };
    },

    async releaseClaim(id) {
      for (const row of claimsOf(tables, id)) if (row.reservedUntil !== null) tables.claims.delete(row);
    },

    async createIntegration(input) {
      const { id, userId, replrId, platform, identity, credential, at } = input;
      if (tables.integrations.has(id)) return { ok: false, reason: 'id_taken' };
      if (tables.replrs.get(replrId)?.userId !== userId) return { ok: false, reason: 'replr_missing' };
      const claim = { platform, identity, places: input.claims };
      const conflict = conflictOf(tables, id, userId, claim);
      if (conflict) return conflict;
      holdClaims(tables, id, userId, claim);
      const bot = putBot(tables, newBotId, { platform, identity, profile: input.profile }, input.transport, at);
      const row: IntegrationRow = {
        id,
        userId,
        replrId,
        botId: bot.id,
        platform,
        settings: input.settings,
        options: input.options ?? defaultOptions,
        secrets: { sealedFor: id, credential },
        credentialAt: newestAt(tables, bot.id, at),
        notices: input.notices,
        enabled: true,
        autoRespond: input.autoRespond ?? true,
        messageCount: 0,
        lastMessageAt: null,
        connectedAt: at,
      };
      tables.integrations.set(id, row);
      tables.moveCursors(bot.id, input.cursors);
      tables.notify([bot.id]);
      return changed(row, [bot.id]);
    },

    async listIntegrations(userId, { limit, offset }) {
      const all = [...tables.integrations.values()]
        .filter((row) => row.userId === userId)
        .sort((a, b) => a.connectedAt - b.connectedAt || (a.id < b.id ? -1 : 1));
      return { data: all.slice(offset, offset + limit).map(shown), total: all.length };
    },

    async getIntegration(userId, id) {
      const row = own(userId, id);
      return row && shown(row);
    },

    async getCredential(userId, id) {
      const row = own(userId, id);
      return row && unseal(row);
    },

    async updateIntegration(userId, id, update) {
      const row = own(userId, id);
      if (!row) return { ok: false, reason: 'missing' };
      const { replrId, verified, at } = update;
      if (replrId !== undefined && tables.replrs.get(replrId)?.userId !== userId) {
        return { ok: false, reason: 'replr_missing' };
      }
      const before = row.botId;
      if (verified) {
        const claim = { platform: row.platform, identity: verified.identity, places: verified.claims };
        const conflict = conflictOf(tables, id, userId, claim);
        if (conflict) return conflict;
        holdClaims(tables, id, userId, claim);
        const { identity, profile, credential, notices } = verified;
        const transport = tables.bots.get(before)?.health.transport ?? 'unknown';
        row.botId = putBot(tables, newBotId, { platform: row.platform, identity, profile }, transport, at).id;
        row.secrets = { sealedFor: id, credential };
        row.credentialAt = newestAt(tables, row.botId, at);
        row.notices = notices;
      }
      tables.touch([before]);
      apply(row, update);
      if (update.cursors) tables.moveCursors(row.botId, update.cursors);
      if (row.botId !== before) {
        tables.notify([row.botId]);
        leaveBot(tables, row, before);
      }
      if (!row.options.storeContent) {
        for (const message of tables.messagesOf(id)) if (message.fate !== null) erase(message);
      }
      return changed(row, [before, row.botId]);
    },

    async deleteIntegration(userId, id) {
      const row = own(userId, id);
      if (!row) return { ok: false, bots: [] };
      for (const claim of claimsOf(tables, id)) tables.claims.delete(claim);
      tables.touch([row.botId]);
      tables.integrations.delete(id);
      for (const message of [...tables.messages.values()]) {
        if (message.integrationId === id) tables.dropMessage(message);
      }
      for (const [key, used] of tables.usage) if (used.integrationId === id) tables.usage.delete(key);
      tables.dropIdleBot(row.botId);
      return { ok: true, bots: [row.botId] };
    },
  };
}

function apply(row: IntegrationRow, { enabled, autoRespond, replrId, settings, options }: IntegrationUpdate): void {
  if (enabled !== undefined) row.enabled = enabled;
  if (autoRespond !== undefined) row.autoRespond = autoRespond;
  if (replrId !== undefined) row.replrId = replrId;
  if (settings !== undefined) row.settings = settings;
  if (options !== undefined) row.options = changedOptions(row.options, options);
}

/** One bot per platform identity: a known one gets the new profile and keeps the rest. */
function putBot(
  tables: Tables,
  newBotId: () => BotId,
  named: { readonly platform: string; readonly identity: string; readonly profile: Profile },
  transport: string,
  since: number,
): BotRow {
  const id = newBotId();
  for (const bot of tables.bots.values()) {
    if (bot.platform !== named.platform || bot.identity !== named.identity) continue;
    bot.profile = named.profile;
    bot.version++;
    return bot;
  }
  const state = { owner: null, epoch: 0, version: 1, cursors: new Map<string, string>() };
  const fresh: BotRow = { id, ...named, ...state, health: { state: 'connecting', since, transport } };
  tables.bots.set(id, fresh);
  return fresh;
}

/** The integration has another identity now: what the old one still owed can no longer be said. */
function leaveBot(tables: Tables, { id }: IntegrationRow, before: BotId): void {
  for (const row of [...tables.open.values()]) {
    if (row.integrationId !== id) continue;
    for (const part of row.parts) if (part.state === 'pending' || part.state === 'sending') part.state = 'failed';
    tables.decide(row, row.notice ?? { kind: 'failed', reason: 'identity_changed' });
  }
  tables.dropIdleBot(before);
}

const claimsOf = (tables: Tables, id: IntegrationId) => [...tables.claims].filter((row) => row.integrationId === id);

/** Drops what has run out, then looks for anything of another's in the way. */
function conflictOf(
  tables: Tables,
  id: IntegrationId,
  userId: UserId,
  { platform, identity, places }: Claim,
): ClaimConflict | undefined {
  const others = [...tables.claims].filter(
    (row) => row.platform === platform && row.identity === identity && row.integrationId !== id,
  );
  const inTheWay = others.filter((row) => {
    if (row.reservedUntil !== null && row.reservedUntil < tables.now()) return !tables.claims.delete(row);
    return places.includes(row.place) || places.includes(WHOLE) || (row.place === WHOLE && places.length > 0);
  });
  if (inTheWay.length === 0) return undefined;
  const known = inTheWay.find((row) => row.userId === userId && row.reservedUntil === null);
  return { ok: false, reason: 'claimed', ...(known && { integrationId: known.integrationId }) };
}

function addClaims(
  tables: Tables,
  id: IntegrationId,
  userId: UserId,
  { platform, identity, places }: Claim,
  reservedUntil: number | null,
): void {
  const held = claimsOf(tables, id);
  for (const place of new Set(places)) {
    const has = held.some((row) => row.platform === platform && row.identity === identity && row.place === place);
    if (!has) tables.claims.add({ platform, identity, place, integrationId: id, userId, reservedUntil });
  }
}

/** Makes exactly these places the integration's own. */
function holdClaims(tables: Tables, id: IntegrationId, userId: UserId, claim: Claim): void {
  addClaims(tables, id, userId, claim, null);
  for (const row of claimsOf(tables, id)) {
    const same = row.platform === claim.platform && row.identity === claim.identity;
    if (same && claim.places.includes(row.place)) row.reservedUntil = null;
    else tables.claims.delete(row);
  }
}

/** Later than that of any sibling, whatever the clocks of nodes say. */
function newestAt(tables: Tables, botId: BotId, at: number): number {
  return Math.max(at, ...tables.routesOf(botId).map(({ credentialAt }) => credentialAt + 1));
}
