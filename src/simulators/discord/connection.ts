import { constants, createDeflate, type Deflate } from 'node:zlib';
import type { WebSocket } from 'ws';
import { ring } from '../shared/bell.ts';
import { isObject, parsed } from '../shared/json.ts';
import { identify } from './identify.ts';
import { record } from './ledger.ts';
import { resume } from './resume.ts';
import type { Scene } from './scene.ts';
import type { Outlet, Session } from './session.ts';
import spec from './spec/discord.json' with { type: 'json' };

/** 120 frames per minute and connection, 4096 bytes each [D1]. */
const maxFrames = 120;
const frameWindow = 60_000;
const maxPayload = 4096;

/** After these codes there is nothing to resume [D3]. */
const fatal = new Set([4003, 4004, 4007, 4009, 4010, 4011, 4012, 4013, 4014]);
const blaming = new Set([4001, 4002, 4003, 4005, 4007, 4008, 4010, 4011, 4012, 4013]);
/** Those that a client may send: all but dispatch, reconnect, invalid session, hello and the acknowledgement. */
const acceptedOps = new Set(Object.values(spec.opcodes).filter((op) => ![0, 7, 9, 10, 11].includes(op)));

export interface ConnectionParts {
  readonly scene: Scene;
  readonly socket: WebSocket;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** One WebSocket of a client: frames in and out, heartbeats, and the session that it carries. */
export class GatewayConnection implements Outlet {
  readonly scene: Scene;
  readonly path: string;
  session: Session | undefined;
  /** Open, but deaf and mute. */
  zombie = false;
  readonly #socket: WebSocket;
  readonly #deflate: Deflate | undefined;
  #heartbeatAt: number;
  #frames = { count: 0, since: 0 };
  #cancelWatch = () => {};
  #closing: number | undefined;

