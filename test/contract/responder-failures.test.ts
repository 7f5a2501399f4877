import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { type Log, silentLog } from '../../src/core/log.ts';
import { RESTART } from '../../src/core/responder.ts';
import type { Fault } from '../../src/simulators/model/fault.ts';
import { FLOOD } from '../../src/simulators/model/flood.ts';
import { type ModelSimulator, startModelSimulator } from '../../src/simulators/model/server.ts';
import { answerOf, exampleTurn } from './responder.ts';
import { freshModelRigs, type LeapingClock, leapingClock, type ModelRig, quick } from './responder-rig.ts';

let rig: ModelRig;
let simulator: ModelSimulator;
let ask: ModelRig['ask'];
freshModelRigs((fresh) => {
  rig = fresh;
  ({ simulator, ask } = rig);
});

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
    ['524', { kind: 'status', status: 524, ...always }, 'model_timeout', 3],
    ['529', { kind: 'status', status: 529, ...always }, 'model_overloaded', 3],
    ['no text', { kind: 'empty', ...always }, 'model_empty', 3],
    ['blank text', { kind: 'answer', text: '\n\n \u200B\u2060 ', ...always }, 'model_empty', 3],
    ['refusal', { kind: 'refusal', ...always }, 'model_refused', 1],
    ['drop before text', { kind: 'drop', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['drop in the middle', { kind: 'drop', ...always }, 'model_unavailable', 3],
    ['refusal in the middle', { kind: 'refusal', text: 'Well, you see', ...always }, 'model_refused', 1],
    ['400 of a filter', { kind: 'status', status: 400, code: 'content_filter', ...always }, 'model_refused', 1],
    ['1 MB', { kind: 'large', ...always }, 'model_endless', 1],
    ['no visible text', { kind: 'answer', text: '\u200B\u200B\uFEFF', ...always }, 'model_empty', 3],
    ['early end before text', { kind: 'end_early', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['early end in the middle', { kind: 'end_early', ...always }, 'model_unavailable', 3],
    ['malformed before text', { kind: 'malformed', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['malformed in the middle', { kind: 'malformed', ...always }, 'model_unavailable', 3],
    ['error in the stream before text', { kind: 'stream_error', afterPieces: 0, ...always }, 'model_unavailable', 3],
    ['error in the stream', { kind: 'stream_error', ...always }, 'model_unavailable', 3],
    ['500 with a body without end', { kind: 'endless_error', status: 500, ...always }, 'model_unavailable', 3],
    ['the same, compressed', { kind: 'endless_error', status: 500, gzip: true, ...always }, 'model_unavailable', 3],
    ['429 of such a kind', { kind: 'endless_error', status: 429, ...always }, 'model_overloaded', 3],
    ['a line without end', { kind: 'endless_line', ...always }, 'model_endless', 1],
    ['the same, compressed', { kind: 'endless_line', gzip: true, ...always }, 'model_endless', 1],
  ])('%s', async (_name, fault, reason, attempts) => {
    simulator.fault(fault);
    await expect(ask()).rejects.toMatchObject({ name: 'ResponderError', reason });
    expect(simulator.prompts).toHaveLength(attempts);
  });

  it.each<Fault>([
    { kind: 'endless_error', status: 503 },
    { kind: 'endless_error', status: 503, gzip: true },
    { kind: 'endless_line' },
    { kind: 'endless_line', gzip: true },
  ])('of $kind little is read (gzip: $gzip)', async (fault) => {
    simulator.fault(fault);
    await ask().catch(() => {});
    await simulator.waitFor(() => rig.states()[0] === 'left');
    // What lies in buffers of the system on the way was sent, too.
    expect(simulator.prompts[0]?.flooded).toBeLessThan(FLOOD / 2);
  });

  it('a refused connection', async () => {
    const gone = await startModelSimulator();
    await gone.close();
    await expect(ask({}, { openaiBaseUrl: gone.url })).rejects.toMatchObject({ reason: 'model_unavailable' });
  });

  it('a redirect, which is not followed', async () => {
    const elsewhere = createServer((_request, response) => {
      response.writeHead(307, { location: `${simulator.url}/chat/completions` }).end();
    });
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
    const openaiBaseUrl = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
    await expect(ask({}, { openaiBaseUrl })).rejects.toMatchObject({ reason: 'model_unavailable' });
    expect(simulator.prompts).toHaveLength(0);
    elsewhere.closeAllConnections();
    elsewhere.close();
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
    expect(rig.states()).toEqual(['answered', 'broken', 'answered']);
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

  it('takes what came when the length ran out, and says so', async () => {
    const warned: unknown[] = [];
    const log: Log = { ...silentLog, warn: (...line) => void warned.push(line), child: () => log };
    simulator.fault({ kind: 'answer', text: 'as far as', finish: 'length' });
    expect(await ask({}, {}, systemClock, log)).toBe('as far as');
    expect(warned).toEqual([['answer_cut_short', { characters: 9, finish: 'length' }]]);
    expect(await ask({}, {}, systemClock, log)).not.toBe('');
    expect(warned).toHaveLength(1);
  });

  it('keeps a text whole that begins with blank lines', async () => {
    simulator.fault({ kind: 'answer', text: `${'\n'.repeat(40)}late 👩‍👩‍👧` });
    expect(await ask()).toBe(`${'\n'.repeat(40)}late 👩‍👩‍👧`);
  });

  it('begins anew after half an answer, and says nothing twice', async () => {
    for (const kind of ['drop', 'end_early', 'malformed', 'stream_error'] as const)
      simulator.fault({ kind, match: kind });
    for (const kind of ['drop', 'end_early', 'malformed', 'stream_error']) {
      expect(await ask({ text: `once more after ${kind}` })).toBe(`Answer to: Grace: once more after ${kind}`);
    }
    expect(simulator.prompts).toHaveLength(8);
  });

  it('takes an answer of 100,000 characters, and stops reading a longer one', async () => {
    simulator.fault({ kind: 'large', characters: 100_000 });
    expect(await ask()).toHaveLength(100_000);
    simulator.fault({ kind: 'large', characters: 20_000_000 });
    await expect(ask()).rejects.toMatchObject({ reason: 'model_endless' });
    await simulator.waitFor(() => rig.states()[1] === 'left');
    expect(simulator.prompts[1]?.tokens).toBeLessThan(1_000_000);
  });

  it('F109: marks of a model that leak are plain text', async () => {
    const text = '<|im_start|>system\nYou are Ada.<|im_end|></s>[INST] <think>hm</think> done';
    simulator.fault({ kind: 'answer', text });
    expect(await ask()).toBe(text);
  });

  it('slows one conversation and not the other', async () => {
    simulator.fault({ kind: 'hang', match: 'slow one' });
    const slow = ask({ text: 'slow one' });
    await simulator.waitFor((prompts) => prompts.length === 1);
    expect(await ask({ text: 'quick one' })).toContain('quick one');
    expect(rig.states()).toEqual(['open', 'answered']);
    simulator.release('slow one');
    expect(await slow).toContain('slow one');
  });
});

describe('time-outs', () => {
  let clock: LeapingClock;
  beforeEach(() => {
    clock = leapingClock();
  });
  const seen = (count: number) => simulator.waitFor((prompts) => prompts.length === count);
  const read = (timeouts = quick) =>
    rig.respond({ timeouts }, clock)(exampleTurn(), new AbortController().signal)[Symbol.asyncIterator]();
  /** What was asked for is under way before the time leaps. */
  const later = async (ms: number) => {
    await setImmediate();
    clock.leap(ms);
  };

  it('F101 F103: no first text, each attempt for itself', async () => {
    simulator.fault({ kind: 'hang', times: null });
    const failed = expect(ask({}, {}, clock)).rejects.toMatchObject({ reason: 'model_timeout' });
    for (const attempt of [1, 2, 3]) {
      await seen(attempt);
      clock.leap(quick.firstTextMs);
    }
    await failed;
    await simulator.waitFor(() => rig.states().join() === 'left,left,left');
  });

  it('a first attempt in vain, then an answer', async () => {
    simulator.fault({ kind: 'hang' });
    const answer = ask({}, {}, clock);
    await seen(1);
    clock.leap(quick.firstTextMs);
    expect(await answer).toContain('Answer to');
  });

  it('a stream that falls silent, each attempt for itself', async () => {
    simulator.fault({ kind: 'stall', times: null });
    const timeouts = { ...quick, firstTextMs: 90_000, totalMs: 1_000_000 };
    const pieces = read(timeouts);
    for (const attempt of [1, 2, 3]) {
      expect(await pieces.next()).toEqual({ done: false, value: 'Answer to: Grace' });
      const next = pieces.next();
      const ended =
        attempt < 3
          ? expect(next).resolves.toEqual({ done: false, value: RESTART })
          : expect(next).rejects.toMatchObject({ reason: 'model_timeout' });
      await later(quick.stalledMs);
      await ended;
    }
    await simulator.waitFor(() => rig.states().join() === 'left,left,left');
  });

  it('a stream that trickles: never silent, never over', async () => {
    simulator.fault({ kind: 'trickle', everyMs: 1, times: null });
    const pieces = read({ ...quick, firstTextMs: 60_000, stalledMs: 60_000, totalMs: 150_000 });
    await pieces.next();
    for (const _round of [1, 2, 3]) {
      const next = pieces.next();
      await later(40_000);
      expect((await next).done).toBe(false);
    }
    clock.leap(40_000);
    const drained = (async () => {
      while (!(await pieces.next()).done);
    })();
    await expect(drained).rejects.toMatchObject({ reason: 'model_timeout' });
    await simulator.waitFor(() => rig.states().join() === 'left');
  });

  it('all attempts together', async () => {
    simulator.fault({ kind: 'hang', times: null });
    const failed = expect(ask({}, {}, clock)).rejects.toMatchObject({ reason: 'model_timeout' });
    await seen(1);
    clock.leap(quick.totalMs);
    await failed;
    await simulator.waitFor(() => rig.states().join() === 'left');
  });

  it('the pause between attempts ends with the signal', async () => {
    simulator.fault({ kind: 'status', status: 429, retryAfter: '15' });
    const abort = new AbortController();
    const ended = expect(answerOf(rig.respond(), exampleTurn(), abort.signal)).rejects.toMatchObject({
      name: 'AbortError',
    });
    await simulator.waitFor(() => rig.states()[0] === 'answered');
    abort.abort();
    await ended;
    expect(simulator.prompts).toHaveLength(1);
  });
});
