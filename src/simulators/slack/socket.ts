import type { WebSocket } from 'ws';
import { ring } from '../shared/bell.ts';
import { isObject, parsed } from '../shared/json.ts';
import { type LedgerSocket, record } from './ledger.ts';
import type { DisconnectReason, Envelope, Outlet } from './outlet.ts';
import type { Scene } from './scene.ts';

/** The warning comes about that long before the end, ms [S2]. */
const warningTime = 10_000;

/** One WebSocket of an app: hello, pings, envelopes out and acknowledgements in. */
export class AppSocket implements Outlet {
  readonly appId: string;
  readonly entry: LedgerSocket;
  readonly ghost = false;
  /** Envelopes meant for it go nowhere; its pings go on. */
  deaf = false;
  /** No pings any more. */
  silent = false;
  readonly #scene: Scene;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, Envelope>();
  /** What was sent here, and whether it was acknowledged. */
  readonly #sent = new Map<string, 'waiting' | 'late' | 'acked'>();
  readonly #timers = new Set<() => void>();
  #isOver = false;

  constructor(scene: Scene, socket: WebSocket, appId: string, connectionTime: number) {
    this.#scene = scene;
    this.#socket = socket;
    this.appId = appId;
    this.entry = makeEntry(scene, appId);
    scene.outlets.add(this);
    const { counts } = scene.ledger;
    counts.sockets_opened++;
    counts.max_sockets = Math.max(counts.max_sockets, ownOutlets(scene, appId).filter((it) => !it.ghost).length);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => this.#receive(isBinary ? '' : String(data)));
    socket.on('pong', () => {
      this.entry.pongs++;
      ring(scene.bell);
    });
    socket.on('close', (code) => this.#end(code === 1006 ? 'network' : 'client'));
    if (!scene.settings.silentHello) this.#greet(connectionTime);
    this.#pingLater();
    this.#after(Math.max(0, connectionTime * 1000 - warningTime), () => this.disconnect('warning'));
    ring(scene.bell);
  }

  deliver(envelope: Envelope): void {
    this.#waiting.set(envelope.id, envelope);
    if (this.deaf) return;
    this.entry.envelopes++;
    this.#sent.set(envelope.id, 'waiting');
    this.#socket.send(envelope.frame);
  }

  forget(envelopeId: string): void {
    this.#waiting.delete(envelopeId);
    if (this.#sent.get(envelopeId) === 'waiting') this.#sent.set(envelopeId, 'late');
  }

  /** A warning leaves ten seconds; the other reasons end it now. */
  disconnect(reason: DisconnectReason): void {
    this.#send({ type: 'disconnect', reason, debug_info: { host: 'applink-1' } });
    if (reason === 'warning') this.#after(warningTime, () => this.disconnect('refresh_requested'));
    else this.#close();
  }

  /** Half-open: nothing is read or sent, not even the answer to a ping; on again it catches up. */
  freeze(on: boolean): void {
    this.deaf = on;
    this.silent = on;
    if (on) this.#socket.pause();
    else this.#socket.resume();
  }

  /** As a torn cable would. */
  cut(): void {
    this.#end('network');
    this.#socket.terminate();
  }

  /** Whether an envelope of that id was sent here. */
  knows(envelopeId: string): boolean {
    return this.#sent.has(envelopeId);
  }

  /** Bytes that are no envelope. */
  sendRaw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  #greet(connectionTime: number): void {
    this.#send({
      type: 'hello',
      num_connections: ownOutlets(this.#scene, this.appId).length,
      debug_info: { host: 'applink-1', build_number: 1, approximate_connection_time: connectionTime },
      connection_info: { app_id: this.appId },
    });
  }

  #close(): void {
    if (this.#isOver) return;
    this.#end('server');
    this.#socket.close(1000);
  }

  #send(frame: unknown): void {
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send(JSON.stringify(frame));
  }

  #after(ms: number, action: () => void): void {
    const cancel = this.#scene.clock.after(ms, () => {
      this.#timers.delete(cancel);
      if (!this.#isOver) action();
    });
    this.#timers.add(cancel);
  }

  #pingLater(): void {
    const { pingInterval } = this.#scene.settings;
    if (pingInterval <= 0) return;
    this.#after(pingInterval, () => {
      if (!this.silent && this.#socket.readyState === this.#socket.OPEN) {
        this.entry.pings++;
        this.#socket.ping(`Ping from applink-1 at ${this.#scene.clock.now()}`);
      }
      this.#pingLater();
    });
  }

  /** The only thing that a client says is an acknowledgement. */
  #receive(text: string): void {
    const { counts } = this.#scene.ledger;
    const frame = parsed(text);
    const id = isObject(frame) ? frame['envelope_id'] : undefined;
    if (typeof id !== 'string') counts.protocol_errors++;
    else this.#acknowledge(id);
    ring(this.#scene.bell);
  }

  #acknowledge(id: string): void {
    const { counts } = this.#scene.ledger;
    const state = this.#sent.get(id);
    if (state === undefined) {
      const elsewhere = [...this.#scene.outlets].some((it) => it instanceof AppSocket && it.knows(id));
      if (elsewhere) counts.misdirected_acks++;
      else counts.unknown_acks++;
    } else if (state === 'acked') counts.double_acks++;
    else if (state === 'late') counts.late_acks++;
    else {
      counts.acks++;
      this.entry.acks++;
    }
    if (state === undefined) return;
    this.#sent.set(id, 'acked');
    this.#waiting.get(id)?.acked();
  }

  #end(by: 'client' | 'server' | 'network'): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const scene = this.#scene;
    for (const cancel of this.#timers) cancel();
    scene.outlets.delete(this);
    this.entry.closed_at = scene.clock.now();
    this.entry.closed_by = by;
    for (const envelope of [...this.#waiting.values()]) envelope.dropped();
    ring(scene.bell);
  }
}

/** A socket of an instance that died without a word: it counts, and swallows what it gets [S-i5]. */
export class GhostSocket implements Outlet {
  readonly appId: string;
  readonly entry: LedgerSocket;
  readonly ghost = true;
  readonly #scene: Scene;

  constructor(scene: Scene, appId: string) {
    this.#scene = scene;
    this.appId = appId;
    this.entry = makeEntry(scene, appId);
    scene.outlets.add(this);
  }

  deliver(): void {
    this.entry.envelopes++;
  }

  forget(): void {}

  disconnect(): void {
    this.cut();
  }

  cut(): void {
    this.#scene.outlets.delete(this);
    this.entry.closed_at = this.#scene.clock.now();
    this.entry.closed_by = 'server';
  }
}

export function ownOutlets(scene: Scene, appId: string): Outlet[] {
  return [...scene.outlets].filter((it) => it.appId === appId);
}

function makeEntry(scene: Scene, appId: string): LedgerSocket {
  return record(scene.ledger, scene.ledger.sockets, {
    id: ++scene.lastSocket,
    app_id: appId,
    opened_at: scene.clock.now(),
    closed_at: undefined,
    closed_by: undefined,
    envelopes: 0,
    acks: 0,
    pings: 0,
    pongs: 0,
  });
}
