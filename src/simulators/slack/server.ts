import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { createListener, type Listener, type ServeControl } from '../shared/listener.ts';
import type { Scene } from './scene.ts';
import { AppSocket, ownOutlets } from './socket.ts';
import { serveWeb } from './web.ts';

/** Of connections opened with `debug_reconnects=true`, in seconds [S2]. */
const shortConnection = 360;

/** The Web API, Socket Mode and the control API on one port. */
export function createSlackServer(scene: Scene, control: ServeControl): Listener {
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1 << 20 });
  const listener = createListener((request, response) => serveWeb(scene, request, response), control);
  // The base of the platform's API has a path: who knows only that base finds the control API below it.
  listener.server.prependListener('request', (request: IncomingMessage) => {
    request.url = request.url?.replace(/^\/api\/control\b/, '/control') ?? '/';
  });
  listener.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', listener.url);
    if (scene.faults.down) return void socket.destroy();
    if (scene.settings.socketsRefused || !pathname.startsWith('/link')) {
      if (scene.settings.socketsRefused) scene.ledger.counts.sockets_refused++;
      const status = pathname.startsWith('/link') ? '503 Service Unavailable' : '404 Not Found';
      socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n\r\n`);
      return;
    }
    const ticket = searchParams.get('ticket') ?? '';
    const appId = scene.tickets.get(ticket);
    scene.tickets.delete(ticket);
    if (appId === undefined) {
      scene.ledger.counts.bad_tickets++;
      socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n');
      return;
    }
    const isShort = searchParams.get('debug_reconnects') === 'true';
    sockets.handleUpgrade(request, socket, head, (webSocket) => accept(scene, webSocket, appId, isShort));
  });
  return listener;
}

function accept(scene: Scene, socket: WebSocket, appId: string, isShort: boolean): void {
  const { settings, ledger } = scene;
  if (ownOutlets(scene, appId).length < settings.maxSockets) {
    new AppSocket(scene, socket, appId, isShort ? shortConnection : settings.connectionTime);
    return;
  }
  ledger.counts.sockets_refused++;
  socket.send(JSON.stringify({ type: 'disconnect', reason: 'too_many_websockets', debug_info: { host: 'applink-1' } }));
  socket.close(1000);
}
