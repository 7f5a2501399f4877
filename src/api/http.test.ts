import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench, type Tenant } from '../../test/support/api-bench.ts';

/** What only shows on a real connection: framing, repeated headers, bodies that nobody reads to the end. */
let bench: ApiBench;
let tenant: Tenant;
let server: Server;
beforeAll(async () => {
  bench = await apiBench();
  tenant = await bench.tenant('a');
  server = createAdaptorServer({ fetch: (req, env) => bench.api.fetch(req, env), createServer }) as Server;
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});
afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await bench.close();
});

interface Sent {
  readonly status: number | undefined;
  readonly json: { error?: string };
}

/** Chunked unless a length is among the headers. */
function send(method: string, path: string, headers: readonly string[], chunks: readonly Buffer[] = []): Promise<Sent> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const host = ['Host', `127.0.0.1:${port}`];
    const req = request({ port, host: '127.0.0.1', method, path, headers: [...host, ...headers] }, (res) => {
      let text = '';
      res.on('data', (chunk) => {
        text += chunk;
      });
      res.on('end', () => resolve({ status: res.statusCode, json: JSON.parse(text) }));
    });
    req.on('error', reject);
    for (const chunk of chunks) req.write(chunk);
    req.end();
  });
}

const auth = () => ['Authorization', `Bearer ${tenant.key}`];
const json = ['Content-Type', 'application/json'];

describe('over HTTP', () => {
  it.each([
    [300_000, 1],
    [300_000, 64],
    [10_000_000, 16],
  ])('a body of %i bytes is answered 413, with and without a length, and the server goes on', async (size, pieces) => {
    const chunks = Array.from({ length: pieces }, () => Buffer.alloc(Math.ceil(size / pieces), 0x20));
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    for (const length of [
      ['Content-Length', String(total)],
      ['Transfer-Encoding', 'chunked'],
    ]) {
      const { status, json: body } = await send('POST', '/v1/replrs', [...auth(), ...json, ...length], chunks);
      expect([status, body.error]).toEqual([413, 'payload_too_large']);
    }
    expect((await send('GET', '/v1/replrs', auth())).status).toBe(200);
  });

  it('a key given in two headers is none', async () => {
    expect((await send('GET', '/v1/replrs', [...auth(), ...auth()])).status).toBe(401);
    expect((await send('GET', '/v1/replrs', [...auth(), 'authorization', 'Bearer x'])).status).toBe(401);
  });

  it('a content type given twice is none', async () => {
    const body = Buffer.from('{"name":"R","instructions":"x"}');
    const headers = [...auth(), ...json, ...json, 'Content-Length', String(body.length)];
    expect((await send('POST', '/v1/replrs', headers, [body])).json.error).toBe('bad_request');
  });

  it('strangers are refused before their body is read', async () => {
    const { status } = await send('POST', '/v1/replrs', [...json], [Buffer.alloc(1_000_000)]);
    expect(status).toBe(401);
  });

  it('a POST without a body is refused where one is needed', async () => {
    const { status, json: body } = await send('POST', '/v1/replrs', [...auth(), ...json, 'Content-Length', '0']);
    expect([status, body.error]).toEqual([400, 'bad_request']);
  });
});
