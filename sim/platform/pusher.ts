import type { BotId } from '../../src/core/ids.ts';
import type { Door } from '../world/api.ts';
import type { Timeline } from '../world/timeline.ts';
import type { Weather } from '../world/weather.ts';
import type { Account, Platform, Post } from './platform.ts';

/** An endpoint that does not answer in this time has not answered, ms. */
const PATIENCE_MS = 10_000;
const RETRY_MS = [500, 1_000, 2_000, 5_000, 10_000] as const;

export interface PusherDeps {
  readonly timeline: Timeline;
  readonly weather: Weather;
  /** Whichever node the load balancer chooses. */
  readonly door: () => Door | undefined;
  readonly botId: (account: Account) => BotId | undefined;
}

/** Posts each event to the hook until it is answered, and now and then once more. */
export class Pusher {
  readonly #platform: Platform;
  readonly #deps: PusherDeps;
  #open = 0;

  constructor(platform: Platform, deps: PusherDeps) {
    this.#platform = platform;
    this.#deps = deps;
  }

  get busy(): boolean {
    return this.#open > 0;
  }

  serve(account: Account): void {
    account.posted = (post) => {
      this.#open++;
      void this.#push(account, post).finally(() => {
        this.#open--;
      });
    };
  }

  async #push(account: Account, post: Post): Promise<void> {
    const { weather } = this.#deps;
    const { random } = weather;
    const repeats = weather.strikes('receiving') ? random.between(1, 3) : 0;
    const copies = Array.from({ length: 1 + repeats }, async (_, copy) => {
      if (copy > 0) weather.count('repeated_hook');
      await this.#wait(random.between(0, copy === 0 ? 300 : 20_000));
      await this.#untilAnswered(account, post);
    });
    await Promise.all(copies);
  }

  async #untilAnswered(account: Account, post: Post): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const answer = await Promise.race([this.#deliver(account, post), this.#wait(PATIENCE_MS)]);
      if (answer === 'accepted') return this.#platform.acknowledge(post);
      // Nobody listens with this bot (any more).
      if (answer === 'unknown') return;
      this.#deps.weather.count('hook_unanswered');
      await this.#wait(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 10_000);
    }
  }

  async #deliver(account: Account, post: Post): Promise<string | undefined> {
    const { door, botId } = this.#deps;
    const target = botId(account);
    if (!target) return 'unknown';
    const node = door();
    if (!node) return undefined;
    const request = { header: () => undefined, body: Buffer.from(JSON.stringify(post)) };
    try {
      const answer = await node.process.request({ there: 1, back: 1 }, async () => {
        const said = await node.runtime.hook(this.#platform.manner, target, request);
        // A process that is dead by now has said nothing.
        if (!node.process.alive) throw new Error('no answer');
        return said;
      });
      return answer.kind;
    } catch {
      return undefined;
    }
  }

  #wait(ms: number): Promise<undefined> {
    return new Promise((resolve) => void this.#deps.timeline.after(ms, () => resolve(undefined)));
  }
}
