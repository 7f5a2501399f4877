import type { Somebody } from './bots.ts';
import type { GatewayConnection } from './connection.ts';
import type { FaultRule } from './faults.ts';
import { type GarbageKind, garbageFrame } from './garbage.ts';
import type { GatewaySettings } from './gateway-settings.ts';
import type { RateLimits } from './limits.ts';
import type { Scene } from './scene.ts';

/** What a director can break. Gateway faults without a bot meet every connection. */
export class FaultControls {
  readonly scene: Scene;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** Connections of a bot; all where none is named. */
  connections(bot?: Somebody): GatewayConnection[] {
    return [...this.scene.connections].filter((it) => !bot || it.session?.bot.user.id === bot.id);
  }

  closeGateway(code: number, bot?: Somebody): void {
    for (const connection of this.connections(bot)) connection.close(code);
  }

  op7(bot?: Somebody): void {
    for (const it of this.connections(bot)) it.sendFrame({ t: null, s: null, op: 7, d: null });
  }

  /** The server asks for a heartbeat. */
  op1(bot?: Somebody): void {
    for (const it of this.connections(bot)) it.sendFrame({ t: null, s: null, op: 1, d: null });
  }

  /** Op 9. Not resumable: the sessions are gone, those without a connection too. */
  invalidateSessions(bot?: Somebody, resumable = false): void {
    const told = this.connections(bot);
    if (!resumable) {
      const { sessions } = this.scene.world;
      for (const it of [...sessions.values()]) if (!bot || it.bot.user.id === bot.id) it.end();
    }
    for (const it of told) it.sendFrame({ t: null, s: null, op: 9, d: resumable });
  }

  /** The connections of now stay open but nothing passes; off: they work again, what they missed is not repeated. */
  zombie(bot?: Somebody, on = true): void {
    for (const connection of this.connections(bot)) connection.zombie = on;
  }

  garbage(bot?: Somebody, kind: GarbageKind = 'text'): void {
    for (const connection of this.connections(bot)) connection.sendRaw(garbageFrame(kind));
  }

  silentHello(on = true): void {
    this.scene.gateway.silentHello = on;
  }

  /** The next resumes end so: with a close code (1005 and 1006 too), or torn. */
  breakResumes(times: number, how: number | 'reset' = 1006): void {
    this.scene.gateway.brokenResumes = times > 0 ? { left: times, how } : undefined;
  }

  setGateway(settings: Partial<GatewaySettings>): void {
    Object.assign(this.scene.gateway, settings);
  }

  /** Returns what takes the fault away again. */
  fail(rule: FaultRule): () => undefined {
    return this.scene.faults.add(rule);
  }

  clearFaults(): void {
    this.scene.faults.clear();
    this.scene.faults.latency.clear();
  }

  /** `path`: part of the path; all calls without it. */
  setLatency(ms: number, path = ''): void {
    this.scene.faults.latency.set(path, ms);
  }

  setLimits(limits: RateLimits | false): void {
    this.scene.limits.set = limits;
  }
}
