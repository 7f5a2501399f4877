import type { BotId } from '../core/ids.ts';
import type { Log } from '../core/log.ts';

type Step = () => Promise<void>;

/** Everything about one bot happens in order, one step after another; bots go side by side. */
export class Steps {
  readonly #log: Log;
  /** The last step of each bot; the next waits for it. */
  readonly #last = new Map<BotId, Promise<void>>();
  /** The shared step of each bot that has not begun. */
  readonly #waiting = new Map<BotId, Promise<void>>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Rejects as the step does; the next one goes on either way. */
  run(id: BotId, step: Step): Promise<void> {
    const before = this.#last.get(id) ?? Promise.resolve();
    const mine = before.then(step);
    const kept = mine
      .catch((error) => this.#log.error('bot_step_failed', { bot: id, error }))
      .finally(() => {
        if (this.#last.get(id) === kept) this.#last.delete(id);
      });
    this.#last.set(id, kept);
    return mine;
  }

  /** For a step that sees all that happened until it begins: who asks for it while one waits gets that one. */
  share(id: BotId, step: Step): Promise<void> {
    const waiting = this.#waiting.get(id);
    if (waiting) return waiting;
    const mine = this.run(id, () => {
      this.#waiting.delete(id);
      return step();
    });
    this.#waiting.set(id, mine);
    return mine;
  }

  /** Resolves when those asked for until now have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#last.values());
  }
}
