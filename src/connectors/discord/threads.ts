import type { PlatformPort } from '../../core/connector.ts';
import { type Api, isObject, isSnowflake } from './wire.ts';

/** Threads of a bot that are remembered; a forgotten one costs a call. */
const MAX_KNOWN = 1_000;
const CALL_TIMEOUT_MS = 5_000;
const ATTEMPTS = 3;
const PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 10_000;
const THREAD_TYPES: readonly unknown[] = [10, 11, 12];

/** Which channel holds a thread: messages do not tell (platforms.md §1.2). */
export class Threads {
  /** `null`: a channel that is no thread. In order of use. */
  readonly #parents = new Map<string, string | null>();
  readonly #api: Api;
  readonly #port: Pick<PlatformPort, 'clock' | 'log'>;

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

  forget(id: unknown): void {
    if (typeof id === 'string') this.#parents.delete(id);
  }

  /** Undefined when it is no thread, or nobody can tell. Asks the platform at most once for each. */
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
      if (reply.kind === 'ok') return this.note(reply.result);
      if (reply.kind === 'refused') return this.#set(id, null);
      if (reply.kind === 'unauthorized') return;
      const asked = reply.kind === 'limited' ? reply.afterMs : PAUSE_MS;
      if (asked > MAX_PAUSE_MS) break;
      await this.#port.clock.sleep(asked, signal);
    }
    if (!signal.aborted) this.#port.log.warn('thread_unknown', { channel: id });
  }

  #set(id: string, parent: string | null): void {
    this.#parents.delete(id);
    this.#parents.set(id, parent);
    const [oldest] = this.#parents.keys();
    if (this.#parents.size > MAX_KNOWN && oldest !== undefined) this.#parents.delete(oldest);
  }
}
