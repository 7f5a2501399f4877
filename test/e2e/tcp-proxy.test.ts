import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

interface Client {
  readonly socket: Socket;
  /** All that came back so far. */
  heard(): string;
  /** How it ended, if it did. */
  end(): 'open' | 'ended' | 'reset';
}

describe('the line between two ends', () => {
  const echo = createServer((socket) => {
    served.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => socket.write(bytes));
  });
  const served = new Set<Socket>();
  const clients = new Set<Socket>();
  let proxy: TcpProxy;

  beforeEach(async () => {
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    proxy = await startTcpProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
  });
  afterEach(async () => {
    for (const socket of clients) socket.destroy();
    await proxy.close();
    for (const socket of served) socket.destroy();
    await new Promise<void>((resolve) => echo.close(() => resolve()));
    clients.clear();
    served.clear();
  });

  function open(): Client {
    const socket = connect({ host: '127.0.0.1', port: proxy.port });
    clients.add(socket);
    let heard = '';
    let end: 'open' | 'ended' | 'reset' = 'open';
    socket.setEncoding('latin1').on('data', (text: string) => {
      heard += text;
    });
    socket.on('end', () => {
      end = 'ended';
    });
    socket.on('error', () => {
      end = 'reset';
    });
    return { socket, heard: () => heard, end: () => end };
  }

  async function talking(): Promise<Client> {
    const client = open();
    client.socket.write('hello ');
    await expect.poll(client.heard).toBe('hello ');
    return client;
  }

  it('carries everything, and says when one side closes', async () => {
    const client = await talking();
    expect(proxy.open).toBe(1);
    for (const socket of served) socket.end();
    await expect.poll(client.end).toBe('ended');
    await expect.poll(() => proxy.open).toBe(0);
    expect(proxy.opened).toBe(1);
  });

  it('reset: ends what is open and what is opened', async () => {
    const before = await talking();
    proxy.become({ kind: 'reset' });
    await expect.poll(before.end).toBe('reset');
    await expect.poll(open().end).toBe('reset');
    proxy.become({ kind: 'clear' });
    await talking();
  });

  it('black hole: holds back, and loses nothing', async () => {
    const before = await talking();
    proxy.become({ kind: 'black_hole' });
    before.socket.write('again');
    const meanwhile = open();
    meanwhile.socket.write('anybody?');
    await passing();
    expect([before.heard(), meanwhile.heard()]).toEqual(['hello ', '']);
    proxy.become({ kind: 'clear' });
    await expect.poll(before.heard).toBe('hello again');
    await expect.poll(meanwhile.heard).toBe('anybody?');
  });

  it('half-open: what was open never speaks again, and does not end', async () => {
    const before = await talking();
    proxy.become({ kind: 'half_open' });
    before.socket.write('again');
    for (const socket of served) socket.end();
    proxy.become({ kind: 'clear' });
    await talking();
    before.socket.write('and again');
    await passing();
    expect([before.heard(), before.end()]).toEqual(['hello ', 'open']);
    before.socket.destroy();
    await expect.poll(() => proxy.open).toBe(1);
  });

  it('latency and slow close: nothing comes before its time', async () => {
    const client = await talking();
    const began = performance.now();
    proxy.become({ kind: 'latency', ms: 50 });
    client.socket.write('later');
    await expect.poll(client.heard).toBe('hello later');
    // There and back; timers are exact to a millisecond or so.
    expect(performance.now() - began).toBeGreaterThan(95);
    proxy.become({ kind: 'slow_close', ms: 100 });
    const closed = performance.now();
    for (const socket of served) socket.end('bye');
    await expect.poll(client.heard).toBe('hello laterbye');
    await expect.poll(client.end).toBe('ended');
    expect(performance.now() - closed).toBeGreaterThan(95);
  });

  it('truncated: so many bytes more, then a proper end', async () => {
    const client = await talking();
    proxy.become({ kind: 'truncated', bytes: 3 });
    client.socket.write('12345');
    await expect.poll(client.end).toBe('ended');
    expect(client.heard()).toBe('hello 123');
  });

  it('garbage: the same length and nothing of the content', async () => {
    const client = await talking();
    proxy.become({ kind: 'garbage' });
    client.socket.write('12345');
    await expect.poll(client.heard).toBe(`hello ${'\u00c3'.repeat(5)}`);
  });

  /** Whatever could pass has passed when another exchange, begun later on the same machine, is over. */
  async function passing(): Promise<void> {
    const other = await startTcpProxy({ host: '127.0.0.1', port: (echo.address() as AddressInfo).port });
    const socket = connect({ host: '127.0.0.1', port: other.port });
    socket.on('error', () => {});
    for (let round = 0; round < 5; round++) {
      const heard = new Promise<void>((resolve) => socket.once('data', () => resolve()));
      socket.write('x');
      await heard;
    }
    socket.destroy();
    await other.close();
  }
});
