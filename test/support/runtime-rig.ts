import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { createIds, type IntegrationId } from '../../src/core/ids.ts';
import type { Credential, Integration } from '../../src/core/integration.ts';
import type { IntegrationUpdate } from '../../src/core/integration-store.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import type { Cursor, InboundMessage } from '../../src/core/message.ts';
import { noMetrics } from '../../src/core/metrics.ts';
import {
  defaultOptions,
  defaultUserLimits,
  type Limits,
  type Options,
  type UserLimits,
} from '../../src/core/options.ts';
import type { Responder, Turn } from '../../src/core/responder.ts';
import type { Store } from '../../src/core/store.ts';
import { createRuntime, type Runtime } from '../../src/runtime/runtime.ts';
import { openStore } from '../../src/store/store.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { type Listening, type ScriptedPlatform, scriptedPlatform } from './scripted-platform.ts';

export const ids = createIds((count) => randomBytes(count));
const secretKey = new Uint8Array(32).fill(7);
/** Far more than any step takes; a test that waits longer has failed. */
const PATIENCE_MS = 8_000;

type Method = keyof Store;
/** Stands before the store: `call` goes on to it. */
export type Fault = (call: () => Promise<unknown>, args: readonly unknown[]) => Promise<unknown>;
type Respond = (turn: Turn, signal: AbortSignal) => string | Promise<string>;

export interface Connected {
  readonly integration: Integration;
  readonly id: IntegrationId;
  update(update: Omit<IntegrationUpdate, 'at'>): Promise<void>;
  remove(): Promise<void>;
}

export interface Rig {
  readonly clock: ManualClock;
  readonly platform: ScriptedPlatform;
  readonly turns: Turn[];
  /** What the metrics were told of each message that came. */
  readonly counted: string[];
  /** And of how each one ended. */
  readonly settled: string[];
  readonly log: { readonly event: string; readonly fields: LogFields }[];
  /** By store method, while set. */
  readonly faults: Map<Method, Fault>;
  /** The operator's own secrets for the platform. */
  deployment: Credential | undefined;
  readonly store: Store;
  readonly runtime: Runtime;
  /** What the model answers; the question with `re: ` before it unless said otherwise. */
  respond: Respond;
  /** In its place, piece by piece. */
  stream: Responder | undefined;
  connect(
    channels?: readonly string[],
    over?: { token?: string; platform?: string; identity?: string; autoRespond?: boolean; options?: SomeOptions },
  ): Promise<Connected>;
  /** Posts a message in a channel as a person. */
  say(text: string, over?: Said): Promise<void>;
  message(text: string, over?: Said): InboundMessage;
  receiver(): Promise<Listening>;
  /** Resolves once the condition holds; time stands still. */
  until(holds: () => unknown): Promise<void>;
  /** Lets time pass until the condition holds, so far as somebody waits for it; at most `ms` of it. */
  pass(ms: number, holds?: () => unknown): Promise<void>;
  /** Nothing under way in the store, and nothing that goes on without time passing. */
  quiet(): Promise<void>;
  query(sql: string): Record<string, unknown>[];
  /** Outcome of each message by its text, or by its id where it was not said here: `answered`, `failed:gone`, `open`. */
  fates(): Record<string, string>;
  health(): { state: string; code?: string };
  begin(): Promise<void>;
  /** The process dies: nothing it still does reaches store or platform. */
  kill(): Promise<void>;
  /** Another process on the same data, after the first was killed. */
  revive(): Promise<void>;
  end(): Promise<void>;
}

export interface Said extends Partial<InboundMessage> {
  readonly channel?: string;
  readonly cursors?: readonly Cursor[];
}

/** The others are the defaults. */
export type SomeOptions = Partial<Omit<Options, 'limits'>> & { readonly limits?: Partial<Limits> };

export interface RigOptions {
  readonly userLimits?: Partial<UserLimits>;
  /** Of the REPLR. */
  readonly greeting?: string;
}

export const optionsOf = ({ limits, ...over }: SomeOptions): Options => ({
  ...defaultOptions,
  ...over,
  limits: { ...defaultOptions.limits, ...limits },
});

const UNTIMED = new Set<Method>(['close', 'watchBots']);

