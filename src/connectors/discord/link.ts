import type { Clock } from '../../core/clock.ts';
import { openSocket, type Socket, type SocketOwner } from '../shared/websocket.ts';
import { type Beating, Wheel } from '../shared/wheel.ts';
import { isObject, parseJson } from './wire.ts';

/** Gateway opcodes [D1]. */
const DISPATCH = 0;
const HEARTBEAT = 1;
const RECONNECT = 7;
const INVALID_SESSION = 9;
const HELLO = 10;
const HEARTBEAT_ACK = 11;

/** Any code but 1000 and 1001, which would end the session; this one is customary [D1]. */
export const KEEP_SESSION = 4000;
export const END_SESSION = 1000;

/** Hello, and then READY or RESUMED, each within this (F046). */
const PATIENCE_MS = 30_000;
/** Without an ACK for so long, or until the next heartbeat is due, the link is dead (F031). */
const ACK_MS = 15_000;
const MIN_INTERVAL_MS = 100;
const MAX_INTERVAL_MS = 10 * 60_000;
/** 120 frames a minute are ours to send [D1]; whoever asks for heartbeats faster than this gets fewer (F049). */
const MIN_BEAT_DISTANCE_MS = 600;

/** Why we ended it ourselves. */
export type Why =
  | 'stopped'
  | 'zombie'
  | 'silent'
  | 'garbage'
  | 'reconnect'
  | 'invalid'
  | 'resumable'
  | 'store'
  | 'intents';

export interface End {
  readonly code: number;
  readonly opened: boolean;
  /** Absent when the other end, or the network, ended it. */
  readonly why?: Why;
}

export interface LinkOwner {
  /** Identify or resume. */
  greeting(): object;
  /** What heartbeats confirm: the last event that needs not come again. */
  confirmed(): number | null;
  event(name: string, sequence: number, data: unknown): void;
  /** Once per heartbeat. */
  check(): void;
}

const wheel = new Wheel();

/** One connection to the gateway: hello, heartbeats, and the end. All its state dies with it (platforms.md §1.5, 4). */
export class Link implements SocketOwner, Beating {
  readonly ended: Promise<End>;
  readonly #owner: LinkOwner;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #socket: Socket;
  #resolve: (end: End) => void = () => {};
  #why: Why | undefined;
  #intervalMs = 0;
  #nextBeatAt = Number.POSITIVE_INFINITY;
  #lastBeatAt = Number.NEGATIVE_INFINITY;
  /** Until when a frame that must come may take. */
  #patientUntil: number;
  #ackDueAt = Number.POSITIVE_INFINITY;
  /** Wall clock minus running time: a sleeping computer changes it. */
  #offset: number;
  #paused = false;

  constructor(url: string, owner: LinkOwner, { clock, random }: { clock: Clock; random: () => number }) {
    this.#owner = owner;
    this.#clock = clock;
    this.#random = random;
    this.#patientUntil = clock.elapsed() + PATIENCE_MS;
    this.#offset = clock.now() - clock.elapsed();
    this.ended = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    wheel.add(this);
    this.#socket = openSocket(url, this);
  }

  close(why: Why, code = KEEP_SESSION): void {
    if (this.#why !== undefined) return;
    this.#why = why;
    this.#socket.close(code);
  }

  /** READY or RESUMED has come. */
  ready(): void {
    this.#patientUntil = Number.POSITIVE_INFINITY;
  }

  /** While nothing is read, nothing can be missed. */
  hold(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    if (paused) this.#socket.pause();
    else {
      this.#socket.resume();
      if (this.#ackDueAt !== Number.POSITIVE_INFINITY) this.#ackDueAt = this.#clock.elapsed() + ACK_MS;
    }
  }

  closed(code: number): void {
    wheel.remove(this);
    const why = this.#why;
    this.#resolve({ code, opened: this.#socket.opened, ...(why !== undefined && { why }) });
  }

  text(text: string): void {
    if (this.#why !== undefined) return;
    const frame = parseJson(text);
    if (isObject(frame)) this.#frame(frame);
    else this.close('garbage');
  }

  #frame({ op, t, s, d }: Readonly<Record<string, unknown>>): void {
    switch (op) {
      case DISPATCH:
        if (typeof t === 'string' && typeof s === 'number') this.#owner.event(t, s, d);
        break;
      case HEARTBEAT:
        if (this.#clock.elapsed() - this.#lastBeatAt >= MIN_BEAT_DISTANCE_MS) this.#heartbeat();
        break;
      case RECONNECT:
        this.close('reconnect');
        break;
      case INVALID_SESSION:
        this.close(d === true ? 'resumable' : 'invalid');
        break;
      case HELLO:
        this.#hello(isObject(d) ? Number(d['heartbeat_interval']) : Number.NaN);
        break;
      case HEARTBEAT_ACK:
        this.#ackDueAt = Number.POSITIVE_INFINITY;
    }
  }

  beat(late: boolean): void {
    if (this.#why !== undefined) return;
    const now = this.#clock.elapsed();
    // After a long sleep the answer may lie unread: one more turn, then judge.
    if (!late && !this.#paused) {
      if (now > this.#patientUntil) this.close('silent');
      else if (now > this.#ackDueAt) this.close('zombie');
      if (this.#why !== undefined) return;
    }
    if (now >= this.#nextBeatAt || this.#slept()) this.#heartbeat();
  }

  #hello(intervalMs: number): void {
    if (this.#intervalMs > 0) return;
    if (!(intervalMs > 0)) {
      this.close('garbage');
      return;
    }
    const now = this.#clock.elapsed();
    this.#intervalMs = Math.min(Math.max(intervalMs, MIN_INTERVAL_MS), MAX_INTERVAL_MS);
    this.#nextBeatAt = now + this.#intervalMs * this.#random();
    this.#patientUntil = now + PATIENCE_MS;
    this.#socket.send(JSON.stringify(this.#owner.greeting()));
  }

  #heartbeat(): void {
    const now = this.#clock.elapsed();
    this.#lastBeatAt = now;
    this.#nextBeatAt = now + this.#intervalMs;
    // One that is still owed is not forgiven by the next.
    this.#ackDueAt = Math.min(this.#ackDueAt, now + Math.min(ACK_MS, this.#intervalMs));
    this.#socket.send(JSON.stringify({ op: HEARTBEAT, d: this.#owner.confirmed() }));
    this.#owner.check();
  }

  /** The computer slept, or its clock was set: the heartbeats only look as if they were in time (platforms.md §1.5, 19). */
  #slept(): boolean {
    if (this.#intervalMs === 0) return false;
    const offset = this.#clock.now() - this.#clock.elapsed();
    const jumped = offset - this.#offset > 2 * this.#intervalMs;
    this.#offset = offset;
    return jumped;
  }
}
