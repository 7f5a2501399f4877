import type { Somebody } from './apps.ts';
import type { FaultRule } from './faults.ts';
import type { RateLimits } from './limits.ts';
import type { DisconnectReason, Outlet } from './outlet.ts';
import type { Scene } from './scene.ts';
import type { Settings } from './settings.ts';
import { AppSocket, GhostSocket } from './socket.ts';

/** What a director can break. Faults of sockets without an app meet every socket. */
export class FaultControls {
  readonly scene: Scene;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** Open sockets of an app, oldest first; all where none is named. */
  sockets(app?: Somebody): AppSocket[] {
    return [...this.scene.outlets].filter((it): it is AppSocket => it instanceof AppSocket && isOf(it, app));
  }

  /** `warning` ends the socket ten seconds later, the other reasons at once. */
  disconnect(reason: DisconnectReason, app?: Somebody): void {
    for (const socket of this.sockets(app)) socket.disconnect(reason);
  }

  /** The sockets of now: pings go on, envelopes go nowhere. */
  deafen(app?: Somebody, on = true): void {
    for (const socket of this.sockets(app)) socket.deaf = on;
  }

  /** No pings any more on the sockets of now. */
  silence(app?: Somebody, on = true): void {
    for (const socket of this.sockets(app)) socket.silent = on;
  }

  /** The sockets of now are open, but nothing is read or sent on them. */
  freeze(app?: Somebody, on = true): void {
    for (const socket of this.sockets(app)) socket.freeze(on);
  }

  /** Sockets of instances that died without a word: they count, and swallow what they get. */
  addGhosts(app: Somebody, count: number): void {
    for (let i = 0; i < count; i++) new GhostSocket(this.scene, app.id);
  }

  removeGhosts(app?: Somebody): void {
    for (const it of [...this.scene.outlets]) if (it.ghost && isOf(it, app)) it.cut();
  }

  cutSockets(app?: Somebody): void {
    for (const socket of this.sockets(app)) socket.cut();
  }

  /** Something that is no envelope. */
  garbage(app?: Somebody, data: string | Buffer = '{"type":"events_api","envelope_id":'): void {
    for (const socket of this.sockets(app)) socket.sendRaw(data);
  }

  set(settings: Partial<Settings>): void {
    Object.assign(this.scene.settings, settings);
  }

  /** Each event so often, on the schedule of the retries, whatever the answer. */
  deliverTimes(times: number): void {
    this.scene.settings.deliverTimes = times;
  }

  /** Returns what takes the fault away again. */
  fail(rule: FaultRule): () => undefined {
    return this.scene.faults.add(rule);
  }

  clearFaults(): void {
    this.scene.faults.clear();
    this.scene.faults.latency.clear();
  }

  /** What becomes of the next chat.postMessage. */
  nextSend(fate: 'dropped' | 'error' | 'limited', seconds = 1): void {
    const fault = {
      dropped: { kind: 'drop' },
      error: { kind: 'error', error: 'internal_error' },
      limited: { kind: 'rate_limit', retryAfter: seconds },
    } as const;
    this.fail({ method: 'chat.postMessage', fault: fault[fate] });
  }

  /** `method`: all without it. */
  setLatency(ms: number, method = ''): void {
    this.scene.faults.latency.set(method, ms);
  }

  setLimits(limits: RateLimits | false): void {
    this.scene.limits.set = limits;
  }
}

function isOf(outlet: Outlet, app: Somebody | undefined): boolean {
  return app === undefined || outlet.appId === app.id;
}
