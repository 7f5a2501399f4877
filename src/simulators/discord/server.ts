import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { GatewayConnection } from './connection.ts';
import { serveRest } from './rest.ts';
import type { Scene } from './scene.ts';

export type ServeControl = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<void>;

/** One port for REST, the gateway and, under /control, for whoever directs the play. */
export class DiscordServer {
  readonly #scene: Scene;
  readonly #control: ServeControl;
  readonly #server: Server;
  // Frames above 4096 bytes must arrive to be refused with the right code.
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1 << 20 });
  readonly #open = new Set<Socket>();
  readonly #directing = new WeakSet<Socket>();

  constructor(scene: Scene, control: ServeControl) {
    this.#scene = scene;
    this.#control = control;
    // Clients that are slow on purpose must not be cut off by the server's own defences.
    this.#server = createServer({ requestTimeout: 0, keepAliveTimeout: 60_000 }, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.on('close', () => this.#open.delete(socket));
      socket.on('error', () => {});
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#scene.port}`;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#scene.port = (this.#server.address() as AddressInfo).port;
  }

  /** Breaks every open connection, but not the one that a control call is waiting on. */
  cut(): void {
    for (const socket of this.#open) if (!this.#directing.has(socket)) socket.resetAndDestroy();
  }

  /** Refuses new connections until `listenAgain`. */
  async stopListening(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#open) socket.resetAndDestroy();
    });
  }

  async listenAgain(): Promise<void> {
    if (!this.#server.listening) await this.listen(this.#scene.port);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = request.url ?? '/';
    if (!target.startsWith('/control')) return serveRest(this.#scene, request, response);
    this.#directing.add(request.socket);
    response.on('close', () => this.#directing.delete(request.socket));
    return this.#control(request, response, new URL(target, this.url));
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', this.url);
    const path = pathname.replace(/\/$/, '');
    if (this.#scene.faults.down) return void socket.destroy();
    const known = path === '/gateway' || path === '/resume';
    if (!known || this.#scene.gateway.refused) {
      socket.end(`HTTP/1.1 ${known ? '503 Service Unavailable' : '404 Not Found'}\r\nConnection: close\r\n\r\n`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
      new GatewayConnection({ scene: this.#scene, socket: webSocket, path, query: searchParams });
    });
  }
}
