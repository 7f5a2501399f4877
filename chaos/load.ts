import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../sim/world/random.ts';
import { type Platform, question } from './platform.ts';

export interface Asked {
  readonly number: number;
  readonly platform: Platform;
  readonly conversation: string;
  /** Ms since 1970. */
  readonly at: number;
}

/** People who ask at a steady rate, on each platform in turn, whether or not anybody is there to answer. */
export class Load {
  readonly asked: Asked[] = [];
  readonly #platforms: readonly Platform[];
  readonly #rate: number;
  readonly #random: Random;
  #ends = false;
  #running: Promise<void> | undefined;
  #ms = 0;

  constructor(platforms: readonly Platform[], rate: number, random: Random) {
    this.#platforms = platforms;
    this.#rate = rate;
    this.#random = random;
  }

  /** How long it has asked, s. */
  get seconds(): number {
    return this.#ms / 1_000;
  }

  start(): void {
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#ends = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    const began = performance.now();
    for (let sent = 0; !this.#ends; sent++) {
      const early = began + (sent * 1_000) / this.#rate - performance.now();
      if (early > 0) await sleep(early);
      this.#ask();
      this.#ms = performance.now() - began;
    }
  }

  #ask(): void {
    const number = this.asked.length;
    const platform = this.#platforms[number % this.#platforms.length];
    const chat = platform?.chats[this.#random.between(0, platform.chats.length - 1)];
    if (!platform || !chat) throw new Error('nobody to ask');
    const at = Date.now();
    this.asked.push({ number, platform, conversation: chat.say(question(number)), at });
  }
}
