import { createBell, ring, waitOn } from '../shared/bell.ts';
import { SimulatorClock } from '../shared/clock.ts';
import { FaultRules } from '../shared/fault-rules.ts';
import type { Listener, ServeControl } from '../shared/listener.ts';
import type { Simulator, SimulatorOptions, Stage } from '../simulator.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { createLimits, type RateLimits } from './limits.ts';
import { createSlackServer } from './server.ts';
import { type Settings, usualSettings } from './settings.ts';
import { createWorld } from './world.ts';
import { WorldControls } from './world-controls.ts';

export interface SlackSimulatorOptions extends SimulatorOptions {
  /** False: no limits but those of the capped class. */
  readonly limits?: RateLimits | false;
  readonly settings?: Partial<Settings>;
  /** Entries kept of each kind. */
  readonly ledgerLimit?: number;
}

/** The running simulator with everything that a director of the play can do; the HTTP control API calls the same. */
export class SlackControls extends WorldControls implements Simulator {
  readonly platform = 'slack';
  readonly #server: Listener;
  readonly #makeStage: (simulator: SlackControls) => Stage;

  constructor(
    options: SlackSimulatorOptions,
    parts: {
      readonly serveControl: (simulator: SlackControls, ...exchange: Parameters<ServeControl>) => Promise<void>;
      readonly makeStage: (simulator: SlackControls) => Stage;
    },
  ) {
    super({
      world: createWorld(),
      clock: new SimulatorClock(options.now ?? Date.now),
      ledger: createLedger(options.ledgerLimit ?? 100_000),
      faults: new FaultRules(),
      limits: createLimits(options.limits ?? {}),
      settings: { ...usualSettings, ...options.settings },
      outlets: new Set(),
      tickets: new Map(),
      turns: new Map(),
      bodies: new Map(),
      bell: createBell(),
      ended: new AbortController(),
      lastEvent: 0,
      lastSocket: 0,
      port: 0,
    });
    this.#makeStage = parts.makeStage;
    this.#server = createSlackServer(this.scene, (...exchange) => parts.serveControl(this, ...exchange));
  }

  /** Base of the Web API, as `https://slack.com/api` is. */
  get url(): string {
    return `${this.origin}/api`;
  }

  /** Without the path: `/control` is below it. */
  get origin(): string {
    return this.#server.url;
  }

  get ledger(): Ledger {
    return this.scene.ledger;
  }

  async listen(port: number): Promise<void> {
    await this.#server.listen(port);
    this.scene.port = this.#server.port;
  }

  async close(): Promise<void> {
    this.scene.ended.abort();
    this.scene.clock.close();
    await this.#server.stopListening();
    this.scene.clock.close();
  }

  stage(): Promise<Stage> {
    return Promise.resolve(this.#makeStage(this));
  }

  /** What people said and some app acknowledged, each once. */
  acknowledged(): string[] {
    const said = new Map<string, string>();
    for (const event of this.ledger.events) {
      if (event.outcome !== 'acked' || !event.by_person) continue;
      said.set(`${event.channel}/${event.ts}`, event.text ?? '');
    }
    return [...said.values()];
  }

  /** Breaks every open connection once. */
  cut(): void {
    this.cutSockets();
    this.#server.cut();
  }

  /** `reset`: takes connections and resets them. `refuse`: nobody listens; only `up` in this process ends it. */
  async down(mode: 'reset' | 'refuse' = 'reset'): Promise<void> {
    if (mode === 'refuse') return this.#server.stopListening();
    this.scene.faults.down = true;
    this.cut();
  }

  async up(): Promise<void> {
    this.scene.faults.down = false;
    await this.#server.listenAgain();
  }

  /** Moves the time on; what was due by then happens now. */
  advance(ms: number): void {
    this.scene.clock.advance(ms);
    ring(this.scene.bell);
  }

  /** Resolves with the first value that is neither undefined nor false; looks whenever something happened here. */
  waitFor<T>(look: (ledger: Ledger) => T | undefined | false, signal?: AbortSignal): Promise<T> {
    return waitOn(this.scene.bell, () => look(this.scene.ledger), signal);
  }
}
