import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { until } from '../../../test/support/gateway-rig.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { Connection, type Envelope } from './socket.ts';

const open: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** The other end does what the test says; `alive`: it answers pings. */
async function connect({ alive = true, hello = true } = {}) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', autoPong: alive });
  await once(server, 'listening');
  const frames: unknown[] = [];
  let peer: WebSocket | undefined;
  let pings = 0;
  server.on('connection', (socket) => {
    peer = socket;
    socket.on('ping', () => {
      pings += 1;
    });
    socket.on('message', (data) => frames.push(JSON.parse(String(data))));
    if (hello) send({ type: 'hello', num_connections: 3, connection_info: { app_id: 'A0APP00' } });
  });
  const send = (frame: unknown) => peer?.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  let ahead = 0;
  const clock: Clock = { ...systemClock, elapsed: () => systemClock.elapsed() + ahead };
  const envelopes: Envelope[] = [];
  const owner = { envelope: (_connection: Connection, envelope: Envelope) => void envelopes.push(envelope) };
  const connection = new Connection(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, owner, clock);
  open.push(async () => {
    connection.close('stopped');
    await connection.ended;
    peer?.terminate();
    server.close();
  });
  return {
    connection,
    envelopes,
    frames,
    send,
    pings: () => pings,
    peer: () => peer,
    pass: (ms: number) => {
      ahead += ms;
    },
  };
}

const envelope = (id: string, type = 'events_api') => ({ envelope_id: id, type, payload: {} });

describe('one connection', () => {
  it('says what hello says', async () => {
    const { connection } = await connect();
    expect(await connection.greeted).toEqual({ connections: 3, appId: 'A0APP00' });
  });

  it('ends when no hello comes', async () => {
    const { connection, pass, peer } = await connect({ hello: false });
    await until(() => peer() !== undefined);
    pass(16_000);
    expect(await connection.greeted).toBeUndefined();
    expect(await connection.ended).toMatchObject({ why: 'silent', greeted: false });
  });

  it('asks for a sign of life when there is none, and ends within half a minute when none comes', async () => {
    const { connection, pass, pings } = await connect({ alive: false });
    await connection.greeted;
    pass(19_000);
    await until(() => pings() === 1);
    pass(11_000);
    expect(await connection.ended).toMatchObject({ why: 'silent', greeted: true });
  });

  it('F092: does not mind a day without a word, as long as the other end lives', async () => {
    const { connection, envelopes, send, pass, pings } = await connect();
    await connection.greeted;
    for (let asked = 1; asked <= 3; asked++) {
      pass(8 * 3_600_000);
      await until(() => pings() === asked);
      // What is sent now comes after the pong.
      send(envelope(`e${asked}`));
      await until(() => envelopes.length === asked);
    }
    expect(connection.over).toBe(false);
  });

  it('acknowledges on the same connection, and nothing once it is over', async () => {
    const { connection, envelopes, frames, send } = await connect();
    await connection.greeted;
    send(envelope('e1'));
    send(envelope('e2'));
    await until(() => envelopes.length === 2);
    const [first, second] = envelopes as [Envelope, Envelope];
    connection.done(first);
    await until(() => frames.length === 1);
    connection.close('replaced');
    connection.done(second);
    await connection.ended;
    expect(frames).toEqual([{ envelope_id: 'e1' }]);
  });

  it('lets the platform wait while too much waits to be stored', async () => {
    const { connection, envelopes, send } = await connect();
    await connection.greeted;
    for (let index = 0; index < 5_000; index++) send(envelope(`e${index}`));
    await until(() => envelopes.length >= 500);
    const held = envelopes.length;
    expect(held).toBeLessThan(5_000);
    while (envelopes.length < 5_000) {
      for (const one of envelopes) connection.done(one);
      await until(() => envelopes.length > held);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(envelopes.at(-1)?.id).toBe('e4999');
  });

  it.each([
    ['link_disabled', 'disabled'],
    ['too_many_websockets', 'crowded'],
  ])('ends at once on %s', async (reason, why) => {
    const { connection, send } = await connect();
    await connection.greeted;
    send({ type: 'disconnect', reason });
    expect(await connection.ended).toMatchObject({ why });
  });

  it('goes on when it is only warned', async () => {
    const { connection, envelopes, send } = await connect();
    await connection.greeted;
    send({ type: 'disconnect', reason: 'warning' });
    await connection.leaving;
    send(envelope('e1'));
    await until(() => envelopes.length === 1);
    expect(connection.over).toBe(false);
  });

  it.each(['no json', '[]', '7'])('does not go on with a peer that sends %s', async (garbage) => {
    const { connection, send } = await connect();
    await connection.greeted;
    send(garbage);
    expect(await connection.ended).toMatchObject({ why: 'garbage' });
  });

  it('passes over frames that it does not know', async () => {
    const { connection, envelopes, send } = await connect();
    await connection.greeted;
    send({ type: 'something_new' });
    send({ envelope_id: 7, type: 'events_api' });
    send(envelope('e1'));
    await until(() => envelopes.length === 1);
    expect(connection.over).toBe(false);
  });
});
