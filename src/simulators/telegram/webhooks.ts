import { ring } from '../shared/bell.ts';
import type { LedgerPush } from './ledger.ts';
import type { Scene } from './scene.ts';
import type { HeldUpdate } from './updates.ts';
import type { Bot, Webhook } from './world.ts';

/** How pushes go, besides what `setWebhook` says. */
export interface PushSettings {
  /** An answer that takes longer is none. */
  timeoutMs: number;
  /** Each update comes this often, whatever the answer (faults.md, F078). */
  repeat: number;
  /** Loopback addresses get no mercy either: https and four ports, as hosted. */
  strict: boolean;
}

/** The waiting time doubles up to a minute or two (platforms.md §2.2, src [T8]). */
const FIRST_RETRY_MS = 1_000;
const LONGEST_RETRY_MS = 60_000;
/** What the platform lets a server ask for (platforms.md §2.2, src [T8]). */
const LONGEST_ASKED_MS = 3_600_000;

/** Sets, replaces or removes a bot's webhook. Without `delivers` it only is in the way, as that of another product. */
export function changeWebhook(scene: Scene, bot: Bot, webhook: Webhook | undefined, delivers = true): void {
  bot.sender?.stop();
  bot.webhook = webhook;
  bot.sender = webhook && delivers ? new WebhookSender(scene, bot, webhook) : undefined;
  bot.sender?.start();
  ring(scene.bell);
}

export function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname);
}

/** The updates of one chat: one at a time, in order. */
interface Lane {
  readonly updates: HeldUpdate[];
  busy: boolean;
  failures: number;
  /** Set while it waits before the next attempt. */
  endWait: (() => void) | undefined;
}

interface Answer {
  /** 0: there was none. */
  readonly status: number;
  readonly failure?: string;
  readonly retryAfterMs?: number;
}

/** Pushes one bot's updates: chats side by side, each in order, until they are acknowledged or a day old. */
export class WebhookSender {
  readonly #scene: Scene;
  readonly #bot: Bot;
  readonly #webhook: Webhook;
  readonly #lanes = new Map<string, Lane>();
  readonly #running = new Set<AbortController>();
  #stopped = false;

  constructor(scene: Scene, bot: Bot, webhook: Webhook) {
    this.#scene = scene;
    this.#bot = bot;
    this.#webhook = webhook;
  }

  start(): void {
    for (const update of this.#bot.queue.handTo((pushed) => {
      this.#add(pushed);
      this.#pump();
    })) {
      this.#add(update);
    }
    this.#pump();
  }

  /** What is on its way stays so, but its answer no longer counts. */
  stop(): void {
    this.#stopped = true;
    this.#bot.queue.handTo(undefined);
    for (const lane of this.#lanes.values()) lane.endWait?.();
    this.#lanes.clear();
  }

  /** Breaks the connections that are open. */
  cut(): void {
    for (const call of this.#running) call.abort();
  }

  /** The network is back: nobody waits on. */
  resume(): void {
    for (const lane of this.#lanes.values()) {
      lane.endWait?.();
      lane.endWait = undefined;
    }
    this.#pump();
  }

  #add(update: HeldUpdate): void {
    const key = String(update.entry.chat_id ?? `update ${update.id}`);
    const lane = this.#lanes.get(key) ?? { updates: [], busy: false, failures: 0, endWait: undefined };
    this.#lanes.set(key, lane);
    lane.updates.push(update);
  }

  #pump(): void {
    const { faults } = this.#scene;
    if (this.#stopped || faults.down || faults.absent) return;
    for (const [key, lane] of this.#lanes) {
      if (this.#running.size >= this.#webhook.maxConnections) return;
      if (lane.busy || lane.endWait) continue;
      while (lane.updates[0] && !this.#bot.queue.holds(lane.updates[0])) lane.updates.shift();
      const [update] = lane.updates;
      if (update) void this.#deliver(lane, update);
      else this.#lanes.delete(key);
    }
  }

  async #deliver(lane: Lane, update: HeldUpdate): Promise<void> {
    const { clock, ledger, pushing, bell } = this.#scene;
    const { entry } = update;
    const push: LedgerPush = { at: clock.now(), status: 0 };
    entry.pushes = [...(entry.pushes ?? []), push];
    entry.delivered_at ??= push.at;
    entry.deliveries++;
    ledger.counts.pushes++;
    lane.busy = true;
    const call = new AbortController();
    this.#running.add(call);
    const answer = await this.#post(update, call);
    this.#running.delete(call);
    lane.busy = false;
    push.status = answer.status;
    push.ms = clock.now() - push.at;
    if (answer.failure !== undefined) {
      push.failure = answer.failure;
      ledger.counts.failed_pushes++;
    }
    ring(bell);
    if (this.#stopped) return;
    if (answer.failure !== undefined) this.#failed(lane, answer.failure, answer.retryAfterMs);
    else if (entry.deliveries >= pushing.repeat) {
      lane.failures = 0;
      lane.updates.shift();
      this.#bot.queue.acknowledge(update);
    }
    this.#pump();
  }

  #failed(lane: Lane, message: string, retryAfterMs: number | undefined): void {
    const { clock, random } = this.#scene;
    this.#webhook.lastError = { date: clock.seconds(), message };
    const longest = LONGEST_RETRY_MS * (1 + random());
    const pause = retryAfterMs ?? Math.min(FIRST_RETRY_MS * 2 ** Math.min(lane.failures, 10), longest);
    lane.failures++;
    lane.endWait = clock.after(pause, () => {
      lane.endWait = undefined;
      this.#pump();
    });
  }

  async #post(update: HeldUpdate, call: AbortController): Promise<Answer> {
    const { clock, pushing } = this.#scene;
    const { url, secretToken } = this.#webhook;
    // Nothing ever leaves this machine: whoever is elsewhere does not answer.
    if (!isLoopback(new URL(url))) return { status: 0, failure: 'Connection timed out' };
    let late = false;
    const cancel = clock.after(pushing.timeoutMs, () => {
      late = true;
      call.abort();
    });
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(secretToken !== '' && { 'x-telegram-bot-api-secret-token': secretToken }),
        },
        body: JSON.stringify(update.json),
        redirect: 'manual',
        signal: call.signal,
      });
      await response.arrayBuffer();
      const { status, statusText, headers } = response;
      if (status >= 200 && status < 300) return { status };
      const asked = Number.parseInt(headers.get('retry-after') ?? '', 10);
      return {
        status,
        failure: `Wrong response from the webhook: ${status} ${statusText}`,
        ...(asked > 0 && { retryAfterMs: Math.min(asked * 1_000, LONGEST_ASKED_MS) }),
      };
    } catch (error) {
      return { status: 0, failure: late ? 'Read timeout expired' : failureOf(error) };
    } finally {
      cancel();
    }
  }
}

/** In the platform's words. */
function failureOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return 'Connection refused';
  if (/CERT|SSL|TLS/.test(code)) return `SSL error {${code}}`;
  if (code === 'ENOTFOUND') return 'Failed to resolve host: Name or service not known';
  return 'Connection reset by peer';
}
