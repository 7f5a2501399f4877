import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ModelSimulator, startModelSimulator } from './server.ts';

let simulator: ModelSimulator;
beforeEach(async () => {
  simulator = await startModelSimulator();
});
afterEach(() => simulator.close());

const valid = { model: 'sim-small', messages: [{ role: 'user', content: 'Hello' }] };
const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const chat = (body: unknown) => post(`${simulator.url}/chat/completions`, body);

describe('the model simulator', () => {
  it('answers in one piece', async () => {
    const response = await chat(valid);
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant', content: 'Answer to: Hello' }, finish_reason: 'stop' }],
    });
  });

  it('answers as a stream that ends with usage and [DONE]', async () => {
    const response = await chat({ ...valid, stream: true, stream_options: { include_usage: true } });
    const events = (await response.text()).trim().split('\n\n');
    expect(events.at(-1)).toBe('data: [DONE]');
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Answer to: Hello');
    expect(chunks.at(-2).choices[0].finish_reason).toBe('stop');
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 1, completion_tokens: 3 } });
  });

  it('lists models', async () => {
    const response = await fetch(`${simulator.url}/models`);
    expect(await response.json()).toMatchObject({ object: 'list', data: [{ id: 'sim-small' }, { id: 'sim-large' }] });
  });

  it.each([
    ['no model', { messages: valid.messages }],
    ['no messages', { model: 'x', messages: [] }],
    ['an unknown role', { model: 'x', messages: [{ role: 'person', content: 'x' }] }],
    ['content of a wrong type', { model: 'x', messages: [{ role: 'user', content: 7 }] }],
    ['half a surrogate pair', { model: 'x', messages: [{ role: 'user', content: '\ud83d' }] }],
    ['a stream flag that is no boolean', { ...valid, stream: 'yes' }],
    ['stream options without a stream', { ...valid, stream_options: {} }],
    ['an unknown parameter', { ...valid, maxRetries: 3 }],
    ['a list', []],
  ])('refuses %s', async (_name, body) => {
    expect((await chat(body)).status).toBe(400);
    expect(simulator.prompts).toHaveLength(0);
    expect(simulator.invalid).toHaveLength(1);
  });

  it('is steered over HTTP', async () => {
    const faults = `${simulator.controlUrl}/faults`;
    expect((await post(faults, { kind: 'status', status: 429, retryAfter: '3', match: 'Hello' })).status).toBe(201);
    expect((await post(faults, { kind: 'nonsense' })).status).toBe(400);
    expect((await post(faults, { kind: 'delay' })).status).toBe(400);
    expect((await post(faults, { kind: 'hang', often: 2 })).status).toBe(400);

    const other = await chat({ ...valid, messages: [{ role: 'user', content: 'Bye' }] });
    expect(other.status).toBe(200);
    const limited = await chat(valid);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '3']);
    expect((await chat(valid)).status).toBe(200);

    const ledger = await (await fetch(`${simulator.controlUrl}/prompts`)).json();
    expect(ledger).toMatchObject({ prompts: [{ text: 'Bye' }, { text: 'Hello', fault: 'status' }, { text: 'Hello' }] });
  });

  it('lets held calls go over HTTP', async () => {
    await post(`${simulator.controlUrl}/faults`, { kind: 'hang' });
    const held = chat(valid);
    await simulator.waitFor((prompts) => prompts.length === 1);
    await post(`${simulator.controlUrl}/release`, { match: 'Hello' });
    expect((await held).status).toBe(200);
  });

  it('fails for one model and works for the others', async () => {
    simulator.fault({ kind: 'status', status: 529, model: 'sim-large', times: null });
    expect((await chat(valid)).status).toBe(200);
    expect((await chat({ ...valid, model: 'sim-large' })).status).toBe(529);
    expect(simulator.prompts.map(({ model }) => model)).toEqual(['sim-small', 'sim-large']);
  });

  it('bills what is read and written, and counts what is open at once', async () => {
    simulator.fault({ kind: 'hang', times: 2 });
    const held = [chat(valid), chat(valid)];
    await simulator.waitFor((prompts) => prompts.length === 2);
    simulator.release();
    const bodies = await Promise.all(held.map(async (response): Promise<unknown> => (await response).json()));
    await (await chat({ ...valid, stream: true, stream_options: { include_usage: true } })).text();
    expect(bodies[0]).toMatchObject({ usage: { total_tokens: 4 } });
    expect(simulator.totals()).toEqual({ requests: 3, tokens: 12, concurrent: 2 });
    expect(await (await fetch(`${simulator.controlUrl}/totals`)).json()).toEqual(simulator.totals());
  });

  it.each([
    ['a refusal after some text', { kind: 'refusal', text: 'No, because' }, 'No, because', 'content_filter'],
    ['a trickle', { kind: 'trickle', everyMs: 0, text: 'drip drop' }, 'drip drop', 'stop'],
    ['half an answer', { kind: 'answer', text: 'as far as', finish: 'length' }, 'as far as', 'length'],
  ] as const)('plays %s', async (_name, fault, text, finish) => {
    simulator.fault({ ...fault, withoutUsage: true });
    const body = await (await chat({ ...valid, stream: true, stream_options: { include_usage: true } })).text();
    const chunks = [...body.matchAll(/^data: (\{.*)$/gm)].map(([, json]) => JSON.parse(json ?? ''));
    expect(chunks.map((chunk) => chunk.choices[0].delta.content ?? '').join('')).toBe(text);
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: finish }] });
    expect(body).not.toContain('"usage"');
  });
});
