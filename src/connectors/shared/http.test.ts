import { spawn } from 'node:child_process';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type LookupFunction } from 'node:net';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { hangs, scriptedFetch } from '../../../test/support/scripted-fetch.ts';
import { systemClock } from '../../core/clock.ts';
import { createPool, exchange, type Pool } from './http.ts';

const SECRET = '123:very-secret';
const limits = { timeoutMs: 5_000, maxBytes: 1_000 };
const get = { method: 'GET', headers: {} };

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function pool(lookup?: LookupFunction): Pool {
  const made = createPool(lookup);
  closing.push(() => made.close());
  return made;
}

async function serve(
  listener: RequestListener,
  host = '127.0.0.1',
): Promise<{ server: Server; port: number; base: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  closing.push(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { server, port, base: `http://${host}:${port}/bot${SECRET}/x` };
}

/** Takes one connection, and then neither takes nor refuses any. */
const SWALLOWING = `require('node:net').createServer().listen({ port: 0, host: process.argv[1], backlog: 1 }, function () {
  require('node:fs').writeSync(1, String(this.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}).on('error', () => process.exit(1))`;

/** A port of this address at which connections are neither made nor refused; undefined without such addresses. */
async function swallowing(host: string): Promise<number | undefined> {
  const child = spawn(process.execPath, ['-e', SWALLOWING, host], { stdio: ['ignore', 'pipe', 'ignore'] });
  closing.push(async () => void child.kill('SIGKILL'));
  const told = await new Promise<string>((resolve) => {
    child.stdout.once('data', (chunk) => resolve(String(chunk)));
    child.once('exit', () => resolve(''));
  });
  if (told === '') return undefined;
  const port = Number(told);
  // What fits in the queue connects; the next one waits, and so does whoever comes after it.
  for (let fits = true; fits; ) {
    const socket = connect({ port, host });
    closing.push(async () => void socket.destroy());
    fits = await Promise.race([
      new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).on('error', () => {})),
      systemClock.sleep(200).then(() => false),
    ]);
  }
  return port;
}

/** A port on which nobody listens. */
async function deadPort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

it('sends a form with its files', async () => {
  const { base } = await serve((request, response) => {
    response.writeHead(200, {
      'x-type': request.headers['content-type'] ?? '',
      'x-agent': `${request.headers['x-own']}`,
    });
    request.pipe(response);
  });
  const body = new FormData();
  body.set('words', 'ä');
  body.set('files[0]', new Blob(['# long'], { type: 'text/markdown' }), 'answer.md');
  const sent = await exchange(
    { fetch: pool().fetch, clock: systemClock },
    base,
    { method: 'POST', headers: { 'x-own': '1' }, body },
    limits,
  );
  if (!sent.ok) throw new Error(sent.reason);
  const form = await new Response(sent.text, {
    headers: { 'content-type': sent.headers.get('x-type') ?? '' },
  }).formData();
  const file = form.get('files[0]') as File;
  expect([form.get('words'), file.name, file.type, await file.text()]).toEqual([
    'ä',
    'answer.md',
    'text/markdown',
    '# long',
  ]);
  expect(sent.headers.get('x-agent')).toBe('1');
});

