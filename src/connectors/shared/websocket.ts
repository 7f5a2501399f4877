import { createSecureContext, type SecureContext } from 'node:tls';
import WebSocket, { type ClientOptions } from 'ws';

/** Where the events of a connection go. An object and not callbacks: with thousands of links, closures add up. */
export interface SocketOwner {
  text(text: string): void;
  /** The other end has shown that it lives: it sent something, pings and pongs included. */
  stirred?(): void;
  /** The last event, exactly once. 1006 when the connection broke off or never came to be, 1005 without a code. */
  closed(code: number): void;
}

export interface Socket {
  /** Does nothing when the connection is not open. */
  send(text: string): void;
  /** Asks for a sign of life. Does nothing when the connection is not open. */
  ping(): void;
  /** `closed` follows within `CLOSE_MS`, whatever the other end does. */
  close(code: number): void;
  /** Has the handshake succeeded? */
  readonly opened: boolean;
  /** Stops reading, so that the other end has to wait. */
  pause(): void;
  resume(): void;
}

const HANDSHAKE_MS = 10_000;
/** A peer that does not take part in closing is cut off after this. */
const CLOSE_MS = 1_000;
const MAX_PAYLOAD_BYTES = 64 * 1024 * 1024;

/** One for all connections: each of its own would hold a whole store of root certificates. */
let secureContext: SecureContext | undefined;

/** Connects without an HTTP agent, compression or redirects. What goes wrong ends in `closed`; nothing throws. */
export function openSocket(url: string, owner: SocketOwner): Socket {
  const secure = url.startsWith('wss:');
  if (secure) secureContext ??= createSecureContext();
  const options: ClientOptions & { closeTimeout: number; secureContext?: SecureContext } = {
    perMessageDeflate: false,
    followRedirects: false,
    handshakeTimeout: HANDSHAKE_MS,
    closeTimeout: CLOSE_MS,
    maxPayload: MAX_PAYLOAD_BYTES,
    ...(secure && secureContext && { secureContext }),
  };
  return new OneSocket(new WebSocket(url, options), owner);
}

class OneSocket implements Socket {
  opened = false;
  readonly #ws: WebSocket;

  constructor(ws: WebSocket, owner: SocketOwner) {
    this.#ws = ws;
    ws.on('open', () => {
      this.opened = true;
    });
    ws.on('message', (data: Buffer) => {
      owner.stirred?.();
      owner.text(data.toString());
    });
    if (owner.stirred) {
      const stirred = () => owner.stirred?.();
      ws.on('ping', stirred);
      ws.on('pong', stirred);
    }
    // `close` follows each error and says all that matters; the error's text may name hosts and tickets.
    ws.on('error', ignore);
    ws.on('close', (code) => owner.closed(code));
  }

  send(text: string): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.send(text, ignore);
  }

  ping(): void {
    if (this.#ws.readyState === WebSocket.OPEN) this.#ws.ping(undefined, undefined, ignore);
  }

  close(code: number): void {
    this.#ws.close(code);
    // A reader at rest would not see the end either; one that never began cannot rest.
    if (this.#ws.isPaused) this.#ws.resume();
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }
}

function ignore(): void {}
