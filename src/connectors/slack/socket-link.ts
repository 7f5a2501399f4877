import { type Backoff, backoffMs } from '../../core/backoff.ts';
import type { SharedLink, SharedPort } from '../../core/connector.ts';
import { createGate } from '../shared/gate.ts';
import { appOf, isTrusted } from './addresses.ts';
import { deliveries } from './deliveries.ts';
import { Connection, type End, type Hello } from './socket.ts';
import {
  BAD_APP_TOKEN,
  CONNECTED,
  CONNECTING,
  CROWDED,
  LIMITED,
  LOST,
  OTHER_CONNECTIONS,
  SOCKET_MODE_OFF,
  STORE_UNAVAILABLE,
  type State,
  UNREACHABLE,
  UNTRUSTED,
  WRONG_APP,
} from './states.ts';
import { type Api, createApi, type Reply } from './wire.ts';

const CALL_TIMEOUT_MS = 10_000;
const RETRY: Backoff = { baseMs: 1_000, capMs: 60_000 };
/** Sockets that nobody serves any more are counted until the platform notices: that takes a while. */
const CROWDED_RETRY: Backoff = { baseMs: 60_000, capMs: 5 * 60_000 };
const UNTRUSTED_WAIT_MS = 60_000;
/** A connection that lasted so long ends a row of failures. */
const STEADY_MS = 60_000;
/** What an old connection has brought may take so long to be stored once its successor is there. */
const SETTLE_MS = 5_000;
/** While another program is counted, look again so often: only a new hello tells. */
const RECOUNT_MS = 10 * 60_000;
/** Socket Mode that its owner has switched off is looked for so often, lest somebody have to tell us that it is on again. */
const SWITCHED_OFF_WAIT_MS = 5 * 60_000;
/** Nobody can make us replace a connection more often than this. */
const REFRESH_DISTANCE_MS = 60_000;

/** Connections of the whole process that are being made at a time. */
const connecting = createGate(20);

/** The links of this process by app, so that a bot that misses messages can have the connection replaced. */
const running = new Map<string, SocketLink>();

/** Asks for a new connection of an app, if its link runs in this process. */
export function refreshSocket(name: string): void {
  running.get(name)?.refresh();
}

/** Receives by Socket Mode for all bots of an app. `name` is the one it is joined by. */
export function socketLink(name: string, appToken: string): SharedLink {
  return {
    run: async (port, signal) => {
      const link = new SocketLink(appToken, port, signal);
      running.set(name, link);
      try {
        await link.run();
      } finally {
        if (running.get(name) === link) running.delete(name);
      }
    },
  };
}

type Verdict =
  | { readonly stop: true; readonly state: State }
  | { readonly stop: false; readonly state: State; readonly waitMs: number };

const SWITCHED_OFF: Verdict = { stop: false, state: SOCKET_MODE_OFF, waitMs: SWITCHED_OFF_WAIT_MS };

interface Opened {
  readonly connection: Connection;
  readonly hello: Hello;
}

class SocketLink {
  readonly #port: SharedPort;
  readonly #signal: AbortSignal;
  readonly #api: Api;
  readonly #appId: string | undefined;
  readonly #deliveries: ReturnType<typeof deliveries>;
  /** Never more than two: the one that serves, and the one that it replaces or that will replace it. */
  readonly #live = new Set<Connection>();
  #current: Connection | undefined;
  #failures = 0;
  #crowds = 0;
  #refreshedAt = Number.NEGATIVE_INFINITY;
  #reported = '';

  constructor(appToken: string, port: SharedPort, signal: AbortSignal) {
    this.#port = port;
    this.#signal = signal;
    this.#api = createApi(appToken, port);
    this.#appId = appOf(appToken);
    this.#deliveries = deliveries(port, () => this.#closeAll('store'), signal);
  }