export async function startRig({ userLimits, greeting }: RigOptions = {}): Promise<Rig> {
  const dataDir = await mkdtemp(join(tmpdir(), 'replr-runtime-'));
  const clock = createManualClock();
  const platform = scriptedPlatform();
  const log: Rig['log'] = [];
  const faults: Rig['faults'] = new Map();
  const made = new Map<IntegrationId, Integration>();
  let pending = 0;
  let life = 0;
  let messages = 0;
  const texts = new Map<string, string>();

  const write = (event: string, fields: LogFields = {}) => void log.push({ event, fields });
  const logger: Log = { debug: write, info: write, warn: write, error: write, child: () => logger };

  async function open(): Promise<Store> {
    const real = await openStore({
      dataDir,
      secretKey,
      clock,
      random: (n) => randomBytes(n),
      log: logger,
      exclusive: true,
    });
    const born = life;
    return new Proxy(real, {
      get(target, name: Method) {
        const found: unknown = target[name];
        // `then`: whoever awaits the store asks for it.
        if (typeof found !== 'function') return found;
        const method = (...args: unknown[]): Promise<unknown> => found.apply(target, args);
        if (UNTIMED.has(name)) return method;
        return async (...args: unknown[]) => {
          if (born !== life) return new Promise(() => {});
          pending++;
          try {
            const fault = faults.get(name);
            return await (fault ? fault(() => method(...args), args) : method(...args));
          } finally {
            // A call of a process that died meanwhile is no longer counted.
            if (born === life) pending--;
          }
        };
      },
    });
  }

  const respond: Responder = async function* (turn, signal) {
    rig.turns.push(turn);
    if (rig.stream) yield* rig.stream(turn, signal);
    else yield await rig.respond(turn, signal);
  };
  function wire(store: Store): Runtime {
    return createRuntime({
      store,
      connectors: new Map([[platform.connector.platform, platform.connector]]),
      portFor: () => ({
        ...{ apiUrl: '', fetch, clock, random: () => 0.5, log: logger },
        ...(rig.deployment && { deployment: rig.deployment }),
      }),
      respond,
      userLimits: { ...defaultUserLimits, ...userLimits },
      ids,
      clock,
      random: () => 0.5,
      log: logger,
      metrics: {
        ...noMetrics,
        accepted: (_platform, outcome) => void rig.counted.push(outcome),
        settled: (_platform, outcome) => void rig.settled.push(outcome),
      },
    });
  }

  let store = await open();
  let runtime = wire(store);
  let database: DatabaseSync | undefined;
  const userId = await store.ensureUser(ids.user(), 'ada', 1);
  const fields = {
    instructions: 'Be kind.',
    model: 'default',
    description: null,
    avatarUrl: null,
    greetingMessage: greeting ?? null,
  };
  const replr = await store.createReplr(ids.replr(), userId, { name: 'Nova', ...fields }, 1);
  if (replr === 'id_taken') throw new Error('id taken');

  const rig: Rig = {
    clock,
    platform,
    turns: [],
    counted: [],
    settled: [],
    log,
    faults,
    deployment: undefined,
    get store() {
      return store;
    },
    get runtime() {
      return runtime;
    },
    respond: (turn) => `re: ${turn.message.text}`,
    stream: undefined,
    async connect(channels, over = {}) {
      const id = ids.integration();
      const result = await store.createIntegration({
        id,
        userId,
        replrId: replr.id,
        identity: over.identity ?? 'bot1',
        platform: over.platform ?? platform.connector.platform,
        profile: {},
        settings: channels ? { channel_ids: channels } : {},
        credential: { bot_token: over.token ?? 'good' },
        claims: channels ?? [''],
        notices: [],
        cursors: [],
        transport: 'polling',
        ...(over.autoRespond !== undefined && { autoRespond: over.autoRespond }),
        options: optionsOf(over.options ?? {}),
        at: clock.now(),
      });
      if (!result.ok) throw new Error(result.reason);
      made.set(id, result.integration);
      await runtime.changed(result.bots);
      const told = async (change: { bots: readonly Integration['botId'][] }) => runtime.changed(change.bots);
      return {
        integration: result.integration,
        id,
        update: async (update) => {
          const changed = await store.updateIntegration(userId, id, { ...update, at: clock.now() });
          if (!changed.ok) throw new Error(changed.reason);
          await told(changed);
        },
        remove: async () => told(await store.deleteIntegration(userId, id)),
      };
    },
    message: (text, { channel = 'c1', cursors: _, ...over } = {}) => {
      const message: InboundMessage = {
        id: `m${++messages}`,
        at: { channel },
        author: { id: 'u1', name: 'Ada', kind: 'person' },
        text,
        sentAt: clock.now(),
        addressed: true,
        ...over,
      };
      texts.set(message.id, text);
      return message;
    },
    async say(text, over = {}) {
      const { port } = await rig.receiver();
      await port.accept([rig.message(text, over)], over.cursors ?? []);
    },
    async receiver() {
      await rig.until(() => platform.listening.length > 0);
      const newest = platform.listening.at(-1);
      if (!newest) throw new Error('nobody listens');
      return newest;
    },
    async until(holds) {
      const deadline = performance.now() + PATIENCE_MS;
      while (!holds()) {
        if (performance.now() > deadline) throw new Error(`never came: ${holds}`);
        await setImmediate();
      }
    },
    async quiet() {
      const deadline = performance.now() + PATIENCE_MS;
      for (let calm = 0; calm < 4; calm = pending === 0 ? calm + 1 : 0) {
        if (performance.now() > deadline) throw new Error('never quiet');
        await setImmediate();
      }
    },
    async pass(ms, holds = () => false) {
      const end = clock.elapsed() + ms;
      for (;;) {
        await rig.quiet();
        const left = end - clock.elapsed();
        if (holds() || left <= 0) return;
        await clock.advance(Math.min(left, Math.max(0, clock.sleeping()[0] ?? left)));
      }
    },
    query(sql) {
      database ??= new DatabaseSync(join(dataDir, 'store.db'), { readOnly: true, timeout: 5_000 });
      return database.prepare(sql).all() as Record<string, unknown>[];
    },
    fates: () =>
      Object.fromEntries(
        rig
          .query('select message_id, fate_kind, fate_reason from messages order by seq')
          .map(({ message_id, fate_kind, fate_reason }) => [
            // The store does not keep every text.
            texts.get(String(message_id)) ?? String(message_id),
            fate_kind === null ? 'open' : `${fate_kind}${fate_reason === null ? '' : `:${fate_reason}`}`,
          ]),
      ),
    health: () => JSON.parse(String(rig.query('select health from bots')[0]?.['health'])) as { state: string },
    begin: () => runtime.start(),
    async kill() {
      life++;
      platform.listening.length = 0;
      pending = 0;
      await store.close();
    },
    async revive() {
      store = await open();
      runtime = wire(store);
      await runtime.start();
    },
    async end() {
      faults.clear();
      platform.deafToStop = false;
      let stopped = false;
      const stopping = runtime.stop(0).then(() => {
        stopped = true;
      });
      // What does not heed its signal is given up in time.
      while (!stopped) await rig.pass(1_000, () => stopped);
      await stopping;
      database?.close();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
  return rig;
}
