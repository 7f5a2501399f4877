import { describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES, parseObject, readBytes, readText } from './body.ts';
import { ApiError } from './errors.ts';

const JSON_TYPE = 'application/json';

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    return error instanceof ApiError ? error.code : String(error);
  }
  return undefined;
}

function chunked(chunks: readonly Uint8Array[]): Request {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return new Request('http://x.test/', { method: 'POST', body, duplex: 'half' } as RequestInit);
}

describe('readText', () => {
  it('takes a body of exactly the cap and refuses one byte more, with or without a declared length', async () => {
    const full = new Uint8Array(MAX_BODY_BYTES).fill(0x20);
    expect((await readText(chunked([full]))).length).toBe(MAX_BODY_BYTES);
    await expect(readText(chunked([full, new Uint8Array(1)]))).rejects.toMatchObject({ code: 'payload_too_large' });
    const declared = new Request('http://x.test/', {
      method: 'POST',
      body: 'x',
      headers: { 'content-length': String(MAX_BODY_BYTES + 1) },
    });
    await expect(readText(declared)).rejects.toMatchObject({ code: 'payload_too_large' });
  });

  it('joins characters that chunks cut, and refuses what is not UTF-8', async () => {
    const bytes = new TextEncoder().encode('{"a":"é😀"}');
    expect(await readText(chunked([...bytes].map((byte) => Uint8Array.of(byte))))).toBe('{"a":"é😀"}');
    await expect(readText(chunked([Uint8Array.of(0x22, 0xff, 0x22)]))).rejects.toMatchObject({ code: 'bad_request' });
    await expect(readText(chunked([Uint8Array.of(0xe2, 0x82)]))).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('readBytes', () => {
  it('gives what came, untouched', async () => {
    const read = await readBytes(chunked([Uint8Array.of(0xff, 0), Uint8Array.of(0xfe)]), 3);
    expect([...read]).toEqual([0xff, 0, 0xfe]);
    expect((await readBytes(new Request('http://x.test/', { method: 'POST' }), 3)).byteLength).toBe(0);
  });

  it('ends when the signal does, in its words, also when nothing more ever comes', async () => {
    const body = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(Uint8Array.of(1)) });
    const stuck = new Request('http://x.test/', { method: 'POST', body, duplex: 'half' } as RequestInit);
    const patience = new AbortController();
    const read = readBytes(stuck, 3, patience.signal);
    patience.abort(new ApiError('request_timeout', 'Too late.'));
    await expect(read).rejects.toMatchObject({ code: 'request_timeout' });
  });
});

describe('parseObject', () => {
  it.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ])('reads %s', (type) => expect(parseObject('{"a":1}', type)).toEqual({ a: 1 }));

  it.each([
    null,
    '',
    'text/plain',
    'application/json; charset=utf-7',
    'application/json, application/json',
    'application/jsonp',
    'multipart/form-data; boundary=x',
    'application/x-www-form-urlencoded',
  ])('refuses the content type %s', (type) => {
    expect(codeOf(() => parseObject('{"a":1}', type))).toBe('bad_request');
  });

  it.each(['', '{', '{"a":1}}', '[]', 'null', '1', '"x"', '{"a":}', '\u0000', '{"a":1,"a":2}', '{"a":1,"\\u0061":2}'])(
    'refuses %j',
    (text) => expect(codeOf(() => parseObject(text, JSON_TYPE))).toBe('bad_request'),
  );

  it('refuses depth beyond 20 and brackets in strings do not count', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;
    expect(codeOf(() => parseObject(nested(20), JSON_TYPE))).toBeUndefined();
    expect(codeOf(() => parseObject(nested(21), JSON_TYPE))).toBe('bad_request');
    expect(codeOf(() => parseObject(`{"a":"${'['.repeat(100)}\\"${'{'.repeat(100)}"}`, JSON_TYPE))).toBeUndefined();
    expect(codeOf(() => parseObject('['.repeat(200_000), JSON_TYPE))).toBe('bad_request');
  });

  it('lets the same name occur at different places', () => {
    expect(codeOf(() => parseObject('{"a":{"a":1,"b":"a"},"b":"a"}', JSON_TYPE))).toBeUndefined();
  });

  it('keeps __proto__ a name like any other', () => {
    const value = parseObject('{"__proto__":{"x":1}}', JSON_TYPE);
    expect(Object.keys(value)).toEqual(['__proto__']);
    expect((value as { x?: number }).x).toBeUndefined();
  });

  it('stays fast on hostile text', () => {
    const started = performance.now();
    for (const text of [
      `"${'\\"'.repeat(120_000)}`,
      `{${'"a" '.repeat(60_000)}`,
      '"'.repeat(250_000),
      ' '.repeat(250_000),
    ]) {
      codeOf(() => parseObject(text, JSON_TYPE));
    }
    expect(performance.now() - started).toBeLessThan(500);
  });
});
