import { createIds } from '../../src/core/ids.ts';
import type { Log, LogFields } from '../../src/core/log.ts';
import { noMetrics } from '../../src/core/metrics.ts';
import { defaultUserLimits } from '../../src/core/options.ts';
import type { Store } from '../../src/core/store.ts';
import { createRuntime } from '../../src/runtime/runtime.ts';
import { connectorOn } from '../platform/connector.ts';
import type { Platform } from '../platform/platform.ts';
import type { ModelStore } from '../store/model-store.ts';
import type { Door } from './api.ts';
import { brain } from './brain.ts';
import { type Committed, faultyStore } from './faulty-store.ts';
import type { Moment } from './plan.ts';
import { Process } from './process.ts';
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import type { Trace } from './trace.ts';
import type { Weather } from './weather.ts';

/** Marks of a mistake in the product, whatever the world did to it. */
const MISTAKES = new Set(['lane_task_failed', 'turn_threw', 'sender_threw', 'look_up_threw']);

export interface NodeDeps {
  readonly model: ModelStore;
  readonly platforms: readonly Platform[];
  readonly timeline: Timeline;
  readonly weather: Weather;
  readonly random: Random;
  readonly trace: Trace;
  readonly exclusive: boolean;
  readonly committed: Committed;
  /** Questions whose model made a mistake. */
  readonly threw: Set<string>;
  readonly violated: (rule: string, what: string) => void;
  /** Breaks a rule on purpose. */
  readonly broken: (store: Store) => Store;
  /** Breaks another one: receivers acknowledge before they hand over. */
  readonly eager: boolean;
}

/** A place where a server runs: one process after another, never two at a time. */
export class Node {
  readonly name: string;
  readonly #deps: NodeDeps;
  #lives = 0;
  #door: (Door & { serving: boolean }) | undefined;
  /** The process dies at the next such moment. */
  #doom: { readonly when: Moment; readonly awayMs: number } | undefined;
  #down = false;
  skewMs = 0;

  constructor(name: string, deps: NodeDeps) {
    this.name = name;
    this.#deps = deps;
  }

  get process(): Process | undefined {
    return this.#door?.process;
  }
  /** Takes requests. */
  get door(): Door | undefined {
    const door = this.#door;
    return door?.serving && !door.process.frozen ? door : undefined;
  }

  start(): void {
    const { model, platforms, timeline, weather, random, trace, exclusive, committed, threw, violated, eager } =
      this.#deps;
    this.#down = false;
    const life = `${this.name}.${++this.#lives}`;
    const chance = random.stream(life);
    const process = new Process(life, timeline, chance.stream('process'));
    process.skewMs = this.skewMs;
    if (exclusive) {
      for (const bot of model.tables.bots.values()) bot.owner = null;
      model.tables.heartbeats.clear();
    }
    const store = faultyStore(this.#deps.broken(model.open()), process, weather, trace, (...call) => {
      committed(...call);
      if (this.#doom?.when === call[1]) this.#die();
    });
    const log = logOf((level, event, fields) => {
      if (level !== 'debug' && level !== 'info') trace.say(`${life} ${event} ${reasonOf(fields)}`);
      if (MISTAKES.has(event)) violated('no mistakes', `${life} ${event} ${reasonOf(fields)}`);
    });
    const port = { apiUrl: '', fetch, clock: process.clock, random: chance.next, log };
    const runtime = createRuntime({
      store,
      connectors: new Map(
        platforms.map((platform) => [platform.manner, connectorOn(platform, process, weather, eager)]),
      ),
      portFor: () => port,
      respond: brain(process, weather, threw),
      userLimits: defaultUserLimits,
      ids: createIds(chance.stream('ids').bytes),
      clock: process.clock,
      random: chance.next,
      log,
      metrics: noMetrics,
    });
    const door = { process, store, runtime, serving: false };
    this.#door = door;
    trace.say(`${life} starts`);
    runtime.start().then(
      () => {
        door.serving = process.alive;
      },
      () => {
        // As the server: what cannot start ends, and whoever watches over it tries again.
        if (process.alive) this.kill('now', 2_000);
      },
    );
  }

  kill(when: Moment, awayMs: number): void {
    this.#doom = { when, awayMs };
    if (when === 'now') this.#die();
  }

  /** Something of this process was just shown on a platform. */
  shown(): void {
    if (this.#doom?.when === 'shown') this.#die();
  }

  stop(graceMs: number, awayMs: number): void {
    const door = this.#door;
    if (!door?.serving) return;
    const { timeline, trace, weather } = this.#deps;
    weather.count('stop');
    door.serving = false;
    trace.say(`${door.process.name} stops`);
    const ended = () => {
      if (!door.process.alive) return;
      trace.say(`${door.process.name} has stopped`);
      door.process.kill();
      this.#away(awayMs);
    };
    door.runtime.stop(graceMs).then(ended, ended);
    // Whoever watches over it does not wait for ever either.
    timeline.after(graceMs + 60_000, ended);
  }

  freeze(forMs: number): void {
    const process = this.process;
    if (!process?.alive || process.frozen) return;
    const { timeline, trace, weather } = this.#deps;
    weather.trouble('freeze');
    weather.standsStill(1);
    trace.say(`${process.name} stands still`);
    process.freeze();
    timeline.after(forMs, () => this.thaw(process));
  }

  thaw(process: Process): void {
    if (!process.frozen) return;
    this.#deps.weather.standsStill(-1);
    this.#deps.trace.say(`${process.name} goes on`);
    process.thaw();
  }

  jump(byMs: number): void {
    this.#deps.weather.count('clock_jump');
    this.skewMs += byMs;
    if (this.process) this.process.skewMs = this.skewMs;
  }

  /** The end of all trouble: it runs, and goes on running. */
  heal(): void {
    this.#doom = undefined;
    if (this.process) this.thaw(this.process);
    if (this.#down) this.start();
  }

  #die(): void {
    const process = this.process;
    const { trace, weather } = this.#deps;
    const awayMs = this.#doom?.awayMs ?? 0;
    this.#doom = undefined;
    if (!process?.alive) return;
    weather.count('kill');
    trace.say(`${process.name} dies`);
    if (process.frozen) this.thaw(process);
    if (this.#door) this.#door.serving = false;
    process.kill();
    this.#away(awayMs);
  }

  #away(ms: number): void {
    this.#down = true;
    this.#deps.timeline.after(ms, () => {
      if (this.#down) this.start();
    });
  }
}

function logOf(write: (level: string, event: string, fields: LogFields) => void): Log {
  const log: Log = {
    debug: (event, fields = {}) => write('debug', event, fields),
    info: (event, fields = {}) => write('info', event, fields),
    warn: (event, fields = {}) => write('warn', event, fields),
    error: (event, fields = {}) => write('error', event, fields),
    child: () => log,
  };
  return log;
}

function reasonOf({ reason, step, error, state, code }: LogFields): string {
  const told = [reason, step, state, code].filter((field) => field !== undefined);
  if (error instanceof Error) told.push(error.message);
  return told.join(' ');
}
