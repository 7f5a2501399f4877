import type { Clock } from '../../core/clock.ts';
import { openSocket, type SocketOwner, type Socket as Wire } from '../shared/websocket.ts';
import { type Beating, Wheel } from '../shared/wheel.ts';
import { isObject, parseJson } from './wire.ts';

/** The first frame must come within this (F046). */
const HELLO_MS = 15_000;
/** A socket without any sign of life for so long is asked for one; the platform's own pings are signs of life [S15]. */
const SILENT_MS = 18_000;
/** And has so long to give it: five seconds are too few on a busy line (F092). Together, a dead line shows within 30 s. */
const PONG_MS = 10_000;
/** So many envelopes wait for the store before the platform has to wait with more. */
const MAX_OPEN = 500;
const NORMAL = 1000;

/** Why we ended it ourselves. */
export type Why = 'stopped' | 'replaced' | 'silent' | 'garbage' | 'store' | 'disabled' | 'crowded' | 'foreign';

export interface End {
  readonly code: number;
  /** Absent when the other end, or the network, ended it. */
  readonly why?: Why;
  /** Hello had come. */
  readonly greeted: boolean;
}

export interface Hello {
  readonly appId?: string;
  /** Sockets that the platform counts for the app, this one included. */
  readonly connections: number;
}

export interface Envelope {
  readonly id: string;
  readonly type: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

export interface ConnectionOwner {
  /** Acknowledge it with `done` on this same connection. */
  envelope(connection: Connection, envelope: Envelope): void;
}

const wheel = new Wheel();

/** One Socket Mode connection [S2]: hello, envelopes and their acknowledgements, the wish to end, and the end. */
export class Connection implements SocketOwner, Beating {
  /** Resolves with hello, or with undefined when the connection ended before. */
  readonly greeted: Promise<Hello | undefined>;
  readonly ended: Promise<End>;
  /** Resolves when it should be replaced: the platform is about to close it, or it has ended. */
  readonly leaving: Promise<void>;
  readonly #owner: ConnectionOwner;
  readonly #clock: Clock;
  readonly #wire: Wire;
  readonly #open = new Set<string>();
  #greet: (hello: Hello | undefined) => void = () => {};
  #end: (end: End) => void = () => {};
  #leave: () => void = () => {};
  #idle: () => void = () => {};
  #hasGreeted = false;
  #why: Why | undefined;
  #over = false;
  #stirredAt: number;
  #askedAt: number | undefined;
  readonly #since: number;
  #held = false;

  constructor(url: string, owner: ConnectionOwner, clock: Clock) {
    this.#owner = owner;
    this.#clock = clock;
    this.#since = clock.elapsed();
    this.#stirredAt = this.#since;
    this.greeted = new Promise((resolve) => {
      this.#greet = resolve;
    });
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.leaving = new Promise((resolve) => {
      this.#leave = resolve;
    });
    wheel.add(this);
    this.#wire = openSocket(url, this);
  }

  /** Nothing that it still brings will be acknowledged. */
  get over(): boolean {
    return this.#over || this.#why !== undefined;
  }

  close(why: Why): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#wire.close(NORMAL);
  }

  /** To be replaced; it goes on until it is. */
  leave(): void {
    this.#leave();
  }

  /** The envelope is stored. A connection that has ended meanwhile says nothing: it comes again elsewhere. */
  done({ id }: Envelope): void {
    if (!this.over) this.#wire.send(JSON.stringify({ envelope_id: id }));
    this.#open.delete(id);
    if (this.#held && this.#open.size < MAX_OPEN / 2) this.#hold(false);
    if (this.#open.size === 0) this.#idle();
  }

  /** Resolves when all that has come is acknowledged, or at the end. */
  async settled(): Promise<void> {
    if (this.#open.size === 0 || this.over) return;
    await new Promise<void>((resolve) => {
      this.#idle = resolve;
    });
  }

  stirred(): void {
    this.#stirredAt = this.#clock.elapsed();
    this.#askedAt = undefined;
  }

  closed(code: number): void {
    wheel.remove(this);
    this.#over = true;
    this.#greet(undefined);
    this.#end({ code, greeted: this.#hasGreeted, ...(this.#why !== undefined && { why: this.#why }) });
    this.#leave();
    this.#idle();
  }

  text(text: string): void {
    if (this.over) return;
    const frame = parseJson(text);
    if (!isObject(frame)) this.close('garbage');
    else if (frame['type'] === 'hello') this.#hello(frame);
    else if (frame['type'] === 'disconnect') this.#disconnect(frame['reason']);
    else this.#envelope(frame);
  }

  #envelope({ envelope_id: id, type, payload }: Readonly<Record<string, unknown>>): void {
    if (typeof id !== 'string' || id === '' || typeof type !== 'string') return;
    this.#open.add(id);
    if (this.#open.size >= MAX_OPEN) this.#hold(true);
    this.#owner.envelope(this, { id, type, payload: isObject(payload) ? payload : {} });
  }

  /** Silence of people is no reason to doubt a connection: only the absence of any sign of life is (F092). */
  beat(late: boolean): void {
    if (this.over || late || this.#held) return;
    const now = this.#clock.elapsed();
    if (!this.#hasGreeted) {
      if (now - this.#since > HELLO_MS) this.close('silent');
    } else if (this.#askedAt !== undefined) {
      if (now - this.#askedAt > PONG_MS) this.close('silent');
    } else if (now - this.#stirredAt > SILENT_MS) {
      this.#askedAt = now;
      this.#wire.ping();
    }
  }

  #hello(frame: Readonly<Record<string, unknown>>): void {
    const { num_connections: connections, connection_info: info } = frame;
    const appId = isObject(info) ? info['app_id'] : undefined;
    this.#hasGreeted = true;
    this.#greet({
      connections: typeof connections === 'number' && Number.isFinite(connections) ? connections : 1,
      ...(typeof appId === 'string' && appId !== '' && { appId }),
    });
  }

  #disconnect(reason: unknown): void {
    if (reason === 'link_disabled') this.close('disabled');
    else if (reason === 'too_many_websockets') this.close('crowded');
    else this.#leave();
  }

  /** While nothing is read, no sign of life is seen either. */
  #hold(on: boolean): void {
    if (on === this.#held) return;
    this.#held = on;
    if (on) this.#wire.pause();
    else {
      this.#wire.resume();
      this.stirred();
    }
  }
}
