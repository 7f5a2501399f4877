import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import type { ModelConfig } from '../../src/responders/provider.ts';
import { createResponders } from '../../src/responders/registry.ts';
import type { Fault } from '../../src/simulators/model/fault.ts';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import { answerOf, exampleTurn, type TurnParts } from './responder.ts';

let simulator: ModelSimulator;
beforeEach(async () => {
  simulator = await startModelSimulator({ apiKey: 'sk-simulator' });
});
afterEach(async () => {
  expect(simulator.invalid).toEqual([]);
  await simulator.close();
});

const quick = { firstTextMs: 5_000, stalledMs: 5_000, totalMs: 20_000, retryBaseMs: 2 };

function ask(
  parts: TurnParts = {},
  config: Partial<ModelConfig> = {},
  clock: Clock = systemClock,
  log: Log = silentLog,
) {
  const { respond } = createResponders(
    {
      defaultModel: 'openai/sim-small',
      openaiBaseUrl: simulator.url,
      openaiApiKey: 'sk-simulator',
      timeouts: quick,
      ...config,
    },
    { clock, log, random: () => 0 },
  );
  return answerOf(respond, exampleTurn(parts));
}

const states = () => simulator.prompts.map(({ state }) => state);

describe('every failure has a reason and its number of attempts', () => {
  const always = { times: null } as const;
  it.each<[name: string, fault: Fault, reason: string, attempts: number]>([
    ['400', { kind: 'status', status: 400, ...always }, 'model_rejected', 1],
    ['401', { kind: 'status', status: 401, ...always }, 'model_unauthorized', 1],
    ['402', { kind: 'status', status: 402, ...always }, 'model_unauthorized', 1],
    ['403', { kind: 'status', status: 403, ...always }, 'model_unauthorized', 1],
    ['404', { kind: 'status', status: 404, ...always }, 'model_unknown', 1],
    ['413', { kind: 'status', status: 413, ...always }, 'model_rejected', 1],
    ['429', { kind: 'status', status: 429, ...always }, 'model_overloaded', 3],
    ['429, Retry-After too long', { kind: 'status', status: 429, retryAfter: '21', ...always }, 'model_overloaded', 1],
    ['429, no credit', { kind: 'status', status: 429, code: 'insufficient_quota', ...always }, 'model_unauthorized', 1],
    ['500', { kind: 'status', status: 500, ...always }, 'model_unavailable', 3],
    ['503', { kind: 'status', status: 503, ...always }, 'model_overloaded', 3],
    ['504', { kind: 'status', status: 504, ...always }, 'model_timeout', 3],
    ['529', { kind: 'status', status: 529, ...always }, 'model_overloaded', 3],
    ['no text', { kind: 'empty', ...always }, 'model_empty', 3],
    ['blank text', { kind: 'answer', text: '\n\n \u200B\u2060 ', ...always }, 'model_empty', 3],
    ['refusal', { kind: 'refusal', ...always }, 'model_refused', 1],
    ['drop before text', { kind: 'drop', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['drop in the middle', { kind: 'drop', ...always }, 'model_unavailable', 1],
    ['early end before text', { kind: 'end_early', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['early end in the middle', { kind: 'end_early', ...always }, 'model_unavailable', 1],
    ['malformed before text', { kind: 'malformed', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['malformed in the middle', { kind: 'malformed', ...always }, 'model_unavailable', 1],
    ['error in the stream before text', { kind: 'stream_error', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['error in the stream', { kind: 'stream_error', ...always }, 'model_unavailable', 1],
  ])('%s', async (_name, fault, reason, attempts) => {
    simulator.fault(fault);
    await expect(ask()).rejects.toMatchObject({ name: 'ResponderError', reason });
    expect(simulator.prompts).toHaveLength(attempts);
  });

  it('a refused connection', async () => {
    const gone = await startModelSimulator();
    await gone.close();
    await expect(ask({}, { openaiBaseUrl: gone.url })).rejects.toMatchObject({ reason: 'model_unavailable' });
  });

  it('a wrong key', async () => {
    await expect(ask({}, { openaiApiKey: 'sk-wrong' })).rejects.toMatchObject({ reason: 'model_unauthorized' });
    expect(simulator.prompts).toHaveLength(0);
  });

  it('a model of a provider that is not set up', async () => {
    await expect(ask({ model: 'anthropic/claude' })).rejects.toMatchObject({ reason: 'model_unknown' });
    await expect(ask({ model: 'nobody/knows' })).rejects.toMatchObject({ reason: 'model_unknown' });
  });

  it('what is thrown and logged holds neither prompt nor answer nor key', async () => {
    const lines: unknown[] = [];
    const note = (event: string, fields?: object) => lines.push([event, fields]);
    const child: Log['child'] = (fields) => {
      lines.push(fields);
      return log;
    };
    const log: Log = { debug: note, info: note, warn: note, error: note, child };
    simulator.fault({ kind: 'status', status: 400 });
    const error: unknown = await ask({ text: 'canary-question' }, {}, systemClock, log).catch((thrown) => thrown);
    await ask({ text: 'canary-question' }, {}, systemClock, log);
    expect(error).not.toHaveProperty('cause');
    const seen = JSON.stringify([lines, error, String(error)]);
    expect(seen).toContain('model_answered');
    expect(seen).not.toMatch(/canary|Answer to|sk-simulator|patient teacher/);
  });
});

describe('what passes', () => {
  it('answers after two failures', async () => {
    simulator.fault({ kind: 'status', status: 529 });
    simulator.fault({ kind: 'drop', afterPieces: 0 });
    expect(await ask()).toBe('Answer to: Grace: What is a prime?');
    expect(states()).toEqual(['answered', 'broken', 'answered']);
  });

  it('waits as long as the provider wishes', async () => {
    const slept: number[] = [];
    const sleep: Clock['sleep'] = (ms, signal) => {
      slept.push(ms);
      return ms === 7_000 ? Promise.resolve() : systemClock.sleep(ms, signal);
    };
    simulator.fault({ kind: 'status', status: 429, retryAfter: '7' });
    expect(await ask({}, {}, { ...systemClock, sleep })).toContain('What is a prime?');
    expect(slept).toContain(7_000);
  });

  it('does not wait beyond its own deadline', async () => {
    simulator.fault({ kind: 'status', status: 429, retryAfter: '19' });
    const timeouts = { ...quick, totalMs: 10_000 };
    await expect(ask({}, { timeouts })).rejects.toMatchObject({ reason: 'model_overloaded' });
  });

  it('takes what came when the length ran out', async () => {
    simulator.fault({ kind: 'answer', text: 'as far as', finish: 'length' });
    expect(await ask()).toBe('as far as');
  });

  it('keeps a text whole that begins with blank lines', async () => {
    simulator.fault({ kind: 'answer', text: `${'\n'.repeat(40)}late 👩‍👩‍👧` });
    expect(await ask()).toBe(`${'\n'.repeat(40)}late 👩‍👩‍👧`);
  });

  it('stops reading an answer without end', async () => {
    simulator.fault({ kind: 'large', characters: 20_000_000 });
    expect((await ask()).length).toBe(1_000_000);
    await simulator.waitFor(() => states()[0] === 'left');
  });

  it('slows one conversation and not the other', async () => {
    simulator.fault({ kind: 'hang', match: 'slow one' });
    const slow = ask({ text: 'slow one' });
    await simulator.waitFor((prompts) => prompts.length === 1);
    expect(await ask({ text: 'quick one' })).toContain('quick one');
    expect(states()).toEqual(['open', 'answered']);
    simulator.release('slow one');
    expect(await slow).toContain('slow one');
  });
});

describe('time-outs', () => {
  it('F101 F103: no first text, each attempt for itself', async () => {
    simulator.fault({ kind: 'hang', times: null });
    await expect(ask({}, { timeouts: { ...quick, firstTextMs: 30 } })).rejects.toMatchObject({
      reason: 'model_timeout',
    });
    await simulator.waitFor(() => states().join() === 'left,left,left');
  });

  it('a first attempt in vain, then an answer', async () => {
    simulator.fault({ kind: 'hang' });
    expect(await ask({}, { timeouts: { ...quick, firstTextMs: 500 } })).toContain('Answer to');
  });

  it('a stream that falls silent', async () => {
    simulator.fault({ kind: 'stall' });
    await expect(ask({}, { timeouts: { ...quick, stalledMs: 30 } })).rejects.toMatchObject({ reason: 'model_timeout' });
    await simulator.waitFor(() => states().join() === 'left');
  });

  it('all attempts together', async () => {
    simulator.fault({ kind: 'hang', times: null });
    await expect(ask({}, { timeouts: { ...quick, totalMs: 40 } })).rejects.toMatchObject({ reason: 'model_timeout' });
    await simulator.waitFor(() => states().join() === 'left');
  });

  it('the pause between attempts ends with the signal', async () => {
    simulator.fault({ kind: 'status', status: 429, retryAfter: '15' });
    const abort = new AbortController();
    const config = { defaultModel: 'openai/x', openaiBaseUrl: simulator.url, openaiApiKey: 'sk-simulator' };
    const { respond } = createResponders(config, { clock: systemClock, log: silentLog, random: () => 0 });
    const ended = expect(answerOf(respond, exampleTurn(), abort.signal)).rejects.toMatchObject({ name: 'AbortError' });
    await simulator.waitFor(() => states()[0] === 'answered');
    abort.abort();
    await ended;
    expect(simulator.prompts).toHaveLength(1);
  });
});

describe('the prompt', () => {
  it('is the persona, the history and the question, and offers no tools', async () => {
    await ask({ text: 'And 7?', history: [{ from: 'person', name: 'Grace', text: 'Is 5 prime?', at: 0 }] });
    expect(simulator.prompts[0]?.body).toEqual({
      model: 'sim-small',
      stream: true,
      stream_options: { include_usage: true },
      messages: [
        { role: 'system', content: expect.stringContaining('You are a patient teacher.') },
        { role: 'user', content: 'Grace: Is 5 prime?' },
        { role: 'user', content: 'Grace: And 7?' },
      ],
    });
  });

  it('holds no id and no key', async () => {
    simulator.fault({ kind: 'echo_prompt' });
    expect(await ask()).not.toMatch(/rp_example1|usr_|sk-simulator/);
  });
});