describe('exchange over the pool', () => {
  const call = (
    url: string,
    init: Parameters<typeof exchange>[2] = get,
    given: Parameters<typeof exchange>[3] = limits,
  ) => exchange({ fetch: pool().fetch, clock: systemClock }, url, init, given);

  it('returns status, headers and the whole text', async () => {
    const { base } = await serve((request, response) => {
      response.writeHead(418, { 'x-kind': 'tea' });
      request.pipe(response);
    });
    const result = await call(base, { method: 'POST', headers: {}, body: 'größer 😀' });
    expect(result).toMatchObject({ ok: true, status: 418, text: 'größer 😀' });
    expect(result.ok && result.headers.get('x-kind')).toBe('tea');
  });

  it('follows no redirect', async () => {
    let visits = 0;
    const target = await serve((_request, response) => {
      visits++;
      response.end();
    });
    const { base } = await serve((_request, response) => response.writeHead(307, { location: target.base }).end());
    expect(await call(base)).toEqual({ ok: false, sent: 'no', reason: 'redirected' });
    expect(visits).toBe(0);
  });

  it('stops reading an answer without end, and a small one that unpacks into a large one', async () => {
    const endless = await serve((_request, response) => {
      const pour = () => {
        while (response.write('x'.repeat(500)));
        response.once('drain', pour);
      };
      pour();
    });
    expect(await call(endless.base)).toEqual({ ok: false, sent: 'unknown', reason: 'too_large' });
    const bomb = gzipSync('x'.repeat(5_000_000));
    const packed = await serve((_request, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    expect(await call(packed.base)).toEqual({ ok: false, sent: 'unknown', reason: 'too_large' });
  });

  it('tells what was surely not sent from what may have been', async () => {
    expect(await call(`http://127.0.0.1:${await deadPort()}/bot${SECRET}`)).toEqual({
      ok: false,
      sent: 'no',
      reason: 'unreachable',
    });
    const { base } = await serve((request) => request.socket.destroy());
    expect(await call(base, { method: 'POST', headers: {}, body: '{}' })).toEqual({
      ok: false,
      sent: 'unknown',
      reason: 'broken_off',
    });
  });

  it('a failed TLS handshake has sent nothing', async () => {
    const { port } = await serve(() => {});
    expect(await call(`https://127.0.0.1:${port}/`)).toEqual({ ok: false, sent: 'no', reason: 'unreachable' });
  });

  it('ends a call that takes too long, and one that is not wanted any more', async () => {
    const { base } = await serve(() => {});
    expect(await call(base, get, { ...limits, timeoutMs: 50 })).toEqual({
      ok: false,
      sent: 'unknown',
      reason: 'timeout',
    });
    const stop = new AbortController();
    const running = call(base, get, { ...limits, signal: stop.signal });
    setTimeout(() => stop.abort(), 20);
    expect(await running).toEqual({ ok: false, sent: 'unknown', reason: 'aborted' });
  });

  it('ends a body that stalls', async () => {
    const { base } = await serve((_request, response) => void response.write('{"ok":'));
    expect(await call(base, get, { ...limits, timeoutMs: 100 })).toMatchObject({ ok: false, reason: 'timeout' });
  });

  it.each([
    ['not a URL', `nowhere/bot${SECRET}`],
    ['a forbidden port', `http://127.0.0.1:1/bot${SECRET}`],
    ['an unknown host', `http://no-such-host.invalid/bot${SECRET}`],
  ])('never tells the URL: %s', async (_name, url) => {
    const result = await call(url);
    expect(result.ok).toBe(false);
    expect(inspect(result, { depth: 10 })).not.toContain('secret');
  });
});

describe('exchange', () => {
  it('makes no call when it is not wanted, and leaves no timer or listener behind', async () => {
    const clock = createManualClock();
    const { fetch, calls } = scriptedFetch(() => new Response('ok'));
    expect(
      await exchange({ fetch, clock }, 'http://a.test/x', get, { ...limits, signal: AbortSignal.abort() }),
    ).toEqual({
      ok: false,
      sent: 'no',
      reason: 'aborted',
    });
    expect(calls).toHaveLength(0);
    const stop = new AbortController();
    await exchange({ fetch, clock }, 'http://a.test/x', get, { ...limits, signal: stop.signal });
    expect(clock.sleeping()).toEqual([]);
  });

  it('measures time by the clock that it is given', async () => {
    const clock = createManualClock();
    const { fetch } = scriptedFetch((call) => hangs(call.signal));
    const running = exchange({ fetch, clock }, 'http://a.test/x', get, limits);
    await clock.advance(5_000);
    expect(await running).toMatchObject({ ok: false, reason: 'timeout' });
  });
});

describe('address families', () => {
  it('F080: goes on with the other family when one swallows what is sent to it', async (context) => {
    const hole = await swallowing('::1');
    if (!hole) return context.skip();
    const server = createServer((_request, response) => response.writeHead(200, { connection: 'close' }).end('v4'));
    await new Promise<void>((resolve) => server.listen(hole, '127.0.0.1', resolve));
    closing.push(() => new Promise((resolve) => server.close(resolve)));
    const both: LookupFunction = (_hostname, _options, callback) =>
      callback(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const { fetch } = pool(both);
    const ask = (timeoutMs: number) =>
      exchange({ fetch, clock: systemClock }, `http://platform.test:${hole}/`, get, { ...limits, timeoutMs });
    expect(await ask(3_000)).toMatchObject({ ok: true, text: 'v4' });
    // From then on it begins with the one that works: the other would cost a second.
    expect(await ask(900)).toMatchObject({ ok: true, text: 'v4' });
  });

  it('F080: goes on with the other family when one is dead, and begins with it from then on', async () => {
    const { port } = await serve((_request, response) => response.writeHead(200, { connection: 'close' }).end('v4'));
    // Nobody listens at the IPv6 address yet, or there is no IPv6 at all.
    const both: LookupFunction = (_hostname, _options, callback) =>
      callback(null, [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ]);
    const { fetch } = pool(both);
    const ask = () => exchange({ fetch, clock: systemClock }, `http://platform.test:${port}/`, get, limits);
    expect(await ask()).toMatchObject({ ok: true, text: 'v4' });
    const late = createServer((_request, response) => response.end('v6'));
    const up = await new Promise<boolean>((resolve) => {
      late.once('error', () => resolve(false)).listen(port, '::1', () => resolve(true));
    });
    if (up) closing.push(() => new Promise((resolve) => late.close(resolve)));
    expect(await ask()).toMatchObject({ ok: true, text: 'v4' });
  });
});
