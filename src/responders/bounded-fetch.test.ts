import { describe, expect, it } from 'vitest';
import { boundedFetch, OversizedBody } from './bounded-fetch.ts';

const limits = { failure: 100, answer: 1_000, event: 200 };

/** Sends these chunks, then the last of them for ever, and counts what was taken. */
function endless(status: number, headers: Record<string, string>, ...chunks: string[]) {
  const { promise: cancelled, resolve: cancel } = Promise.withResolvers<void>();
  const seen = { taken: 0, cancelled };
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const chunk = new TextEncoder().encode(chunks[Math.min(seen.taken, chunks.length - 1)]);
      seen.taken += 1;
      controller.enqueue(chunk);
    },
    cancel: () => cancel(),
  });
  const fetch = boundedFetch(async () => new Response(body, { status, headers }), limits);
  return { seen, fetch: () => fetch('http://model.test') };
}

const answering = (body: string | null, status = 200) =>
  boundedFetch(async () => new Response(body, { status, statusText: 'So' }), limits)('http://model.test');

describe('a failure', () => {
  it('is read as far as the limit, and the rest is cancelled', async () => {
    const { seen, fetch } = endless(500, { 'retry-after': '3', 'content-length': '419430400' }, 'x'.repeat(30));
    const response = await fetch();
    expect([response.status, response.headers.get('retry-after')]).toEqual([500, '3']);
    expect(response.headers.has('content-length')).toBe(false);
    expect(await response.text()).toBe('x'.repeat(100));
    await seen.cancelled;
    expect(seen.taken).toBeLessThan(10);
  });

  it('of a usual size stays as it is', async () => {
    const response = await answering('{"error":{}}', 429);
    expect([response.status, response.statusText, await response.text()]).toEqual([429, 'So', '{"error":{}}']);
  });
});

describe('an answer', () => {
  it.each<[name: string, chunks: string[]]>([
    ['a line that does not end', ['data: ', 'x'.repeat(30)]],
    ['an event of many lines', ['data: xxxxxxx\n']],
    ['the same with other line ends', ['data: xxxxxxx\r\n']],
    ['many events', [`data: ${'x'.repeat(100)}\n\n`]],
  ])('fails at %s', async (_name, chunks) => {
    const { seen, fetch } = endless(200, {}, ...chunks);
    await expect((await fetch()).text()).rejects.toBeInstanceOf(OversizedBody);
    await seen.cancelled;
    expect(seen.taken).toBeLessThan(25);
  });

  it.each<[name: string, body: string]>([
    ['events in all, as much as the limit', `data: ${'x'.repeat(192)}\n\n`.repeat(5)],
    ['other line ends', `data: ${'x'.repeat(190)}\r\n\r\n`.repeat(5)],
    ['comments between them', `: still at work\n\n`.repeat(50)],
  ])('passes with %s', async (_name, body) => {
    expect(await (await answering(body)).text()).toBe(body);
  });

  it('passes in single bytes', async () => {
    const text = `data: ${'ü'.repeat(80)}\r\n\r\n`.repeat(4);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        for (const byte of new TextEncoder().encode(text)) controller.enqueue(Uint8Array.of(byte));
        controller.close();
      },
    });
    const response = await boundedFetch(async () => new Response(body), limits)('http://model.test');
    expect(await response.text()).toBe(text);
  });

  it('without a body has none', async () => {
    expect(await (await answering(null, 204)).text()).toBe('');
  });

  it('that breaks off breaks off here too', async () => {
    const body = new ReadableStream<Uint8Array>({ pull: () => Promise.reject(new TypeError('terminated')) });
    const response = await boundedFetch(async () => new Response(body), limits)('http://model.test');
    await expect(response.text()).rejects.toThrow('terminated');
  });
});
