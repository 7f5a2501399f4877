import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ApiBench, apiBench } from '../../test/support/api-bench.ts';
import { fakePlatform } from '../../test/support/fake-platform.ts';
import { createManualClock } from '../../test/support/manual-clock.ts';
import type { Hook } from '../core/hook.ts';
import { MAX_HOOK_BYTES } from './hooks.ts';

const hook: Hook = {
  plausible: (request) => request.header('x-signature') === 'good',
  open: () => ({ kind: 'nothing' }),
  read: () => undefined,
};
const pushy = { ...fakePlatform({ platform: 'pushy', title: 'Pushy' }).connector, hook };

const BOT = 'bot_0123456789abcdef';
const PATH = `/hooks/pushy/${BOT}`;
const signed = { 'x-signature': 'good' };
const withoutId = (text: string) => text.replace(/"request_id":"req_[0-9a-f]+"/, '');

const clock = createManualClock();
let bench: ApiBench;
beforeAll(async () => {
  bench = await apiBench({ connectors: [pushy], clock });
});
beforeEach(() => {
  bench.hooked.length = 0;
  bench.logged.length = 0;
  bench.hookAnswer = async () => ({ kind: 'accepted' });
});
afterAll(() => bench.close());

const post = (path: string, body = '{}', headers: Record<string, string> = signed) =>
  bench.call('POST', path, body, headers);

describe('POST /hooks/:platform', () => {
  it('hands the bytes on as they came, whatever type they claim to be, and answers 200', async () => {
    const body = '{"a" :1,\n"a":2} é\u0000 not JSON';
    for (const type of ['application/json', 'multipart/form-data; boundary=x', 'application/json; charset=utf-7']) {
      const { status, text } = await post(PATH, body, { ...signed, 'content-type': type });
      expect([status, text]).toEqual([200, '']);
    }
    await post('/hooks/pushy', '');
    expect(bench.hooked.map(({ platform, botId }) => [platform, botId])).toEqual([
      ...Array(3).fill(['pushy', BOT]),
      ['pushy', undefined],
    ]);
    expect(bench.hooked.map(({ request: { body: bytes } }) => Buffer.from(bytes).toString())).toEqual([
      ...Array(3).fill(body),
      '',
    ]);
  });

  it('answers a handshake with exactly what is asked', async () => {
    bench.hookAnswer = async () => ({ kind: 'reply', contentType: 'text/plain', body: 'c0ffee' });
    const { status, text, headers } = await post(PATH);
    expect([status, text, headers.get('content-type')]).toEqual([200, 'c0ffee', 'text/plain']);
  });

  it('answers a hook that is not there, a forged request and one without a signature alike', async () => {
    bench.hookAnswer = async () => ({ kind: 'refused' });
    const forged = await post(PATH);
    bench.hookAnswer = async () => ({ kind: 'unknown' });
    const unknown = await post(PATH);
    expect(bench.hooked).toHaveLength(2);
    const bare = await post(PATH, '{}', {});
    expect(bench.hooked).toHaveLength(2);
    expect([forged.status, JSON.parse(forged.text).error]).toEqual([401, 'unauthorized']);
    for (const other of [unknown, bare]) {
      expect([other.status, withoutId(other.text)]).toEqual([401, withoutId(forged.text)]);
      const heads = [other, forged].map(({ headers }) => [...headers.keys()]);
      expect(heads[0]).toEqual(heads[1]);
    }
  });

  it('asks for the same again when it could not be stored, and says no more', async () => {
    bench.hookAnswer = () => Promise.reject(new Error('canary'));
    const { status, json, text, headers } = await post(PATH);
    expect([status, json.error, headers.get('retry-after')]).toEqual([503, 'service_unavailable', '5']);
    expect(text).not.toContain('canary');
    expect(bench.logged.map(({ event }) => event)).toEqual(['hook_failed', 'request']);
  });

  it('is nowhere else', async () => {
    for (const [method, path] of [
      ['POST', '/hooks'],
      ['POST', '/hooks/acme'],
      ['POST', `/hooks/acme/${BOT}`],
      ['POST', '/hooks/nosuch'],
      ['POST', '/hooks/__proto__'],
      ['POST', '/hooks/pushy/'],
      ['POST', '/hooks/pushy/bot_1'],
      ['POST', `/hooks/pushy/${BOT.toUpperCase()}`],
      ['POST', `/hooks/pushy/${BOT}%0a`],
      ['POST', `${PATH}/more`],
      ['GET', PATH],
      ['PUT', PATH],
      ['OPTIONS', PATH],
    ] as const) {
      const { status, json } = await bench.call(method, path, method === 'GET' ? undefined : '{}', signed);
      expect([method, path, status, json.error]).toEqual([method, path, 404, 'not_found']);
    }
    expect(bench.hooked).toEqual([]);
  });

  it('takes no body that is packed', async () => {
    for (const encoding of ['gzip', 'identity, gzip', 'x']) {
      expect((await post(PATH, '{}', { ...signed, 'content-encoding': encoding })).status).toBe(400);
    }
    expect(bench.hooked).toEqual([]);
    expect((await post(PATH, '{}', { ...signed, 'content-encoding': 'identity' })).status).toBe(200);
  });

  it('leaves one line in the log, without the id and what was sent', async () => {
    await post(PATH, 'canary');
    expect(bench.logged.map(({ event, fields }) => [event, fields['route']])).toEqual([
      ['request', '/hooks/{platform}/{botId}'],
    ]);
    expect(JSON.stringify(bench.logged)).not.toMatch(/canary|bot_0/);
  });
});

