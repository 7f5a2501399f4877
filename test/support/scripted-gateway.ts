import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Frame {
  readonly op: number;
  readonly d: unknown;
}

/** One connection, as the other end sees it. */
export interface Caller {
  readonly socket: WebSocket;
  readonly url: string;
  readonly frames: Frame[];
  /** Set when it is over. */
  code: number | undefined;
  send(frame: object): void;
}

/** A gateway, and the call that leads to it, which do exactly what the test says. */
export interface ScriptedGateway {
  readonly apiUrl: string;
  readonly url: string;
  /** Paths of the calls over HTTP, in order. */
  readonly calls: string[];
  readonly callers: Caller[];
  /** What calls over HTTP are answered: status and body. */
  answer: (path: string) => readonly [status: number, body: unknown];
  /** What each frame does; heartbeats are acknowledged unless it returns `true`. */
  heard: (caller: Caller, frame: Frame) => unknown;
  /** What a new connection does; default is hello. */
  met: (caller: Caller, index: number) => void;
  close(): Promise<void>;
}

export const hello = (heartbeat_interval = 45_000) => ({ op: 10, d: { heartbeat_interval } });

export async function scriptedGateway(): Promise<ScriptedGateway> {
  const http = createServer((request, response) => {
    const path = request.url ?? '';
    script.calls.push(path);
    const [status, body] = script.answer(path);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  const server = new WebSocketServer({ server: http });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const { port } = http.address() as AddressInfo;
  const url = `ws://127.0.0.1:${port}`;
  const script: ScriptedGateway = {
    apiUrl: `http://127.0.0.1:${port}`,
    url,
    calls: [],
    callers: [],
    answer: () => [200, { url, shards: 1, session_start_limit: { total: 1000, remaining: 900, reset_after: 1 } }],
    heard: () => undefined,
    met: (caller) => caller.send(hello()),
    close: async () => {
      for (const { socket } of script.callers) socket.terminate();
      server.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
  server.on('connection', (socket, request) => {
    const send = (frame: object) => socket.send(JSON.stringify(frame));
    const caller: Caller = { socket, url: request.url ?? '', frames: [], code: undefined, send };
    script.callers.push(caller);
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data)) as Frame;
      caller.frames.push(frame);
      if (script.heard(caller, frame) !== true && frame.op === 1) send({ op: 11 });
    });
    socket.on('close', (code) => {
      caller.code = code;
    });
    script.met(caller, script.callers.length - 1);
  });
  return script;
}
