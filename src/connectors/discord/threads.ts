import type { PlatformPort } from '../../core/connector.ts';
import { type Api, isObject, isSnowflake } from './wire.ts';

/** Threads of a bot that are remembered; a forgotten one costs a call. */
const MAX_KNOWN = 1_000;
const CALL_TIMEOUT_MS = 5_000;
const ATTEMPTS = 3;
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 10_000;
const THREAD_TYPES: readonly unknown[] = [10, 11, 12];

/** One channel that the platform cannot tell about for so long must not keep all others waiting, ms. */
const PATIENCE_MS = 60_000;

/** The platform could not be asked: what came must come again. */
export class ThreadUnknownError extends Error {}

/** Which channel holds a thread: messages do not tell (platforms.md §1.2). */
export class Threads {
  /** `null`: a channel that is no thread. In order of use. */
  readonly #parents = new Map<string, string | null>();
  readonly #api: Api;
  readonly #port: Pick<PlatformPort, 'clock' | 'log'>;
  /** Since when the platform has not been able to tell; one time for all, because they fail together. */
  #failingSince: number | undefined;

  constructor(api: Api, port: Pick<PlatformPort, 'clock' | 'log'>) {
    this.#api = api;
    this.#port = port;
  }

  /** As an event or an answer describes it. */
  note(channel: unknown): void {
    if (!isObject(channel) || !isSnowflake(channel['id'])) return;
    const { id, type, parent_id: parent } = channel;
    this.#set(id, THREAD_TYPES.includes(type) && isSnowflake(parent) ? parent : null);
  }

  /** Without asking. */
  known(id: string): string | undefined {
    return this.#parents.get(id) ?? undefined;
  }

  forget(id: unknown): void {
    if (typeof id === 'string') this.#parents.delete(id);
  }

  /**
   * Undefined when it is no thread. Asks the platform at most once for each. Throws `ThreadUnknownError` while it cannot be
   * asked, and gives up on the message, loudly, when that lasts.
   */
  async parentOf(id: string, channelType: unknown, signal: AbortSignal): Promise<string | undefined> {
    if (typeof channelType === 'number' && !THREAD_TYPES.includes(channelType)) return undefined;
    const known = this.#parents.get(id);
    if (known !== undefined) {
      this.#set(id, known);
      return known ?? undefined;
    }
    await this.#ask(id, signal);
    return this.#parents.get(id) ?? undefined;
  }

  /** The message waits for it: a place that is not known would be a message that is not heard. */
  async #ask(id: string, signal: AbortSignal): Promise<void> {
    if (!isSnowflake(id)) return;
    for (let attempt = 0; attempt < ATTEMPTS && !signal.aborted; attempt++) {
      const call = { method: 'GET', path: `/channels/${id}` } as const;
      const { reply } = await this.#api(call, { timeoutMs: CALL_TIMEOUT_MS, signal });
      if (reply.kind === 'ok' || reply.kind === 'refused') {
        this.#failingSince = undefined;
        return reply.kind === 'ok' ? this.note(reply.result) : this.#set(id, null);
      }
      if (reply.kind === 'unauthorized') return;
      const asked = reply.kind === 'limited' ? reply.afterMs : PAUSE_MS;
      if (asked > MAX_PAUSE_MS) break;
      await this.#port.clock.sleep(asked, signal);
    }
    if (signal.aborted) return;
    const now = this.#port.clock.elapsed();
    this.#failingSince ??= now;
    this.#port.log.warn('thread_unknown', { channel: id });
    if (now - this.#failingSince < PATIENCE_MS) throw new ThreadUnknownError(`channel ${id}`);
  }

  #set(id: string, parent: string | null): void {
    this.#parents.delete(id);
    this.#parents.set(id, parent);
    const [oldest] = this.#parents.keys();
    if (this.#parents.size > MAX_KNOWN && oldest !== undefined) this.#parents.delete(oldest);
  }
}
