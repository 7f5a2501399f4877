import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../../src/responders/provider.ts';
import type { Fault } from '../../src/simulators/model/fault.ts';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import { answerOf, exampleTurn, type TurnParts } from './responder.ts';
import { freshModelRigs, leapingClock, type ModelRig, quick } from './responder-rig.ts';

let rig: ModelRig;
let simulator: ModelSimulator;
let ask: ModelRig['ask'];
freshModelRigs((fresh) => {
  rig = fresh;
  ({ simulator, ask } = rig);
});

describe('what it costs', () => {
  const costs = async (parts: TurnParts = {}, config: Partial<ModelConfig> = {}) => {
    const heard: number[] = [];
    await ask({ ...parts, spent: (tokens) => heard.push(tokens) }, config).catch(() => {});
    return heard;
  };

  it('is told as the provider counts', async () => {
    expect(await costs()).toEqual([simulator.totals().tokens]);
  });

  it('is estimated where the provider says nothing', async () => {
    simulator.fault({ kind: 'answer', text: 'x'.repeat(4_000), withoutUsage: true });
    const [cost, ...more] = await costs();
    expect(cost).toBeGreaterThan(1_100);
    expect(cost).toBeLessThan(1_400);
    expect(more).toEqual([]);
  });

  it.each<[name: string, fault: Fault, least: number[]]>([
    ['each attempt that broke off, and the one that did not', { kind: 'drop', times: 2 }, [100, 100, 20]],
    ['a time-out that the provider tells of', { kind: 'status', status: 504, times: 2 }, [100, 100, 20]],
    ['one of what stands before it', { kind: 'status', status: 524, times: 2 }, [100, 100, 20]],
    ['an error in the middle of a stream', { kind: 'stream_error', times: 2 }, [100, 100, 20]],
    ['a line without end', { kind: 'endless_line' }, [100]],
    ['a refusal', { kind: 'refusal', text: 'no' }, [20]],
    ['an empty answer', { kind: 'empty' }, [20, 20]],
    ['all of what came of an answer without end', { kind: 'large' }, [25_000]],
  ])('includes %s', async (_name, fault, least) => {
    simulator.fault(fault);
    const heard = await costs();
    expect(heard).toHaveLength(least.length);
    for (const [index, floor] of least.entries()) expect(heard[index]).toBeGreaterThan(floor);
  });

  it('includes a time-out', async () => {
    simulator.fault({ kind: 'hang' });
    const clock = leapingClock();
    const heard: number[] = [];
    const answer = ask({ spent: (tokens) => heard.push(tokens) }, {}, clock);
    await simulator.waitFor((prompts) => prompts.length === 1);
    clock.leap(quick.firstTextMs);
    await answer;
    expect(heard).toHaveLength(2);
    expect(Math.min(...heard)).toBeGreaterThan(20);
  });

  it('is nothing where the request did not reach the model', async () => {
    for (const status of [400, 401, 404, 429, 500, 502, 503, 529]) {
      simulator.fault({ kind: 'status', status, times: null });
      expect(await costs()).toEqual([]);
      simulator.clearFaults();
    }
    const gone = await startModelSimulator();
    await gone.close();
    expect(await costs({}, { openaiBaseUrl: gone.url })).toEqual([]);
    expect(await costs({ model: 'anthropic/claude' })).toEqual([]);
  });

  it('is told once, too, of an answer that nobody waits for', async () => {
    const abort = new AbortController();
    const heard: number[] = [];
    simulator.fault({ kind: 'stall' });
    const turn = exampleTurn({ spent: (tokens) => heard.push(tokens) });
    const ended = answerOf(rig.respond(), turn, abort.signal).catch(() => {});
    await simulator.waitFor((prompts) => prompts.length === 1);
    abort.abort();
    await ended;
    expect(heard).toHaveLength(1);
  });
});
