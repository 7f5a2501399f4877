import type { SimulatorClock } from '../shared/clock.ts';
import type { GatewaySettings } from './gateway-settings.ts';
import type { LedgerDelivery } from './ledger.ts';
import type { Bot } from './world.ts';

/** What a session writes to; false where nothing arrived. */
export interface Outlet {
  send(text: string): boolean;
}

interface Kept {
  readonly seq: number;
  readonly text: string;
  readonly delivery: LedgerDelivery | undefined;
}

export interface SessionParts {
  readonly id: string;
  readonly bot: Bot;
  readonly intents: number;
  readonly shard: readonly [number, number];
  readonly clock: SimulatorClock;
  readonly settings: GatewaySettings;
  readonly ended: (session: Session) => void;
}

/** What outlives a connection: numbered events, kept for a while so that a resume can have them again. */
export class Session {
  readonly id: string;
  readonly bot: Bot;
  readonly intents: number;
  readonly shard: readonly [number, number];
  readonly #parts: SessionParts;
  readonly #kept: Kept[] = [];
  #outlet: Outlet | undefined;
  #cancelExpiry: (() => void) | undefined;
  #seq = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.id = parts.id;
    this.bot = parts.bot;
    this.intents = parts.intents;
    this.shard = parts.shard;
  }

  get seq(): number {
    return this.#seq;
  }

  get outlet(): Outlet | undefined {
    return this.#outlet;
  }

  /** `json`: the event's data, already in JSON, because many sessions get the same. */
  push(t: string, json: string, delivery?: (seq: number) => LedgerDelivery): number {
    const seq = ++this.#seq;
    const kept = { seq, text: `{"t":"${t}","s":${seq},"op":0,"d":${json}}`, delivery: delivery?.(seq) };
    this.#kept.push(kept);
    const limit = this.#parts.settings.replayLimit;
    if (this.#kept.length > limit * 1.25 + 1) this.#kept.splice(0, this.#kept.length - limit);
    this.#write(kept);
    return seq;
  }

  attach(outlet: Outlet): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    this.#outlet = outlet;
  }

  /** From now on it may be resumed, until its time is over. */
  detach(outlet: Outlet): void {
    if (this.#outlet !== outlet) return;
    this.#outlet = undefined;
    this.#cancelExpiry = this.#parts.clock.after(this.#parts.settings.resumeWindow, () => this.end());
  }

  /** False where events after `seq` are no longer kept. */
  covers(seq: number): boolean {
    const limit = this.#parts.settings.replayLimit;
    if (this.#seq - seq > limit) return false;
    return seq === this.#seq || (this.#kept[0]?.seq ?? Number.POSITIVE_INFINITY) <= seq + 1;
  }

  /** Writes what came after `seq` once more, and a few before it where the settings say so. */
  replay(seq: number): number {
    const from = seq - this.#parts.settings.replayOverlap;
    const missed = this.#kept.filter((it) => it.seq > from);
    for (const kept of missed) this.#write(kept);
    return missed.length;
  }

  end(): void {
    this.#cancelExpiry?.();
    this.#cancelExpiry = undefined;
    this.#outlet = undefined;
    this.#parts.ended(this);
  }

  #write({ text, delivery }: Kept): void {
    if (this.#outlet?.send(text) && delivery) delivery.sent++;
  }
}
