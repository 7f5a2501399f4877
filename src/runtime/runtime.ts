import type { Clock } from '../core/clock.ts';
import type { Connector, PlatformPort } from '../core/connector.ts';
import type { Control } from '../core/control.ts';
import type { Ids } from '../core/ids.ts';
import type { Log } from '../core/log.ts';
import type { Metrics } from '../core/metrics.ts';
import type { UserLimits } from '../core/options.ts';
import type { Responder } from '../core/responder.ts';
import type { Store } from '../core/store.ts';
import { Allowance } from './allowance.ts';
import { createAsk } from './ask.ts';
import { createHooks } from './hooks.ts';
import { createInbox } from './inbox.ts';
import { Meter } from './meter.ts';
import { createOutbox } from './outbox.ts';
import { Owners } from './owners.ts';
import { createReplies } from './replies.ts';
import { createRouter } from './router.ts';
import { SharedLinks } from './shared-links.ts';
import { Slots } from './slots.ts';
import { Supervisor } from './supervisor.ts';
import { createTestMessage } from './test-message.ts';
import { createTurns } from './turns.ts';

export interface RuntimeDeps {
  readonly store: Store;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly portFor: (platform: string) => PlatformPort;
  readonly respond: Responder;
  /** What all integrations of one user may do together on this node. */
  readonly userLimits: UserLimits;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics;
}

export interface Runtime extends Control {
  /** Whether this node may act for its bots: it could store its heartbeat lately. */
  leased(): boolean;
  /** Takes the bots that are free and resumes what was left undone. */
  start(): Promise<void>;
  /** Stops listening, lets what is under way end for at most `graceMs`, gives the bots back. */
  stop(graceMs: number): Promise<void>;
}

/** Wires the flow: receivers → inbox → turns → outbox → senders, for the bots that this node owns. */
export function createRuntime(deps: RuntimeDeps): Runtime {
  const { store, connectors, portFor, respond, userLimits, ids, clock, random, log, metrics } = deps;
  const node = ids.node();
  const flow = { clock, random };

  const outbox = createOutbox({
    ...flow,
    store,
    metrics,
    refused: (session, sender) => supervisor.refused(session, sender),
    moved: (session, from, to) => supervisor.moved(session, from, to),
  });
  const meter = new Meter({ store, clock, log });
  const turns = createTurns({
    ...flow,
    store,
    ask: createAsk({ ...flow, store, respond, meter }),
    replies: createReplies({ ...flow, store, outbox, ids, metrics }),
    allowance: new Allowance({ clock, meter, userLimits }),
    slots: new Slots(),
    userLimits,
  });
  const inbox = createInbox({ ...flow, store, turns, metrics, log });
  const supervisor: Supervisor = new Supervisor({
    ...flow,
    store,
    connectors,
    portFor,
    inbox,
    turns,
    outbox,
    log,
    node,
    leased: () => owners.leased(),
    join: (session, name, link, told, signal) => shared.join(session.bot.platform, name, link, told, signal),
  });
  const router = createRouter({ store, connectors, supervisor, inbox });
  const shared = new SharedLinks({
    ...flow,
    store,
    router,
    portFor,
    log,
    node,
    leased: () => owners.leased(),
  });
  const owners = new Owners({
    store,
    clock,
    log,
    node,
    follow: async (owned) => {
      await supervisor.follow(owned);
      metrics.bots(supervisor.size);
      await supervisor.adopt(await store.arrivals(node));
    },
    look: (bot) => supervisor.look(bot),
  });

  return {
    leased: () => owners.leased(),
    start: () => owners.start(),
    async stop(graceMs) {
      owners.drain();
      await supervisor.stop(graceMs);
      await meter.close();
      await owners.stop();
      await owners.release();
    },
    async changed(bots) {
      await owners.take(bots);
      await Promise.all(bots.map((bot) => supervisor.look(bot)));
    },
    hook: createHooks({ connectors, portFor, router, clock }),
    test: createTestMessage({
      store,
      clock,
      ids,
      connectors,
      portFor,
      session: (integration) => supervisor.session(integration.botId),
      refused: (session, sender) => supervisor.refused(session, sender),
    }),
  };
}
