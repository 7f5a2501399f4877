import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void>;
export type ServeControl = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** One port for the platform's protocol and, under /control, for whoever directs the play. */
export interface Listener {
  /** For what is no plain request, such as an upgrade. */
  readonly server: Server;
  /** 0 until it listens. */
  readonly port: number;
  readonly url: string;
  listen(port: number): Promise<void>;
  /** Breaks every open connection, but not the one that a control call is waiting on. */
  cut(): void;
  /** Refuses new connections until `listenAgain`. */
  stopListening(): Promise<void>;
  /** On the same port as before: clients know no other. */
  listenAgain(): Promise<void>;
}

export function createListener(serve: Serve, control: ServeControl): Listener {
  const open = new Set<Socket>();
  const directing = new WeakSet<Socket>();
  let port = 0;
  const url = () => `http://127.0.0.1:${port}`;

  const answer: Serve = async (request, response) => {
    const target = request.url ?? '/';
    if (!target.startsWith('/control')) return serve(request, response);
    directing.add(request.socket);
    response.on('close', () => directing.delete(request.socket));
    return control(request, response, new URL(target, url()));
  };
  // Clients that are slow on purpose must not be cut off by the server's own defences.
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
    answer(request, response).catch(() => response.destroy());
  });
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
  });

  const listen = async (wanted: number) => {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(wanted, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
    port = (server.address() as AddressInfo).port;
  };
  return {
    server,
    get port() {
      return port;
    },
    get url() {
      return url();
    },
    listen,
    cut: () => {
      for (const socket of open) if (!directing.has(socket)) socket.resetAndDestroy();
    },
    stopListening: async () => {
      if (!server.listening) return;
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.resetAndDestroy();
      });
    },
    listenAgain: async () => {
      if (!server.listening) await listen(port);
    },
  };
}
