import type { Clock } from '../core/clock.ts';
import { createIds, type IntegrationId, type RandomBytes, type UserId } from '../core/ids.ts';
import type { Credential } from '../core/integration.ts';
import type { Log } from '../core/log.ts';
import type { Store } from '../core/store.ts';
import { clean } from './clean.ts';
import type { Engine } from './engine.ts';
import type { Sealed } from './operations/listeners.ts';
import type { Input, OperationName, Output } from './operations.ts';
import { createSealer } from './seal.ts';

export type StoreOptions = (
  | { /** Folder of the embedded store; made if missing. */ readonly dataDir: string }
  | { /** PostgreSQL 15 or newer. */ readonly databaseUrl: string }
) & {
  /** Seals secrets at rest: 32 bytes. A store opens only with the key it was created with. */
  readonly secretKey: Uint8Array;
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: Log;
  /**
   * Keeps a second server out of the same data directory. A command that works beside a running server leaves it out.
   * Means nothing on PostgreSQL, which is made to be shared.
   */
  readonly exclusive?: boolean;
  /** The embedded store's thread ended by itself: nothing can be stored until the process starts anew. */
  readonly lost?: (error: Error) => void;
};

/** Messages per transaction of a sweep: a few ms. */
const SWEEP_BITE = 1_000;

/** What was used is asked for on the same day; the rest is for who wonders about a bill. */
const KEEP_USAGE_MS = 35 * 24 * 3_600_000;

/** Rejects with `StoreKeyError` or `StoreInUseError` where the operator has to choose, else with what the database says. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const sealer = createSealer(options.secretKey, options.random);
  const ids = createIds(options.random);
  const engine = await openEngine(options, sealer.keyCheck);
  // Every text comes in through here.
  const run = <N extends OperationName>(name: N, input: Input<N>): Promise<Output<N>> => engine.run(name, clean(input));
  const sealed = (userId: UserId, integrationId: IntegrationId, credential: Credential) =>
    sealer.seal({ userId, integrationId }, clean(credential));
  // Each secret of the integration that has it and was verified last: one that was connected without an optional secret
  // must not take it from those that gave it.
  const credentialOf = (all: readonly Sealed[]): Credential => {
    const credential: Record<string, string> = {};
    for (const { secrets, ...of } of all) {
      const missing = Object.entries(secrets).filter(([name]) => !(name in credential));
      Object.assign(credential, sealer.unseal(of, Object.fromEntries(missing)));
    }
    return credential;
  };

  return {
    accept: (batch) => run('accept', batch),
    compose: (composed) => run('compose', composed),
    settle: (settled) => run('settle', settled),
    recover: (botId, epoch) => run('recover', { botId, epoch }),
    adopt: (botId, epoch) => run('adopt', { botId, epoch }),
    history: (integrationId, conversation, seq, limit) => run('history', { integrationId, conversation, seq, limit }),
    forget: (integrationId, where, seq) => run('forget', { integrationId, where, seq }),
    spend: async (spendings) => void (await run('spend', spendings)),
    spent: (integrationId, person, day) => run('spent', { integrationId, person, day }),
    lastPlace: (integrationId) => run('lastPlace', integrationId),
    moveChannel: (move) => run('moveChannel', move),
    findListeners: async (target) => {
      const found = await run('findListeners', target);
      return found.map(({ sealed: of, ...listener }) => ({ ...listener, credential: credentialOf(of) }));
    },

    holdBots: (node, ttlMs, take) => run('holdBots', { node, ttlMs, take }),
    takeBot: (node, ttlMs, botId) => run('takeBot', { node, ttlMs, botId }),
    botExists: (botId) => run('botExists', botId),
    loadBot: async (node, botId) => {
      const found = await run('loadBot', { node, botId });
      if (!found) return undefined;
      const { sealed: of, ...bot } = found;
      return { ...bot, credential: credentialOf(of) };
    },
    releaseBots: (node) => run('releaseBots', node),
    arrivals: (node) => run('arrivals', node),
    holdLease: (name, node, ttlMs, health) => run('holdLease', { name, node, ttlMs, health }),
    dropLease: (name, node) => run('dropLease', { name, node }),
    reportHealth: (botId, epoch, health) => run('reportHealth', { botId, epoch, health }),
    watchBots: (node, changed) => engine.watch(node, changed),

    reserveClaim: (id, userId, claim, forMs) => run('reserveClaim', { id, userId, claim, forMs }),
    releaseClaim: (id) => run('releaseClaim', id),
    createIntegration: ({ credential, ...input }) =>
      run('createIntegration', { ...input, secrets: sealed(input.userId, input.id, credential), botId: ids.bot() }),
    listIntegrations: (userId, page) => run('listIntegrations', { userId, ...page }),
    getIntegration: (userId, id) => run('getIntegration', { userId, id }),
    getCredential: async (userId, id) => {
      const secrets = await run('getSecrets', { userId, id });
      return secrets && sealer.unseal({ userId, integrationId: id }, secrets);
    },
    updateIntegration: (userId, id, { verified, ...rest }) => {
      if (!verified) return run('updateIntegration', { userId, id, update: rest });
      const { credential, ...found } = verified;
      const secrets = sealed(userId, id, credential);
      return run('updateIntegration', {
        userId,
        id,
        update: { ...rest, verified: { ...found, secrets, botId: ids.bot() } },
      });
    },
    deleteIntegration: (userId, id) => run('deleteIntegration', { userId, id }),

    createReplr: (id, userId, fields, at) => run('createReplr', { id, userId, fields, at }),
    listReplrs: (userId, page) => run('listReplrs', { userId, ...page }),
    getReplr: (userId, id) => run('getReplr', { userId, id }),
    updateReplr: (userId, id, fields, at) => run('updateReplr', { userId, id, fields, at }),
    deleteReplr: (userId, id) => run('deleteReplr', { userId, id }),

    ensureUser: (id, name, at) => run('ensureUser', { id, name, at }),
    createApiKey: (key) => run('createApiKey', key),
    findApiKey: (hash) => run('findApiKey', hash),
    hasApiKeys: () => run('hasApiKeys', undefined),
    beginRequest: (input) => run('beginRequest', input),
    finishRequest: (userId, key, answer) => run('finishRequest', { userId, key, ...answer }),
    abandonRequest: (userId, key) => run('abandonRequest', { userId, key }),

    ping: () => run('ping', undefined),
    sweep: async (before) => {
      const usageBefore = new Date(options.clock.now() - KEEP_USAGE_MS).toISOString().slice(0, 10);
      await run('sweepRest', { before, usageBefore });
      let messages = 0;
      for (;;) {
        const gone = await run('sweepMessages', { before, limit: SWEEP_BITE });
        messages += gone;
        if (gone < SWEEP_BITE) return { messages };
      }
    },
    close: () => engine.close(),
  };
}

async function openEngine(options: StoreOptions, keyCheck: string): Promise<Engine> {
  if ('databaseUrl' in options) {
    const { openPostgres } = await import('./postgres.ts');
    return await openPostgres({ databaseUrl: options.databaseUrl, keyCheck }, options);
  }
  const { openSqlite } = await import('./sqlite.ts');
  const { dataDir, exclusive = false, log, lost } = options;
  return await openSqlite({ dataDir, exclusive, keyCheck }, log, lost);
}
