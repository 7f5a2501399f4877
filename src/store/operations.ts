import type { Kysely } from 'kysely';
import type { DialectParts } from './dialect.ts';
import { accept, adopt } from './operations/accept.ts';
import {
  abandonRequest,
  beginRequest,
  createApiKey,
  ensureUser,
  findApiKey,
  finishRequest,
  hasApiKeys,
} from './operations/access.ts';
import { botExists } from './operations/bots.ts';
import { releaseClaim, reserveClaim } from './operations/claims.ts';
import { compose } from './operations/compose.ts';
import { forget } from './operations/erase.ts';
import { history, lastPlace, moveChannel, recover } from './operations/flow.ts';
import { getIntegration, getSecrets, listIntegrations } from './operations/integration-queries.ts';
import { createIntegration, deleteIntegration, updateIntegration } from './operations/integrations.ts';
import { dropLease, holdLease } from './operations/leases.ts';
import { arrivals, findListeners } from './operations/listeners.ts';
import { holdBots, loadBot, releaseBots, reportHealth, takeBot } from './operations/owners.ts';
import { createReplr, deleteReplr, getReplr, listReplrs, updateReplr } from './operations/replrs.ts';
import { settle } from './operations/settle.ts';
import { ping, sweepMessages, sweepRest } from './operations/upkeep.ts';
import { spend, spent } from './operations/usage.ts';
import type { Schema } from './schema.ts';

type Run<I, O> = (db: Kysely<Schema>, dialect: DialectParts, input: I) => Promise<O>;

/** A whole transaction on plain data, the same on every engine. */
export type Operation<I, O> =
  | {
      /** A `select` is a read in one statement: it sees one moment anyway and needs no transaction for it. */
      readonly kind: 'select' | 'read' | 'write';
      readonly run: Run<I, O>;
      /** Part of the flow: must not wait behind what the API does. */
      readonly flow: boolean;
    }
  /** The hot ones take many calls at once: one answer for each, in order. */
  | { readonly kind: 'batch'; readonly run: Run<readonly I[], O[]>; readonly flow: true };

const select = <I, O>(run: Run<I, O>) => ({ kind: 'select', run, flow: false }) as const;
const read = <I, O>(run: Run<I, O>) => ({ kind: 'read', run, flow: false }) as const;
const write = <I, O>(run: Run<I, O>) => ({ kind: 'write', run, flow: false }) as const;
const flow = <I, O>(operation: { readonly kind: 'select' | 'read' | 'write'; readonly run: Run<I, O> }) =>
  ({ ...operation, flow: true }) as const;
const batch = <I, O>(run: Run<readonly I[], O[]>) => ({ kind: 'batch', run, flow: true }) as const;

export const operations = {
  accept: batch(accept),
  compose: batch(compose),
  settle: batch(settle),
  recover: flow(read(recover)),
  adopt: flow(write(adopt)),
  history: flow(select(history)),
  forget: flow(write(forget)),
  spend: batch(spend),
  spent: flow(select(spent)),
  lastPlace: flow(select(lastPlace)),
  moveChannel: flow(write(moveChannel)),
  findListeners: flow(read(findListeners)),

  holdBots: flow(write(holdBots)),
  takeBot: flow(write(takeBot)),
  loadBot: flow(read(loadBot)),
  botExists: flow(select(botExists)),
  releaseBots: flow(write(releaseBots)),
  reportHealth: flow(write(reportHealth)),
  arrivals: flow(select(arrivals)),
  holdLease: flow(write(holdLease)),
  dropLease: flow(write(dropLease)),

  reserveClaim: write(reserveClaim),
  releaseClaim: write(releaseClaim),
  createIntegration: write(createIntegration),
  listIntegrations: read(listIntegrations),
  getIntegration: read(getIntegration),
  getSecrets: read(getSecrets),
  updateIntegration: write(updateIntegration),
  deleteIntegration: write(deleteIntegration),

  createReplr: write(createReplr),
  listReplrs: read(listReplrs),
  getReplr: read(getReplr),
  updateReplr: write(updateReplr),
  deleteReplr: write(deleteReplr),

  ensureUser: write(ensureUser),
  createApiKey: write(createApiKey),
  findApiKey: select(findApiKey),
  hasApiKeys: select<undefined, boolean>(hasApiKeys),
  beginRequest: write(beginRequest),
  finishRequest: write(finishRequest),
  abandonRequest: write(abandonRequest),

  ping: select<undefined, void>(ping),
  sweepMessages: write(sweepMessages),
  sweepRest: write(sweepRest),
};

type Operations = typeof operations;
export type OperationName = keyof Operations;
export type Input<N extends OperationName> = Operations[N] extends {
  kind: 'batch';
  run: Run<readonly (infer I)[], infer _>;
}
  ? I
  : Operations[N] extends { run: Run<infer I, infer _> }
    ? I
    : never;
export type Output<N extends OperationName> = Operations[N] extends { kind: 'batch'; run: Run<infer _, (infer O)[]> }
  ? O
  : Operations[N] extends { run: Run<infer _, infer O> }
    ? O
    : never;
/** Of one name, without its types: engines pass data through and never look into it. */
export const operationOf = (name: OperationName) => operations[name] as Operation<unknown, unknown>;
