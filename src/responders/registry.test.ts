import { describe, expect, it } from 'vitest';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import type { Turn } from '../core/responder.ts';
import type { ModelConfig } from './provider.ts';
import { createResponders } from './registry.ts';

const deps = { clock: systemClock, log: silentLog, random: () => 0 };
const bare: ModelConfig = { defaultModel: 'builtin/echo' };
const all: ModelConfig = {
  defaultModel: 'openai/gpt-5-mini',
  openaiApiKey: 'key-of-openai',
  anthropicApiKey: 'key-of-anthropic',
  googleApiKey: 'key-of-google',
  ollamaBaseUrl: 'http://127.0.0.1:11434/',
};

describe('check', () => {
  it.each([
    'default',
    'builtin/echo',
    'openai/gpt-5-mini',
    'openai/meta-llama/llama-3.1:free',
    'anthropic/claude-sonnet-4-5@20250929',
    'google/gemini-2.5-flash',
    'ollama/llama3.2:3b',
  ])('%s can be used', (model) => {
    expect(createResponders(all, deps).check(model)).toBeNull();
  });

  it.each([
    ['', /provider\/model/],
    ['gpt-5', /provider\/model/],
    ['openai/', /provider\/model/],
    ['openai//x', /provider\/model/],
    ['google/../files', /provider\/model/],
    ['google/a/..', /provider\/model/],
    ['google/x?key=y', /provider\/model/],
    ['google/x%2e', /provider\/model/],
    ['openai/a b', /provider\/model/],
    ['openai/a\n', /provider\/model/],
    [`openai/${'x'.repeat(200)}`, /provider\/model/],
    ['nobody/x', /Unknown provider "nobody"/],
    ['builtin/other', /builtin\/echo/],
    ['constructor/x', /Unknown provider/],
  ])('%j cannot', (model, problem) => {
    expect(createResponders(all, deps).check(model)).toMatch(problem);
  });

  it.each([
    ['openai/x', /OPENAI_API_KEY or OPENAI_BASE_URL/],
    ['anthropic/x', /ANTHROPIC_API_KEY/],
    ['google/x', /GOOGLE_GENERATIVE_AI_API_KEY/],
    ['ollama/x', /OLLAMA_BASE_URL/],
  ])('%s is missed where nothing is set up', (model, problem) => {
    expect(createResponders(bare, deps).check(model)).toMatch(problem);
  });

  it('needs no key beside a base URL', () => {
    expect(createResponders({ ...bare, openaiBaseUrl: 'http://127.0.0.1:1/v1' }, deps).check('openai/x')).toBeNull();
  });

  it('finds a default that cannot be used', () => {
    expect(createResponders({ defaultModel: 'openai/x' }, deps).check('default')).toMatch(/OPENAI_API_KEY/);
    expect(createResponders({ defaultModel: 'default' }, deps).check('default')).toMatch(/provider\/model/);
  });
});

describe('the fallback', () => {
  const told = (fallbackModel: string) => {
    const events: string[] = [];
    const log = { ...silentLog, warn: (event: string) => void events.push(event) };
    createResponders({ ...bare, fallbackModel }, { ...deps, log });
    return events;
  };

  it('that cannot be used is spoken of at start', () => {
    for (const model of ['gpt-5', 'openai/x', 'nobody/x']) expect(told(model)).toEqual(['fallback_model_unusable']);
    for (const model of ['builtin/echo', 'default']) expect(told(model)).toEqual([]);
  });
});

