import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { createListener, type Listener, type ServeControl } from '../shared/listener.ts';
import { GatewayConnection } from './connection.ts';
import { serveRest } from './rest.ts';
import type { Scene } from './scene.ts';

/** REST, the gateway and the control API on one port. */
export function createDiscordServer(scene: Scene, control: ServeControl): Listener {
  // Frames above 4096 bytes must arrive to be refused with the right code.
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1 << 20 });
  const listener = createListener((request, response) => serveRest(scene, request, response), control);
  listener.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', listener.url);
    const path = pathname.replace(/\/$/, '');
    if (scene.faults.down) return void socket.destroy();
    const known = path === '/gateway' || path === '/resume';
    if (!known || scene.gateway.refused) {
      socket.end(`HTTP/1.1 ${known ? '503 Service Unavailable' : '404 Not Found'}\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      new GatewayConnection({ scene, socket: webSocket, path, query: searchParams });
    });
  });
  return listener;
}