describe('refused requests', () => {
  it('hold off their own address only, and no body of it is read', async () => {
    const from = (address: string, headers = {}) => post(PATH, '{}', { ...headers, address });
    for (let i = 0; i < 300; i++) await from('203.0.113.7');
    const held = await from('203.0.113.7', signed);
    expect([held.status, held.json.error, held.headers.get('retry-after')]).toEqual([429, 'rate_limit_exceeded', '60']);
    expect(bench.hooked).toEqual([]);
    expect((await from('203.0.113.8', signed)).status).toBe(200);
    await clock.advance(60_000);
    expect((await from('203.0.113.7', signed)).status).toBe(200);
  });

  it.each(['127.0.0.1', '::1', '10.1.2.3', '::ffff:172.16.0.9', '192.168.1.1', 'fd00::7'])(
    'hold off nobody who comes through a proxy at %s',
    async (address) => {
      for (let i = 0; i < 301; i++) await post(PATH, '{}', { address });
      expect((await post(PATH, '{}', { ...signed, address })).status).toBe(200);
    },
  );

  it('are no failures to store, nor good requests', async () => {
    const address = '203.0.113.9';
    for (let i = 0; i < 301; i++) await post(PATH, '{}', { ...signed, address });
    bench.hookAnswer = () => Promise.reject(new Error('down'));
    for (let i = 0; i < 301; i++) await post(PATH, '{}', { ...signed, address });
    expect((await post(PATH, '{}', { ...signed, address })).status).toBe(503);
  });
});

/** Framing, repeated headers and slow senders only show on a real connection. */
describe('over HTTP', () => {
  let server: Server;
  beforeAll(async () => {
    server = createAdaptorServer({ fetch: (req, env) => bench.api.fetch(req, env), createServer }) as Server;
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((closed) => server.close(closed));
  });

  /** `end`: the body is complete. */
  function send(headers: readonly string[], chunks: readonly Buffer[], end = true): Promise<number | undefined> {
    const { port } = server.address() as AddressInfo;
    return new Promise((resolve, reject) => {
      const host = ['Host', `127.0.0.1:${port}`];
      const all = [...host, ...headers, 'Transfer-Encoding', 'chunked'];
      const req = request(
        { port, host: '127.0.0.1', method: 'POST', path: PATH, headers: all, agent: false },
        (res) => {
          res.resume();
          resolve(res.statusCode);
          // The rest of an unfinished body is nobody's concern any more.
          if (!end) req.destroy();
        },
      );
      req.on('error', reject);
      for (const chunk of chunks) req.write(chunk);
      if (end) req.end();
    });
  }

  const good = ['X-Signature', 'good'];

  it('takes a body up to the cap and no more', async () => {
    const full = Buffer.alloc(MAX_HOOK_BYTES, 0x20);
    expect(await send(good, [full])).toBe(200);
    expect(bench.hooked[0]?.request.body.byteLength).toBe(MAX_HOOK_BYTES);
    expect(await send(good, [full, Buffer.from('x')])).toBe(413);
    expect(await send(['X-Signature', 'bad'], [full, full, full])).toBe(401);
    expect(bench.hooked).toHaveLength(1);
  });

  it('a header given twice is none', async () => {
    for (const second of [good, ['x-signature', 'bad'], ['x-signature', '']]) {
      expect(await send([...good, ...second], [Buffer.from('{}')])).toBe(401);
    }
    expect(bench.hooked).toEqual([]);
  });

  it('waits two seconds for a body, and no longer', async () => {
    const slow = send(good, [Buffer.from('{')], false);
    await expect.poll(() => clock.sleeping()).toEqual([2_000]);
    await clock.advance(2_000);
    expect(await slow).toBe(408);
    expect(bench.hooked).toEqual([]);
    expect(clock.sleeping()).toEqual([]);
  });
});