  constructor({ scene, socket, path, query }: ConnectionParts) {
    this.scene = scene;
    this.path = path;
    this.#socket = socket;
    this.#heartbeatAt = scene.clock.now();
    scene.connections.add(this);
    socket.on('error', () => {});
    socket.on('message', (data, isBinary) => this.#receive(data.toString(), isBinary, sizeOf(data)));
    socket.on('close', (code) => this.#closed(code));
    this.#deflate = query.get('compress') === 'zlib-stream' ? this.#makeDeflate() : undefined;
    if (query.get('v') !== '10') this.close(4012, 'Invalid API version.');
    else if (query.get('encoding') !== 'json' || !['zlib-stream', null].includes(query.get('compress'))) {
      this.close(4002, 'Error while decoding payload.');
    } else if (!scene.gateway.silentHello) this.#greet();
  }

  send(text: string): boolean {
    if (this.zombie || this.#closing !== undefined || this.#socket.readyState !== this.#socket.OPEN) return false;
    if (this.#deflate) {
      this.#deflate.write(text);
      this.#deflate.flush(constants.Z_SYNC_FLUSH, () => {});
    } else this.#socket.send(text);
    return true;
  }

  sendFrame(frame: unknown): void {
    this.send(JSON.stringify(frame));
  }

  /** Bytes that are no payload at all. */
  sendRaw(data: string | Buffer): void {
    this.#socket.send(data);
  }

  close(code: number, reason = ''): void {
    if (this.#closing !== undefined) return;
    this.#closing = code;
    this.#cancelWatch();
    this.#note('server', code);
    if (blaming.has(code)) this.scene.ledger.counts.protocol_errors++;
    if (fatal.has(code)) this.#endSession();
    else this.session?.detach(this);
    const end = () => {
      // 1005 and 1006 cannot be sent: they are what a peer sees when no code was.
      if (code === 1006) this.#socket.terminate();
      else if (code === 1005) this.#socket.close();
      else this.#socket.close(code, reason);
    };
    if (this.#deflate) this.#deflate.flush(constants.Z_SYNC_FLUSH, end);
    else end();
    ring(this.scene.bell);
  }

  /** Heartbeats of this much time count as sent. */
  forgive(ms: number): void {
    this.#heartbeatAt += ms;
  }

  /** As a torn cable would. */
  cut(): void {
    this.#socket.terminate();
  }

  #greet(): void {
    this.sendFrame({ t: null, s: null, op: 10, d: { heartbeat_interval: this.scene.gateway.heartbeatInterval } });
    this.#watch();
  }

  #makeDeflate(): Deflate {
    // One context for the life of the connection; a payload ends with 00 00 ff ff [D1].
    const deflate = createDeflate();
    let chunks: Buffer[] = [];
    deflate.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (!chunk.subarray(-4).equals(Buffer.from([0, 0, 0xff, 0xff]))) return;
      const whole = Buffer.concat(chunks);
      chunks = [];
      if (this.#socket.readyState !== this.#socket.OPEN) return;
      const middle = this.scene.gateway.splitCompressed ? Math.ceil(whole.length / 2) : whole.length;
      this.#socket.send(whole.subarray(0, middle));
      if (middle < whole.length) this.#socket.send(whole.subarray(middle));
    });
    return deflate;
  }

  /** Two intervals without a heartbeat: the platform gives up. */
  #watch(): void {
    const { clock, gateway, ledger } = this.scene;
    const limit = gateway.heartbeatInterval * 2;
    const left = Math.max(1, this.#heartbeatAt + limit - clock.now());
    this.#cancelWatch = clock.after(left, () => {
      // A zombie misses them by its own fault.
      if (this.zombie) this.#heartbeatAt = clock.now();
      if (clock.now() - this.#heartbeatAt < limit) this.#watch();
      else {
        ledger.counts.missed_heartbeats++;
        this.close(4009, 'Session timed out.');
      }
    });
  }

  #receive(text: string, isBinary: boolean, size: number): void {
    if (this.zombie || this.#closing !== undefined) return;
    const now = this.scene.clock.now();
    if (now - this.#frames.since >= frameWindow) this.#frames = { count: 0, since: now };
    this.#frames.count++;
    const frame = isBinary || size > maxPayload ? undefined : parsed(text);
    if (this.#frames.count > maxFrames) this.close(4008, 'You are sending too many payloads.');
    else if (isObject(frame) && typeof frame['op'] === 'number') this.#obey(frame['op'], frame['d']);
    else this.close(4002, 'Error while decoding payload.');
    ring(this.scene.bell);
  }

  #obey(op: number, data: unknown): void {
    if (op === 1) this.#beat(data);
    else if ((op === 2 || op === 6) && this.session) this.close(4005, 'Already authenticated.');
    else if (op === 2) identify(this, data);
    else if (op === 6) resume(this, data);
    else if (!acceptedOps.has(op)) this.close(4001, 'Unknown opcode.');
    // Presence, voice state and member requests are understood and change nothing here.
    else if (!this.session) this.close(4003, 'Not authenticated.');
  }

  #beat(data: unknown): void {
    if (data !== null && !Number.isSafeInteger(data)) {
      this.close(4002, 'Error while decoding payload.');
      return;
    }
    this.#heartbeatAt = this.scene.clock.now();
    this.scene.ledger.counts.heartbeats++;
    this.sendFrame({ t: null, s: null, op: 11, d: null });
  }

  #closed(code: number): void {
    const { scene } = this;
    this.#cancelWatch();
    this.#deflate?.destroy();
    scene.connections.delete(this);
    if (this.#closing === undefined) {
      const by = code === 1006 ? 'network' : 'client';
      this.#note(by, code);
      // A client that says good-bye with 1000 or 1001 wants its session gone [D1].
      if (by === 'client' && (code === 1000 || code === 1001)) this.#endSession();
      else this.session?.detach(this);
    }
    ring(scene.bell);
  }

  #note(by: 'client' | 'server' | 'network', code: number): void {
    const { scene, session } = this;
    const at = scene.clock.now();
    record(scene.ledger, scene.ledger.closes, {
      bot_id: session?.bot.user.id,
      session_id: session?.id,
      at,
      by,
      code,
    });
  }

  #endSession(): void {
    if (this.session?.outlet === this) this.session.end();
  }
}

function sizeOf(data: Buffer | ArrayBuffer | Buffer[]): number {
  return Array.isArray(data) ? data.reduce((sum, it) => sum + it.length, 0) : data.byteLength;
}