describe('each provider asks where it should, and hands over key, persona and question', () => {
  const chunk = (delta: object, finish: string | null) => ({
    id: 'c',
    object: 'chat.completion.chunk',
    created: 0,
    model: 'm',
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const chat = [chunk({ role: 'assistant', content: 'Because.' }, null), chunk({}, 'stop')];
  const usage = { input_tokens: 1, output_tokens: 1 };
  const anthropic = [
    { type: 'message_start', message: { id: 'm', type: 'message', role: 'assistant', model: 'm', content: [], usage } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Because.' } },
    { type: 'content_block_stop', index: 0 },
    { type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage },
    { type: 'message_stop' },
  ];
  const google = [
    { candidates: [{ content: { role: 'model', parts: [{ text: 'Because.' }] }, finishReason: 'STOP' }] },
  ];

  async function ask(model: string, events: readonly object[], config: ModelConfig = all) {
    const requests: { url: string; headers: Headers; body: string }[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      requests.push({ url: String(input), headers: new Headers(init?.headers), body: String(init?.body) });
      const encoded = events.map((event) => new TextEncoder().encode(`data: ${JSON.stringify(event)}\n\n`));
      const body = ReadableStream.from(encoded);
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
    const costs: number[] = [];
    const { respond } = createResponders({ ...config, timeouts: { retryBaseMs: 1 } }, { ...deps, fetch });
    const turn = {
      replr: { name: 'Ada', instructions: 'Teach patiently.', model },
      message: { authorName: 'Grace', text: 'Why?', sentAt: 0 },
      contextTokens: 6_000,
      log: silentLog,
      spent: (tokens: number) => costs.push(tokens),
      history: async () => [],
    } as unknown as Turn;
    let answer = '';
    const failure = await (async () => {
      for await (const piece of respond(turn, new AbortController().signal)) answer += String(piece);
    })().catch((error) => error);
    return { answer, failure, requests, costs };
  }

  it.each([
    ['openai/gpt-5-mini', chat, 'https://api.openai.com/v1/chat/completions', 'authorization', 'Bearer key-of-openai'],
    ['anthropic/claude', anthropic, 'https://api.anthropic.com/v1/messages', 'x-api-key', 'key-of-anthropic'],
    [
      'google/gemini',
      google,
      'https://generativelanguage.googleapis.com/v1beta/models/gemini:streamGenerateContent?alt=sse',
      'x-goog-api-key',
      'key-of-google',
    ],
    ['ollama/llama3.2:3b', chat, 'http://127.0.0.1:11434/v1/chat/completions', 'authorization', null],
  ])('%s', async (model, events, url, header, key) => {
    const { answer, requests } = await ask(model, events);
    expect(answer).toBe('Because.');
    expect(requests).toHaveLength(1);
    expect(requests[0]?.url).toBe(url);
    expect(requests[0]?.headers.get(header)).toBe(key);
    expect(requests[0]?.body).toContain('Grace: Why?');
    expect(requests[0]?.body).toContain('Teach patiently.');
    expect(requests[0]?.body).not.toContain('"tools"');
  });

  it.each([
    ['openai/gpt-5-mini', chat.slice(0, 1)],
    ['anthropic/claude', anthropic.slice(0, 3)],
    ['google/gemini', [{ candidates: [{ content: { role: 'model', parts: [{ text: 'Because.' }] } }] }]],
  ])('%s: half an answer is not taken for a whole one', async (model, events) => {
    const { failure } = await ask(model, events);
    expect(failure).toMatchObject({ reason: 'model_unavailable' });
  });

  it.each([
    ['openai/gpt-5-mini', []],
    ['openai/gpt-5-mini', chat.slice(0, 1)],
    ['anthropic/claude', []],
    ['anthropic/claude', anthropic.slice(0, 3)],
    ['google/gemini', google],
    ['ollama/llama3.2:3b', chat.slice(0, 1)],
  ])('%s: an event without end is not asked for again', async (model, events) => {
    const { failure, requests } = await ask(model, [...events, { filler: 'x'.repeat(2 ** 20) }]);
    expect(failure).toMatchObject({ reason: 'model_endless' });
    expect(requests).toHaveLength(1);
  });

  it('counts tokens as the provider does, and estimates where it says nothing', async () => {
    expect((await ask('anthropic/claude', anthropic)).costs).toEqual([2]);
    for (const model of ['openai/gpt-5-mini', 'google/gemini']) {
      const [cost, ...more] = (await ask(model, model.startsWith('google') ? google : chat)).costs;
      expect(cost).toBeGreaterThan(100);
      expect(cost).toBeLessThan(400);
      expect(more).toEqual([]);
    }
  });

  it('OPENAI_BASE_URL takes over openai, with a model name as the other side knows it', async () => {
    const config = { defaultModel: 'openai/meta/llama', openaiBaseUrl: 'http://127.0.0.1:8000/v1/' };
    const { requests } = await ask('default', chat, config);
    expect(requests[0]?.url).toBe('http://127.0.0.1:8000/v1/chat/completions');
    expect(requests[0]?.headers.has('authorization')).toBe(false);
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({ model: 'meta/llama' });
  });
});
