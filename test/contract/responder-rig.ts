import { afterEach, beforeEach, expect } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import type { Responder } from '../../src/core/responder.ts';
import type { ModelConfig } from '../../src/responders/provider.ts';
import { createResponders } from '../../src/responders/registry.ts';
import { type ModelSimulator, type PromptRecord, startModelSimulator } from '../../src/simulators/model/server.ts';
import { answerOf, exampleTurn, type TurnParts } from './responder.ts';

export const KEY = 'sk-simulator';

/** Out of the way of what a busy machine takes. */
export const quick = { firstTextMs: 20_000, stalledMs: 20_000, totalMs: 100_000, retryBaseMs: 2 };

export interface LeapingClock extends Clock {
  /** This much more time has passed, all at once. */
  leap(ms: number): void;
}

/** Time that goes on, and leaps when told: nobody need wait for a time-out, and none comes too early on a busy machine. */
export function leapingClock(): LeapingClock {
  let leapt = 0;
  const sleepers = new Set<AbortController>();
  return {
    now: () => systemClock.now() + leapt,
    elapsed: () => systemClock.elapsed() + leapt,
    sleep: async (ms, signal) => {
      const woken = new AbortController();
      sleepers.add(woken);
      await systemClock.sleep(ms, signal ? AbortSignal.any([signal, woken.signal]) : woken.signal);
      sleepers.delete(woken);
    },
    leap: (ms) => {
      leapt += ms;
      for (const sleeper of [...sleepers]) sleeper.abort();
    },
  };
}

export interface ModelRig {
  readonly simulator: ModelSimulator;
  respond(config?: Partial<ModelConfig>, clock?: Clock, log?: Log): Responder;
  ask(parts?: TurnParts, config?: Partial<ModelConfig>, clock?: Clock, log?: Log): Promise<string>;
  states(): readonly PromptRecord['state'][];
}

/** Turns answered by a model that fails as told. */
export async function startModelRig(): Promise<ModelRig> {
  const simulator = await startModelSimulator({ apiKey: KEY });
  const respond: ModelRig['respond'] = (config, clock = systemClock, log = silentLog) =>
    createResponders(
      {
        defaultModel: 'openai/sim-small',
        openaiBaseUrl: simulator.url,
        openaiApiKey: KEY,
        timeouts: quick,
        ...config,
      },
      { clock, log, random: () => 0 },
    ).respond;
  return {
    simulator,
    respond,
    ask: (parts, config, clock, log) =>
      answerOf(respond(config, clock, log), exampleTurn({ ...(log && { log }), ...parts })),
    states: () => simulator.prompts.map(({ state }) => state),
  };
}

/** A rig of its own for each test, whose simulator must have had nothing to complain of. */
export function freshModelRigs(use: (rig: ModelRig) => void): void {
  let rig: ModelRig;
  beforeEach(async () => {
    rig = await startModelRig();
    use(rig);
  });
  afterEach(async () => {
    expect(rig.simulator.invalid).toEqual([]);
    await rig.simulator.close();
  });
}
