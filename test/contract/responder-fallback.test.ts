import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import { MAX_TURN_MS } from '../../src/core/policy.ts';
import { defaultTimeouts } from '../../src/responders/timeouts.ts';
import type { Fault } from '../../src/simulators/model/fault.ts';
import type { ModelSimulator } from '../../src/simulators/model/server.ts';
import { freshModelRigs, leapingClock, type ModelRig, quick } from './responder-rig.ts';

let rig: ModelRig;
let simulator: ModelSimulator;
let ask: ModelRig['ask'];
freshModelRigs((fresh) => {
  rig = fresh;
  ({ simulator, ask } = rig);
});

describe('the fallback', () => {
  const spare = { fallbackModel: 'openai/spare' };
  const models = () => simulator.prompts.map(({ model }) => model).join(' ');
  const main = { model: 'sim-small', times: null } as const;

  it.each<[name: string, fault: Fault, attempts: number]>([
    ['time-out', { kind: 'hang', ...main }, 1],
    ['stall', { kind: 'stall', ...main }, 1],
    ['429', { kind: 'status', status: 429, ...main }, 3],
    ['529', { kind: 'status', status: 529, ...main }, 3],
    ['500', { kind: 'status', status: 500, ...main }, 3],
    ['401', { kind: 'status', status: 401, ...main }, 1],
    ['404', { kind: 'status', status: 404, ...main }, 1],
    ['drop', { kind: 'drop', ...main }, 3],
    ['empty', { kind: 'empty', ...main }, 3],
    ['1 MB', { kind: 'large', ...main }, 1],
  ])('answers after %s, and the answer is its own alone', async (_name, fault, attempts) => {
    simulator.fault(fault);
    const clock = leapingClock();
    const answer = ask({}, spare, clock);
    if (fault.kind === 'hang' || fault.kind === 'stall') {
      await simulator.waitFor((prompts) => prompts.length === 1);
      clock.leap(quick.totalMs);
    }
    expect(await answer).toBe('Answer to: Grace: What is a prime?');
    expect(models()).toBe(`${'sim-small '.repeat(attempts)}spare`);
  });

  it.each<[name: string, fault: Fault, reason: string]>([
    ['refuses', { kind: 'refusal', ...main }, 'model_refused'],
    ['is told what no provider should', { kind: 'status', status: 400, ...main }, 'model_rejected'],
  ])('is not asked when the model %s', async (_name, fault, reason) => {
    simulator.fault(fault);
    await expect(ask({}, spare)).rejects.toMatchObject({ reason });
    expect(models()).toBe('sim-small');
  });

  it('is asked when the model of a REPLR is not to be had here', async () => {
    expect(await ask({ model: 'anthropic/claude' }, spare)).toContain('What is a prime?');
    expect(models()).toBe('spare');
  });

  it('is asked once, in its own time, and its trouble does not hide the first one', async () => {
    simulator.fault({ kind: 'status', status: 401, ...main });
    simulator.fault({ kind: 'hang', model: 'spare', times: null });
    const clock = leapingClock();
    const timeouts = { ...quick, firstTextMs: 90_000, fallbackMs: 30_000 };
    const failed = expect(ask({}, { ...spare, timeouts }, clock)).rejects.toMatchObject({
      reason: 'model_unauthorized',
    });
    await simulator.waitFor((prompts) => prompts.length === 2);
    clock.leap(timeouts.fallbackMs);
    await failed;
    expect(models()).toBe('sim-small spare');
  });

  it('is not asked twice when it is the model itself, nor when it cannot be used', async () => {
    simulator.fault({ kind: 'status', status: 401, times: null });
    for (const fallbackModel of ['openai/sim-small', 'default', 'anthropic/claude']) {
      await expect(ask({}, { fallbackModel })).rejects.toMatchObject({ reason: 'model_unauthorized' });
    }
    expect(models()).toBe('sim-small sim-small sim-small');
  });

  it('F103: a late answer of the first model never comes through', async () => {
    simulator.fault({ kind: 'stall', ...main });
    simulator.fault({ kind: 'hang', model: 'spare' });
    const clock = leapingClock();
    const answer = ask({}, spare, clock);
    await simulator.waitFor((prompts) => prompts.length === 1);
    clock.leap(quick.totalMs);
    await simulator.waitFor((prompts) => prompts.length === 2);
    simulator.release();
    expect(await answer).toBe('Answer to: Grace: What is a prime?');
    expect(rig.states()).toEqual(['left', 'answered']);
  });

  it('reads the history once, and tells what both cost', async () => {
    let read = 0;
    const heard: number[] = [];
    simulator.fault({ kind: 'empty', ...main });
    await ask({ onHistory: () => read++, spent: (tokens) => heard.push(tokens) }, spare);
    expect(read).toBe(1);
    expect(heard).toHaveLength(4);
  });

  it('is written into the log', async () => {
    const events: unknown[] = [];
    const log: Log = { ...silentLog, warn: (event, fields) => void events.push([event, fields]), child: () => log };
    simulator.fault({ kind: 'status', status: 401, ...main });
    await ask({}, spare, systemClock, log);
    expect(events).toContainEqual([
      'fallback_used',
      expect.objectContaining({ reason: 'model_unauthorized', fallback: expect.any(String) }),
    ]);
  });

  it('leaves time within a turn', () => {
    expect(defaultTimeouts.totalMs + defaultTimeouts.fallbackMs).toBeLessThanOrEqual(MAX_TURN_MS - 60_000);
  });
});