  refresh(): void {
    const now = this.#port.clock.elapsed();
    if (now - this.#refreshedAt < REFRESH_DISTANCE_MS) return;
    this.#refreshedAt = now;
    this.#current?.leave();
  }

  async run(): Promise<void> {
    const { clock } = this.#port;
    this.#report(CONNECTING);
    const stop = () => this.#closeAll('stopped');
    this.#signal.addEventListener('abort', stop, { once: true });
    try {
      while (!this.#signal.aborted) {
        const verdict = await this.#serve();
        if (this.#signal.aborted || !verdict) continue;
        // As long as the old connection serves, nothing is lost and nothing needs to be said.
        const served = this.#current !== undefined && !this.#current.over;
        if (verdict.stop || !served) this.#report(verdict.state);
        if (verdict.stop) return;
        await clock.sleep(verdict.waitMs, this.#signal);
      }
    } finally {
      this.#signal.removeEventListener('abort', stop);
      stop();
      await Promise.all([...this.#live].map(({ ended }) => ended));
      await this.#deliveries.settled();
    }
  }

  /** Opens a connection, hands over to it, and stays until it ends or wants to be replaced; undefined for the latter. */
  async #serve(): Promise<Verdict | undefined> {
    const old = this.#current;
    const opened = await this.#open();
    if (!('connection' in opened)) return opened;
    const { connection, hello } = opened;
    this.#current = connection;
    if (old) await this.#retire(old);
    const others = hello.connections > Math.max(1, this.#live.size + (old ? 1 : 0));
    this.#report(others ? OTHER_CONNECTIONS : CONNECTED);
    const since = this.#port.clock.elapsed();
    await this.#wanted(connection, others);
    if (this.#signal.aborted) return undefined;
    if (this.#port.clock.elapsed() - since >= STEADY_MS) this.#failures = this.#crowds = 0;
    if (connection.over) return this.#judge(await connection.ended);
    // It serves on until its successor is there. If it ends before that, there is a gap, and whoever fills it has to hear.
    void connection.ended.then(() => {
      if (this.#current === connection && !this.#signal.aborted) this.#report(LOST);
    });
    return undefined;
  }

  /** Resolves when the connection has ended or should be replaced. */
  async #wanted(connection: Connection, others: boolean): Promise<void> {
    if (!others) return connection.leaving;
    const over = new AbortController();
    await Promise.race([connection.leaving, this.#port.clock.sleep(RECOUNT_MS, over.signal)]);
    over.abort();
  }

  async #open(): Promise<Opened | Verdict> {
    const { apiUrl, clock, log } = this.#port;
    const leave = await connecting.enter(this.#signal);
    try {
      const reply = await this.#api('apps.connections.open', {}, { timeoutMs: CALL_TIMEOUT_MS, signal: this.#signal });
      if (this.#signal.aborted) return this.#again(LOST);
      if (reply.kind !== 'ok') return this.#refusal(reply);
      const { url } = reply.body;
      if (!isTrusted(url, apiUrl)) return { stop: false, state: UNTRUSTED, waitMs: UNTRUSTED_WAIT_MS };
      const connection = new Connection(url, this.#deliveries, clock);
      this.#live.add(connection);
      void connection.ended.then(() => this.#live.delete(connection));
      const hello = await connection.greeted;
      if (!hello || connection.over) return this.#judge(await connection.ended);
      if (this.#appId !== undefined && hello.appId !== undefined && hello.appId !== this.#appId) {
        log.error('socket_of_another_app');
        connection.close('foreign');
        return { stop: true, state: WRONG_APP };
      }
      return { connection, hello };
    } finally {
      leave();
    }
  }

  /** Ends a connection once what it has brought is acknowledged: the rest comes by its successor. */
  async #retire(old: Connection): Promise<void> {
    const over = new AbortController();
    await Promise.race([old.settled(), this.#port.clock.sleep(SETTLE_MS, over.signal)]);
    over.abort();
    old.close('replaced');
    await old.ended;
  }

  #refusal(reply: Exclude<Reply, { kind: 'ok' }>): Verdict {
    if (reply.kind === 'limited') return { stop: false, state: LIMITED, waitMs: reply.afterMs };
    if (reply.kind === 'failed') return this.#again(UNREACHABLE);
    this.#port.log.warn('socket_refused', { error: reply.error });
    if (reply.kind === 'refused' && /socket_mode|forbidden_team/.test(reply.error)) {
      return SWITCHED_OFF;
    }
    return { stop: true, state: BAD_APP_TOKEN };
  }

  #judge({ code, why, greeted }: End): Verdict {
    this.#port.log.info('socket_ended', { code, why: why ?? '', greeted });
    if (why === 'disabled') return SWITCHED_OFF;
    if (why === 'crowded') {
      const waitMs = backoffMs(this.#crowds++, CROWDED_RETRY, this.#port.random);
      return { stop: false, state: CROWDED, waitMs };
    }
    return this.#again(why === 'store' ? STORE_UNAVAILABLE : greeted ? LOST : UNREACHABLE);
  }

  #again(state: State): Verdict {
    return { stop: false, state, waitMs: backoffMs(this.#failures++, RETRY, this.#port.random) };
  }

  #closeAll(why: 'stopped' | 'store'): void {
    for (const connection of this.#live) connection.close(why);
  }

  #report(state: State): void {
    const key = `${state.state} ${state.code ?? ''}`;
    if (key === this.#reported) return;
    this.#reported = key;
    this.#port.report({ ...state, transport: 'socket' });
  }
}
